/** Decides what a character is to the lexer of MySQL and MariaDB, given its UTF-16 code. */

const SPACE = 1;
const DIGIT = 2;
const LETTER = 4;
const COMPARISON = 8;

const classes = new Uint8Array(128);
for (const code of [9, 10, 11, 12, 13, 32]) classes[code] = SPACE;
for (let code = 48; code <= 57; code++) classes[code] = DIGIT;
for (let code = 97; code <= 122; code++) classes[code] = classes[code - 32] = LETTER;
// `_` and `$` may stand in names.
classes[95] = classes[36] = LETTER;
// `! < = >`
for (const code of [33, 60, 61, 62]) classes[code] = COMPARISON;

/** Of a code beyond the text (NaN) nothing is true. */
const hasClass = (code: number, wanted: number): boolean => ((classes[code] ?? 0) & wanted) !== 0;

export const isSpace = (code: number): boolean => hasClass(code, SPACE);
export const isDigit = (code: number): boolean => hasClass(code, DIGIT);
export const isComparison = (code: number): boolean => hasClass(code, COMPARISON);
/** Of a name without quotes. */
export const isNamePart = (code: number): boolean => hasClass(code, DIGIT | LETTER) || code >= 128;

/** Ends the two dashes of a comment, as the end of the text does. */
export const isSpaceOrControl = (code: number): boolean => code <= 32 || code === 127 || Number.isNaN(code);

/** Half of a character beyond the basic plane, which no name may have. */
export const isSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdfff;

const escapes: Readonly<Record<string, string>> = {
  '0': '\0',
  b: '\b',
  n: '\n',
  r: '\r',
  t: '\t',
  Z: '\x1a',
  // They keep their backslash, for LIKE.
  '%': '\\%',
  _: '\\_',
};

/** What stands between quotes, without what doubles a quote or escapes. */
export function unquoted(inner: string, quote: string, hasEscapes: boolean): string {
  let text = inner;
  if (!hasEscapes) return text.includes(quote) ? text.replaceAll(quote + quote, quote) : text;
  if (!text.includes('\\') && !text.includes(quote)) return text;
  const doubled = quote === "'" ? /\\([^])|''/g : /\\([^])|""/g;
  text = text.replace(doubled, (_whole, escaped: string | undefined) =>
    escaped === undefined ? quote : (escapes[escaped] ?? escaped),
  );
  return text;
}

export function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) >= 128) return false;
  return true;
}
