/** Decides which integers an argument may be and the error that says so. Knows no particular command. */
import type { Bytes } from './byte-string.js';
import { NOT_AN_INTEGER } from './call.js';
import { integerOf } from './integers.js';
import { type ErrorReply, fail } from './resp/reply.js';

const INT64_MAX = 9_223_372_036_854_775_807n;

/** An integer of at least `min`; whatever is wrong with it, the error has the one text. */
export function integerFrom(min: number, bytes: Bytes, message: string): number | ErrorReply {
  const value = integerOf(bytes);
  return value === null || value < min ? fail(message) : Number(value);
}

/** How many: not negative. */
export function positiveOf(
  bytes: Bytes,
  message = 'value is out of range, must be positive',
): number | ErrorReply {
  return integerFrom(0, bytes, message);
}

/** Any integer whose negative is one as well: a count whose sign says what may come twice. */
export function signedCountOf(bytes: Bytes): number | ErrorReply {
  return symmetricOf(bytes, INT64_MAX);
}

/** The same where twice as many are counted with. */
export function halfSignedCountOf(bytes: Bytes): number | ErrorReply {
  return symmetricOf(bytes, INT64_MAX / 2n);
}

function symmetricOf(bytes: Bytes, max: bigint): number | ErrorReply {
  const value = integerOf(bytes);
  if (value === null) return NOT_AN_INTEGER;
  if (value >= -max && value <= max) return Number(value);
  return fail(`value is out of range, value must between -${max} and ${max}`);
}
