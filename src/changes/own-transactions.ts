/**
 * Decides where the transactions that were made through the cache are kept, as the server named them, until somebody who
 * looks at its log takes them: with this process, or in a shared store. Knows no driver.
 *
 * What is lost of them counts as made by others: that costs a rotation, and never hides anybody's write.
 */
import type { TableNames } from '../cache/bind.js';
import { converse, openSession, type Store } from '../cache/executor.js';
import type { Clock, Timer } from '../clock.js';
import { TransactionSet } from '../sql/transaction-set.js';
import { keepOwn, takeOwn } from './shared-log.js';

export interface OwnTransactions {
  add(names: TableNames, made: TransactionSet): void;
  /** Those that were told since. */
  take(names: TableNames): Promise<TransactionSet>;
  /** Tells the others what this process still knows. Never rejects. */
  close(): Promise<void>;
}

/** Sets that are kept one by one before they are made one. */
const LOOSE_MAX = 1_000;
/** Runs that are kept while nobody takes them. */
const RUNS_MAX = 10_000;

/** Of one database, told and not taken. */
class Gathered {
  private loose: TransactionSet[] = [];

  add(made: TransactionSet): void {
    this.loose.push(made);
    if (this.loose.length < LOOSE_MAX) return;
    const all = TransactionSet.union(this.loose);
    this.loose = all.runCount > RUNS_MAX ? [] : [all];
  }

  take(): TransactionSet {
    const all = TransactionSet.union(this.loose);
    this.loose = [];
    return all;
  }
}

/** Of a process whose store nobody shares. */
export class LocalTransactions implements OwnTransactions {
  /** By database. */
  private readonly gathered = new Map<string, Gathered>();

  add({ database }: TableNames, made: TransactionSet): void {
    let known = this.gathered.get(database);
    if (known === undefined) this.gathered.set(database, (known = new Gathered()));
    known.add(made);
  }

  async take({ database }: TableNames): Promise<TransactionSet> {
    return this.gathered.get(database)?.take() ?? TransactionSet.none;
  }

  async close(): Promise<void> {
    this.gathered.clear();
  }
}

/** The first goes to the store at once, what is made within this time then together; whoever looks waits longer for it. */
const PUBLISH_AFTER_MS = 100;

export interface StoredTransactionsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly onFailure: (error: unknown) => void;
}

export class StoredTransactions implements OwnTransactions {
  private readonly local = new LocalTransactions();
  private readonly unpublished = new Map<string, TableNames>();
  private timer: Timer | null = null;

  constructor(private readonly options: StoredTransactionsOptions) {}

  add(names: TableNames, made: TransactionSet): void {
    this.local.add(names, made);
    this.unpublished.set(names.database, names);
    if (this.timer === null) this.publishInTurn();
  }

  async take(names: TableNames): Promise<TransactionSet> {
    const own = await this.local.take(names); // nobody else has to be told
    const told = await converse(openSession(this.options.store), takeOwn(names));
    return TransactionSet.union([own, told]);
  }

  async close(): Promise<void> {
    this.timer?.cancel();
    await this.publish();
  }

  private publishInTurn(): void {
    this.timer = this.options.clock.after(PUBLISH_AFTER_MS, () => {
      this.timer = null;
      if (this.unpublished.size > 0) this.publishInTurn();
    });
    void this.publish();
  }

  private async publish(): Promise<void> {
    const all = [...this.unpublished.values()];
    this.unpublished.clear();
    for (const names of all)
      try {
        const made = await this.local.take(names);
        if (!made.isEmpty) await converse(openSession(this.options.store), keepOwn(names, made));
      } catch (error) {
        this.options.onFailure(error); // they count as made by others
      }
  }
}
