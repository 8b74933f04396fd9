/** Decides which literals there are. */
import type { BinaryLiteral, Expression, StringLiteral } from '../ast.js';
import type { Cursor } from './cursor.js';

/** Names of character sets as introducers: `_utf8mb4'…'`. Any other such word is a name. */
const introducers = new Set(
  `armscii8 ascii big5 binary cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 cp932 dec8 eucjpms euckr gb18030 gb2312 gbk
  geostd8 greek hebrew hp8 keybcs2 koi8r koi8u latin1 latin2 latin5 latin7 macce macroman sjis swe7 tis620 ucs2 ujis utf16
  utf16le utf32 utf8 utf8mb3 utf8mb4`.split(/\s+/),
);

/** The literal that stands here. */
export function literal(cursor: Cursor): Expression | null {
  const { kind, text, word } = cursor.peek();
  switch (kind) {
    case 'string':
      return stringLiteral(cursor, null);
    case 'national':
      return stringLiteral(cursor, 'utf8mb3');
    case 'integer':
    case 'decimal':
    case 'float':
      cursor.next();
      return { kind: 'number', form: kind, text };
    case 'hex':
    case 'bit':
      return binaryLiteral(cursor, kind, null);
    case 'word':
      return literalWord(cursor, word);
    default:
      return null;
  }
}

function literalWord(cursor: Cursor, word: string): Expression | null {
  switch (word) {
    case 'null':
      cursor.next();
      return { kind: 'null' };
    case 'true':
    case 'false':
      cursor.next();
      return { kind: 'boolean', value: word === 'true' };
    case 'date':
    case 'time':
    case 'timestamp':
      if (cursor.peek(1).kind !== 'string') return null;
      cursor.next();
      return { kind: 'temporal', type: word, value: cursor.next().text };
    default:
      return introduced(cursor, word);
  }
}

function introduced(cursor: Cursor, word: string): Expression | null {
  if (!word.startsWith('_')) return null;
  const charset = word.slice(1);
  const { kind } = cursor.peek(1);
  // Another name before a string may be a character set that only that server has.
  if (!introducers.has(charset)) return kind === 'string' ? cursor.fail() : null;
  cursor.next();
  if (kind === 'string') return stringLiteral(cursor, charset);
  if (kind !== 'hex' && kind !== 'bit') cursor.fail();
  return binaryLiteral(cursor, kind, charset);
}

function binaryLiteral(cursor: Cursor, base: 'hex' | 'bit', charset: string | null): BinaryLiteral {
  const { text, start } = cursor.next();
  return {
    kind: 'binary-literal',
    base,
    digits: text,
    isPrefixed: cursor.text.startsWith('0', start),
    charset,
  };
}

/** With the strings that follow it directly. */
function stringLiteral(cursor: Cursor, charset: string | null): StringLiteral {
  let value = cursor.next().text;
  while (cursor.peek().kind === 'string') value += cursor.next().text;
  return { kind: 'string', value, charset };
}
