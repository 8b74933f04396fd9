/** Decides what a consumer group remembers: how far it has read, who reads, what is pending. Knows no entries. */
import type { Integer } from '../integers.js';
import { type StreamId } from './stream-id.js';
import { type PendingEntry, PendingList, StreamConsumer } from './stream-pending.js';

export class StreamGroup {
  readonly pending = new PendingList();
  private readonly consumers = new Map<string, StreamConsumer>();

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
    this.move(known, consumer);
    known.deliveredAtMs = nowMs;
    known.deliveryCount = 1;
  }

  addPending(entry: PendingEntry): void {
    this.pending.add(entry);
    entry.consumer.pending.add(entry);
  }

  move(entry: PendingEntry, consumer: StreamConsumer): void {
    if (entry.consumer === consumer) return;
    entry.consumer.pending.remove(entry.id);
    consumer.pending.add(entry);
    entry.consumer = consumer;
  }

  /** False when it was not pending. */
  acknowledge(id: StreamId): boolean {
    const entry = this.pending.remove(id);
    entry?.consumer.pending.remove(id);
    return entry !== undefined;
  }
}
