/** Decides where the rows that were written through the cache are counted: with this process, or in a shared store. */
import type { TableNames } from '../cache/bind.js';
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
  /** By database and table. */
  private readonly counts = new Map<string, Map<string, number>>();

  add(rows: readonly OwnCount[]): void {
    for (const { names, tableId, count } of rows) {
      let tables = this.counts.get(names.database);
      if (tables === undefined) this.counts.set(names.database, (tables = new Map<string, number>()));
      tables.set(tableId, (tables.get(tableId) ?? 0) + count);
    }
  }

  async read({ database }: TableNames, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const tables = this.counts.get(database);
    return new Map(ids.map((id) => [id, tables?.get(id) ?? 0]));
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
