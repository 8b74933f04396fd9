/**
 * Decides how one key and its value lie in a slot: a header of three words, then what only some have, then the key's
 * bytes, then the value's. Knows nothing of how a record is found.
 *
 *     word 0   flags (low half), the key's length (high half; LONG_KEY: in a word of its own)
 *     word 1   the value's length, a small integer itself, or the number of an object
 *     word 2   when or how often it was used
 *     [length of a long key] [expiry: 2 words, place in the list of those that expire: 1 word] key value
 *
 * Integers beyond 32 bits are the value's eight bytes. Containers, and values too long for a slot, are JavaScript objects
 * in a table, named by their number.
 */
import { copyBytes, equalBytes, latin1Text, type Memory, writeLatin1 } from '../byte-string.js';
import { type ExpireAtMs, NEVER } from './expire-at.js';
import { SLOT_BYTES_MAX, sizeClassOf } from './size-classes.js';
import { OFFSET_MASK, PAGE_SHIFT, Slab } from './slab.js';
import type { StringView } from './string-view.js';
import { ValueTable } from './value-table.js';

export const KIND_MASK = 3;
/** Bytes behind the key. */
export const BYTES = 0;
export const INT32 = 1;
export const INT64 = 2;
export const OBJECT = 3;
/** The key has an expiry. */
export const VOLATILE = 4;
const LONG_KEY = 8;
/** A string that was changed in place: OBJECT ENCODING tells. */
export const RAW = 16;

const HEADER_BYTES = 12;
const VOLATILE_BYTES = 12;
const LONG_KEY_BYTES = 4;
const KEY_LENGTH_SHIFT = 16;
const SHORT_KEY_BYTES_MAX = 0xffff;
/** 64 bytes: a line of the processor's cache. */
const PEEKED_WORDS = 16;
const TWO_32 = 4_294_967_296;
/** What a plain string's flags are not: then all of it lies where its key's length and its own say. */
const PLAIN_MASK = KIND_MASK | VOLATILE | LONG_KEY | RAW;

export class RecordStore {
  slab = new Slab();
  objects = new ValueTable();
  /** How many records there are, of all databases. */
  count = 0;

  /** A record with this key and room for so many bytes of value; value, usage and place in the list are not set. */
  create(from: Memory, start: number, end: number, tailBytes: number, expireAtMs: ExpireAtMs): number {
    const length = end - start;
    const isLong = length > SHORT_KEY_BYTES_MAX;
    const isVolatile = expireAtMs !== NEVER;
    const headBytes =
      HEADER_BYTES + (isVolatile ? VOLATILE_BYTES : 0) + (isLong ? LONG_KEY_BYTES : 0) + length;
    const place = this.slab.allocate(headBytes + tailBytes);
    this.count++;
    const words = this.wordsAt(place);
    const at = wordOf(place);
    words[at] = (isVolatile ? VOLATILE : 0) | (isLong ? LONG_KEY : length << KEY_LENGTH_SHIFT);
    if (isLong) words[at + 3] = length;
    copyBytes(from, start, end, this.memoryAt(place), byteOf(place) + headBytes - length);
    if (isVolatile) this.setExpireAtMs(place, expireAtMs);
    return place;
  }

  /** Its object, if any, is not let go. */
  free(place: number): void {
    this.count--;
    this.slab.free(place);
  }

  /** Lets go of all records and objects at once. */
  reset(): void {
    this.count = 0;
    this.slab.reset();
    this.objects.reset();
  }

  /** Lets go of all at once as well, to a store of their own. */
  handOver(): RecordStore {
    const other = new RecordStore();
    [other.slab, other.objects, other.count] = [this.slab, this.objects, this.count];
    [this.slab, this.objects, this.count] = [new Slab(), new ValueTable(), 0];
    return other;
  }

  /** What a record needs beside its value. */
  headBytes(place: number): number {
    return this.keyStart(place) - byteOf(place) + this.keyLength(place);
  }

  memoryAt(place: number): Memory {
    // A place is on a page that exists as long as the record does.
    return this.slab.memory[place >>> PAGE_SHIFT] as Memory;
  }

  bytesAt(place: number): Buffer {
    return this.memoryAt(place).bytes;
  }

  wordsAt(place: number): Int32Array {
    return this.slab.words[place >>> PAGE_SHIFT] as Int32Array;
  }

  flags(place: number): number {
    return this.wordsAt(place)[wordOf(place)] as number;
  }

  setFlags(place: number, kind: number, isRaw: boolean): void {
    const words = this.wordsAt(place);
    const at = wordOf(place);
    words[at] = ((words[at] as number) & ~(KIND_MASK | RAW)) | kind | (isRaw ? RAW : 0);
  }

  /** The second word: a length, an integer or an object's number. */
  detail(place: number): number {
    return this.wordsAt(place)[wordOf(place) + 1] as number;
  }

  setDetail(place: number, detail: number): void {
    this.wordsAt(place)[wordOf(place) + 1] = detail;
  }

  usage(place: number): number {
    return this.wordsAt(place)[wordOf(place) + 2] as number;
  }

  setUsage(place: number, usage: number): void {
    this.wordsAt(place)[wordOf(place) + 2] = usage;
  }

  /** Reads what a search that ends at this place will read, and the beginning of the value. */
  peek(place: number): number {
    const words = this.wordsAt(place);
    const at = wordOf(place);
    // The second is on the next line of the processor's cache; behind the last page's end there is none.
    return (words[at] as number) ^ (words[at + PEEKED_WORDS] ?? 0);
  }

  /** Where in `bytesAt` the key begins. */
  keyStart(place: number): number {
    const flags = this.flags(place);
    let start = byteOf(place) + HEADER_BYTES;
    if ((flags & VOLATILE) !== 0) start += VOLATILE_BYTES;
    if ((flags & LONG_KEY) !== 0) start += LONG_KEY_BYTES;
    return start;
  }

  keyLength(place: number): number {
    const flags = this.flags(place);
    if ((flags & LONG_KEY) === 0) return flags >>> KEY_LENGTH_SHIFT;
    return this.wordsAt(place)[wordOf(place) + 3] as number;
  }

  /** Where in `bytesAt` the value begins. */
  valueStart(place: number): number {
    return this.keyStart(place) + this.keyLength(place);
  }

  hasKey(place: number, key: Memory, start: number, end: number): boolean {
    const length = end - start;
    const flags = this.flags(place);
    const isLong = (flags & LONG_KEY) !== 0;
    if ((isLong ? this.keyLength(place) : flags >>> KEY_LENGTH_SHIFT) !== length) return false;
    const own = byteOf(place) + HEADER_BYTES + ((flags & VOLATILE) === 0 ? 0 : VOLATILE_BYTES);
    return equalBytes(this.memoryAt(place), isLong ? own + LONG_KEY_BYTES : own, key, start, length);
  }

  key(place: number): string {
    const start = this.keyStart(place);
    return latin1Text(this.bytesAt(place), start, start + this.keyLength(place));
  }

  isVolatile(place: number): boolean {
    return (this.flags(place) & VOLATILE) !== 0;
  }

  expireAtMs(place: number): ExpireAtMs {
    if (!this.isVolatile(place)) return NEVER;
    const words = this.wordsAt(place);
    const at = this.expiryAt(place);
    const high = words[at + 1] as number;
    const low = (words[at] as number) >>> 0;
    const value = high * TWO_32 + low;
    return Number.isSafeInteger(value) ? value : BigInt(high) * BigInt(TWO_32) + BigInt(low);
  }

  /** Only for a record that has room for it. */
  setExpireAtMs(place: number, expireAtMs: ExpireAtMs): void {
    const words = this.wordsAt(place);
    const at = this.expiryAt(place);
    if (typeof expireAtMs === 'number') {
      words[at] = (expireAtMs % TWO_32) | 0;
      words[at + 1] = Math.floor(expireAtMs / TWO_32);
    } else {
      words[at] = Number(BigInt.asIntN(32, expireAtMs));
      words[at + 1] = Number(expireAtMs >> 32n);
    }
  }

  /** Where the record stands in the list of those that expire. */
  listPosition(place: number): number {
    return this.wordsAt(place)[this.expiryAt(place) + 2] as number;
  }

  setListPosition(place: number, position: number): void {
    this.wordsAt(place)[this.expiryAt(place) + 2] = position;
  }

  int64(place: number): number | bigint {
    const value = this.bytesAt(place).readBigInt64LE(this.valueStart(place));
    const narrow = Number(value);
    return Number.isSafeInteger(narrow) ? narrow : value;
  }

  setInt64(place: number, value: number | bigint): void {
    this.bytesAt(place).writeBigInt64LE(BigInt(value), this.valueStart(place));
  }

  /** Writes the bytes of a value into the room behind the key. */
  setBytes(place: number, from: Memory | string, start: number, end: number): void {
    const at = this.valueStart(place);
    if (typeof from === 'string') writeLatin1(from, this.bytesAt(place), at);
    else copyBytes(from, start, end, this.memoryAt(place), at);
    this.setDetail(place, end - start);
  }

  /**
   * What most reads come to, in one look at the record: marks it as used and shows its bytes. False, with nothing done,
   * for anything but a plain string that does not expire.
   */
  showPlain(place: number, usage: number, view: StringView): boolean {
    const words = this.wordsAt(place);
    const at = wordOf(place);
    const flags = words[at] as number;
    if ((flags & PLAIN_MASK) !== BYTES) return false;
    words[at + 2] = usage;
    const start = (at << 2) + HEADER_BYTES + (flags >>> KEY_LENGTH_SHIFT);
    view.memory = this.memoryAt(place);
    view.start = start;
    view.end = start + (words[at + 1] as number);
    view.isLasting = false;
    return true;
  }

  /** What most writes come to: other bytes in the place of a plain string's. False, with nothing done, if they do not fit. */
  replacePlain(place: number, usage: number, from: Memory, start: number, end: number): boolean {
    const words = this.wordsAt(place);
    const at = wordOf(place);
    const flags = words[at] as number;
    if ((flags & PLAIN_MASK) !== BYTES) return false;
    const headBytes = HEADER_BYTES + (flags >>> KEY_LENGTH_SHIFT);
    const length = end - start;
    // A slot is always the one that its record would be given.
    const old = words[at + 1] as number;
    if (length !== old) {
      if (headBytes + length > SLOT_BYTES_MAX) return false;
      if (sizeClassOf(headBytes + old) !== sizeClassOf(headBytes + length)) return false;
      words[at + 1] = length;
    }
    words[at + 2] = usage;
    copyBytes(from, start, end, this.memoryAt(place), (at << 2) + headBytes);
    return true;
  }

  /** Adds to a small integer that does not expire. Null, with nothing done, where there is none or the sum is not small. */
  addToPlain(place: number, usage: number, by: number): number | null {
    const words = this.wordsAt(place);
    const at = wordOf(place);
    if (((words[at] as number) & PLAIN_MASK) !== INT32) return null;
    const sum = (words[at + 1] as number) + by;
    if (sum !== (sum | 0)) return null;
    words[at + 1] = sum;
    words[at + 2] = usage;
    return sum;
  }

  private expiryAt(place: number): number {
    return wordOf(place) + ((this.flags(place) & LONG_KEY) === 0 ? 3 : 4);
  }
}

function wordOf(place: number): number {
  return (place & OFFSET_MASK) << 1;
}

function byteOf(place: number): number {
  return (place & OFFSET_MASK) << 3;
}
