/**
 * Decides how many names of one container are held: packed outside of the JavaScript heap, found by their hash, and
 * numbered without gaps so that one can be picked at random and a scan can stop anywhere. A name may have a value's bytes
 * behind it. Knows nothing of what names and values are.
 *
 *     word 0   the name's number          word 1   the name's length
 *     [with values: word 2, the value's length or, negative, a long one's number; word 3, how many bytes there is room for]
 *     name value
 */
import { systemRandom } from '../../clock.js';
import { type Bytes, copyBytes, latin1Text, Memory, writeLatin1 } from '../byte-string.js';
import type { HeldNames } from './held-names.js';
import { KeyHasher } from './key-hash.js';
import { writeLength } from './list-chunk.js';
import { ObjectTable } from './object-table.js';
import { PackedIndex } from './packed-index.js';
import { memoryOf, offsetOf, PackedPages } from './packed-pages.js';
import type { StringView } from './string-view.js';

const NAME_HEAD_BYTES = 8;
const VALUE_HEAD_BYTES = 16;
/** A longer value is an object beside the pages. */
const PACKED_VALUE_BYTES_MAX = 2048;
const LONG_VALUE_OVERHEAD_BYTES = 200;
/** What the objects around it all cost. */
const OBJECTS_BYTES = 1200;
const NUMBERS_MIN = 64;
/** Less than this is not worth tidying. */
const WASTED_BYTES_MIN = 4096;
const SCRATCH_BYTES = 4096;
/** What a packed name takes at most beside its bytes. */
const PACKING_BYTES = 16;
const LF = 0x0a;
const CRLF = 0x0a0d;
/** `$0\r\n` and `$00\r`, as the words they are in memory. */
const ONE_DIGIT = 0x0a0d3024;
const TWO_DIGITS = 0x0d303024;
/** Below this, a loop over the bytes is cheaper than a call into the runtime. */
const LOOP_BYTES_MAX = 48;

/** Containers share one secret: nobody can choose names that collide. */
const hasher = new KeyHasher(systemRandom);
const nameScratch = new Memory(Buffer.allocUnsafeSlow(SCRATCH_BYTES));
const valueScratch = new Memory(Buffer.allocUnsafeSlow(PACKED_VALUE_BYTES_MAX));

export class PackedNames {
  size = 0;
  private pages = new PackedPages();
  private index = new PackedIndex();
  /** Where each number's name is. */
  private places: Int32Array = new Int32Array(NUMBERS_MIN);
  private longValues: ObjectTable<Buffer> | null = null;
  private longValueBytes = 0;
  /** Somebody reads what is packed here: a value is not written over where it lies. */
  private isFrozen = false;
  private readonly headBytes: number;
  /** The name that was looked for last. */
  private sought = nameScratch;
  private soughtStart = 0;
  private soughtEnd = 0;
  private hash = 0;

  constructor(private readonly hasValues: boolean) {
    this.headBytes = hasValues ? VALUE_HEAD_BYTES : NAME_HEAD_BYTES;
  }

  get weightBytes(): number {
    return (
      OBJECTS_BYTES +
      this.pages.heldBytes +
      this.index.heldBytes +
      this.places.length * 4 +
      this.longValueBytes
    );
  }

  /**
   * What is there now, to be read by number while others go on: nothing is copied until `detach`, which is called before
   * the first change and copies the row of places, 4 bytes for each name.
   */
  hold(): HeldNames {
    const { headBytes, pages } = this;
    let { places, longValues } = this;
    /** Once detached. */
    let pageRow: readonly Memory[] | null = null;
    const memoryAt = (place: number): Memory =>
      pageRow === null ? pages.memoryAt(place) : memoryOf(pageRow, place);
    return {
      size: this.size,
      nameAt: (number) => nameIn(memoryAt(places[number] as number), places[number] as number, headBytes),
      valueAt: (number) => {
        const place = places[number] as number;
        const memory = memoryAt(place);
        const length = memory.view.getInt32(offsetOf(place) + 8, true);
        if (length < 0) return longValues?.at(~length) ?? valueScratch.bytes;
        const start = offsetOf(place) + VALUE_HEAD_BYTES + memory.view.getInt32(offsetOf(place) + 4, true);
        return latin1Text(memory.bytes, start, start + length);
      },
      detach: () => {
        this.isFrozen = true;
        pageRow = pages.freeze();
        places = places.slice();
        longValues = longValues?.copy() ?? null;
      },
      release: () => {
        if (pageRow === null) return;
        pages.thaw();
        // Packed anew meanwhile, it had nothing in common with what was held.
        if (this.pages === pages) this.isFrozen = false;
      },
    };
  }

  /** The place of a name, 0 if it is not there. Places are good until something is added, changed or removed. */
  find(name: string): number {
    const { length } = name;
    const memory = length > SCRATCH_BYTES ? new Memory(Buffer.allocUnsafeSlow(length)) : nameScratch;
    writeLatin1(name, memory.bytes, 0);
    return this.findPart(memory, 0, length);
  }

  /** The same where the name is part of some bytes. */
  findPart(memory: Memory, start: number, end: number): number {
    this.sought = memory;
    this.soughtStart = start;
    this.soughtEnd = end;
    this.hash = hasher.hashIn(memory.view, start, end);
    return this.index.find(this, this.hash, memory.bytes, start, end);
  }

  /** Adds the name that was looked for last and is not there, behind the others, without a value. Returns its place. */
  addSought(): number {
    return this.add(0);
  }

  /** Sets the value of the name that was looked for last and is at this place, or nowhere if it is 0. */
  setValue(place: number, value: Bytes): void {
    if (value.length > PACKED_VALUE_BYTES_MAX) this.setLongValue(place, value);
    else if (typeof value === 'string') {
      writeLatin1(value, valueScratch.bytes, 0);
      this.setValuePart(place, valueScratch, 0, value.length);
    } else this.setValuePart(place, new Memory(value), 0, value.length);
  }

  /** The same where the value is part of some bytes. */
  setValuePart(place: number, memory: Memory, start: number, end: number): void {
    const length = end - start;
    if (length > PACKED_VALUE_BYTES_MAX) {
      this.setLongValue(place, memory.bytes.subarray(start, end));
      return;
    }
    const own = place === 0 ? this.add(length) : this.withRoom(place, length);
    const to = this.pages.memoryAt(own);
    const at = offsetOf(own);
    copyBytes(memory, start, end, to, at + VALUE_HEAD_BYTES + to.view.getInt32(at + 4, true));
    to.view.setInt32(at + 8, length, true);
  }

  numberAt(place: number): number {
    return this.pages.memoryAt(place).view.getInt32(offsetOf(place), true);
  }

  nameAt(place: number): string {
    return nameIn(this.pages.memoryAt(place), place, this.headBytes);
  }

  nameLengthAt(place: number): number {
    return this.pages.memoryAt(place).view.getInt32(offsetOf(place) + 4, true);
  }

  valueAt(place: number): Bytes {
    const { bytes, view } = this.pages.memoryAt(place);
    const at = offsetOf(place);
    const length = view.getInt32(at + 8, true);
    if (length < 0) return this.longValue(length);
    const start = at + VALUE_HEAD_BYTES + view.getInt32(at + 4, true);
    return latin1Text(bytes, start, start + length);
  }

  /** How many bytes the names of some numbers take at most as bulk strings. */
  packedBytesMax(numbers: Int32Array): number {
    const { pages, places } = this;
    let bytes = numbers.length * PACKING_BYTES;
    for (let index = 0; index < numbers.length; index++) {
      const place = places[numbers[index] as number] as number;
      bytes += pages.memoryAt(place).view.getInt32(offsetOf(place) + 4, true);
    }
    return bytes;
  }

  /** Writes the names of some numbers as bulk strings one after the other, and up to a word behind them; returns their end. */
  pack(numbers: Int32Array, { bytes, view: words }: Memory, from: number): number {
    const { pages, places, headBytes } = this;
    let to = from;
    for (let index = 0; index < numbers.length; index++) {
      const place = places[numbers[index] as number] as number;
      const { view } = pages.memoryAt(place);
      const start = offsetOf(place) + headBytes;
      const length = view.getInt32(offsetOf(place) + 4, true);
      if (length < 100) {
        // `$7\r\n` is a word, and so is what begins `$42\r\n`.
        const tens = (length / 10) | 0;
        words.setInt32(
          to,
          length < 10 ? ONE_DIGIT | (length << 8) : TWO_DIGITS | (tens << 8) | ((length - tens * 10) << 16),
          true,
        );
        words.setUint8(to + 4, LF);
        to += length < 10 ? 4 : 5;
      } else to = writeLength(bytes, to, length);
      // By words: what is copied too much is written over, and a slot is whole words.
      for (let at = 0; at < length; at += 4) words.setInt32(to + at, view.getInt32(start + at, true), true);
      to += length;
      words.setUint16(to, CRLF, true);
      to += 2;
    }
    return to;
  }

  /** Shows a value where it lies. */
  showValue(place: number, shown: StringView): void {
    const memory = this.pages.memoryAt(place);
    const at = offsetOf(place);
    const length = memory.view.getInt32(at + 8, true);
    shown.isLasting = length < 0;
    shown.memory = length < 0 ? new Memory(this.longValue(length)) : memory;
    shown.start = length < 0 ? 0 : at + VALUE_HEAD_BYTES + memory.view.getInt32(at + 4, true);
    shown.end = shown.start + (length < 0 ? shown.memory.bytes.length : length);
  }

  /** The place of a number below the size. */
  placeOf(number: number): number {
    return this.places[number] as number;
  }

  /** Takes out the name that was looked for last and is at this place; the last one takes its number. */
  removeUnordered(place: number): void {
    const number = this.numberAt(place);
    this.remove(place);
    const last = this.places[this.size] as number;
    if (last !== place) this.renumber(last, number);
    this.tidy();
  }

  /** The same, but those behind it close the gap. For few names. */
  removeOrdered(place: number): void {
    const number = this.numberAt(place);
    this.remove(place);
    for (let behind = number; behind < this.size; behind++)
      this.renumber(this.places[behind + 1] as number, behind);
    this.tidy();
  }

  /** Looks at the name of a number as if it had been looked for last. */
  seek(number: number): void {
    const place = this.placeOf(number);
    this.sought = this.pages.memoryAt(place);
    this.soughtStart = offsetOf(place) + this.headBytes;
    this.soughtEnd = this.soughtStart + this.nameLengthAt(place);
    this.hash = hasher.hashIn(this.sought.view, this.soughtStart, this.soughtEnd);
  }

  /** Negative when the name of a number comes before the one that was looked for last, by their bytes; 0: it is that. */
  compareWithSought(number: number): number {
    const place = this.placeOf(number);
    const { bytes, view } = this.pages.memoryAt(place);
    const at = offsetOf(place);
    const start = at + this.headBytes;
    const length = view.getInt32(at + 4, true);
    const { soughtStart } = this;
    const other = this.sought.bytes;
    const otherLength = this.soughtEnd - soughtStart;
    const near = Math.min(length, otherLength, LOOP_BYTES_MAX);
    for (let index = 0; index < near; index++) {
      const difference = (bytes[start + index] as number) - (other[soughtStart + index] as number);
      if (difference !== 0) return difference;
    }
    if (near < LOOP_BYTES_MAX) return length - otherLength;
    return bytes.compare(other, soughtStart, this.soughtEnd, start, start + length);
  }

  hasName(place: number, bytes: Buffer, start: number, end: number): boolean {
    const memory = this.pages.memoryAt(place);
    const at = offsetOf(place);
    const length = end - start;
    if (memory.view.getInt32(at + 4, true) !== length) return false;
    const own = memory.bytes;
    const ownStart = at + this.headBytes;
    if (length > LOOP_BYTES_MAX) return own.compare(bytes, start, end, ownStart, ownStart + length) === 0;
    for (let index = 0; index < length; index++)
      if (own[ownStart + index] !== bytes[start + index]) return false;
    return true;
  }

  /** Adds the name that was looked for last, with room for so many bytes of value. */
  private add(valueBytes: number): number {
    const { sought, soughtStart, soughtEnd } = this;
    const nameBytes = soughtEnd - soughtStart;
    const place = this.pages.allocate(this.headBytes + nameBytes + valueBytes);
    const memory = this.pages.memoryAt(place);
    const at = offsetOf(place);
    memory.view.setInt32(at + 4, nameBytes, true);
    if (this.hasValues) {
      memory.view.setInt32(at + 8, 0, true);
      memory.view.setInt32(at + 12, roomFor(this.headBytes + nameBytes, valueBytes), true);
    }
    copyBytes(sought, soughtStart, soughtEnd, memory, at + this.headBytes);
    if (this.size === this.places.length) this.places = enlarged(this.places);
    this.renumber(place, this.size++);
    this.index.add(this.hash, place);
    return place;
  }

  /** A name's place where a value of this length has room; its old value is let go. */
  private withRoom(place: number, length: number): number {
    const { view } = this.pages.memoryAt(place);
    const at = offsetOf(place);
    this.forgetLongValue(view.getInt32(at + 8, true));
    const room = view.getInt32(at + 12, true);
    // A value that became much shorter is not worth what it holds.
    if (length <= room && room <= length * 2 + 64 && !this.isFrozen) return place;
    const nameBytes = view.getInt32(at + 4, true);
    const moved = this.pages.allocate(VALUE_HEAD_BYTES + nameBytes + length);
    const memory = this.pages.memoryAt(moved);
    const to = offsetOf(moved);
    const start = at + VALUE_HEAD_BYTES;
    copyBytes(this.pages.memoryAt(place), start, start + nameBytes, memory, to + VALUE_HEAD_BYTES);
    memory.view.setInt32(to + 4, nameBytes, true);
    memory.view.setInt32(to + 8, 0, true);
    memory.view.setInt32(to + 12, roomFor(VALUE_HEAD_BYTES + nameBytes, length), true);
    this.renumber(moved, this.numberAt(place));
    this.index.move(this.hash, place, moved);
    this.pages.free(place, VALUE_HEAD_BYTES + nameBytes + room);
    // May only be done before anybody is told of the place.
    return this.tidy()
      ? this.index.find(this, this.hash, this.sought.bytes, this.soughtStart, this.soughtEnd)
      : moved;
  }

  private setLongValue(place: number, value: Bytes): void {
    const own = place === 0 ? this.add(0) : this.withRoom(place, 0);
    const buffer = Buffer.allocUnsafeSlow(value.length);
    if (typeof value === 'string') buffer.write(value, 'latin1');
    else value.copy(buffer);
    const number = (this.longValues ??= new ObjectTable()).add(buffer);
    this.longValueBytes += buffer.length + LONG_VALUE_OVERHEAD_BYTES;
    this.pages.memoryAt(own).view.setInt32(offsetOf(own) + 8, ~number, true);
  }

  private longValue(length: number): Buffer {
    return this.longValues?.at(~length) ?? valueScratch.bytes;
  }

  /** By what stands where a value's length does. */
  private forgetLongValue(length: number): void {
    if (length >= 0) return;
    this.longValueBytes -= this.longValue(length).length + LONG_VALUE_OVERHEAD_BYTES;
    this.longValues?.remove(~length);
  }

  private remove(place: number): void {
    const { view } = this.pages.memoryAt(place);
    const at = offsetOf(place);
    let bytes = this.headBytes + view.getInt32(at + 4, true);
    if (this.hasValues) {
      this.forgetLongValue(view.getInt32(at + 8, true));
      bytes += view.getInt32(at + 12, true);
    }
    this.index.remove(this.hash, place);
    this.pages.free(place, bytes);
    this.size--;
  }

  private renumber(place: number, number: number): void {
    this.places[number] = place;
    this.pages.memoryAt(place).view.setInt32(offsetOf(place), number, true);
  }

  /** Packs anew once more than half is wasted. Then no place is what it was. */
  private tidy(): boolean {
    const { pages } = this;
    if (pages.freeBytes < WASTED_BYTES_MIN || pages.freeBytes * 2 < pages.heldBytes) return false;
    const places = new Int32Array(Math.max(NUMBERS_MIN, this.size));
    const target = new PackedPages();
    const index = new PackedIndex(this.size);
    for (let number = 0; number < this.size; number++) {
      const place = this.places[number] as number;
      const from = pages.memoryAt(place);
      const at = offsetOf(place);
      const start = at + this.headBytes;
      const nameBytes = from.view.getInt32(at + 4, true);
      const room = this.hasValues ? from.view.getInt32(at + 12, true) : 0;
      const bytes = this.headBytes + nameBytes + room;
      const moved = target.allocate(bytes);
      copyBytes(from, at, at + bytes, target.memoryAt(moved), offsetOf(moved));
      places[number] = moved;
      index.add(hasher.hashIn(from.view, start, start + nameBytes), moved);
    }
    this.places = places;
    this.pages = target;
    this.index = index;
    this.isFrozen = false;
    return true;
  }
}

function nameIn({ bytes, view }: Memory, place: number, headBytes: number): string {
  const start = offsetOf(place) + headBytes;
  return latin1Text(bytes, start, start + view.getInt32(offsetOf(place) + 4, true));
}

/** A name and its room fill whole units. */
function roomFor(headBytes: number, valueBytes: number): number {
  return ((headBytes + valueBytes + 7) & ~7) - headBytes;
}

function enlarged(places: Int32Array): Int32Array {
  const larger = new Int32Array(places.length * 2);
  larger.set(places);
  return larger;
}
