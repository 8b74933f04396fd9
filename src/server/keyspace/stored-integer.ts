/** Decides which strings are kept as integers: those that are the only spelling of one of 64 bits. */
import { latin1Text, type Memory } from '../byte-string.js';
import { type Integer, parseInteger } from '../integers.js';

/** Digits of the longest integers that a double holds whatever they are. */
const EXACT_DIGITS_MAX = 15;
const TEXT_BYTES_MAX = 20;

/** Null when the bytes are no such integer. */
export function storedInteger(from: Memory | string, start: number, end: number): Integer | null {
  const length = end - start;
  if (length === 0 || length > TEXT_BYTES_MAX) return null;
  if (typeof from === 'string') return parseInteger(from);
  const { bytes } = from;
  const first = bytes[start] as number;
  if (first > 57 || (first < 48 && first !== 45)) return null;
  if (length > EXACT_DIGITS_MAX) return parseInteger(latin1Text(bytes, start, end));
  if (length === 1) return first === 45 ? null : first - 48;
  const isNegative = first === 45;
  let value = 0;
  for (let at = isNegative ? start + 1 : start; at < end; at++) {
    const digit = (bytes[at] as number) - 48;
    // A zero in front is another spelling.
    if (digit < 0 || digit > 9 || (value === 0 && digit === 0)) return null;
    value = value * 10 + digit;
  }
  return isNegative ? -value : value;
}

/** Whether a string may be one, by a look at its length and its first byte. */
export function mayBeInteger({ bytes }: Memory, start: number, end: number): boolean {
  if (end - start > TEXT_BYTES_MAX || end === start) return false;
  const first = bytes[start] as number;
  return first <= 57 && (first >= 48 || first === 45);
}
