/**
 * Decides how strings are compressed in a dump, and reads what somebody compressed or forged. Knows no format around it.
 * (LZF by Marc Lehmann: runs of up to 32 literals, and copies of up to 264 bytes from up to 8 KB back.)
 */

const HASH_BITS = 14;
const LITERALS_MAX = 32;
const DISTANCE_MAX = 8192;
const COPY_MIN = 3;
const COPY_MAX = 264;
/** Three bytes copy at most so many: nothing can unpack to more than that times its length. */
const EXPANSION_MAX = COPY_MAX;

/** Null when it would not become at least four bytes shorter: then Redis does without. */
export function compress(input: Buffer): Buffer | null {
  const lengthMax = input.length - 4;
  const output = Buffer.allocUnsafe(input.length + (input.length >> 4) + 16);
  const seen = new Int32Array(1 << HASH_BITS).fill(-1);
  let used = 0;
  let literalsFrom = 0;
  const flush = (end: number): void => {
    while (literalsFrom < end) {
      const count = Math.min(LITERALS_MAX, end - literalsFrom);
      output[used++] = count - 1;
      used += input.copy(output, used, literalsFrom, literalsFrom + count);
      literalsFrom += count;
    }
  };
  for (let at = 0; at + COPY_MIN <= input.length && used < lengthMax; ) {
    const hash = hashAt(input, at);
    const before = seen[hash] ?? -1;
    seen[hash] = at;
    const length = before < 0 || at - before > DISTANCE_MAX ? 0 : matchLength(input, before, at);
    if (length < COPY_MIN) {
      at++;
      continue;
    }
    flush(at);
    const [distance, rest] = [at - before - 1, length - 2];
    output[used++] = (Math.min(7, rest) << 5) | (distance >> 8);
    if (rest >= 7) output[used++] = rest - 7;
    output[used++] = distance & 0xff;
    at += length;
    literalsFrom = at;
  }
  flush(input.length);
  return used > lengthMax ? null : output.subarray(0, used);
}

function hashAt(input: Buffer, at: number): number {
  const three = ((input[at] ?? 0) << 16) | ((input[at + 1] ?? 0) << 8) | (input[at + 2] ?? 0);
  return Math.imul(three, 0x9e3779b1) >>> (32 - HASH_BITS);
}

function matchLength(input: Buffer, before: number, at: number): number {
  const lengthMax = Math.min(COPY_MAX, input.length - at);
  let length = 0;
  while (length < lengthMax && input[before + length] === input[at + length]) length++;
  return length;
}

/** Null when the bytes do not unpack to exactly so many. */
export function decompress(input: Buffer, length: number): Buffer | null {
  if (length > input.length * EXPANSION_MAX) return null;
  const output = Buffer.alloc(length);
  let used = 0;
  for (let at = 0; at < input.length; ) {
    const control = input[at++] ?? 0;
    if (control < LITERALS_MAX) {
      const count = control + 1;
      if (at + count > input.length || used + count > length) return null;
      input.copy(output, used, at, at + count);
      used += count;
      at += count;
      continue;
    }
    let count = (control >> 5) + 2;
    if (count === 9) count += input[at++] ?? 0;
    const from = used - (((control & 0x1f) << 8) | (input[at++] ?? 0)) - 1;
    if (at > input.length || from < 0 || used + count > length) return null;
    // Byte by byte: what is copied may be what this very copy writes.
    for (let index = 0; index < count; index++) output[used++] = output[from + index] ?? 0;
  }
  return used === length ? output : null;
}
