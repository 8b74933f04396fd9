/**
 * Decides where the record of a hash is found: extendible hashing (Fagin et al., 1979). A directory of the leading bits
 * names small segments; a full one is split in two, an emptied one is joined with its neighbour, so no change ever moves
 * more than a few thousand entries. The order is that of the hashes at all times, which makes a scan's cursor a hash.
 * Knows of a record only its place and its key.
 */
import type { Random } from '../../clock.js';
import { invariant } from '../../errors.js';
import type { Memory } from '../byte-string.js';
import { IndexSegment } from './index-segment.js';
import { HASH_BITS } from './key-hash.js';
import type { RecordStore } from './records.js';

/** A segment grows to 2^12 slots before it is split. */
const SEGMENT_BITS_MAX = 12;
const SEGMENT_BITS_MIN = 4;
const DEPTH_MAX = HASH_BITS - SEGMENT_BITS_MAX;
const HASHES = 2 ** HASH_BITS;
/** Below this part of its slots a segment is too empty. */
const SPARSE_SHIFT = 3;

/** What an entry in the index costs on average. */
export const INDEX_ENTRY_BYTES = 13;

export class KeyIndex {
  size = 0;
  /** Where the last search ended. */
  segment = new IndexSegment(0, SEGMENT_BITS_MIN);
  position = 0;
  private directory: IndexSegment[] = [this.segment];
  private depth = 0;
  private directoryShift = HASH_BITS;

  constructor(private readonly records: RecordStore) {}

  /** The place of a key, 0 if it is not there. */
  find(hash: number, key: Memory, start: number, end: number): number {
    const segment = this.segmentOf(hash);
    const { slots } = segment;
    let at = ((hash >>> segment.shift) & segment.mask) << 1;
    this.segment = segment;
    for (;;) {
      // The last slot is always empty, so the search stays inside.
      const place = slots[at + 1] as number;
      const own = slots[at] as number;
      if (place === 0 || own > hash) {
        this.position = at;
        return 0;
      }
      if (own === hash && this.records.hasKey(place, key, start, end)) {
        this.position = at;
        return place;
      }
      at += 2;
    }
  }

  /** Reads where a search for this hash begins. */
  peek(hash: number): number {
    const { slots, shift, mask } = this.segmentOf(hash);
    return slots[((hash >>> shift) & mask) << 1] as number;
  }

  /** The place of a record of this hash, 0 if there is none; of several, the first. */
  placeOf(hash: number): number {
    const { slots, shift, mask } = this.segmentOf(hash);
    for (let at = ((hash >>> shift) & mask) << 1; ; at += 2) {
      const place = slots[at + 1] as number;
      const own = slots[at] as number;
      if (place === 0 || own === hash) return place;
      if (own > hash) return 0;
    }
  }

  /** Finds the entry with exactly this place. */
  findPlace(hash: number, place: number): boolean {
    const segment = this.segmentOf(hash);
    const { slots } = segment;
    this.segment = segment;
    for (let at = ((hash >>> segment.shift) & segment.mask) << 1; slots[at + 1] !== 0; at += 2)
      if (slots[at] === hash && slots[at + 1] === place) {
        this.position = at;
        return true;
      }
    return false;
  }

  /** Adds an entry where a search for its key has just ended without it. */
  insertFound(hash: number, place: number): void {
    const { segment } = this;
    if (!segment.insert(this.position, hash, place)) {
      this.makeRoom(segment, hash);
      this.insertAnew(hash, place);
    } else if (segment.count >= segment.countMax && canDivide(segment)) this.makeRoom(segment, hash);
    this.size++;
  }

  /** The entry that was found has another place now. */
  moveFound(place: number): void {
    this.segment.slots[this.position + 1] = place;
  }

  removeFound(): void {
    const { segment } = this;
    const hash = segment.slots[this.position] as number;
    segment.remove(this.position);
    this.size--;
    if (segment.count < segment.mask >>> SPARSE_SHIFT) this.shrink(segment, hash);
  }

  /**
   * Visits about `count` entries whose hash is at least `from`, and returns where to go on, 0 at the end. A key's hash
   * never changes, so what is there from the first call to the last is visited exactly once. `visit` changes nothing.
   */
  scan(from: number, count: number, visit: (place: number, hash: number) => void): number {
    let visited = 0;
    let last = -1;
    for (let hash = from; hash < HASHES; ) {
      const segment = this.segmentOf(hash);
      const { slots } = segment;
      for (let at = segment.seek(hash); at < slots.length; at += 2) {
        const place = slots[at + 1] as number;
        if (place === 0) continue;
        const own = slots[at] as number;
        if (visited >= count && own !== last) return own;
        visit(place, own);
        last = own;
        visited++;
      }
      const span = HASHES / 2 ** segment.depth;
      hash = (Math.floor(hash / span) + 1) * span;
    }
    return 0;
  }

  /** The place of any entry, each about as likely as another; 0 if there is none. */
  random(random: Random): number {
    if (this.size === 0) return 0;
    for (let tries = 0; tries < 100; tries++) {
      const number = Math.floor(random.fraction() * this.directory.length);
      const segment = this.directory[number] as IndexSegment;
      // A shallow segment stands in the directory several times and counts once.
      if ((number & ((1 << (this.depth - segment.depth)) - 1)) !== 0) continue;
      const slot = Math.floor(random.fraction() * (segment.slots.length / 2));
      const place = segment.slots[slot * 2 + 1] as number;
      if (place !== 0) return place;
    }
    let found = 0;
    const take = (place: number): void => {
      found = place;
    };
    this.scan(Math.floor(random.fraction() * HASHES), 1, take);
    if (found === 0) this.scan(0, 1, take);
    return found;
  }

  private segmentOf(hash: number): IndexSegment {
    // 31 - depth bits are shifted out; the directory has 2^depth segments.
    return this.directory[hash >>> this.directoryShift] as IndexSegment;
  }

  private insertAnew(hash: number, place: number): void {
    for (;;) {
      const segment = this.segmentOf(hash);
      const { slots } = segment;
      let at = ((hash >>> segment.shift) & segment.mask) << 1;
      while (slots[at + 1] !== 0 && (slots[at] as number) <= hash) at += 2;
      if (segment.insert(at, hash, place)) return;
      this.makeRoom(segment, hash);
    }
  }

  /** A segment is full, or too many of its hashes lie beside each other: grows, splits, or lengthens it. */
  private makeRoom(segment: IndexSegment, hash: number): void {
    const isFull = segment.count * 2 > segment.mask;
    if (isFull && segment.bits < SEGMENT_BITS_MAX)
      return this.rebuild([segment], hash, segment.depth, segment.bits + 1);
    if (isFull && segment.depth < DEPTH_MAX) return this.split(segment, hash);
    this.rebuild([segment], hash, segment.depth, segment.bits, segment.overflowSlots * 2);
  }

  private split(segment: IndexSegment, hash: number): void {
    if (segment.depth === this.depth) {
      this.directory = this.directory.flatMap((each) => [each, each]);
      this.depth++;
      this.directoryShift--;
    }
    const depth = segment.depth + 1;
    const middle = (Math.floor(hash / 2 ** (HASH_BITS - segment.depth)) * 2 + 1) * 2 ** (HASH_BITS - depth);
    const lower = this.filled([segment], depth, segment.bits, segment.overflowSlots, (own) => own < middle);
    const upper = this.filled([segment], depth, segment.bits, segment.overflowSlots, (own) => own >= middle);
    this.enter(lower, middle - 1);
    this.enter(upper, middle);
  }

  /** Half-empty neighbours become one segment; the last segment becomes smaller. */
  private shrink(segment: IndexSegment, hash: number): void {
    if (segment.depth === 0) {
      if (segment.bits > SEGMENT_BITS_MIN) this.rebuild([segment], hash, 0, segment.bits - 1);
      return;
    }
    const span = 2 ** (HASH_BITS - segment.depth);
    const first = Math.floor(hash / span) * span;
    const isLower = (first / span) % 2 === 0;
    const other = this.segmentOf(isLower ? first + span : first - span);
    const isSparse = other.count < other.mask >>> SPARSE_SHIFT;
    if (other.depth !== segment.depth || !isSparse) return;
    const pair = isLower ? [segment, other] : [other, segment];
    this.rebuild(pair, hash, segment.depth - 1, SEGMENT_BITS_MAX);
  }

  private rebuild(
    from: IndexSegment[],
    hash: number,
    depth: number,
    bits: number,
    overflowSlots?: number,
  ): void {
    this.enter(this.filled(from, depth, bits, overflowSlots), hash);
  }

  private filled(
    from: IndexSegment[],
    depth: number,
    bits: number,
    overflowSlots: number | undefined,
    isWanted?: (hash: number) => boolean,
  ): IndexSegment {
    for (let overflow = overflowSlots; ; ) {
      const target = new IndexSegment(depth, bits, overflow);
      if (from.every((segment) => fill(target, segment, isWanted))) return target;
      overflow = target.overflowSlots * 2;
    }
  }

  /** Puts a segment wherever its hashes lead to; `hash` is any of them. */
  private enter(segment: IndexSegment, hash: number): void {
    const copies = 1 << (this.depth - segment.depth);
    const first = Math.floor(hash / 2 ** (HASH_BITS - segment.depth)) * copies;
    invariant(first + copies <= this.directory.length, 'a segment has its place in the directory');
    this.directory.fill(segment, first, first + copies);
  }
}

/** Beyond, only a segment whose hashes are all but the same has so many, and room is made for each. */
function canDivide({ bits, depth }: IndexSegment): boolean {
  return bits < SEGMENT_BITS_MAX || depth < DEPTH_MAX;
}

function fill(
  target: IndexSegment,
  { slots }: IndexSegment,
  isWanted: ((hash: number) => boolean) | undefined,
): boolean {
  const cursor = { next: 0 };
  // Behind what an earlier segment put there.
  if (target.count > 0) cursor.next = endOf(target);
  for (let at = 0; at < slots.length; at += 2) {
    const place = slots[at + 1] as number;
    const hash = slots[at] as number;
    if (place !== 0 && (isWanted === undefined || isWanted(hash)) && !target.append(cursor, hash, place))
      return false;
  }
  return true;
}

function endOf({ slots }: IndexSegment): number {
  let end = slots.length;
  while (end > 0 && slots[end - 1] === 0) end -= 2;
  return end;
}
