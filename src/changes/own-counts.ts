/** Decides where the rows that were written through the cache are counted: with this process, or in a shared store. */
import { keyOfTable, type TableNames } from '../cache/bind.js';
import { converse, openSession, type Store } from '../cache/executor.js';
import type { OwnCount } from './own-rows.js';
import { addOwn, readOwn } from './shared.js';

export interface OwnCounts {
  /** To be done before the rows can show in the statistics. */
  add(rows: readonly OwnCount[]): void | Promise<void>;
  /** Rows so far, of these tables. */
  read(names: TableNames, ids: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

/** Of a process whose store nobody shares: as many as the tables that it writes. */
export class LocalCounts implements OwnCounts {
  private readonly counts = new Map<string, number>();

  add(rows: readonly OwnCount[]): void {
    for (const { names, tableId, count } of rows) {
      const key = keyOfTable(names, tableId);
      this.counts.set(key, (this.counts.get(key) ?? 0) + count);
    }
  }

  async read(names: TableNames, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return new Map(ids.map((id) => [id, this.counts.get(keyOfTable(names, id)) ?? 0]));
  }
}

export class StoredCounts implements OwnCounts {
  constructor(private readonly store: Store) {}

  add(rows: readonly OwnCount[]): void | Promise<void> {
    return converse(openSession(this.store), addOwn(rows));
  }

  async read(names: TableNames, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return converse(openSession(this.store), readOwn(names, ids));
  }
}
