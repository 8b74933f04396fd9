/**
 * Decides how lengths, strings and numbers are read from Redis' dump format. The bytes may be forged: nothing is read
 * or reserved beyond what they can hold. Knows no values.
 */

import { type Bytes, byteString } from '../../byte-string.js';
import { type Integer, narrow } from '../../integers.js';
import { decompress } from './lzf.js';

/** The bytes are no dump. Thrown within the codec only. */
export class RdbFormatError extends Error {}

const SHORT_STRING_BYTES = 2048;

export class RdbReader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get remaining(): number {
    return this.bytes.length - this.at;
  }

  byte(): number {
    return this.raw(1)[0] ?? 0;
  }

  /** A view. */
  raw(count: number): Buffer {
    if (count > this.remaining) throw new RdbFormatError('the bytes end early');
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  length(): Integer {
    const length = this.lengthOrEncoding();
    if (length.isEncoding) throw new RdbFormatError('a length was expected');
    return length.value;
  }

  /** How many elements follow, each of which takes at least a byte. */
  count(): number {
    const count = this.length();
    if (count > this.remaining) throw new RdbFormatError('more elements than bytes');
    return Number(count);
  }

  /** Of its own. */
  buffer(): Buffer {
    const { isEncoding, value } = this.lengthOrEncoding();
    if (!isEncoding) {
      if (value > this.remaining) throw new RdbFormatError('the bytes end early');
      return Buffer.from(this.raw(Number(value)));
    }
    switch (value) {
      case 0:
        return Buffer.from(String(this.raw(1).readInt8()));
      case 1:
        return Buffer.from(String(this.raw(2).readInt16LE()));
      case 2:
        return Buffer.from(String(this.raw(4).readInt32LE()));
      case 3:
        return this.compressed();
      default:
        throw new RdbFormatError('an unknown encoding of a string');
    }
  }

  /** In the form in which strings are kept. */
  string(): Bytes {
    const bytes = this.buffer();
    return bytes.length <= SHORT_STRING_BYTES ? byteString(bytes) : bytes;
  }

  text(): string {
    return byteString(this.buffer());
  }

  milliseconds(): Integer {
    return narrow(this.raw(8).readBigInt64LE());
  }

  double(): number {
    return this.raw(8).readDoubleLE();
  }

  private compressed(): Buffer {
    const packedLength = this.length();
    const length = this.length();
    if (packedLength > this.remaining) throw new RdbFormatError('the bytes end early');
    const unpacked = decompress(this.raw(Number(packedLength)), Number(length));
    if (unpacked === null) throw new RdbFormatError('a string does not unpack');
    return unpacked;
  }

  private lengthOrEncoding(): { readonly isEncoding: boolean; readonly value: Integer } {
    const first = this.byte();
    switch (first >> 6) {
      case 0:
        return { isEncoding: false, value: first };
      case 1:
        return { isEncoding: false, value: ((first & 0x3f) << 8) | this.byte() };
      case 3:
        return { isEncoding: true, value: first & 0x3f };
      default:
        if (first === 0x80) return { isEncoding: false, value: this.raw(4).readUInt32BE() };
        if (first === 0x81) return { isEncoding: false, value: narrow(this.raw(8).readBigUInt64BE()) };
        throw new RdbFormatError('an unknown kind of length');
    }
  }
}
