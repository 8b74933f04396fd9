/**
 * Decides how entries that were delivered and not acknowledged are kept in the order of their IDs: in chunks, so that
 * neither end nor middle is dear; and what a reader is, which has such a list of its own. Whoever reads a list while it
 * changes is given its chunks, and a chunk is copied before it changes: at most 512 places. Knows no groups.
 */
import type { Integer } from '../integers.js';
import { compareIds, type StreamId } from './stream-id.js';

const CHUNK_MAX = 512;

/** One delivered entry. Its group and its consumer list the same object. Who changes one asks the group for it (`own`). */
export interface PendingEntry {
  readonly id: StreamId;
  readonly consumer: StreamConsumer;
  readonly deliveredAtMs: number;
  readonly deliveryCount: Integer;
}

/** One that nobody else reads. */
export interface OwnPendingEntry {
  readonly id: StreamId;
  consumer: StreamConsumer;
  deliveredAtMs: number;
  deliveryCount: Integer;
}

/** All that was in a list, in order. */
export type PendingChunks = readonly (readonly PendingEntry[])[];

/** A reader of a group. */
export class StreamConsumer {
  readonly pending = new PendingList();

  constructor(
    readonly name: string,
    public seenAtMs: number,
  ) {}
}

export class PendingList {
  private chunks: PendingEntry[][] = [];
  private length = 0;
  /** Chunks made since it was frozen; null while it is not. */
  private own: Set<readonly PendingEntry[]> | null = null;

  get size(): number {
    return this.length;
  }

  get first(): PendingEntry | undefined {
    return this.chunks[0]?.[0];
  }

  get last(): PendingEntry | undefined {
    return this.chunks.at(-1)?.at(-1);
  }

  find(id: StreamId): PendingEntry | undefined {
    const chunk = this.chunks[this.chunkOf(id)];
    const entry = chunk?.[positionOf(chunk, id)];
    return entry !== undefined && compareIds(entry.id, id) === 0 ? entry : undefined;
  }

  /** There is none of this ID yet. */
  add(entry: PendingEntry): void {
    this.length++;
    const at = Math.min(this.chunkOf(entry.id), Math.max(0, this.chunks.length - 1));
    const chunk = this.chunkToChange(at);
    if (chunk === undefined) {
      this.chunks.push(this.owned([entry]));
      return;
    }
    chunk.splice(positionOf(chunk, entry.id), 0, entry);
    if (chunk.length <= CHUNK_MAX) return;
    // At the end of all, where most are added, chunks are left full.
    const isLast = at === this.chunks.length - 1 && chunk.at(-1) === entry;
    this.chunks.splice(at + 1, 0, this.owned(chunk.splice(isLast ? CHUNK_MAX : CHUNK_MAX / 2)));
  }

  /** Puts another object in the place of the one with its ID, which is there. */
  replace(entry: PendingEntry): void {
    const chunk = this.chunkToChange(this.chunkOf(entry.id));
    if (chunk !== undefined) chunk[positionOf(chunk, entry.id)] = entry;
  }

  remove(id: StreamId): PendingEntry | undefined {
    const at = this.chunkOf(id);
    const chunk = this.chunks[at];
    if (chunk === undefined) return undefined;
    const position = positionOf(chunk, id);
    const entry = chunk[position];
    if (entry === undefined || compareIds(entry.id, id) !== 0) return undefined;
    this.chunkToChange(at)?.splice(position, 1);
    if (this.chunks[at]?.length === 0) this.chunks.splice(at, 1);
    this.length--;
    return entry;
  }

  /** What is in it now, for who reads it before it changes, or after `freeze`. */
  parts(): PendingChunks {
    return [...this.chunks];
  }

  /** What `parts` tells stays as it is until `thaw`: a chunk is copied before it changes. */
  freeze(): void {
    this.own = new Set();
  }

  thaw(): void {
    this.own = null;
  }

  /** From an ID on, in order. Entries may be removed and added meanwhile: the walk goes on behind the last one given. */
  *from(start: StreamId): IterableIterator<PendingEntry> {
    let at = this.chunkOf(start);
    let chunk = this.chunks[at];
    let position = chunk === undefined ? 0 : positionOf(chunk, start);
    while (chunk !== undefined) {
      const entry = chunk[position];
      if (entry === undefined) {
        chunk = this.chunks[++at];
        position = 0;
        continue;
      }
      yield entry;
      if (this.chunks[at] === chunk && chunk[position] === entry) position++;
      else {
        at = this.chunkOf(entry.id);
        chunk = this.chunks[at];
        position = chunk === undefined ? 0 : positionOf(chunk, entry.id);
        const found = chunk?.[position];
        if (found !== undefined && compareIds(found.id, entry.id) === 0) position++;
      }
    }
  }

  private chunkToChange(at: number): PendingEntry[] | undefined {
    const chunk = this.chunks[at];
    if (chunk === undefined || this.own === null || this.own.has(chunk)) return chunk;
    const copy = this.owned([...chunk]);
    this.chunks[at] = copy;
    return copy;
  }

  private owned(chunk: PendingEntry[]): PendingEntry[] {
    this.own?.add(chunk);
    return chunk;
  }

  /** The first chunk that ends at or behind an ID; behind the last when none does. */
  private chunkOf(id: StreamId): number {
    let [low, high] = [0, this.chunks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const last = this.chunks[middle]?.at(-1);
      if (last !== undefined && compareIds(last.id, id) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Where an ID is in a chunk, or would be. */
function positionOf(chunk: readonly PendingEntry[], id: StreamId): number {
  let [low, high] = [0, chunk.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = chunk[middle];
    if (entry !== undefined && compareIds(entry.id, id) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
