/** Decides what a wrapped connection may ask of the pool, or of the connection without one, that it belongs to. */
import type { ObservedFrom } from '../cache/changes.js';
import type { CacheCore } from '../cache/core.js';
import type { Database } from './database.js';
import type { Databases } from './databases.js';
import type { SessionSeen } from './dialect.js';
import { observeOnce, type WayToDatabase } from './observe.js';
import { type AskOwn, askOver } from './own-connection.js';

export interface Host<S extends SessionSeen, P, Backend> {
  readonly core: CacheCore;
  readonly databases: Databases<S, P, Backend>;
  /** Asks the same server over another connection, whatever became of this one. */
  readonly ask: AskOwn;
  /** How the database's statistics are seen from here; null when that was asked before. */
  readonly observe: (database: Database<S, P>) => ObservedFrom | null;
  /** Whether it is the one that its connections see, unless somebody made other sessions of them. */
  readonly isUsual: (database: Database<S, P>) => boolean;
  /** Has the catalog looked at over some connection, soon. */
  readonly refresh: (database: Database<S, P>) => void;
}

export function hostOf<S extends SessionSeen, P, Backend>(
  way: WayToDatabase<S, P> & Pick<Host<S, P, Backend>, 'databases' | 'isUsual'>,
): Host<S, P, Backend> {
  const { core, databases, isUsual, refresh } = way;
  return { core, databases, ask: askOver(way.connect), observe: observeOnce(way), isUsual, refresh };
}
