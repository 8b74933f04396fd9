/**
 * Decides how an adapter tells of a database whose writes by others are to be seen, and of what it wrote itself.
 * Knows neither how they are seen nor which database it is.
 */
import type { Statistics } from '../sql/statistics.js';
import type { TransactionSet } from '../sql/transaction-set.js';
import type { TableNames } from './bind.js';

/** A connection of its own, for asking. It keeps no process alive. */
export interface Observer {
  /** Rejects when the connection is gone, or leads to another database now. */
  look(): Promise<Statistics>;
  close(): void;
}

/** A way to a database: a wrapped pool or client. */
export interface ObservedFrom {
  readonly names: TableNames;
  /** Nothing is read through it any more: it is not asked for observers again. */
  readonly isGone: () => boolean;
  readonly observe: () => Promise<Observer>;
  /** Keys of its tables, where intents of writes stand; empty while they are not known. */
  readonly tables: () => readonly string[];
  /** The catalog was written: the schema may be another one. */
  readonly onSchema: () => void;
}

/** What one connection wrote, as it was told. */
export interface OwnRows {
  /** A statement in the connection's transaction wrote this many rows of a table. */
  wrote(names: TableNames, tableId: string, rows: number): void;
  /** The transaction under way wrote what cannot be counted: what it wrote before may never show in the statistics. */
  discount(): void;
  /** A statement wrote what its answer does not tell. */
  wroteUncounted(): void;
  /** The connection is ready, outside of a transaction. */
  ready(): void;
  /** Whether it is to be told when it is. */
  readonly isWaiting: boolean;
  /** The connection is gone, and its session with it. */
  lost(): void;
}

/** The session of a connection, which keeps what it wrote to itself for a while. */
export interface StatisticsSession {
  /** Whether it could be asked at once. */
  isFree(): boolean;
  /** Has it hand its statistics over; false when it could not be asked. */
  handOver(): Promise<boolean>;
}

/** Sees writes that do not pass through the cache, and rotates what they changed. */
export interface ForeignChanges {
  /**
   * Watches a database from now on.
   *
   * @param look at its statistics over the caller's own connection, which is about to be used
   * @returns when what changed while nobody watched has been rotated: nothing may be served before; null if known
   */
  watch(from: ObservedFrom, look: Observer['look']): Promise<void> | null;
  /** Looks at once: a connection was lost, perhaps with its server. */
  lookSoon(): void;
  ownRows(session: StatisticsSession): OwnRows;
  /** A connection was told that these transactions are its own. */
  committed(names: TableNames, made: TransactionSet): void;
}
