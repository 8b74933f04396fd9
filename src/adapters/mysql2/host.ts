/** Decides what a watched connection may ask of the pool, or of the connection without one, that it belongs to. */
import type { ObservedFrom } from '../../cache/changes.js';
import type { CacheCore } from '../../cache/core.js';
import type { OwnConnection } from '../observe.js';
import type { Database, Databases } from './databases.js';
import type { Driver, WireFacts } from './driver.js';

/** How results are decoded without a connection, as one in its settled session would. */
export interface PoolReader {
  readonly driver: Driver;
  readonly facts: WireFacts;
  /** Values that the driver writes into texts are the same to the server. */
  readonly keepsValues: boolean;
}

export interface Host {
  readonly core: CacheCore;
  readonly databases: Databases;
  /** Asks the same server over another connection, whatever became of this one. */
  readonly ask: <T>(task: (connection: OwnConnection) => Promise<T>) => Promise<T>;
  /** How the database's statistics are seen from here; null when that was asked before. */
  readonly observe: (database: Database) => ObservedFrom | null;
  /** A connection in its settled session is in use. */
  readonly adopt: (database: Database, reader: PoolReader) => void;
  /** Has the catalog looked at over some connection, soon. */
  readonly refresh: (database: Database) => void;
}
