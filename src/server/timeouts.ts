/** Decides which arguments are timeouts of commands that wait, and how long each is. Knows no particular command. */
import { type Bytes, byteString } from './byte-string.js';
import { integerOf } from './integers.js';
import { type LongDouble, parseLongDouble } from './long-double.js';
import { type ErrorReply, fail } from './resp/reply.js';

const INT64_MAX = 9_223_372_036_854_775_807n;
const NEGATIVE = fail('timeout is negative');

/** Milliseconds to wait, 0 being for ever, of an argument in seconds that may have a fraction. */
export function secondsTimeout(bytes: Bytes): number | ErrorReply {
  const seconds = parseLongDouble(byteString(bytes));
  if (seconds === null) return fail('timeout is not a float or out of range');
  const ms = ceilOfThousandfold(seconds);
  // What is too large for Redis turns into the smallest negative number there.
  return ms === null || ms < 0n || ms > INT64_MAX ? NEGATIVE : Number(ms);
}

/** The same of one in whole milliseconds. */
export function millisecondsTimeout(bytes: Bytes): number | ErrorReply {
  const ms = integerOf(bytes);
  if (ms === null) return fail('timeout is not an integer or out of range');
  return ms < 0 ? NEGATIVE : Number(ms);
}

/** Null for infinity. */
function ceilOfThousandfold(seconds: LongDouble): bigint | null {
  if (seconds.kind === 'infinite') return null;
  const { mantissa, exponent } = seconds;
  const thousandfold = mantissa * 1000n;
  if (exponent >= 0n) return thousandfold << exponent;
  // A shift to the right rounds down.
  return -(-thousandfold >> -exponent);
}
