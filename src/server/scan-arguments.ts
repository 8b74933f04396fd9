/** Decides the arguments of the SCAN family: a cursor and options. Knows nothing of what is scanned. */
import { type Bytes, byteString } from './byte-string.js';
import { cString, NOT_AN_INTEGER, SYNTAX_ERROR, wordAt } from './call.js';
import { globMatcher } from './glob.js';
import { integerOf } from './integers.js';
import { type ErrorReply, fail } from './resp/reply.js';

/** Most parts one call looks at, whatever its COUNT says: the event loop is the application's. */
const SCAN_COUNT_MAX = 100_000;
const CURSOR = /^[+-]?\d+$/;

export interface ScanOptions {
  count: number;
  matches: (name: string) => boolean;
  /** Only keys of this type; SCAN alone can be told so. */
  type: string | null;
}

/** As strtoul reads it: up to a zero byte, a sign and zeros in front are fine, negative numbers wrap to large ones. */
export function parseScanCursor(bytes: Bytes): number | ErrorReply {
  const text = cString(bytes);
  if (text === '') return 0;
  const isNumber = CURSOR.test(text);
  const value = isNumber ? BigInt(text.replace(/^[+-]/, '')) : 0n;
  if (!isNumber || value >= 1n << 64n) return fail('invalid cursor');
  if (value === 0n) return 0;
  return text.startsWith('-') ? Number.MAX_SAFE_INTEGER : Number(value);
}

/** The options, which begin at `start`. */
export function parseScanOptions(
  args: readonly Bytes[],
  start: number,
  { takesType = false }: { readonly takesType?: boolean } = {},
): ScanOptions | ErrorReply {
  const options: ScanOptions = { count: 10, matches: () => true, type: null };
  for (let index = start; index < args.length; index += 2) {
    const word = wordAt(args, index);
    const value = args[index + 1];
    if (value === undefined) return SYNTAX_ERROR;
    if (word === 'COUNT') {
      const count = integerOf(value);
      if (count === null) return NOT_AN_INTEGER;
      if (count < 1) return SYNTAX_ERROR;
      options.count = Math.min(Number(count), SCAN_COUNT_MAX);
    } else if (word === 'MATCH') options.matches = globMatcher(byteString(value));
    else if (takesType && word === 'TYPE') options.type = byteString(value).toLowerCase();
    else return SYNTAX_ERROR;
  }
  return options;
}
