/**
 * Decides how the compact forms of older servers are read: ziplists, zipmaps, and intsets, which are written still.
 * All of them may be forged. Knows no types.
 */
import { type Bytes, byteString } from '../../byte-string.js';
import { type Integer, narrow } from '../../integers.js';
import { RdbFormatError } from './reader.js';

const ZIPLIST_HEADER_BYTES = 10;
const END = 0xff;
const LONG_PREVIOUS = 254;
const SHORT_STRING_BYTES = 2048;

/** Bytes at an offset, as far as there are any. */
function part(bytes: Buffer, at: number, length: number): Buffer {
  if (at < 0 || length < 0 || at + length > bytes.length) throw new RdbFormatError('the bytes end early');
  return bytes.subarray(at, at + length);
}

function kept(bytes: Buffer): Bytes {
  return bytes.length <= SHORT_STRING_BYTES ? byteString(bytes) : Buffer.from(bytes);
}

/** Total bytes, offset of the last entry, count; entries that each begin with the length of the one in front; 255. */
export function ziplistElements(bytes: Buffer): (Bytes | Integer)[] {
  if (part(bytes, 0, ZIPLIST_HEADER_BYTES + 1).readUInt32LE() !== bytes.length)
    throw new RdbFormatError('a ziplist of another length');
  const elements: (Bytes | Integer)[] = [];
  let at = ZIPLIST_HEADER_BYTES;
  let previous = 0;
  while (part(bytes, at, 1)[0] !== END) {
    const start = at;
    const isLong = bytes[at] === LONG_PREVIOUS;
    const claimed = isLong ? part(bytes, at + 1, 4).readUInt32LE() : (bytes[at] ?? 0);
    if (claimed !== previous) throw new RdbFormatError('a ziplist that cannot be read backwards');
    const { value, end } = ziplistEntryAt(bytes, at + (isLong ? 5 : 1));
    elements.push(value);
    previous = end - start;
    at = end;
  }
  const count = bytes.readUInt16LE(8);
  if (at !== bytes.length - 1 || (count !== 65_535 && count !== elements.length))
    throw new RdbFormatError('a ziplist of another count');
  return elements;
}

function ziplistEntryAt(bytes: Buffer, at: number): { value: Bytes | Integer; end: number } {
  const first = part(bytes, at, 1)[0] ?? 0;
  const string = (start: number, length: number): { value: Bytes; end: number } => ({
    value: kept(part(bytes, start, length)),
    end: start + length,
  });
  if (first < 0x40) return string(at + 1, first);
  if (first < 0x80) return string(at + 2, ((first & 0x3f) << 8) | (part(bytes, at + 1, 1)[0] ?? 0));
  if (first === 0x80) return string(at + 5, part(bytes, at + 1, 4).readUInt32BE());
  switch (first) {
    case 0xc0:
      return { value: part(bytes, at + 1, 2).readInt16LE(), end: at + 3 };
    case 0xd0:
      return { value: part(bytes, at + 1, 4).readInt32LE(), end: at + 5 };
    case 0xe0:
      return { value: narrow(part(bytes, at + 1, 8).readBigInt64LE()), end: at + 9 };
    case 0xf0:
      return { value: part(bytes, at + 1, 3).readIntLE(0, 3), end: at + 4 };
    case 0xfe:
      return { value: part(bytes, at + 1, 1).readInt8(), end: at + 2 };
    default:
      if (first >= 0xf1 && first <= 0xfd) return { value: (first & 0x0f) - 1, end: at + 1 };
      throw new RdbFormatError('an unknown entry of a ziplist');
  }
}

/** A count; each field and value behind its length, the value with some free bytes behind it; 255. */
export function zipmapPairs(bytes: Buffer): Bytes[] {
  const pairs: Bytes[] = [];
  let at = 1;
  const length = (): number => {
    const first = part(bytes, at, 1)[0] ?? 0;
    at += first === LONG_PREVIOUS ? 5 : 1;
    return first === LONG_PREVIOUS ? part(bytes, at - 4, 4).readUInt32LE() : first;
  };
  const string = (size: number, free: number): void => {
    pairs.push(kept(part(bytes, at, size)));
    at += size + free;
  };
  while (part(bytes, at, 1)[0] !== END) {
    string(length(), 0);
    const size = length();
    const free = part(bytes, at++, 1)[0] ?? 0;
    string(size, free);
  }
  const count = bytes[0] ?? 0;
  if (at !== bytes.length - 1 || (count < LONG_PREVIOUS && count !== pairs.length / 2))
    throw new RdbFormatError('a zipmap of another length');
  return pairs;
}

/** The width of an integer, a count, the integers in ascending order. */
export function intsetMembers(bytes: Buffer): Integer[] {
  const width = part(bytes, 0, 8).readUInt32LE();
  const count = bytes.readUInt32LE(4);
  if ((width !== 2 && width !== 4 && width !== 8) || bytes.length !== 8 + count * width || count === 0)
    throw new RdbFormatError('an intset of another length');
  const members: Integer[] = [];
  for (let at = 8; at < bytes.length; at += width) {
    const member = width === 8 ? narrow(bytes.readBigInt64LE(at)) : bytes.readIntLE(at, width);
    const last = members.at(-1);
    if (last !== undefined && last >= member) throw new RdbFormatError('an intset out of order');
    members.push(member);
  }
  return members;
}

/** The same, written. The members are in ascending order. */
export function intsetOf(members: readonly Integer[]): Buffer {
  const fits = (min: number, max: number): boolean =>
    members.every((member) => member >= min && member <= max);
  const width = fits(-32_768, 32_767) ? 2 : fits(-2_147_483_648, 2_147_483_647) ? 4 : 8;
  const bytes = Buffer.allocUnsafe(8 + members.length * width);
  bytes.writeUInt32LE(width, 0);
  bytes.writeUInt32LE(members.length, 4);
  members.forEach((member, index) => {
    if (width === 8) bytes.writeBigInt64LE(BigInt(member), 8 + index * 8);
    else bytes.writeIntLE(Number(member), 8 + index * width, width);
  });
  return bytes;
}
