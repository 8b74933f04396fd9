/** Decides what adapters and middleware see of a cache beyond its public face. Not exported from the package. */
import type { Clock, Random } from '../clock.js';
import type { DeclaredEffects, Table } from '../sql/plan.js';
import type { TableNames } from './bind.js';
import type { ForeignChanges } from './changes.js';
import type { Engine } from './engine.js';
import type { Conversation } from './executor.js';

/** A database that a wrapped pool talks to; announced so that table names can be resolved and rotated. */
export interface AttachedDatabase {
  readonly names: TableNames;
  /** By name, with or without its schema; undefined when there is none or the name is ambiguous. */
  readonly findTable: (name: string) => Table | undefined;
  /** The column's id as pins use it, and the canonical text of a value, or null where it cannot be pinned. */
  /** For people: the table that a key in the store stands for. */
  readonly nameOf: (key: string) => string | undefined;
  readonly pinOf: (table: Table, column: string, value: unknown) => { column: string; value: string } | null;
}

export interface CacheCore {
  readonly engine: Engine;
  readonly namespace: string;
  readonly mode: 'on' | 'observe' | 'off';
  /** Whether `beginWrite` may refuse a write: while the store is away. */
  readonly mayRefuseWrites: boolean;
  /** Default time to live of an entry, in ms; shorter while writes by others are not seen. */
  readonly ttlMs: number;
  /** Null where the config says that they are not to be seen. */
  readonly changes: ForeignChanges | null;
  /** Holds a conversation with the store. Rejects while it cannot be used. */
  readonly converse: <T>(conversation: Conversation<T>) => Promise<T>;
  readonly clock: Clock;
  readonly random: Random;
  /** Statement texts understood at once per pool; the least recently used are forgotten. */
  readonly statementsMax: number;
  /** Whether reads inside a transaction may have a part in the cache until it writes. */
  readonly transactions: 'bypass' | 'untilWrite';
  /** What was said of poolers that give each transaction another connection to the server. */
  readonly pooler: 'bypass' | 'transaction';
  /** Settings of the application's own that results may depend on, in lower case. */
  readonly sessionKeys: readonly string[];
  /** What functions of databases are said to do, by name. */
  readonly effects: DeclaredEffects;
  /** Whether the config lets results of this table be cached; the name has its schema. */
  readonly mayCache: (tableName: string) => boolean;
  /** Counts and announces a failure of the cache that no query noticed. */
  readonly failed: (reason: string, error: unknown) => void;
  readonly attach: (database: AttachedDatabase) => void;
  /** A wrapped pool announces how its database can be attached before it is first used: for `ready()`. */
  readonly onPrepare: (prepare: () => Promise<void>) => void;
}

/** Where a cache keeps its core. Registered, so that a package loaded twice finds it. */
export const coreSymbol = Symbol.for('lookaside.core');

export interface HasCore {
  readonly [coreSymbol]: CacheCore;
}
