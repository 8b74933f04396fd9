/**
 * Decides which databases are watched by polling, and what the cache is told of it: rotations, rows of our own, and
 * whether the watch can be relied on.
 */
import type { TableNames } from '../cache/bind.js';
import type { ForeignChanges, ObservedFrom, Observer, OwnRows, StatisticsSession } from '../cache/changes.js';
import type { TransactionSet } from '../sql/transaction-set.js';
import { LocalCounts, type OwnCounts, StoredCounts } from './own-counts.js';
import { ConnectionRows, type OwnCount } from './own-rows.js';
import { LocalTransactions, type OwnTransactions, StoredTransactions } from './own-transactions.js';
import { Watch, type WatchOptions } from './watch.js';

export type PollingOptions = Omit<WatchOptions, 'own' | 'ownTransactions' | 'settleOwn'>;

export class Polling implements ForeignChanges {
  private readonly watches = new Map<string, Watch>();
  private readonly connections = new Set<ConnectionRows>();
  private closed = false;

  private readonly own: OwnCounts;
  private readonly ownTransactions: OwnTransactions;

  constructor(private readonly options: PollingOptions) {
    const { isStoreShared, store } = options;
    this.own = isStoreShared ? new StoredCounts(store) : new LocalCounts();
    this.ownTransactions = isStoreShared ? new StoredTransactions(options) : new LocalTransactions();
  }

  /** Whether a database is not seen: only their age bounds results then. */
  get isBlind(): boolean {
    for (const watch of this.watches.values()) if (watch.isBlind) return true;
    return false;
  }

  watch(from: ObservedFrom, look: Observer['look']): Promise<void> | null {
    if (this.closed) return null;
    const known = this.watches.get(from.names.database);
    if (known !== undefined) {
      known.addSource(from);
      return null;
    }
    const { database } = from.names;
    const watch = new Watch(
      from.names,
      {
        ...this.options,
        own: this.own,
        ownTransactions: this.ownTransactions,
        settleOwn: () => this.settleOwn(),
      },
      () => void this.watches.delete(database),
    );
    this.watches.set(database, watch);
    watch.addSource(from);
    return watch.start(look);
  }

  lookSoon(): void {
    for (const watch of this.watches.values()) watch.lookSoon();
  }

  ownRows(session: StatisticsSession): OwnRows {
    const { clock, onFailure } = this.options;
    const rows = new ConnectionRows({
      clock,
      publish: (counted) => this.publish(counted),
      session,
      onFailure,
      onLost: () => this.connections.delete(rows),
    });
    this.connections.add(rows);
    return rows;
  }

  committed(names: TableNames, made: TransactionSet): void {
    if (!this.closed) this.ownTransactions.add(names, made);
  }

  private async settleOwn(): Promise<void> {
    await Promise.all([...this.connections].map((rows) => rows.settle()));
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.watches.values()].map((watch) => watch.close()));
    this.watches.clear();
    await this.ownTransactions.close();
  }

  /** Rows that could not be counted cost a rotation. */
  private publish(rows: readonly OwnCount[]): void | Promise<void> {
    if (this.closed) return;
    const { onFailure } = this.options;
    try {
      return this.own.add(rows)?.catch(onFailure);
    } catch (error) {
      onFailure(error);
    }
  }
}
