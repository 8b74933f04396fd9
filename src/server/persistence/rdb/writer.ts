/** Decides how lengths, strings and numbers are written in Redis' dump format. Knows no values. (Redis: `rdb.c`.) */
import { type Bytes, bufferOf, byteString } from '../../byte-string.js';
import { type Integer, parseInteger } from '../../integers.js';
import { compress } from './lzf.js';

const INTEGER_BYTES_MAX = 11;
const COMPRESSED_BYTES_MIN = 21;

export class RdbWriter {
  private readonly parts: Buffer[] = [];

  constructor(private readonly compresses = true) {}

  get bytes(): Buffer {
    return Buffer.concat(this.parts);
  }

  raw(bytes: Buffer): void {
    this.parts.push(bytes);
  }

  byte(value: number): void {
    this.parts.push(Buffer.of(value));
  }

  length(value: Integer): void {
    if (value < 64) this.byte(Number(value));
    else if (value < 16_384) this.parts.push(Buffer.of(0x40 | (Number(value) >> 8), Number(value) & 0xff));
    else {
      const isLong = value > 0xffff_ffff;
      const bytes = Buffer.allocUnsafe(isLong ? 9 : 5);
      bytes[0] = isLong ? 0x81 : 0x80;
      if (isLong) bytes.writeBigUInt64BE(BigInt(value), 1);
      else bytes.writeUInt32BE(Number(value), 1);
      this.parts.push(bytes);
    }
  }

  string(value: Bytes): void {
    const integer = value.length <= INTEGER_BYTES_MAX ? parseInteger(byteString(value)) : null;
    if (typeof integer === 'number' && integer === (integer | 0)) {
      this.integer(integer);
      return;
    }
    const bytes = bufferOf(value);
    const packed = this.compresses && bytes.length >= COMPRESSED_BYTES_MIN ? compress(bytes) : null;
    if (packed === null) {
      this.length(bytes.length);
      // Whatever the caller's bytes become later: these are written down.
      this.parts.push(typeof value === 'string' ? bytes : Buffer.from(bytes));
      return;
    }
    this.byte(0xc3);
    this.length(packed.length);
    this.length(bytes.length);
    this.parts.push(packed);
  }

  milliseconds(value: Integer): void {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigInt64LE(BigInt(value));
    this.parts.push(bytes);
  }

  double(value: number): void {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeDoubleLE(value);
    this.parts.push(bytes);
  }

  private integer(value: number): void {
    const width = value >= -128 && value <= 127 ? 1 : value >= -32_768 && value <= 32_767 ? 2 : 4;
    const bytes = Buffer.allocUnsafe(1 + width);
    bytes[0] = 0xc0 | (width >> 1);
    bytes.writeIntLE(value, 1, width);
    this.parts.push(bytes);
  }
}
