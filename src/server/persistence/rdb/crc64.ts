/** Decides the checksum at the end of a dump: CRC-64 by Jones' polynomial, as Redis computes it. Knows no format. */

/** Bits reversed. */
const POLYNOMIAL = 0x95ac9329ac4bc9b5n;
/** Bytes taken at once: each has a table of what it leaves with the others behind it ("slicing by 8"). */
const LANES = 8;

/** For each lane and byte the low and the high half of its remainder. */
const table = remainders();

function remainders(): { readonly low: Int32Array; readonly high: Int32Array } {
  const low = new Int32Array(256 * LANES);
  const high = new Int32Array(256 * LANES);
  for (let byte = 0; byte < 256; byte++) {
    let rest = BigInt(byte);
    for (let lane = 0; lane < LANES; lane++) {
      for (let bit = 0; bit < 8; bit++) rest = (rest >> 1n) ^ ((rest & 1n) === 1n ? POLYNOMIAL : 0n);
      low[lane * 256 + byte] = Number(BigInt.asIntN(32, rest));
      high[lane * 256 + byte] = Number(BigInt.asIntN(32, rest >> 32n));
    }
  }
  return { low, high };
}

/** A checksum that is computed as bytes come. */
export class Crc64 {
  private low = 0;
  private high = 0;

  /** Bytes from `start` up to `end`. */
  add(bytes: Buffer, start = 0, end = bytes.length): void {
    const { low: tableLow, high: tableHigh } = table;
    let { low, high } = this;
    let at = start;
    for (const stop = end - LANES; at <= stop; at += LANES) {
      const a = (low ^ (bytes[at] as number)) & 0xff;
      const b = 256 + (((low >>> 8) ^ (bytes[at + 1] as number)) & 0xff);
      const c = 512 + (((low >>> 16) ^ (bytes[at + 2] as number)) & 0xff);
      const d = 768 + (((low >>> 24) ^ (bytes[at + 3] as number)) & 0xff);
      const e = 1024 + ((high ^ (bytes[at + 4] as number)) & 0xff);
      const f = 1280 + (((high >>> 8) ^ (bytes[at + 5] as number)) & 0xff);
      const g = 1536 + (((high >>> 16) ^ (bytes[at + 6] as number)) & 0xff);
      const h = 1792 + (((high >>> 24) ^ (bytes[at + 7] as number)) & 0xff);
      // The first of the eight has the seven others behind it.
      low =
        (tableLow[a + 1792] as number) ^
        (tableLow[b + 1280] as number) ^
        (tableLow[c + 768] as number) ^
        (tableLow[d + 256] as number) ^
        (tableLow[e - 256] as number) ^
        (tableLow[f - 768] as number) ^
        (tableLow[g - 1280] as number) ^
        (tableLow[h - 1792] as number);
      high =
        (tableHigh[a + 1792] as number) ^
        (tableHigh[b + 1280] as number) ^
        (tableHigh[c + 768] as number) ^
        (tableHigh[d + 256] as number) ^
        (tableHigh[e - 256] as number) ^
        (tableHigh[f - 768] as number) ^
        (tableHigh[g - 1280] as number) ^
        (tableHigh[h - 1792] as number);
    }
    for (; at < end; at++) {
      const index = (low ^ (bytes[at] as number)) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ (tableLow[index] as number);
      high = (high >>> 8) ^ (tableHigh[index] as number);
    }
    this.low = low;
    this.high = high;
  }

  /** Eight bytes, the lowest first. */
  get bytes(): Buffer {
    const checksum = Buffer.allocUnsafe(8);
    checksum.writeInt32LE(this.low, 0);
    checksum.writeInt32LE(this.high, 4);
    return checksum;
  }
}

/** Eight bytes, the lowest first. */
export function crc64(bytes: Buffer): Buffer {
  const checksum = new Crc64();
  checksum.add(bytes);
  return checksum.bytes;
}
