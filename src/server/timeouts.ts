/** Decides which arguments are timeouts of commands that wait, and how long each is. Knows no particular command. */
import { type Bytes, byteString } from './byte-string.js';
import { integerOf } from './integers.js';
import { type LongDouble, parseLongDouble } from './long-double.js';
import { ErrorReply, fail } from './resp/reply.js';

const INT64_MAX = 9_223_372_036_854_775_807n;
const OUT_OF_RANGE = fail('timeout is out of range');
const NEGATIVE = fail('timeout is negative');

/** Milliseconds to wait, 0 being for ever, of an argument in seconds that may have a fraction. */
export function secondsTimeout(bytes: Bytes, nowMs: number): number | ErrorReply {
  const seconds = parseLongDouble(byteString(bytes));
  if (seconds === null) return fail('timeout is not a float or out of range');
  const ms = ceilOfThousandfold(seconds);
  return ms === null || ms > INT64_MAX ? OUT_OF_RANGE : timeoutOf(ms, nowMs);
}

/** The same of one in whole milliseconds. */
export function millisecondsTimeout(bytes: Bytes, nowMs: number): number | ErrorReply {
  const ms = integerOf(bytes);
  return ms === null ? fail('timeout is not an integer or out of range') : timeoutOf(BigInt(ms), nowMs);
}

function timeoutOf(ms: bigint, nowMs: number): number | ErrorReply {
  if (ms < 0n) return NEGATIVE;
  return ms > INT64_MAX - BigInt(Math.floor(nowMs)) ? OUT_OF_RANGE : Number(ms);
}

/** Null for infinity. */
function ceilOfThousandfold(seconds: LongDouble): bigint | null {
  if (seconds.kind === 'infinite') return seconds.isNegative ? -1n : null;
  const { mantissa, exponent } = seconds;
  const thousandfold = mantissa * 1000n;
  if (exponent >= 0n) return thousandfold << exponent;
  // A shift to the right rounds down.
  return -(-thousandfold >> -exponent);
}
