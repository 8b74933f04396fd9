/** Decides what a watched connection may ask of the pool, or of the direct client, that it belongs to. */
import type { ObservedFrom } from '../../cache/changes.js';
import type { CacheCore } from '../../cache/core.js';
import type { TextQuery } from '../../sql/postgres/database.js';
import type { Database, Databases } from './databases.js';
import type { Driver } from './driver.js';

export interface Host {
  readonly core: CacheCore;
  readonly driver: Driver;
  readonly databases: Databases;
  /** Asks the same server over another connection, whatever became of this one. */
  readonly ask: <T>(task: (query: TextQuery, processId: number | null) => Promise<T>) => Promise<T>;
  /** How the database's statistics are seen from here; null when that was asked before. */
  readonly observe: (database: Database) => ObservedFrom | null;
  /** A connection in its settled session is in use. */
  readonly adopt: (database: Database) => void;
  /** Has the catalog looked at over some connection, soon. */
  readonly refresh: (database: Database) => void;
}
