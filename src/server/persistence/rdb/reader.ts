/**
 * Decides how lengths, strings and numbers are read from Redis' dump format. The bytes may be forged: nothing is read
 * or reserved beyond what they can hold. Knows no values.
 */

import { type Bytes, byteString, type Memory, writeLatin1 } from '../../byte-string.js';
import { type Integer, narrow } from '../../integers.js';
import { decompress, decompressPart } from './lzf.js';

/** The bytes are no dump. Thrown within the codec only. */
export class RdbFormatError extends Error {}

/** They may still be one: the rest has to be read. Thrown where only a part is in memory. */
export class MoreNeeded extends Error {
  constructor(readonly bytes: number) {
    super('more bytes are needed');
  }
}

/** A value without parts: Redis passes over its key. */
export class EmptyValue extends RdbFormatError {}

const SHORT_STRING_BYTES = 2048;

/** Where a string lies. */
export interface StringPlace {
  memory: Memory;
  start: number;
  end: number;
}

export class RdbReader {
  protected at = 0;
  private isEncoding = false;
  /** How many bytes there are behind those in memory. */
  protected beyond = 0;

  constructor(protected bytes: Buffer) {}

  get remaining(): number {
    return this.bytes.length - this.at + this.beyond;
  }

  byte(): number {
    if (this.at >= this.bytes.length) this.end(1);
    return this.bytes[this.at++] as number;
  }

  /** A view. */
  raw(count: number): Buffer {
    this.skip(count);
    return this.bytes.subarray(this.at - count, this.at);
  }

  private skip(count: number): void {
    if (count > this.bytes.length - this.at) this.end(count);
    this.at += count;
  }

  length(): Integer {
    const value = this.lengthOrEncoding();
    if (this.isEncoding) throw new RdbFormatError('a length was expected');
    return value;
  }

  /** How many elements follow, each of which takes at least a byte. */
  count(): number {
    const count = this.length();
    if (count > this.remaining) throw new RdbFormatError('more elements than bytes');
    return Number(count);
  }

  /** Of its own. */
  buffer(): Buffer {
    const value = this.lengthOrEncoding();
    if (!this.isEncoding) {
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

  /** Not so many are in memory. */
  private end(count: number): never {
    if (count <= this.remaining) throw new MoreNeeded(count);
    throw new RdbFormatError('the bytes end early');
  }

  /** Tells where a string lies, unpacked at a place in `room` if it has to be. False when that is too small. */
  stringAt(place: StringPlace, own: Memory, room: Memory, roomAt: number): boolean {
    const value = this.lengthOrEncoding();
    if (!this.isEncoding) {
      if (value > this.remaining) throw new RdbFormatError('the bytes end early');
      const length = Number(value);
      this.skip(length);
      place.memory = own;
      place.start = this.at - length;
      place.end = this.at;
      return true;
    }
    place.memory = room;
    place.start = roomAt;
    if (value === 3) return this.unpackedAt(place, room);
    const text =
      value === 0
        ? this.raw(1).readInt8()
        : value === 1
          ? this.raw(2).readInt16LE()
          : value === 2
            ? this.raw(4).readInt32LE()
            : null;
    if (text === null) throw new RdbFormatError('an unknown encoding of a string');
    const digits = String(text);
    if (roomAt + digits.length > room.bytes.length) return false;
    writeLatin1(digits, room.bytes, roomAt);
    place.end = roomAt + digits.length;
    return true;
  }

  private unpackedAt(place: StringPlace, room: Memory): boolean {
    const packedLength = this.length();
    const length = Number(this.length());
    if (packedLength > this.remaining) throw new RdbFormatError('the bytes end early');
    if (place.start + length > room.bytes.length) return false;
    this.skip(Number(packedLength));
    const isWhole = decompressPart(
      this.bytes,
      this.at - Number(packedLength),
      this.at,
      room.bytes,
      place.start,
      length,
    );
    if (!isWhole) throw new RdbFormatError('a string does not unpack');
    place.end = place.start + length;
    return true;
  }

  private compressed(): Buffer {
    const packedLength = this.length();
    const length = this.length();
    if (packedLength > this.remaining) throw new RdbFormatError('the bytes end early');
    const unpacked = decompress(this.raw(Number(packedLength)), Number(length));
    if (unpacked === null) throw new RdbFormatError('a string does not unpack');
    return unpacked;
  }

  /** A length; or, and then `isEncoding` is set, the number of a string's encoding. */
  private lengthOrEncoding(): Integer {
    const first = this.byte();
    this.isEncoding = first >= 0xc0;
    if (first < 0x40) return first;
    if (first < 0x80) return ((first & 0x3f) << 8) | this.byte();
    if (first >= 0xc0) return first & 0x3f;
    if (first === 0x80) return this.raw(4).readUInt32BE();
    if (first === 0x81) return narrow(this.raw(8).readBigUInt64BE());
    throw new RdbFormatError('an unknown kind of length');
  }
}
