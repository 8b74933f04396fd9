/**
 * Decides how all that a stream is beside its entries stays what it was while it is told piece by piece: few numbers are
 * copied at once; what is pending is read where it is, and copied, some 20 ns each, before the stream is changed. Knows
 * nothing of who listens.
 */
import type { Integer } from '../integers.js';
import type { StreamGroup } from '../keyspace/stream-group.js';
import { FIRST_ID, type StreamId } from '../keyspace/stream-id.js';
import type { PendingEntry, PendingList, StreamConsumer } from '../keyspace/stream-pending.js';
import type { StreamValue } from '../keyspace/stream-value.js';

export interface HeldPending {
  readonly id: StreamId;
  readonly deliveredAtMs: number;
  readonly deliveryCount: Integer;
}

/** What is pending, of a group or of one of its readers, in the order of the IDs. */
export interface HeldPendingList {
  readonly size: number;
  each(): IterableIterator<HeldPending>;
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
  private readonly copiers: (() => void)[] = [];

  constructor(stream: StreamValue) {
    const { size, lastId, firstId, maxDeletedId, entriesAdded } = stream;
    [this.size, this.entriesAdded] = [size, entriesAdded];
    [this.lastId, this.firstId, this.maxDeletedId] = [lastId, firstId, maxDeletedId];
    this.groups = stream.sortedGroups().map((group) => this.held(group));
  }

  /** The stream is about to change. */
  detach(): void {
    for (const copy of this.copiers.splice(0)) copy();
  }

  private held(group: StreamGroup): HeldGroup {
    const { name, lastId, entriesRead } = group;
    const pending = new Row(group.pending);
    const rows = new Map<StreamConsumer, Row>();
    const consumers = group.sortedConsumers().map((consumer) => {
      const row = new Row(consumer.pending);
      rows.set(consumer, row);
      return { name: consumer.name, seenAtMs: consumer.seenAtMs, pending: row };
    });
    this.copiers.push(() => copyPending(group.pending, pending, rows));
    return { name, lastId, entriesRead, pending, consumers };
  }
}

/** Of a group: one item per entry, in columns. */
interface Copied {
  readonly ids: readonly StreamId[];
  readonly deliveredAtMs: Float64Array;
  readonly deliveryCounts: readonly Integer[];
}

class Row implements HeldPendingList {
  readonly size: number;
  private copied: Copied | null = null;
  /** Which of the copied are its own; null: all. */
  private own: Int32Array | null = null;
  private ownCount = 0;

  constructor(private readonly list: PendingList) {
    this.size = list.size;
  }

  isCopied(copied: Copied, isAll: boolean): void {
    this.copied = copied;
    if (!isAll) this.own = new Int32Array(this.size);
  }

  owns(number: number): void {
    if (this.own !== null) this.own[this.ownCount++] = number;
  }

  *each(): IterableIterator<HeldPending> {
    const live = this.list.from(FIRST_ID);
    for (let index = 0; index < this.size; index++) {
      // It may have been copied since the last one was given.
      if (this.copied === null) yield live.next().value as PendingEntry;
      else yield itemOf(this.copied, this.own === null ? index : (this.own[index] as number));
    }
  }
}

function itemOf({ ids, deliveredAtMs, deliveryCounts }: Copied, number: number): HeldPending {
  return {
    id: ids[number] as StreamId,
    deliveredAtMs: deliveredAtMs[number] as number,
    deliveryCount: deliveryCounts[number] as Integer,
  };
}

function copyPending(from: PendingList, all: Row, byConsumer: ReadonlyMap<StreamConsumer, Row>): void {
  const { size } = from;
  const ids: StreamId[] = [];
  const deliveredAtMs = new Float64Array(size);
  const deliveryCounts: Integer[] = [];
  const copied: Copied = { ids, deliveredAtMs, deliveryCounts };
  all.isCopied(copied, true);
  for (const row of byConsumer.values()) row.isCopied(copied, false);
  let consumer: StreamConsumer | null = null;
  let row: Row | undefined;
  let number = 0;
  from.visit((entry) => {
    ids.push(entry.id);
    deliveredAtMs[number] = entry.deliveredAtMs;
    deliveryCounts.push(entry.deliveryCount);
    if (entry.consumer !== consumer) {
      consumer = entry.consumer;
      row = byConsumer.get(consumer);
    }
    row?.owns(number);
    number++;
  });
}
