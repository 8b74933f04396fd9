/**
 * Decides how Redis packs a row of strings and integers into one block of bytes, and reads such blocks, also those
 * that somebody forged. Knows nothing of what the elements mean.
 * (https://github.com/antirez/listpack/blob/master/listpack.md)
 *
 * Six bytes of header (total bytes, number of elements), the elements, one byte that ends it. An element is its
 * encoding, its data, and the length of both once more, to be read backwards.
 */
import { type Bytes, byteString, writeLatin1 } from './byte-string.js';
import { type Integer, narrow, parseInteger } from './integers.js';

export const LISTPACK_HEADER_BYTES = 6;
const END = 0xff;
/** From so many on, the header does not say. */
const COUNT_UNKNOWN = 65_535;
const SHORT_STRING_BYTES = 2048;
const FIRST_CAPACITY_BYTES = 128;
/** More room than this is not kept for the next. */
const KEPT_BYTES_MAX = 64 * 1024;

/** A listpack under construction, or one that is changed in place. */
export class Listpack {
  /** `bytes` are owned from here on. */
  constructor(
    private buffer: Buffer = emptyListpack(),
    private used = LISTPACK_HEADER_BYTES + 1,
  ) {}

  /** As it is written down; to be looked at before the next change. */
  get bytes(): Buffer {
    return this.buffer.subarray(0, this.used);
  }

  get byteLength(): number {
    return this.used;
  }

  /** What it takes up, room to grow included. */
  get capacityBytes(): number {
    return this.buffer.length;
  }

  /** Where the byte lies that ends it. */
  get end(): number {
    return this.used - 1;
  }

  /** To be filled again. */
  clear(): void {
    this.used = LISTPACK_HEADER_BYTES + 1;
    if (this.buffer.length > KEPT_BYTES_MAX) this.buffer = emptyListpack();
    else writeEmptyListpack(this.buffer);
  }

  append(element: Bytes): void {
    const integer = element.length <= 20 ? parseInteger(byteString(element)) : null;
    if (integer !== null) {
      this.appendInteger(integer);
      return;
    }
    const { length } = element;
    const headBytes = length < 64 ? 1 : length < 4096 ? 2 : 5;
    const at = this.makeRoomBehind(headBytes + length);
    writeStringHead(this.buffer, at, length);
    if (typeof element === 'string') writeLatin1(element, this.buffer, at + headBytes);
    else element.copy(this.buffer, at + headBytes);
    this.count(1);
  }

  appendInteger(value: Integer): void {
    const at = this.makeRoomBehind(integerBytes(value));
    writeInteger(this.buffer, at, value);
    this.count(1);
  }

  /** Puts an integer in the place of an element. What lies behind may move. */
  replaceInteger(at: number, value: Integer): void {
    const bytes = integerBytes(value);
    const oldBytes = bodyBytesAt(this.buffer, at);
    if (bytes !== oldBytes) this.makeRoom(at, oldBytes + backlenBytes(oldBytes), bytes);
    writeInteger(this.buffer, at, value);
  }

  /** Gives back the room that is not used. */
  shrink(): void {
    if (this.buffer.length > this.used) this.buffer = Buffer.from(this.bytes);
  }

  integerAt(at: number): Integer {
    const value = valueAt(this.buffer, at);
    return typeof value === 'string' || typeof value === 'object' ? 0 : value;
  }

  /** An element as bytes, whichever way it is held. */
  bytesAt(at: number): Bytes {
    const value = valueAt(this.buffer, at);
    return typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
  }

  next(at: number): number {
    const body = bodyBytesAt(this.buffer, at);
    return at + body + backlenBytes(body);
  }

  /** Makes an element's room out of another's, writes its length behind it, and returns where its body begins. */
  private makeRoom(at: number, oldBytes: number, bodyBytes: number): number {
    const backBytes = backlenBytes(bodyBytes);
    const used = this.used - oldBytes + bodyBytes + backBytes;
    if (used > this.buffer.length) this.enlarge(used);
    this.buffer.copyWithin(at + bodyBytes + backBytes, at + oldBytes, this.used);
    writeBacklen(this.buffer, at + bodyBytes, bodyBytes);
    this.used = used;
    this.buffer.writeUInt32LE(used, 0);
    return at;
  }

  /** The same behind the last element, where nothing has to be moved. */
  private makeRoomBehind(bodyBytes: number): number {
    const at = this.end;
    const used = this.used + bodyBytes + backlenBytes(bodyBytes);
    if (used > this.buffer.length) this.enlarge(used);
    writeBacklen(this.buffer, at + bodyBytes, bodyBytes);
    this.used = used;
    this.buffer[used - 1] = END;
    this.buffer.writeUInt32LE(used, 0);
    return at;
  }

  private enlarge(used: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(used, Math.min(this.buffer.length * 2, used + 65_536)));
    this.buffer.copy(larger, 0, 0, this.used);
    this.buffer = larger;
  }

  private count(added: number): void {
    const count = this.buffer.readUInt16LE(4);
    if (count !== COUNT_UNKNOWN) this.buffer.writeUInt16LE(Math.min(COUNT_UNKNOWN, count + added), 4);
  }
}

function emptyListpack(): Buffer {
  const buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY_BYTES);
  writeEmptyListpack(buffer);
  return buffer;
}

function writeEmptyListpack(buffer: Buffer): void {
  buffer.writeUInt32LE(LISTPACK_HEADER_BYTES + 1, 0);
  buffer.writeUInt16LE(0, 4);
  buffer[LISTPACK_HEADER_BYTES] = END;
}

/** Packs elements. */
export function listpackOf(elements: Iterable<Bytes>): Buffer {
  const pack = new Listpack();
  for (const element of elements) pack.append(element);
  return pack.bytes;
}

/** The elements of a listpack that somebody sent; null when it is none. Lengths never lead beyond its end. */
export function listpackElements(bytes: Buffer): (Bytes | Integer)[] | null {
  const { length } = bytes;
  if (length < LISTPACK_HEADER_BYTES + 1 || bytes.readUInt32LE(0) !== length) return null;
  const elements: (Bytes | Integer)[] = [];
  let at = LISTPACK_HEADER_BYTES;
  while (at < length - 1) {
    const body = bodyBytesAt(bytes, at);
    const end = at + body + backlenBytes(body);
    if (body === 0 || end > length - 1 || !hasBacklen(bytes, at + body, body)) return null;
    elements.push(valueAt(bytes, at));
    at = end;
  }
  const count = bytes.readUInt16LE(4);
  const isCounted = count === COUNT_UNKNOWN || count === elements.length;
  return at === length - 1 && bytes[at] === END && isCounted ? elements : null;
}

/** Bytes of an element's encoding and data; 0 when there is no such encoding. */
function bodyBytesAt(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? END;
  if (first < 0x80) return 1;
  if (first < 0xc0) return 1 + (first & 0x3f);
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 2 + (((first & 0x0f) << 8) | (bytes[at + 1] ?? 0));
  switch (first) {
    case 0xf0:
      return at + 5 <= bytes.length ? 5 + bytes.readUInt32LE(at + 1) : 0;
    case 0xf1:
      return 3;
    case 0xf2:
      return 4;
    case 0xf3:
      return 5;
    case 0xf4:
      return 9;
    default:
      return 0;
  }
}

/** The element whose encoding begins there and which ends within the bytes. */
function valueAt(bytes: Buffer, at: number): Bytes | Integer {
  const first = bytes[at] ?? END;
  if (first < 0x80) return first;
  if (first < 0xc0) return stringAt(bytes, at + 1, first & 0x3f);
  if (first < 0xe0) {
    const value = ((first & 0x1f) << 8) | (bytes[at + 1] ?? 0);
    return value >= 4096 ? value - 8192 : value;
  }
  if (first < 0xf0) return stringAt(bytes, at + 2, ((first & 0x0f) << 8) | (bytes[at + 1] ?? 0));
  switch (first) {
    case 0xf1:
      return bytes.readInt16LE(at + 1);
    case 0xf2:
      return bytes.readIntLE(at + 1, 3);
    case 0xf3:
      return bytes.readInt32LE(at + 1);
    case 0xf4:
      return narrow(bytes.readBigInt64LE(at + 1));
    default:
      return stringAt(bytes, at + 5, bytes.readUInt32LE(at + 1));
  }
}

function stringAt(bytes: Buffer, at: number, length: number): Bytes {
  if (length <= SHORT_STRING_BYTES) return bytes.toString('latin1', at, at + length);
  return Buffer.from(bytes.subarray(at, at + length));
}

function writeStringHead(bytes: Buffer, at: number, length: number): void {
  if (length < 64) bytes[at] = 0x80 | length;
  else if (length < 4096) bytes.writeUInt16BE(0xe000 | length, at);
  else {
    bytes[at] = 0xf0;
    bytes.writeUInt32LE(length, at + 1);
  }
}

/** What an integer's encoding and data take. */
function integerBytes(value: Integer): number {
  if (value >= 0 && value <= 127) return 1;
  if (value >= -4096 && value <= 4095) return 2;
  if (value >= -32_768 && value <= 32_767) return 3;
  if (value >= -8_388_608 && value <= 8_388_607) return 4;
  return value >= -2_147_483_648 && value <= 2_147_483_647 ? 5 : 9;
}

function writeInteger(bytes: Buffer, at: number, value: Integer): void {
  const size = integerBytes(value);
  if (size === 1) bytes[at] = Number(value);
  else if (size === 2) {
    const bits = Number(value) & 0x1fff;
    bytes[at] = 0xc0 | (bits >> 8);
    bytes[at + 1] = bits & 0xff;
  } else if (size === 9) {
    bytes[at] = 0xf4;
    bytes.writeBigInt64LE(BigInt(value), at + 1);
  } else {
    bytes[at] = 0xf1 + (size - 3);
    bytes.writeIntLE(Number(value), at + 1, size - 1);
  }
}

function backlenBytes(length: number): number {
  if (length <= 127) return 1;
  if (length < 16_383) return 2;
  if (length < 2_097_151) return 3;
  return length < 268_435_455 ? 4 : 5;
}

/** Seven bits a byte, the highest first; all but the first byte are marked. */
function writeBacklen(bytes: Buffer, at: number, length: number): void {
  if (length <= 127) {
    bytes[at] = length;
    return;
  }
  let rest = length;
  for (let index = backlenBytes(length) - 1; index >= 0; index--) {
    bytes[at + index] = (rest & 127) | (index === 0 ? 0 : 128);
    rest = Math.floor(rest / 128);
  }
}

function hasBacklen(bytes: Buffer, at: number, length: number): boolean {
  const wanted = Buffer.alloc(5);
  writeBacklen(wanted, 0, length);
  const size = backlenBytes(length);
  return bytes.compare(wanted, 0, size, at, at + size) === 0;
}

/** The same bytes when an element stands for them. */
export function elementBytes(element: Bytes | Integer): Bytes {
  return typeof element === 'number' || typeof element === 'bigint' ? String(element) : element;
}
