/** Sole owner of the data: joins the databases, the memory limit, eviction and expiry. Knows nothing of commands. */
import type { Clock, Random } from '../../clock.js';
import { Database } from './database.js';
import { type EvictionSettings, Evictor } from './eviction.js';
import type { ExpireAtMs } from './expire-at.js';
import { ExpiryCycle } from './expiry.js';
import { KeyTable } from './key-table.js';
import {
  KeyspaceCore,
  type KeyspaceObserver,
  type KeyspaceStatistics,
  type KeyWaiters,
} from './keyspace-core.js';
import { UsageTracker } from './usage.js';

export class Keyspace {
  readonly databases: readonly Database[];
  readonly usage: UsageTracker;
  /** For who reads it all: snapshots, and loading. */
  readonly core: KeyspaceCore;
  private readonly evictor: Evictor;
  private readonly expiry: ExpiryCycle;

  constructor(options: { clock: Clock; random: Random; databases: number; memory: EvictionSettings }) {
    this.usage = new UsageTracker(options.clock, options.random);
    this.usage.countsFrequency = options.memory.policy.endsWith('lfu');
    this.core = new KeyspaceCore(options.clock, options.random, this.usage);
    this.databases = Array.from({ length: options.databases }, (_, index) => new Database(index, this.core));
    this.evictor = new Evictor(this.core, this.databases, options.memory);
    this.expiry = new ExpiryCycle(this.core, this.databases);
  }

  /** Bytes the data is counted to weigh; buffers of clients are not in it. */
  get usedBytes(): number {
    return this.core.usedBytes;
  }

  get statistics(): KeyspaceStatistics {
    return this.core.statistics;
  }

  /** Null while nobody listens. */
  set observer(observer: KeyspaceObserver | null) {
    this.core.observer = observer;
  }

  /** Null while nobody waits for a key. */
  set keyWaiters(waiters: KeyWaiters | null) {
    this.core.waiters = waiters;
  }

  /** Whether anybody waits for a key. */
  get hasWaiters(): boolean {
    return this.core.waiters !== null;
  }

  /** Time as this command sees it. */
  nowMs(): number {
    return this.core.nowMs();
  }

  /** Whether who ends then has ended. */
  isOver(atMs: ExpireAtMs): boolean {
    return atMs <= this.core.nowMs() && this.core.expires;
  }

  /** Somebody has the server's attention: what is used from here on is used now, by the monotonic clock. */
  beginTurn(nowMs: number): void {
    this.usage.beginTurn(nowMs);
  }

  /** A new command begins: its time may be a later one. */
  beginCommand(): void {
    this.core.thaw();
  }

  /** False when the limit is passed and nothing may go. */
  makeRoom(): boolean {
    return this.evictor.makeRoom();
  }

  /** Whether keys that nobody asks for are expired. */
  setActiveExpiry(isActive: boolean): void {
    this.expiry.setActive(isActive);
  }

  /** Removes everything, however much that is, without a look at each record. */
  flushAll(): void {
    const { core, databases } = this;
    // Whoever reads it all takes each table over, and may still have some.
    const size = databases.reduce((sum, database) => sum + database.size, 0);
    core.losesAll = core.guard === null && size === core.records.count;
    for (const database of databases) database.flush();
    if (!core.losesAll) return;
    core.losesAll = false;
    core.detachHandles();
    core.records.reset();
    core.usedBytes = 0;
  }

  /**
   * What `load` makes takes the place of all that is there, which stays where it is until then.
   * @throws what `load` throws; then what was there is there still
   */
  replaceAll(load: () => unknown): void {
    const { databases, core } = this;
    const before = databases.map((database) => database.exchange(new KeyTable(core)));
    try {
      load();
    } catch (error) {
      for (const [index, table] of before.entries()) databases[index]?.exchange(table).clear();
      throw error;
    }
    for (const table of before) table.clear();
  }

  /** False when there is no such database. */
  swap(first: number, second: number): boolean {
    const [one, other] = [this.databases[first], this.databases[second]];
    if (one === undefined || other === undefined) return false;
    if (one === other) return true;
    other.exchange(one.exchange(other.keyTable));
    this.statistics.changes++;
    return true;
  }

  /** Stops the timers. */
  close(): void {
    this.expiry.stop();
  }
}
