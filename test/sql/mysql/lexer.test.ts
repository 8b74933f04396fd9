/** Decides that a text is cut into tokens as MySQL and MariaDB cut it, and that what is odd is unreadable. */
import { expect, test } from 'vitest';
import { lex, lexedLengthMax } from '../../../src/sql/mysql/lexer.js';
import type { Lexed, ReadingMode, Unreadable } from '../../../src/sql/mysql/tokens.js';
import { unusual, usual } from './reading-server.js';

function lexed(text: string, mode: ReadingMode = usual): Lexed {
  const outcome = lex(text, mode);
  if (!outcome.lexed) throw new Error(outcome.message);
  return outcome;
}

/** `kind:text` of each token, without the end. */
const tokens = (text: string, mode: ReadingMode = usual): readonly string[] =>
  lexed(text, mode)
    .tokens.slice(0, -1)
    .map(({ kind, text: value, word }) => `${kind}:${word === '' ? value : word}`);

const wrong = (text: string, mode: ReadingMode = usual): Unreadable => {
  const outcome = lex(text, mode);
  if (outcome.lexed) throw new Error(`${text} was read`);
  return outcome;
};

test('words are told in lower case, names as they are written', () => {
  expect(tokens('SELECT Aé, `b``c`, tÀ')).toEqual([
    'word:select',
    'name:Aé',
    'symbol:,',
    'name:b`c',
    'symbol:,',
    'name:tÀ',
  ]);
  // The Kelvin sign is no K, whatever it is in lower case.
  expect(tokens('li\u212ae')).toEqual(['name:li\u212ae']);
});

test('tokens know where they stand', () => {
  const [first, second, end] = lexed(" 'a''b' x ").tokens;
  expect(first).toEqual({ kind: 'string', word: '', text: "a'b", start: 1, end: 7 });
  expect(second).toMatchObject({ start: 8, end: 9 });
  expect(end).toMatchObject({ kind: 'end', start: 10, end: 10 });
});

test('beside a dot a word is a name, and may begin with a digit', () => {
  expect(tokens('select.from.`where`')).toEqual([
    'name:select',
    'symbol:.',
    'name:from',
    'symbol:.',
    'name:where',
  ]);
  expect(tokens('t.1e5x')).toEqual(['name:t', 'symbol:.', 'name:1e5x']);
  expect(tokens('t .group')).toEqual(['word:t', 'symbol:.', 'name:group']);
  expect(tokens('t. group')).toEqual(['word:t', 'symbol:.', 'word:group']);
  expect(tokens('from .5')).toEqual(['word:from', 'decimal:.5']);
});

test('numbers end where the servers end them', () => {
  expect(tokens('1 1.5 .5 1e3 1.e2 2.5E-3')).toEqual([
    'integer:1',
    'decimal:1.5',
    'decimal:.5',
    'float:1e3',
    'float:1.e2',
    'float:2.5E-3',
  ]);
  expect(tokens('1e5abc 1.5abc 1abc 1e 0x1g')).toEqual([
    'float:1e5',
    'word:abc',
    'decimal:1.5',
    'word:abc',
    'word:1abc',
    'word:1e',
    'word:0x1g',
  ]);
  expect(wrong('1.e')).toMatchObject({ position: 0 });
});

test('bytes are written in five ways, and in no other', () => {
  expect(tokens("x'4D' X'' 0x4d b'01' 0b01")).toEqual(['hex:4d', 'hex:', 'hex:4d', 'bit:01', 'bit:01']);
  expect(tokens('0X4D')).toEqual(['word:0x4d']);
  expect(wrong("x'4'").message).toBe('a literal has other digits');
  expect(wrong("b'2'").message).toBe('a literal has other digits');
});

test('strings resolve their escapes, unless the mode has none', () => {
  expect(tokens(String.raw`'a\'b' "c\"d""e" 'f\\' '\n\%\_\0\q' N'g'`)).toEqual([
    "string:a'b",
    'string:c"d"e',
    String.raw`string:f\ `.trim(),
    'string:\n\\%\\_\0q',
    'national:g',
  ]);
  expect(tokens(String.raw`'a\' 'b'`, unusual)).toEqual([String.raw`string:a\ `.trim(), 'string:b']);
});

test('double quotes make a name under ANSI_QUOTES', () => {
  expect(tokens('"a""b"')).toEqual(['string:a"b']);
  expect(tokens('"a""b\\"', unusual)).toEqual(['name:a"b\\']);
});

test('variables are one token, those of the system two', () => {
  expect(tokens("@A @'b c' @`D` @x.y @@Session.sql_mode := 1")).toEqual([
    'variable:a',
    'variable:b c',
    'variable:d',
    'variable:x.y',
    'symbol:@@',
    'name:Session',
    'symbol:.',
    'name:sql_mode',
    'symbol::=',
    'integer:1',
  ]);
  expect(wrong('@ a').message).toBe('a variable has no name');
});

test('comments end where the servers end them', () => {
  expect(tokens('1--1')).toEqual(['integer:1', 'symbol:-', 'symbol:-', 'integer:1']);
  expect(tokens('1 -- 2\n3 # 4\n5 --\t6\n7 --')).toEqual([
    'integer:1',
    'integer:3',
    'integer:5',
    'integer:7',
  ]);
  expect(tokens('1 /* 2 */ 3 /*/ 4 */ 5 /**/')).toEqual(['integer:1', 'integer:3', 'integer:5']);
  expect(wrong('1 /* 2').message).toBe('a comment does not end');
  expect(wrong('1 /*/').message).toBe('a comment does not end');
});

test('version comments are read as code, and reported', () => {
  for (const text of ['/*!50000 1 */', '/*! 1*/', '/*M!100100 1 */', '/*M! 1 */', '/*!50000 1 /* 2 */ */']) {
    expect(tokens(text)).toEqual(['integer:1']);
    expect(lexed(text).hasVersionComment).toBe(true);
  }
  expect(lexed("'/*! 1 */' /* ! */ -- /*!").hasVersionComment).toBe(false);
  expect(wrong('/*!50000 1').message).toBe('a comment does not end');
});

test('a version has five digits or six, and no code is glued to six', () => {
  for (const text of [
    '/*!1f(1) */',
    '/*M!5000 f(1) */',
    '/*!1001001 */',
    '/*!100100f(1) */',
    '/*!1001000 */',
  ])
    expect(wrong(`select ${text}`).message).toBe('a version has other digits');
  expect(tokens('/*!50000f */')).toEqual(tokens('/*!f */'));
});

test('a version comment that ends elsewhere for a server that skips it is unreadable', () => {
  for (const quoted of [
    "' */, f(1) /* '",
    '` */, f(1) /* `',
    "@' */, f(1) /* '",
    '-- */, f(1)\n',
    '# */, f(1)\n',
  ])
    expect(wrong(`select 1 /*!99999 ${quoted} */`).message).toBe(
      'a version comment ends elsewhere for other servers',
    );
  expect(tokens("/*!50000 'a' -- b\n */ '*/'")).toEqual(['string:a', 'string:*/']);
});

test('optimizer hints are reported, because they may set variables', () => {
  expect(lexed("select /*+ SET_VAR(sql_mode = 'x') INDEX(`t`) */ 1").hints).toEqual([
    "SET_VAR(sql_mode = 'x') INDEX(`t`)",
  ]);
  expect(wrong('select /*+ INDEX(`t */ 1').message).toBe('a hint has a quote that does not end');
});

test('placeholders are numbered, and those that are none reported', () => {
  expect(tokens('? + ?')).toEqual(['parameter:0', 'symbol:+', 'parameter:1']);
  expect(lexed('? + ?')).toMatchObject({ parameters: 2, hasQuotedPlaceholder: false });
  for (const text of ["'?'", '"?"', '`?`', '@`?`', '-- ?', '# ?', '/* ? */', '/*+ ? */'])
    expect(lexed(text)).toMatchObject({ parameters: 0, hasQuotedPlaceholder: true });
});

test('operators are the longest that the servers take, and nothing else', () => {
  expect(tokens('a<=>b>=!c<>d!=e<<f>>g||h&&i->j->>k:=l')).toContain('symbol:<=>');
  expect(tokens('1>=!0 1!=!0')).toEqual([
    'integer:1',
    'symbol:>=',
    'symbol:!',
    'integer:0',
    'integer:1',
    'symbol:!=',
    'symbol:!',
    'integer:0',
  ]);
  // MySQL 5.7 loses a sign there, MariaDB does not.
  for (const text of ['!!1', '1=!0', '1<!0', '1<=!0', '1==1', '1=>1', '1><1'])
    expect(() => wrong(text)).not.toThrow();
});

test('what no server of the family could mean is unreadable, as is what is too long', () => {
  for (const text of ['\0', '[a b]', "'a", '"a', '`a', '\\', '$$a$$', '$tag$', 'a😀', '`a😀`', '\u0001'])
    expect(() => wrong(text)).not.toThrow();
  expect(tokens("'😀' \\N $a")).toEqual(['string:😀', 'word:null', 'word:$a']);
  expect(wrong(' '.repeat(lexedLengthMax + 1)).message).toBe('the text is too long');
  expect(tokens(' '.repeat(lexedLengthMax))).toEqual([]);
});

test('a long text costs no more than its length: no part is looked at again and again', () => {
  const long = 500_000;
  for (const text of [
    `'${"''".repeat(long / 2)}'`,
    '('.repeat(long),
    `a${'.a'.repeat(long / 2)}`,
    `/*+ ${'a '.repeat(long / 2)}*/`,
    `/*+ ${"'a' ".repeat(long / 4)}*/`,
    '- '.repeat(long / 2),
  ])
    expect(lex(text, usual).lexed).toBe(true);
});
