/**
 * Decides what is done for keys that will be looked for in a moment: their hashes are made, and what the searches will read
 * is read, one key after the other without waiting, so that the processor fetches it from memory for all of them at once.
 * (Valkey 8 does so for a pipeline's keys.) Knows nothing of what is done with them, and finds nothing.
 */
import { Memory } from '../byte-string.js';
import type { KeyHasher } from './key-hash.js';
import type { KeyIndex } from './key-index.js';
import type { RecordStore } from './records.js';

const KEYS_MAX = 64;
/** What fewer keys take lies in the processor's cache anyway. */
const SIZE_MIN = 10_000;
/** As many are fetched for few keys as for one. */
const KEYS_MIN = 4;

export class KeysAhead {
  private memory = NOTHING;
  private readonly starts = new Int32Array(KEYS_MAX);
  private readonly ends = new Int32Array(KEYS_MAX);
  private readonly hashes = new Int32Array(KEYS_MAX);
  private readonly places = new Int32Array(KEYS_MAX);
  private count = 0;
  private next = 0;
  /** Nobody asks for it, but what is read has to be used for something. */
  private sum = 0;

  constructor(private readonly hasher: KeyHasher) {}

  /** Other keys may lie in the same bytes. */
  drop(): void {
    this.count = 0;
    this.memory = NOTHING;
  }

  begin(memory: Memory): void {
    this.count = this.next = 0;
    this.memory = memory;
  }

  /** Of more than can be fetched at once the last ones are not. */
  add(start: number, end: number): void {
    if (this.count === KEYS_MAX) return;
    this.starts[this.count] = start;
    this.ends[this.count++] = end;
  }

  /** Has all of them fetched that were added. */
  fetch(index: KeyIndex, records: RecordStore): void {
    const { memory, starts, ends, hashes, places, count, hasher } = this;
    if (index.size < SIZE_MIN || count < KEYS_MIN) return this.drop();
    // A loop for each step: the shorter its body, the more keys of it the processor works on at the same time.
    for (let key = 0; key < count; key++)
      hashes[key] = hasher.hashIn(memory.view, starts[key] as number, ends[key] as number);
    let sum = 0;
    for (let key = 0; key < count; key++) sum ^= index.peek(hashes[key] as number);
    for (let key = 0; key < count; key++) places[key] = index.placeOf(hashes[key] as number);
    for (let key = 0; key < count; key++) sum ^= records.peek(places[key] as number);
    this.sum ^= sum;
  }

  /** The hash of a key that was added; -1 if it was not. They are asked for in the order in which they lie. */
  hashOf(memory: Memory, start: number, end: number): number {
    if (memory !== this.memory) return -1;
    const { starts, count } = this;
    let { next } = this;
    while (next < count && (starts[next] as number) < start) next++;
    this.next = next;
    if (next === count || starts[next] !== start || this.ends[next] !== end) return -1;
    return this.hashes[next] as number;
  }
}

const NOTHING = new Memory(Buffer.alloc(0));
