/**
 * Decides how the place of a name is found by its hash: a table with open addressing that grows by a few entries with
 * each change, so that no change waits for all the others. Knows of a name only its place.
 */

/** What can compare a name with one that is looked for. */
export interface NameHolder {
  hasName(place: number, bytes: Buffer, start: number, end: number): boolean;
}

const SLOTS_MIN = 64;
/** Entries that move to a larger table with each change: all have, long before that one is full. */
const MOVED_AT_ONCE = 8;
/** In the place of a hash, where an entry of the table that is being left was. */
const GONE = -1;
const NONE: Int32Array = new Int32Array(0);

/** Entries are pairs: a hash, which is not negative, and a place, which is not 0. */
export class PackedIndex {
  private slots: Int32Array;
  private mask: number;
  private count = 0;
  /** The smaller table before, while entries are still in there. */
  private old: Int32Array = NONE;
  private oldMask = 0;
  private oldNext = 0;

  constructor(expected = 0) {
    let size = SLOTS_MIN;
    while (isFull(expected, size)) size *= 2;
    this.slots = new Int32Array(size * 2);
    this.mask = size - 1;
  }

  get heldBytes(): number {
    return (this.slots.length + this.old.length) * 4;
  }

  /** The place of a name, 0 if it is not there. */
  find(holder: NameHolder, hash: number, bytes: Buffer, start: number, end: number): number {
    const { slots, mask } = this;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const place = slots[at * 2 + 1] as number;
      if (place === 0) break;
      if (slots[at * 2] === hash && holder.hasName(place, bytes, start, end)) return place;
    }
    if (this.old === NONE) return 0;
    const { old, oldMask } = this;
    for (let at = hash & oldMask; ; at = (at + 1) & oldMask) {
      const place = old[at * 2 + 1] as number;
      if (place === 0) return 0;
      if (old[at * 2] === hash && holder.hasName(place, bytes, start, end)) return place;
    }
  }

  add(hash: number, place: number): void {
    if (this.old !== NONE) this.moveSome(MOVED_AT_ONCE);
    if (isFull(this.count + 1, this.mask + 1)) this.grow();
    this.put(hash, place);
    this.count++;
  }

  remove(hash: number, place: number): void {
    this.count--;
    const { slots, mask } = this;
    const at = positionIn(slots, mask, hash, place);
    if (at < 0) {
      this.old[positionIn(this.old, this.oldMask, hash, place) * 2] = GONE;
      return;
    }
    // What comes behind moves up, unless it is where it belongs.
    let hole = at;
    for (let next = (at + 1) & mask; slots[next * 2 + 1] !== 0; next = (next + 1) & mask) {
      const home = (slots[next * 2] as number) & mask;
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      slots[hole * 2] = slots[next * 2] as number;
      slots[hole * 2 + 1] = slots[next * 2 + 1] as number;
      hole = next;
    }
    slots[hole * 2 + 1] = 0;
  }

  /** What is at one place is at another now. */
  move(hash: number, from: number, to: number): void {
    const at = positionIn(this.slots, this.mask, hash, from);
    if (at >= 0) this.slots[at * 2 + 1] = to;
    else this.old[positionIn(this.old, this.oldMask, hash, from) * 2 + 1] = to;
  }

  private put(hash: number, place: number): void {
    const { slots, mask } = this;
    let at = hash & mask;
    while (slots[at * 2 + 1] !== 0) at = (at + 1) & mask;
    slots[at * 2] = hash;
    slots[at * 2 + 1] = place;
  }

  private grow(): void {
    if (this.old !== NONE) this.moveSome(Number.POSITIVE_INFINITY);
    this.old = this.slots;
    this.oldMask = this.mask;
    this.oldNext = 0;
    this.slots = new Int32Array(this.old.length * 2);
    this.mask = this.mask * 2 + 1;
  }

  private moveSome(slotsMax: number): void {
    const { old } = this;
    const end = Math.min(this.oldMask + 1, this.oldNext + slotsMax);
    for (; this.oldNext < end; this.oldNext++) {
      const at = this.oldNext * 2;
      if (old[at + 1] === 0 || old[at] === GONE) continue;
      this.put(old[at] as number, old[at + 1] as number);
      old[at] = GONE;
    }
    if (this.oldNext > this.oldMask) this.old = NONE;
  }
}

function isFull(count: number, size: number): boolean {
  return count * 3 > size * 2;
}

/** Where exactly this entry is; -1 if it is not in this table. */
function positionIn(slots: Int32Array, mask: number, hash: number, place: number): number {
  if (slots.length === 0) return -1;
  for (let at = hash & mask; slots[at * 2 + 1] !== 0; at = (at + 1) & mask)
    if (slots[at * 2 + 1] === place && slots[at * 2] === hash) return at;
  return -1;
}
