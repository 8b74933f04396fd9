/** Decides how bits are counted, found and combined in bytes, the first bit being the highest. Knows no command. */

const bitCounts = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);

/** Bits of a byte from its bit `first` to its bit `last`, 0 being the highest. */
function maskOf(first: number, last: number): number {
  return (0xff >> first) & (0xff << (7 - last)) & 0xff;
}

/** How many bits are set from one bit to another, both included. */
export function countBits(bytes: Buffer, firstBit: number, lastBit: number): number {
  const [first, last] = [Math.floor(firstBit / 8), Math.floor(lastBit / 8)];
  const [start, end] = [firstBit % 8, lastBit % 8];
  if (first === last) return bitCounts[(bytes[first] ?? 0) & maskOf(start, end)] ?? 0;
  const edges =
    (bitCounts[(bytes[first] ?? 0) & maskOf(start, 7)] ?? 0) +
    (bitCounts[(bytes[last] ?? 0) & maskOf(0, end)] ?? 0);
  return edges + countWholeBytes(bytes, first + 1, last);
}

function countWholeBytes(bytes: Buffer, start: number, end: number): number {
  let count = 0;
  let index = start;
  for (; index < end && (bytes.byteOffset + index) % 4 !== 0; index++)
    count += bitCounts[bytes[index] ?? 0] ?? 0;
  const wordCount = (end - index) >> 2;
  const words = wordCount > 0 ? new Int32Array(bytes.buffer, bytes.byteOffset + index, wordCount) : [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? 0;
    const pairs = word - ((word >>> 1) & 0x55555555);
    const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
    count += Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  for (index += words.length * 4; index < end; index++) count += bitCounts[bytes[index] ?? 0] ?? 0;
  return count;
}

/** The first such bit from one bit to another, both included; -1 when there is none. */
export function findBit(bytes: Buffer, bit: 0 | 1, firstBit: number, lastBit: number): number {
  const skipped = bit === 1 ? 0 : 0xff;
  let at = firstBit;
  while (at <= lastBit) {
    const byte = bytes[Math.floor(at / 8)] ?? 0;
    if (at % 8 === 0 && byte === skipped) at += 8;
    else if (((byte >> (7 - (at % 8))) & 1) === bit) return at;
    else at++;
  }
  return -1;
}

export type BitOperation = 'AND' | 'OR' | 'XOR' | 'NOT';

/** As long as the longest source; shorter ones go on with zeros. */
export function combineBits(operation: BitOperation, sources: readonly Buffer[]): Buffer {
  const length = Math.max(0, ...sources.map((source) => source.length));
  const result = Buffer.alloc(length);
  sources[0]?.copy(result);
  if (operation === 'NOT') {
    for (let index = 0; index < length; index++) result[index] = ~(result[index] ?? 0);
    return result;
  }
  for (const source of sources.slice(1)) {
    const shared = source.length;
    if (operation === 'AND') {
      for (let index = 0; index < shared; index++)
        result[index] = (result[index] ?? 0) & (source[index] ?? 0);
      result.fill(0, shared);
    } else if (operation === 'OR')
      for (let index = 0; index < shared; index++)
        result[index] = (result[index] ?? 0) | (source[index] ?? 0);
    else
      for (let index = 0; index < shared; index++)
        result[index] = (result[index] ?? 0) ^ (source[index] ?? 0);
  }
  return result;
}

/** The unsigned number in some bits; what lies beyond the end is zeros. */
export function readBits(bytes: Buffer, offset: number, width: number): bigint {
  let value = 0n;
  for (let at = offset; at < offset + width; at++) {
    const bit = ((bytes[Math.floor(at / 8)] ?? 0) >> (7 - (at % 8))) & 1;
    value = (value << 1n) | BigInt(bit);
  }
  return value;
}

/** Writes the lowest `width` bits of a number. */
export function writeBits(bytes: Buffer, offset: number, width: number, value: bigint): void {
  let rest = BigInt.asUintN(width, value);
  for (let at = offset + width - 1; at >= offset; at--) {
    writeBit(bytes, at, rest & 1n ? 1 : 0);
    rest >>= 1n;
  }
}

export function writeBit(bytes: Buffer, at: number, bit: 0 | 1): void {
  const index = Math.floor(at / 8);
  const mask = 1 << (7 - (at % 8));
  bytes[index] = bit === 1 ? (bytes[index] ?? 0) | mask : (bytes[index] ?? 0) & ~mask;
}
