/** Decides the checksum at the end of a dump: CRC-64 by Jones' polynomial, as Redis computes it. Knows no format. */

/** Bits reversed. */
const POLYNOMIAL = 0x95ac9329ac4bc9b5n;

/** For each byte the low and the high half of its remainder. */
const table = remainders();

function remainders(): { readonly low: Uint32Array; readonly high: Uint32Array } {
  const low = new Uint32Array(256);
  const high = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let rest = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) rest = (rest >> 1n) ^ ((rest & 1n) === 1n ? POLYNOMIAL : 0n);
    low[byte] = Number(rest & 0xffff_ffffn);
    high[byte] = Number(rest >> 32n);
  }
  return { low, high };
}

/** Eight bytes, the lowest first. */
export function crc64(bytes: Buffer): Buffer {
  let [low, high] = [0, 0];
  for (const byte of bytes) {
    const at = (low ^ byte) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ (table.low[at] ?? 0);
    high = (high >>> 8) ^ (table.high[at] ?? 0);
  }
  const checksum = Buffer.allocUnsafe(8);
  checksum.writeUInt32LE(low >>> 0, 0);
  checksum.writeUInt32LE(high >>> 0, 4);
  return checksum;
}
