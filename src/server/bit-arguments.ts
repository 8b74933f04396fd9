/** Decides how bit offsets and integer types are written in commands. Knows no particular command. */
import { type Bytes, byteString } from './byte-string.js';
import { parseInteger } from './integers.js';
import { type ErrorReply, fail } from './resp/reply.js';

const OFFSET_INVALID = fail('bit offset is not an integer or out of range');
const TYPE_INVALID = fail(
  'Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
);

/** An integer of 1 to 64 bits, or to 63 without a sign. */
export interface BitType {
  readonly isSigned: boolean;
  readonly width: number;
}

/** `i8`, `u63`. */
export function bitTypeOf(bytes: Bytes): BitType | ErrorReply {
  const text = byteString(bytes);
  const isSigned = text.startsWith('i');
  const width = parseInteger(text.slice(1).split('\0', 1)[0] ?? '');
  if (!isSigned && !text.startsWith('u')) return TYPE_INVALID;
  if (width === null || width < 1 || width > (isSigned ? 64 : 63)) return TYPE_INVALID;
  return { isSigned, width: Number(width) };
}

/** `17`, or `#2` for twice `width`; a width of 0 knows no `#`. */
export function bitOffsetOf(bytes: Bytes, bulkBytesMax: number, width = 0): number | ErrorReply {
  const text = byteString(bytes);
  const isCounted = text.startsWith('#') && width > 0;
  const value = parseInteger(isCounted ? text.slice(1) : text);
  if (value === null) return OFFSET_INVALID;
  const offset = BigInt.asIntN(64, BigInt(value) * (isCounted ? BigInt(width) : 1n));
  return offset < 0n || offset >> 3n >= BigInt(bulkBytesMax) ? OFFSET_INVALID : Number(offset);
}
