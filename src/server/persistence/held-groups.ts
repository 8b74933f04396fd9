/**
 * Decides how all that a stream is beside its entries stays what it was while it is told piece by piece: few numbers are
 * copied at once; what is pending is read where it is, in chunks that are copied one by one before they change. Knows
 * nothing of who listens.
 */
import type { Integer } from '../integers.js';
import type { StreamGroup } from '../keyspace/stream-group.js';
import type { StreamId } from '../keyspace/stream-id.js';
import type { PendingChunks, PendingEntry, PendingList } from '../keyspace/stream-pending.js';
import type { StreamValue } from '../keyspace/stream-value.js';

/** What is pending, of a group or of one of its readers, in the order of the IDs. */
export class HeldPendingList {
  readonly size: number;
  private readonly chunks: PendingChunks;

  constructor(list: PendingList) {
    this.size = list.size;
    this.chunks = list.parts();
  }

  *each(): IterableIterator<PendingEntry> {
    for (const chunk of this.chunks) yield* chunk;
  }
}

export interface HeldGroup {
  readonly name: string;
  readonly lastId: StreamId;
  readonly entriesRead: Integer | null;
  readonly pending: HeldPendingList;
  /** By name. */
  readonly consumers: readonly {
    readonly name: string;
    readonly seenAtMs: number;
    readonly pending: HeldPendingList;
  }[];
}

/** All of a stream but its entries. */
export class StreamFacts {
  readonly size: number;
  readonly lastId: StreamId;
  readonly firstId: StreamId;
  readonly maxDeletedId: StreamId;
  readonly entriesAdded: Integer;
  /** By name. */
  readonly groups: readonly HeldGroup[];

  /** Good until the stream changes, unless its groups are held. */
  constructor(stream: StreamValue) {
    const { size, lastId, firstId, maxDeletedId, entriesAdded } = stream;
    [this.size, this.entriesAdded] = [size, entriesAdded];
    [this.lastId, this.firstId, this.maxDeletedId] = [lastId, firstId, maxDeletedId];
    this.groups = stream.sortedGroups().map(factsOf);
  }
}

function factsOf(group: StreamGroup): HeldGroup {
  const { name, lastId, entriesRead, pending } = group;
  const consumers = group.sortedConsumers().map((consumer) => ({
    name: consumer.name,
    seenAtMs: consumer.seenAtMs,
    pending: new HeldPendingList(consumer.pending),
  }));
  return { name, lastId, entriesRead, pending: new HeldPendingList(pending), consumers };
}

/** What its groups have pending stays readable as it is now. @returns what lets go of it */
export function holdGroups(stream: StreamValue): () => void {
  const releases = stream.sortedGroups().map((group) => group.freeze());
  return () => {
    for (const release of releases) release();
  };
}
