/**
 * Decides a key's hash: HalfSipHash-1-3 (https://www.aumasson.jp/siphash/siphash.pdf) with a secret of this process, so
 * that nobody can choose keys that collide. Knows nothing of where keys lie.
 */
import type { Random } from '../../clock.js';

/** Hashes are whole numbers from 0 to 2^31 - 1, which V8 keeps without allocating. */
export const HASH_BITS = 31;

export class KeyHasher {
  private readonly first: number;
  private readonly second: number;

  constructor(random: Random) {
    this.first = Number.parseInt(random.hex(4), 16) | 0;
    this.second = Number.parseInt(random.hex(4), 16) | 0;
  }

  hashIn(view: DataView, start: number, end: number): number {
    let v0 = this.first;
    let v1 = this.second;
    let v2 = 0x6c796765 ^ v0;
    let v3 = 0x74656462 ^ v1;
    const length = end - start;
    const stop = start + (length & ~3);
    for (let at = start; ; at += 4) {
      const isLast = at >= stop;
      const word = isLast ? lastWordIn(view, at, length) : view.getInt32(at, true);
      v3 ^= word;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= word;
      if (isLast) break;
    }
    v2 ^= 0xff;
    for (let round = 0; round < 3; round++) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    return (v1 ^ v3) >>> 1;
  }
}

function lastWordIn(view: DataView, at: number, length: number): number {
  let word = length << 24;
  const rest = length & 3;
  if (rest > 2) word |= view.getUint8(at + 2) << 16;
  if (rest > 1) word |= view.getUint8(at + 1) << 8;
  if (rest > 0) word |= view.getUint8(at);
  return word;
}
