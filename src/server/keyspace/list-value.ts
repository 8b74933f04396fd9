/**
 * Decides how a list's elements are held: a row of packed chunks, so that both ends are cheap and neighbours lie
 * together. Knows nothing of keys or commands. (Redis: `quicklist.c`.)
 */
import type { Bytes } from '../byte-string.js';
import { Container } from './container.js';
import { CHUNK_BYTES_MAX, ListChunk, packed } from './list-chunk.js';

const LIST_OVERHEAD_BYTES = 250;

export type ListEnd = 'front' | 'back';

/** Where an element is: its chunk's place, its index in there, and where its bytes begin. */
interface Place {
  readonly at: number;
  readonly chunk: ListChunk;
  readonly index: number;
  readonly position: number;
}

/** What a range has of one chunk. */
interface Piece {
  readonly chunk: ListChunk;
  readonly from: number;
  readonly to: number;
}

/** Of the range that was sought last. */
const sought: Piece[] = [];

export interface SearchOptions {
  /** Begins at the last element. */
  readonly isBackward: boolean;
  /** Most elements looked at; 0 is all. */
  readonly lookedAtMax: number;
}

export class ListValue extends Container {
  readonly type = 'list';
  readonly encoding = 'quicklist';
  override weightBytes = LIST_OVERHEAD_BYTES;
  private chunks: ListChunk[] = [];
  private length = 0;

  get size(): number {
    return this.length;
  }

  push(end: ListEnd, element: Bytes): void {
    const chunk = this.chunkFor(end, element.length);
    const before = chunk.buffer;
    if (end === 'front') chunk.pushFront(element);
    else chunk.pushBack(element);
    this.grown(chunk, before);
  }

  /** The same where the element is part of some bytes. */
  pushPart(end: ListEnd, bytes: Buffer, from: number, to: number): void {
    const chunk = this.chunkFor(end, to - from);
    const before = chunk.buffer;
    if (end === 'front') chunk.pushFrontPart(bytes, from, to);
    else chunk.pushBackPart(bytes, from, to);
    this.grown(chunk, before);
  }

  /** Undefined when there is none. */
  pop(end: ListEnd): Bytes | undefined {
    const at = end === 'front' ? 0 : this.chunks.length - 1;
    const chunk = this.chunks[at];
    if (chunk === undefined) return undefined;
    this.length--;
    if (chunk.count === 1) {
      this.removeChunk(at);
      return chunk.elementAt(chunk.start);
    }
    const own = this.own(at, chunk);
    return end === 'front' ? own.popFront() : own.popBack();
  }

  at(index: number): Bytes | undefined {
    const place = this.placeOf(index);
    return place?.chunk.elementAt(place.position);
  }

  /** False when there is no such element. */
  set(index: number, element: Bytes): boolean {
    const place = this.ownPlaceOf(index);
    if (place === undefined) return false;
    this.replace(place, place.chunk.after(place.position), element);
    return true;
  }

  /** Puts an element in front of the one at `index`, which may be one behind the last. */
  insert(index: number, element: Bytes): void {
    const place = this.ownPlaceOf(index);
    if (place === undefined) this.push('back', element);
    else {
      this.replace(place, place.position, element);
      this.length++;
    }
  }

  /** The elements of a range that exists, packed as bulk strings one after the other. */
  packedRange(first: number, count: number): Buffer {
    const range = Buffer.allocUnsafe(this.seekRange(first, count));
    this.copySought(range, 0);
    return range;
  }

  /** Looks for the elements of a range that exists, for `copySought`, and says how many bytes they take packed. */
  seekRange(first: number, count: number): number {
    sought.length = 0;
    let bytes = 0;
    let left = count;
    let place = this.placeOf(first);
    for (let at = place?.at ?? 0; left > 0; at++) {
      const chunk = this.chunks[at];
      if (chunk === undefined) break;
      const index = place?.index ?? 0;
      const from = place?.position ?? chunk.start;
      const taken = Math.min(left, chunk.count - index);
      const to = index + taken < chunk.count ? chunk.positionBehind(from, taken) : chunk.end;
      sought.push({ chunk, from, to });
      bytes += to - from;
      left -= taken;
      place = undefined;
    }
    return bytes;
  }

  /** Copies what was sought last, before anything is changed, and returns where that ends. */
  copySought(target: Buffer, start: number): number {
    let at = start;
    for (const { chunk, from, to } of sought) at += chunk.buffer.copy(target, at, from, to);
    sought.length = 0;
    return at;
  }

  /** Keeps the elements of a range and drops the others. */
  trim(first: number, count: number): void {
    this.drop('back', this.length - first - count);
    this.drop('front', first);
  }

  /** The indexes of elements that equal this one, as far as the caller goes on asking. */
  *search(element: Bytes, { isBackward, lookedAtMax }: SearchOptions): IterableIterator<number> {
    const wanted = packed(element);
    let left = lookedAtMax === 0 ? this.length : Math.min(lookedAtMax, this.length);
    let base = isBackward ? this.length : 0;
    for (let step = 0; step < this.chunks.length && left > 0; step++) {
      const chunk = this.chunks[isBackward ? this.chunks.length - 1 - step : step];
      if (chunk === undefined) return;
      const positions = chunk.positions();
      if (isBackward) base -= positions.length;
      for (let offset = 0; offset < positions.length && left > 0; offset++, left--) {
        const index = isBackward ? positions.length - 1 - offset : offset;
        if (chunk.equals(positions[index] ?? 0, wanted)) yield base + index;
      }
      if (!isBackward) base += positions.length;
    }
  }

  /** Removes up to `count` elements that equal this one and says how many. */
  removeEqual(element: Bytes, end: ListEnd, count: number): number {
    const wanted = packed(element);
    const before = this.length;
    let left = count;
    const step = end === 'front' ? 1 : -1;
    for (let at = end === 'front' ? 0 : this.chunks.length - 1; left > 0; at += step) {
      const found = this.chunks[at];
      if (found === undefined) break;
      let matches = found.positions().filter((position) => found.equals(position, wanted));
      if (matches.length === 0) continue;
      const chunk = this.own(at, found);
      matches = end === 'front' ? matches.slice(0, left) : matches.slice(-left);
      left -= matches.length;
      this.length -= matches.length;
      // From behind, so that those in front stay where they are.
      for (const position of matches.reverse()) chunk.splice(position, position + wanted.length, null, -1);
      if (chunk.count === 0) {
        this.removeChunk(at);
        if (end === 'front') at--;
      } else if (end === 'front' && this.joins(at - 1)) at--;
      else if (end === 'back') this.joins(at);
    }
    return before - this.length;
  }

  *elements(): IterableIterator<Bytes> {
    for (const chunk of this.chunks) yield* chunk.elements();
  }

  /** Its chunks, to be read at once. */
  parts(): readonly ListChunk[] {
    return this.chunks;
  }

  /** Its chunks as they are now, to be read while others change the list: until `thaw`, changes are made to copies. */
  freeze(): readonly ListChunk[] {
    for (const chunk of this.chunks) chunk.isShared = true;
    return [...this.chunks];
  }

  /** What was frozen is not read any more. */
  static thaw(chunks: readonly ListChunk[]): void {
    for (const chunk of chunks) chunk.isShared = false;
  }

  /** A chunk that is about to be changed. */
  private own(at: number, chunk: ListChunk): ListChunk {
    if (!chunk.isShared) return chunk;
    const copy = chunk.copy();
    this.chunks[at] = copy;
    return copy;
  }

  /** The same where one of its elements is about to be. */
  private ownPlaceOf(index: number): Place | undefined {
    const place = this.placeOf(index);
    return place === undefined ? undefined : { ...place, chunk: this.own(place.at, place.chunk) };
  }

  /** The chunk at an end, or a new one, that takes an element of this length. */
  private chunkFor(end: ListEnd, length: number): ListChunk {
    const { chunks } = this;
    const at = end === 'front' ? 0 : chunks.length - 1;
    const chunk = chunks[at];
    if (chunk?.takes(length) === true) return this.own(at, chunk);
    const added = new ListChunk(chunks.length === 0 ? undefined : CHUNK_BYTES_MAX);
    if (end === 'front') chunks.unshift(added);
    else chunks.push(added);
    this.weightBytes += added.weightBytes;
    return added;
  }

  private grown(chunk: ListChunk, before: Buffer): void {
    if (chunk.buffer !== before) this.weightBytes += chunk.buffer.length - before.length;
    this.length++;
  }

  private drop(end: ListEnd, count: number): void {
    let left = count;
    while (left > 0) {
      const at = end === 'front' ? 0 : this.chunks.length - 1;
      const chunk = this.chunks[at];
      if (chunk === undefined) return;
      const dropped = Math.min(left, chunk.count);
      left -= dropped;
      this.length -= dropped;
      if (dropped === chunk.count) {
        this.removeChunk(at);
        continue;
      }
      const own = this.own(at, chunk);
      if (end === 'front') own.dropBefore(own.positionOf(dropped), dropped);
      else own.dropFrom(own.positionOf(own.count - dropped), dropped);
    }
  }

  private placeOf(index: number): Place | undefined {
    if (index < 0 || index >= this.length) return undefined;
    if (index < this.length / 2) {
      let base = 0;
      for (let at = 0; at < this.chunks.length; at++) {
        const chunk = this.chunks[at];
        if (chunk === undefined) break;
        if (index < base + chunk.count) return placeIn(chunk, at, index - base);
        base += chunk.count;
      }
    } else {
      let base = this.length;
      for (let at = this.chunks.length - 1; at >= 0; at--) {
        const chunk = this.chunks[at];
        if (chunk === undefined) break;
        base -= chunk.count;
        if (index >= base) return placeIn(chunk, at, index - base);
      }
    }
    return undefined;
  }

  /** Replaces the bytes up to `to`, those of the element or none, by an element; the chunk is divided if need be. */
  private replace({ at, chunk, index, position }: Place, to: number, element: Bytes): void {
    const added = position === to ? 1 : 0;
    const before = chunk.weightBytes;
    const isOnly = chunk.count === 1 - added;
    const removedBytes = to - position;
    if (isOnly || fits(chunk, removedBytes, element)) {
      chunk.splice(position, to, element, added);
      this.weightBytes += chunk.weightBytes - before;
      return;
    }
    const rest = new ListChunk(chunk.end - to);
    const restCount = chunk.count - index - (added === 1 ? 0 : 1);
    rest.append(chunk, to, restCount);
    chunk.dropFrom(position, chunk.count - index);
    this.weightBytes += rest.weightBytes;
    const parts = [chunk, rest].filter((part) => part.count > 0);
    if (chunk.count > 0 && chunk.takes(element.length)) this.grow(chunk, 'back', element);
    else if (rest.count > 0 && rest.takes(element.length)) this.grow(rest, 'front', element);
    else {
      const own = new ListChunk();
      this.weightBytes += own.weightBytes;
      this.grow(own, 'back', element);
      parts.splice(chunk.count > 0 ? 1 : 0, 0, own);
    }
    for (const part of [chunk, rest]) if (!parts.includes(part)) this.weightBytes -= part.weightBytes;
    this.chunks.splice(at, 1, ...parts);
  }

  private grow(chunk: ListChunk, end: ListEnd, element: Bytes): void {
    const before = chunk.weightBytes;
    if (end === 'front') chunk.pushFront(element);
    else chunk.pushBack(element);
    this.weightBytes += chunk.weightBytes - before;
  }

  /** Makes one chunk of two small neighbours. */
  private joins(at: number): boolean {
    const found = this.chunks[at];
    const right = this.chunks[at + 1];
    if (found === undefined || right === undefined) return false;
    if (found.usedBytes + right.usedBytes > CHUNK_BYTES_MAX / 2) return false;
    const left = this.own(at, found);
    const before = left.weightBytes;
    left.append(right, right.start, right.count);
    this.weightBytes += left.weightBytes - before;
    this.removeChunk(at + 1);
    return true;
  }

  private removeChunk(at: number): void {
    const chunk = this.chunks[at];
    if (chunk === undefined) return;
    this.weightBytes -= chunk.weightBytes;
    if (at === 0) this.chunks.shift();
    else if (at === this.chunks.length - 1) this.chunks.pop();
    else this.chunks.splice(at, 1);
  }
}

function placeIn(chunk: ListChunk, at: number, index: number): Place {
  return { at, chunk, index, position: chunk.positionOf(index) };
}

function fits(chunk: ListChunk, removedBytes: number, element: Bytes): boolean {
  return chunk.usedBytes - removedBytes + element.length + 24 <= CHUNK_BYTES_MAX;
}
