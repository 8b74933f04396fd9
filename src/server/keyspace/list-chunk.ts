/**
 * Decides how neighbouring elements of a list are packed: one after the other, each as a reply's bulk string
 * (`$3\r\nabc\r\n`), so that a range is answered by copying bytes. Knows nothing of the list around it.
 */
import { type Bytes, latin1Text, writeLatin1 } from '../byte-string.js';

/** Most bytes of a chunk, unless a single element is longer (Redis: list-max-listpack-size -2). */
export const CHUNK_BYTES_MAX = 8192;
/** What the objects around the bytes cost. */
export const CHUNK_OVERHEAD_BYTES = 250;
const CAPACITY_MIN = 48;
const POOLED_BYTES_MAX = 512;
/** Longest element given out as a string. */
const STRING_BYTES_MAX = 2048;
/** Below this, a loop over the bytes is cheaper than a call into the runtime. */
const LOOP_BYTES_MAX = 48;
const DOLLAR = 0x24;
const CR = 0x0d;
const LF = 0x0a;

/** How many bytes an element of this length takes. */
export function packedLength(length: number): number {
  let digits = 1;
  for (let rest = length; rest >= 10; rest = Math.floor(rest / 10)) digits++;
  return length + digits + 5;
}

export class ListChunk {
  buffer: Buffer;
  start = 0;
  end = 0;
  count = 0;
  /** A snapshot still reads it: a change is made to a copy. */
  isShared = false;
  /** Where the last elements begin, the last one last: filled when somebody comes from behind. */
  private tail: number[] | null = null;

  constructor(capacity = CAPACITY_MIN) {
    this.buffer = room(capacity);
  }

  /** One of its own with the same bytes at the same places. */
  copy(): ListChunk {
    const copy = new ListChunk(0);
    copy.buffer = Buffer.allocUnsafeSlow(this.buffer.length);
    this.buffer.copy(copy.buffer, this.start, this.start, this.end);
    [copy.start, copy.end, copy.count] = [this.start, this.end, this.count];
    return copy;
  }

  get usedBytes(): number {
    return this.end - this.start;
  }

  get weightBytes(): number {
    return this.buffer.length + CHUNK_OVERHEAD_BYTES;
  }

  /** Whether an element can join without making the chunk too large. */
  takes(length: number): boolean {
    return this.count === 0 || this.usedBytes + packedLength(length) <= CHUNK_BYTES_MAX;
  }

  pushBack(element: Bytes): void {
    const at = this.placeBehind(element.length);
    this.end = write(this.buffer, at, element);
  }

  pushFront(element: Bytes): void {
    const at = this.placeInFront(element.length);
    write(this.buffer, at, element);
  }

  /** The same where the element is part of some bytes. */
  pushBackPart(bytes: Buffer, from: number, to: number): void {
    const at = this.placeBehind(to - from);
    this.end = writePart(this.buffer, at, bytes, from, to);
  }

  pushFrontPart(bytes: Buffer, from: number, to: number): void {
    const at = this.placeInFront(to - from);
    writePart(this.buffer, at, bytes, from, to);
  }

  popFront(): Bytes {
    const element = this.elementAt(this.start);
    this.start = this.after(this.start);
    this.count--;
    return element;
  }

  popBack(): Bytes {
    const position = this.last();
    const element = this.elementAt(position);
    this.tail?.pop();
    this.end = position;
    this.count--;
    return element;
  }

  /** Where the element behind the one at `position` begins. */
  after(position: number): number {
    const { buffer } = this;
    let at = position + 1;
    let length = (buffer[at++] ?? 0) - 48;
    for (let byte = buffer[at++] ?? CR; byte !== CR; byte = buffer[at++] ?? CR)
      length = length * 10 + byte - 48;
    return at + 1 + length + 2;
  }

  /** Where the element of this index begins; the count of elements gives the end. */
  positionOf(index: number): number {
    if (index === this.count - 1) return this.last();
    return this.positionBehind(this.start, index);
  }

  /** Where the element begins that comes so many behind the one at `position`. */
  positionBehind(position: number, count: number): number {
    const { buffer } = this;
    let at = position;
    for (let left = count; left > 0; left--) {
      // Most elements have a length of two digits or one.
      const first = (buffer[at + 1] as number) - 48;
      const second = buffer[at + 2] as number;
      if (second === CR) at += first + 6;
      else if (buffer[at + 3] === CR) at += first * 10 + second - 48 + 7;
      else at = this.after(at);
    }
    return at;
  }

  /** Where each element begins. */
  positions(): number[] {
    const positions: number[] = [];
    for (let position = this.start; position < this.end; position = this.after(position))
      positions.push(position);
    return positions;
  }

  *elements(): IterableIterator<Bytes> {
    for (let position = this.start; position < this.end; position = this.after(position))
      yield this.elementAt(position);
  }

  /** The element that begins there, as bytes of its own. */
  elementAt(position: number): Bytes {
    const { buffer } = this;
    const from = this.contentOf(position);
    const to = this.after(position) - 2;
    if (to - from <= STRING_BYTES_MAX) return latin1Text(buffer, from, to);
    const own = Buffer.allocUnsafeSlow(to - from);
    buffer.copy(own, 0, from, to);
    return own;
  }

  /** Whether the element that begins there is, packed, these bytes. */
  equals(position: number, packed: Buffer): boolean {
    const { buffer } = this;
    const { length } = packed;
    if (position + length > this.end) return false;
    const near = Math.min(length, LOOP_BYTES_MAX);
    for (let index = 0; index < near; index++) if (buffer[position + index] !== packed[index]) return false;
    return length === near || buffer.compare(packed, 0, length, position, position + length) === 0;
  }

  /** Takes out whole elements in front of `position`. */
  dropBefore(position: number, count: number): void {
    this.start = position;
    this.count -= count;
  }

  /** Takes out whole elements from `position` on. */
  dropFrom(position: number, count: number): void {
    this.end = position;
    this.count -= count;
    this.tail = null;
  }

  /** Replaces the bytes of whole elements by one element or none; it must still fit. */
  splice(from: number, to: number, element: Bytes | null, countChange: number): void {
    const bytes = element === null ? 0 : packedLength(element.length);
    const shift = bytes - (to - from);
    let position = from;
    if (shift !== 0) {
      const rest = this.end - to;
      const wanted = this.end + shift;
      if (wanted > this.buffer.length) {
        const target = room(wanted - this.start);
        this.buffer.copy(target, 0, this.start, from);
        this.buffer.copy(target, from - this.start + bytes, to, to + rest);
        this.buffer = target;
        position -= this.start;
        this.start = 0;
        this.end = target.length;
      } else {
        this.buffer.copyWithin(to + shift, to, this.end);
        this.end = wanted;
      }
      this.tail = null;
    }
    if (element !== null) write(this.buffer, position, element);
    this.count += countChange;
  }

  /** Appends the elements of another chunk that begin at `from`. */
  append(other: ListChunk, from: number, count: number): void {
    const bytes = other.end - from;
    if (this.end + bytes > this.buffer.length) this.makeRoom(bytes, 'back');
    other.buffer.copy(this.buffer, this.end, from, other.end);
    this.end += bytes;
    this.count += count;
    this.tail = null;
  }

  private placeBehind(length: number): number {
    const bytes = packedLength(length);
    if (this.end + bytes > this.buffer.length) this.makeRoom(bytes, 'back');
    this.tail?.push(this.end);
    this.count++;
    return this.end;
  }

  private placeInFront(length: number): number {
    const bytes = packedLength(length);
    // What was taken from the front since has left its place in there.
    if (this.tail !== null && (this.tail[0] ?? 0) < this.start) this.tail = null;
    if (this.start < bytes) this.makeRoom(bytes, 'front');
    this.start -= bytes;
    this.count++;
    return this.start;
  }

  private contentOf(position: number): number {
    let at = position + 2;
    while (this.buffer[at] !== CR) at++;
    return at + 2;
  }

  private last(): number {
    if (this.tail === null || this.tail.length === 0) this.tail = this.positions();
    return this.tail[this.tail.length - 1] ?? this.start;
  }

  /** Moves the elements so that more fit on one side: within the buffer while half of it is free, else to a larger one. */
  private makeRoom(bytes: number, side: 'front' | 'back'): void {
    const { buffer, start, end } = this;
    const used = end - start;
    const wanted = used + bytes;
    const isEnough =
      wanted * 2 <= buffer.length || (buffer.length >= CHUNK_BYTES_MAX && wanted <= buffer.length);
    const doubled = Math.min(CHUNK_BYTES_MAX, Math.max(CAPACITY_MIN, wanted * 2));
    const target = isEnough ? buffer : room(Math.max(wanted, doubled));
    const begin = side === 'front' ? target.length - used : 0;
    buffer.copy(target, begin, start, end);
    this.buffer = target;
    this.start = begin;
    this.end = begin + used;
    this.tail = null;
  }
}

/** A larger one is no part of a page that others keep alive once it has been outgrown. */
function room(bytes: number): Buffer {
  return bytes < POOLED_BYTES_MAX ? Buffer.allocUnsafe(bytes) : Buffer.allocUnsafeSlow(bytes);
}

/** An element packed by itself. */
export function packed(element: Bytes): Buffer {
  const buffer = Buffer.allocUnsafe(packedLength(element.length));
  write(buffer, 0, element);
  return buffer;
}

/** Packs elements one after the other, and returns where they end. */
export function packTexts(elements: readonly string[], target: Buffer, start: number): number {
  let at = start;
  for (const element of elements) at = write(target, at, element);
  return at;
}

function write(buffer: Buffer, position: number, element: Bytes): number {
  if (typeof element !== 'string') return writePart(buffer, position, element, 0, element.length);
  const at = writeLength(buffer, position, element.length);
  writeLatin1(element, buffer, at);
  return writeLineEnd(buffer, at + element.length);
}

function writePart(buffer: Buffer, position: number, bytes: Buffer, from: number, to: number): number {
  const at = writeLength(buffer, position, to - from);
  if (to - from > LOOP_BYTES_MAX) bytes.copy(buffer, at, from, to);
  else for (let index = from; index < to; index++) buffer[at + index - from] = bytes[index] as number;
  return writeLineEnd(buffer, at + to - from);
}

/** Writes what stands before an element of this length, and returns where that begins. */
export function writeLength(buffer: Buffer, position: number, length: number): number {
  let at = position;
  buffer[at++] = DOLLAR;
  if (length < 10) buffer[at++] = 48 + length;
  else if (length < 100) {
    buffer[at++] = 48 + ((length / 10) | 0);
    buffer[at++] = 48 + (length % 10);
  } else {
    const digits = String(length);
    writeLatin1(digits, buffer, at);
    at += digits.length;
  }
  return writeLineEnd(buffer, at);
}

export function writeLineEnd(buffer: Buffer, at: number): number {
  buffer[at] = CR;
  buffer[at + 1] = LF;
  return at + 2;
}
