/**
 * Decides how the hashes are remembered that a snapshot has told out of turn: some eight bytes each, in parts by their
 * leading bits, so that a part that grows holds nobody up and one that the walk has passed is let go. Knows no keys.
 */
import { HASH_BITS } from '../keyspace/key-hash.js';

const PART_BITS = 8;
const PART_SHIFT = HASH_BITS - PART_BITS;
const FIRST_SLOTS = 16;

class Part {
  /** Each hash plus one; 0 is an empty slot. */
  private slots = new Int32Array(FIRST_SLOTS);
  private count = 0;

  has(hash: number): boolean {
    return this.slots[this.slotOf(hash)] !== 0;
  }

  add(hash: number): void {
    const slot = this.slotOf(hash);
    if (this.slots[slot] !== 0) return;
    this.slots[slot] = hash + 1;
    if (++this.count * 2 > this.slots.length) this.grow();
  }

  /** Where it is, or belongs. */
  private slotOf(hash: number): number {
    const { slots } = this;
    const mask = slots.length - 1;
    // Hashes are random, and those of one part share their leading bits only.
    let at = hash & mask;
    while (slots[at] !== 0 && slots[at] !== hash + 1) at = (at + 1) & mask;
    return at;
  }

  private grow(): void {
    const before = this.slots;
    this.slots = new Int32Array(before.length * 2);
    for (const each of before) if (each !== 0) this.slots[this.slotOf(each - 1)] = each;
  }
}

export class HashSet {
  private readonly parts: (Part | undefined)[] = Array.from({ length: 1 << PART_BITS });

  has(hash: number): boolean {
    return this.parts[hash >>> PART_SHIFT]?.has(hash) === true;
  }

  add(hash: number): void {
    (this.parts[hash >>> PART_SHIFT] ??= new Part()).add(hash);
  }

  /** Nobody asks any more for one below this. */
  dropBelow(hash: number): void {
    for (let part = (hash >>> PART_SHIFT) - 1; part >= 0 && this.parts[part] !== undefined; part--)
      this.parts[part] = undefined;
  }
}
