/** Decides which texts are integers, by the strict rule of Redis. Knows nothing of commands. */
import { type Bytes, byteString } from './byte-string.js';

const INT64_MAX = 9_223_372_036_854_775_807n;
const INT64_MIN = -9_223_372_036_854_775_808n;

/** An integer that fits a double exactly is a number, any other of 64 bits is a bigint. */
export type Integer = number | bigint;

/** Back to a number where that is exact. */
export function narrow(value: bigint): Integer {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

export function fitsInt64(value: bigint): boolean {
  return value >= INT64_MIN && value <= INT64_MAX;
}

/** A signed 64-bit integer in its only spelling: no plus sign, no leading zero, no space. Null if it is none. */
export function parseInteger(text: string): Integer | null {
  const length = text.length;
  if (length === 0 || length > 20) return null;
  const first = text.charCodeAt(0);
  if (length === 1) return first >= 48 && first <= 57 ? first - 48 : null;
  const negative = first === 45;
  const start = negative ? 1 : 0;
  const lead = text.charCodeAt(start);
  if (lead < 49 || lead > 57) return null;
  let value = lead - 48;
  for (let index = start + 1; index < length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  if (value <= Number.MAX_SAFE_INTEGER) return negative ? -value : value;
  const exact = BigInt(text);
  return fitsInt64(exact) ? exact : null;
}

/** The same for an argument's bytes. */
export function integerOf(bytes: Bytes): Integer | null {
  return bytes.length > 20 ? null : parseInteger(byteString(bytes));
}
