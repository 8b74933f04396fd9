/** Decides MurmurHash64A, the hash of Redis' HyperLogLog. Knows nothing of what is hashed. */

/** Two halves of 32 bits, neither negative. */
export interface Hash64 {
  high: number;
  low: number;
}

const MULTIPLIER_HIGH = 0xc6a4a793;
const MULTIPLIER_LOW = 0x5bd1e995;

/** Hashes into `into`, so that a loop makes no objects. (https://github.com/aappleby/smhasher, MurmurHash2.cpp) */
export function murmurHash64(bytes: Buffer, seed: number, into: Hash64): void {
  const { length } = bytes;
  into.high = 0;
  into.low = length;
  multiply(into);
  into.low = (into.low ^ seed) >>> 0;
  const word: Hash64 = { high: 0, low: 0 };
  const whole = length - (length % 8);
  for (let at = 0; at < whole; at += 8) {
    word.low = bytes.readUInt32LE(at);
    word.high = bytes.readUInt32LE(at + 4);
    multiply(word);
    word.low = (word.low ^ (word.high >>> 15)) >>> 0;
    multiply(word);
    into.high = (into.high ^ word.high) >>> 0;
    into.low = (into.low ^ word.low) >>> 0;
    multiply(into);
  }
  if (whole < length) {
    for (let at = whole; at < length; at++) {
      const byte = bytes[at] ?? 0;
      const shift = (at - whole) * 8;
      if (shift < 32) into.low = (into.low ^ (byte << shift)) >>> 0;
      else into.high = (into.high ^ (byte << (shift - 32))) >>> 0;
    }
    multiply(into);
  }
  // A shift by 47 leaves only bits of the high half, in the low one.
  into.low = (into.low ^ (into.high >>> 15)) >>> 0;
  multiply(into);
  into.low = (into.low ^ (into.high >>> 15)) >>> 0;
}

function multiply(value: Hash64): void {
  const { high, low } = value;
  const [low0, low1] = [low & 0xffff, low >>> 16];
  const [by0, by1] = [MULTIPLIER_LOW & 0xffff, MULTIPLIER_LOW >>> 16];
  const middle = low0 * by1 + low1 * by0 + Math.floor((low0 * by0) / 65_536);
  const carried = low1 * by1 + Math.floor(middle / 65_536);
  value.high = (carried + Math.imul(low, MULTIPLIER_HIGH) + Math.imul(high, MULTIPLIER_LOW)) >>> 0;
  value.low = Math.imul(low, MULTIPLIER_LOW) >>> 0;
}
