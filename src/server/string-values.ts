/** Decides how commands take a key for a string, and how long a string may become. Knows no particular command. */
import { type Bytes, bufferOf, byteString } from './byte-string.js';
import { WRONG_TYPE } from './call.js';
import { parseInteger } from './integers.js';
import { Container } from './keyspace/container.js';
import type { Database } from './keyspace/database.js';
import type { Entry } from './keyspace/entry.js';
import { type ErrorReply, fail } from './resp/reply.js';

/** Longest string whose object and bytes Redis allocates as one. */
const EMBEDDED_BYTES_MAX = 44;

const stringTooLong = fail('string exceeds maximum allowed size (proto-max-bulk-len)');

/** The bytes of a key that must be a string if it is there. */
export function stringOf(entry: Entry | undefined): Bytes | undefined | ErrorReply {
  return entry?.value instanceof Container ? WRONG_TYPE : entry?.value;
}

/** The same to be looked at while the command runs, and neither kept nor answered. */
export function lentStringOf(entry: Entry | undefined): Bytes | undefined | ErrorReply {
  const value = entry?.lentValue;
  return value instanceof Container ? WRONG_TYPE : value;
}

/**
 * The bytes of a long string that is about to be changed, with zeros behind them up to so many: say `changed` afterwards.
 * Null for any other: it is replaced.
 */
export function editableString(db: Database, entry: Entry | undefined, lengthMin: number): Buffer | null {
  return entry === undefined ? null : db.keyTable.editString(entry.place, lengthMin);
}

/** A copy that is at least so long, with zeros behind it. */
export function grownCopy(old: Bytes, lengthMin: number): Buffer {
  const own = Buffer.allocUnsafeSlow(Math.max(old.length, lengthMin));
  own.fill(0, bufferOf(old).copy(own));
  return own;
}

/** Refuses a string that would grow beyond the longest argument. */
export function tooLong(bytes: number, bulkBytesMax: number): ErrorReply | null {
  return bytes > bulkBytesMax ? stringTooLong : null;
}

/**
 * What OBJECT ENCODING says of a string. A short one that is held as a Buffer was made by changing bytes in place,
 * which Redis never turns back into its compact forms.
 */
export function stringEncodingOf(value: Bytes): 'int' | 'embstr' | 'raw' {
  if (typeof value !== 'string') return 'raw';
  if (value.length <= 20 && parseInteger(byteString(value)) !== null) return 'int';
  return value.length <= EMBEDDED_BYTES_MAX ? 'embstr' : 'raw';
}

/** Both count from the end, in the wrong order: most commands take that for nothing whatever the length. */
export function isReversed(start: number, end: number): boolean {
  return start < 0 && end < 0 && start > end;
}

/** Resolves two indexes that may count from the end into a slice `[first, last]` of `length`; null if it is empty. */
export function sliceOf(
  start: number,
  end: number,
  length: number,
): { readonly first: number; readonly last: number } | null {
  const first = Math.max(0, start < 0 ? start + length : start);
  const last = Math.min(length - 1, Math.max(0, end < 0 ? end + length : end));
  return first > last ? null : { first, last };
}
