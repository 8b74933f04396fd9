/**
 * Decides how strings are compressed in a dump, and reads what somebody compressed or forged. Knows no format around it.
 * (LZF by Marc Lehmann: runs of up to 32 literals, and copies of up to 264 bytes from up to 8 KB back.)
 */

/** What is seen stays in the processor's nearest memory. */
const HASH_BITS = 13;
const SHORT_BYTES = 256;
const SHORT_HASH_BITS = 10;
const LITERALS_MAX = 32;
const DISTANCE_MAX = 8192;
const COPY_MIN = 3;
const COPY_MAX = 264;
/** Three bytes copy at most so many: nothing can unpack to more than that times its length. */
const EXPANSION_MAX = COPY_MAX;
const QUOTED_BYTES_MAX = 64 * 1024;
const quoted = Buffer.allocUnsafeSlow(compressedBytesMax(QUOTED_BYTES_MAX));

/** Room that `compressPart` may need for so many bytes. */
export function compressedBytesMax(length: number): number {
  return length + (length >> 4) + 64;
}

/** Null when it would not become at least four bytes shorter: then Redis does without. */
export function compress(input: Buffer): Buffer | null {
  const output = Buffer.allocUnsafe(compressedBytesMax(input.length));
  const length = compressPart(input, 0, input.length, output, 0);
  return length === 0 ? null : output.subarray(0, length);
}

/** Compressed where that is shorter, else as literals: such parts may follow each other. At most 64 KB. */
export function compressOrQuote(input: Buffer): Buffer {
  const compressed = compressPart(input, 0, input.length, quoted, 0);
  const length = compressed === 0 ? writeLiterals(input, 0, input.length, quoted, 0) : compressed;
  return Buffer.from(quoted.subarray(0, length));
}

/**
 * Where each three bytes were seen last, counted from `seenFrom`, which moves on with each input: so nothing has to be
 * wiped in between.
 */
const seen = new Int32Array(1 << HASH_BITS);
let seenFrom = 1;
const SEEN_MAX = 0x3fff_ffff;

/** Compresses a part of some bytes to a place in others, and returns how many they became; 0 when too many. */
export function compressPart(input: Buffer, start: number, end: number, output: Buffer, to: number): number {
  const usedMax = to + end - start - 4;
  if (seenFrom + (end - start) > SEEN_MAX) {
    seen.fill(0);
    seenFrom = 1;
  }
  const base = seenFrom - start;
  const first = seenFrom;
  seenFrom += end - start;
  const stop = end - COPY_MIN;
  // A short string does not fill more of the table, so it need not drive others' memory away.
  const shift = 32 - (end - start <= SHORT_BYTES ? SHORT_HASH_BITS : HASH_BITS);
  let used = to;
  let literalsFrom = start;
  let at = start;
  let three = ((input[at] as number) << 8) | (input[at + 1] as number);
  while (at <= stop && used < usedMax) {
    three = ((three << 8) | (input[at + 2] as number)) & 0xff_ffff;
    const hash = Math.imul(three, 0x9e3779b1) >>> shift;
    const known = seen[hash] as number;
    const before = known - base;
    seen[hash] = at + base;
    if (
      known < first ||
      at - before > DISTANCE_MAX ||
      input[before] !== input[at] ||
      input[before + 1] !== input[at + 1] ||
      input[before + 2] !== input[at + 2]
    ) {
      at++;
      continue;
    }
    const lengthMax = Math.min(COPY_MAX, end - at);
    let length = COPY_MIN;
    while (length < lengthMax && input[before + length] === input[at + length]) length++;
    used = writeLiterals(input, literalsFrom, at, output, used);
    const [distance, rest] = [at - before - 1, length - 2];
    output[used++] = (Math.min(7, rest) << 5) | (distance >> 8);
    if (rest >= 7) output[used++] = rest - 7;
    output[used++] = distance & 0xff;
    at += length;
    literalsFrom = at;
    three = ((input[at] as number) << 8) | (input[at + 1] as number);
  }
  if (used >= usedMax) return 0;
  used = writeLiterals(input, literalsFrom, end, output, used);
  return used > usedMax ? 0 : used - to;
}

function writeLiterals(input: Buffer, from: number, end: number, output: Buffer, to: number): number {
  let used = to;
  for (let at = from; at < end; ) {
    const count = Math.min(LITERALS_MAX, end - at);
    output[used++] = count - 1;
    for (const stop = at + count; at < stop; at++) output[used++] = input[at] as number;
  }
  return used;
}

/** Null when the bytes do not unpack to exactly so many. */
export function decompress(input: Buffer, length: number): Buffer | null {
  if (length > input.length * EXPANSION_MAX) return null;
  const output = Buffer.alloc(length);
  return decompressPart(input, 0, input.length, output, 0, length) ? output : null;
}

/** The same from a part of some bytes to a place in others, which has room for them. */
export function decompressPart(
  input: Buffer,
  start: number,
  end: number,
  output: Buffer,
  to: number,
  length: number,
): boolean {
  const stop = to + length;
  let used = to;
  for (let at = start; at < end; ) {
    const control = input[at++] as number;
    if (control < LITERALS_MAX) {
      const count = control + 1;
      if (at + count > end || used + count > stop) return false;
      for (const last = at + count; at < last; at++) output[used++] = input[at] as number;
      continue;
    }
    let count = (control >> 5) + 2;
    if (count === 9) count += at < end ? (input[at++] as number) : 0;
    if (at >= end) return false;
    let from = used - (((control & 0x1f) << 8) | (input[at++] as number)) - 1;
    if (from < to || used + count > stop) return false;
    // Byte by byte: what is copied may be what this very copy writes.
    for (const last = used + count; used < last; ) output[used++] = output[from++] as number;
  }
  return used === stop;
}
