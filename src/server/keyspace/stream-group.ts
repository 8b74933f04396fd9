/** Decides what a consumer group remembers: how far it has read, who reads, what is pending. Knows no entries. */
import type { Integer } from '../integers.js';
import { type StreamId } from './stream-id.js';
import { type OwnPendingEntry, type PendingEntry, PendingList, StreamConsumer } from './stream-pending.js';

export class StreamGroup {
  readonly pending = new PendingList();
  private readonly consumers = new Map<string, StreamConsumer>();
  /** Entries made since it was frozen; null while it is not. */
  private fresh: Set<PendingEntry> | null = null;

  constructor(
    readonly name: string,
    public lastId: StreamId,
    /** How many entries there were up to `lastId`; null when nobody can say. */
    public entriesRead: Integer | null,
  ) {}

  get consumerCount(): number {
    return this.consumers.size;
  }

  /** By name, in the order of bytes. */
  sortedConsumers(): StreamConsumer[] {
    return [...this.consumers.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  consumer(name: string): StreamConsumer | undefined {
    return this.consumers.get(name);
  }

  /** There is none of this name yet. */
  addConsumer(name: string, nowMs: number): StreamConsumer {
    const consumer = new StreamConsumer(name, nowMs);
    this.consumers.set(name, consumer);
    return consumer;
  }

  /** What was pending for it is pending no more. */
  removeConsumer(consumer: StreamConsumer): void {
    for (const entry of consumer.pending.from({ ms: 0, sequence: 0 })) this.pending.remove(entry.id);
    this.consumers.delete(consumer.name);
  }

  /** Gives an entry to a consumer, whoever had it. */
  deliver(id: StreamId, consumer: StreamConsumer, nowMs: number): void {
    const known = this.pending.find(id);
    if (known === undefined) {
      this.addPending({ id, consumer, deliveredAtMs: nowMs, deliveryCount: 1 });
      return;
    }
    const own = this.moved(known, consumer);
    own.deliveredAtMs = nowMs;
    own.deliveryCount = 1;
  }

  addPending(entry: PendingEntry): void {
    this.fresh?.add(entry);
    this.pending.add(entry);
    entry.consumer.pending.add(entry);
  }

  /** A pending entry as an object that may be changed: in place of one that somebody else still reads. */
  own(entry: PendingEntry): OwnPendingEntry {
    if (this.fresh === null || this.fresh.has(entry)) return entry;
    const { id, consumer, deliveredAtMs, deliveryCount } = entry;
    const own = { id, consumer, deliveredAtMs, deliveryCount };
    this.fresh.add(own);
    this.pending.replace(own);
    consumer.pending.replace(own);
    return own;
  }

  /** Gives a pending entry to another consumer. */
  moved(entry: PendingEntry, consumer: StreamConsumer): OwnPendingEntry {
    const own = this.own(entry);
    if (own.consumer === consumer) return own;
    own.consumer.pending.remove(own.id);
    consumer.pending.add(own);
    own.consumer = consumer;
    return own;
  }

  /** What the lists of pending entries tell now stays as it is, until whoever reads that has called what is returned. */
  freeze(): () => void {
    const lists = [this.pending, ...Array.from(this.consumers.values(), ({ pending }) => pending)];
    for (const list of lists) list.freeze();
    this.fresh = new Set();
    return () => {
      for (const list of lists) list.thaw();
      this.fresh = null;
    };
  }

  /** False when it was not pending. */
  acknowledge(id: StreamId): boolean {
    const entry = this.pending.remove(id);
    entry?.consumer.pending.remove(id);
    return entry !== undefined;
  }
}
