/**
 * Decides how texts of a collation are told apart: exactly, whatever their case, or not at all. Knows no columns.
 *
 * A collation is here only if of all texts of printable ASCII without a space at their end those that it takes for equal
 * are the same letters, but for their case: test/sql/mysql/collations.test.ts asks the servers.
 */

/** Of each of these character sets; ASCII is one byte a letter in all of them. */
const charsets = ['utf8', 'utf8mb3', 'utf8mb4', 'latin1', 'ascii'];

const exact: ReadonlySet<string> = new Set(
  charsets.flatMap((charset) => [`${charset}_bin`, `${charset}_nopad_bin`]),
);

const folded: ReadonlySet<string> = new Set([
  ...['utf8', 'utf8mb3', 'utf8mb4'].flatMap((charset) =>
    ['general', 'unicode', 'unicode_520'].flatMap((name) => [
      `${charset}_${name}_ci`,
      `${charset}_${name}_nopad_ci`,
    ]),
  ),
  ...['utf8mb3', 'utf8mb4'].flatMap((charset) =>
    ['ai_ci', 'as_ci', 'nopad_ai_ci', 'nopad_as_ci'].map((name) => `${charset}_uca1400_${name}`),
  ),
  'utf8mb4_0900_ai_ci',
  'utf8mb4_0900_as_ci',
  'latin1_swedish_ci',
  'latin1_swedish_nopad_ci',
  'latin1_general_ci',
  'ascii_general_ci',
  'ascii_general_nopad_ci',
]);

/** Null: nothing is known. */
export function textsOf(collation: string): 'exact' | 'folded' | null {
  if (exact.has(collation)) return 'exact';
  return folded.has(collation) ? 'folded' : null;
}

/** Character sets in which texts of ASCII are the bytes they are in the others. */
export const hasAsciiBytes = (charset: string): boolean => charsets.includes(charset);

/** One byte a letter, of which those of ASCII stand for ASCII and nothing else. */
const oneByte: ReadonlySet<string> = new Set(
  `cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 greek hebrew koi8r koi8u latin2 latin5 latin7`.split(' '),
);

/** Not so in sjis and its like: the sign of the yen is sent as a backslash, which may be half of a letter too. */
export const keepsQuotes = (charset: string): boolean => hasAsciiBytes(charset) || oneByte.has(charset);
