/**
 * Decides how a few thousand hashes and places lie in one array: in the order of the hashes, each at or after the slot
 * its hash asks for. So a search ends at the first larger hash, and a walk meets hashes in order whatever was added or
 * removed before it. (Ordered linear probing: Amble & Knuth, "Ordered hash tables", 1974.) Knows nothing of keys.
 */
import { HASH_BITS } from './key-hash.js';

/** Slots behind the last one a hash can ask for; the very last always stays empty and ends every search. */
const OVERFLOW_SLOTS = 64;

export class IndexSegment {
  /** Hash and place by turns; place 0 is an empty slot. */
  readonly slots: Int32Array;
  count = 0;
  /** `(hash >>> shift) & mask` is the slot a hash asks for. */
  readonly shift: number;
  readonly mask: number;
  /** From here on it is time to make room. */
  readonly countMax: number;

  /** `depth`: how many leading bits all its hashes share. `bits`: how many of the next ones choose the slot. */
  constructor(
    readonly depth: number,
    readonly bits: number,
    readonly overflowSlots: number = OVERFLOW_SLOTS,
  ) {
    const capacity = 1 << bits;
    this.slots = new Int32Array((capacity + overflowSlots) * 2);
    this.shift = HASH_BITS - depth - bits;
    this.mask = capacity - 1;
    this.countMax = Math.floor(capacity * 0.8);
  }

  /** Puts in at the position where a search for it ended. False when there is no room: nothing was done. */
  insert(at: number, hash: number, place: number): boolean {
    const { slots } = this;
    let empty = at;
    while (slots[empty + 1] !== 0) empty += 2;
    if (empty >= slots.length - 2) return false;
    if (empty > at) {
      if (empty - at > 32) slots.copyWithin(at + 2, at, empty);
      else for (let index = empty + 1; index > at + 1; index--) slots[index] = slots[index - 2] as number;
    }
    slots[at] = hash;
    slots[at + 1] = place;
    this.count++;
    return true;
  }

  /** Takes out what is at a position and moves up what would rather be there. */
  remove(at: number): void {
    const { slots, shift, mask } = this;
    let to = at;
    for (let next = to + 2; slots[next + 1] !== 0; next += 2) {
      const hash = slots[next] as number;
      if (((hash >>> shift) & mask) << 1 >= next) break;
      slots[to] = hash;
      slots[to + 1] = slots[next + 1] as number;
      to = next;
    }
    slots[to] = 0;
    slots[to + 1] = 0;
    this.count--;
  }

  /** Puts in behind everything else: for filling a new one in order. False when there is no room. */
  append(cursor: { next: number }, hash: number, place: number): boolean {
    const at = Math.max(((hash >>> this.shift) & this.mask) << 1, cursor.next);
    if (at >= this.slots.length - 2) return false;
    this.slots[at] = hash;
    this.slots[at + 1] = place;
    this.count++;
    cursor.next = at + 2;
    return true;
  }

  /** The position of the first hash that is not smaller, or the end. */
  seek(hash: number): number {
    const { slots } = this;
    let at = ((hash >>> this.shift) & this.mask) << 1;
    while (at < slots.length && (slots[at + 1] === 0 || (slots[at] as number) < hash)) at += 2;
    return at;
  }
}
