/**
 * Decides what the parts that all adapters share have to know of a dialect and of a database that speaks it. Names no
 * dialect and no driver.
 */
import type { CacheCore } from '../cache/core.js';
import type { Plan, Planner, Table } from '../sql/plan.js';
import type { Statistics } from '../sql/statistics.js';
import type { TextQuery } from '../sql/text-query.js';
import type { ProxiedWrites, WriteBackend } from '../sql/write-backend.js';
import type { OwnConnection } from './own-connection.js';

/** What of a session can change what a statement means or how its result is written. */
export interface SessionSeen {
  /** Everything of it. */
  readonly digest: string;
  /** What names and texts mean in it: the same for sessions that one planner can serve. */
  readonly view: string;
  /** The settings that the configuration names; null where one is not there. */
  readonly declared: ReadonlyMap<string, string | null>;
}

/** What one physical connection is connected to, and as what. */
export interface Sighting<S extends SessionSeen = SessionSeen> {
  /** Names the tables: another text for another database, and for this one after it may have gone back in time. */
  readonly identity: string;
  /** The same for all states that this database has been in. */
  readonly lineage: string;
  /** Another text: a crash, which may have lost what was already shown. */
  readonly mark: string;
  readonly session: S;
  readonly standby: boolean;
  /** A proxy answers for several server connections. */
  readonly pooled: boolean;
}

/** A catalog as it was read, for sessions of one kind. */
export interface KnownCatalog<S extends SessionSeen> {
  /** Of everything in it, as `readFingerprint` gives it. */
  readonly fingerprint: string;
  /** Of what the statements of its session can reach that name nothing else. */
  readonly ownFingerprint: string;
  /** The same part of another reading of the fingerprint. */
  ownIn(fingerprint: string): string;
  /** Of what a statement depends on: a short text. */
  fingerprintFor(plan: Plan): string;
  /** A planner for this snapshot. */
  plannerFor(core: CacheCore): Planner;
  /** Of everything that tokens may be kept for. */
  readonly relationIds: readonly string[];
  /** What may be named by users of the cache. */
  readonly tables: readonly Table[];
  /** By name, with or without its schema; undefined when there is none or the name is ambiguous. */
  findTable(name: string): Table | undefined;
  /** The column's id as pins use it, and the canonical text of a value, or null where it cannot be pinned. */
  pinOf(table: Table, column: string, value: unknown): { column: string; value: string } | null;
  /** For people. */
  columnName(tableId: string, column: string): string;
  /** The columns that tell a table's rows apart, by themselves or together, best first: `id`, `org, number`. */
  keysOf(tableId: string): readonly string[];
  /** The same catalog as another session sees it: nothing has to be read. */
  seenBy(session: S): KnownCatalog<S>;
}

/** How a write is named in an intent, and its database asked after it. Each rejects as the query does. */
export interface WritesOfDialect<Backend> {
  nameOfBackend(write: WriteBackend<Backend>): string;
  /** Null for a text of another version, or of another dialect. */
  backendOfName(name: string): WriteBackend<Backend> | null;
  hasWriteEnded(query: TextQuery, write: WriteBackend<Backend>, proxied: ProxiedWrites): Promise<boolean>;
  arePreparedGone(query: TextQuery, gids: readonly string[] | 'unknown'): Promise<boolean>;
}

/** @typeParam Backend how a server process is known */
export interface Dialect<S extends SessionSeen, Backend = unknown> {
  /** Rejects as the query does. */
  readCatalog(query: TextQuery, session: S): Promise<KnownCatalog<S>>;
  /** Another text than the catalog's: it is another one by now. Rejects as the query does. */
  readFingerprint(query: TextQuery): Promise<string>;
  /** Asks a connection of ours what it is. Rejects as the query does. */
  probe(connection: OwnConnection): Promise<Sighting<S>>;
  /** Rejects where the server keeps none, or what it keeps tells nothing through such a connection, and as the query does. */
  readStatistics(query: TextQuery, through: Pick<Sighting, 'pooled'>): Promise<Statistics>;
  readonly writes: WritesOfDialect<Backend>;
  /** A SELECT without parentheses that may do more than read. */
  readonly actsInSelect: RegExp;
  /** A text that may prepare a transaction among other statements. */
  readonly mayPrepare: RegExp;
  /** A text that may drop the counts of its transaction in the database's statistics. */
  readonly mayDiscount: RegExp;
}
