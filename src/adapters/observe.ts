/** Decides how a database's statistics are seen through a pool or client: over a connection of its own. */
import type { ObservedFrom, Observer } from '../cache/changes.js';
import type { CacheCore } from '../cache/core.js';
import { LookasideError } from '../errors.js';
import type { Database, DatabaseState } from './database.js';
import type { Databases } from './databases.js';
import type { SessionSeen, Sighting } from './dialect.js';
import type { OwnConnection } from './own-connection.js';

export interface WayToDatabase<S extends SessionSeen, P> {
  readonly core: CacheCore;
  readonly databases: Databases<S, P>;
  /** Makes one as the application makes its own. Rejects as connecting does. */
  readonly connect: () => Promise<OwnConnection>;
  /** The pool or client has ended. */
  readonly isEnded: () => boolean;
  readonly refresh: (database: Database<S, P>) => void;
}

/** The way to each database, told once. */
export function observeOnce<S extends SessionSeen, P>(
  way: WayToDatabase<S, P>,
): (database: Database<S, P>) => ObservedFrom | null {
  const told = new WeakSet<DatabaseState>();
  return (database) => {
    const { state } = database;
    if (state.superseded || told.has(state)) return null;
    told.add(state);
    return {
      names: database.names,
      isGone: () => {
        const isGone = state.superseded || way.isEnded();
        if (isGone) told.delete(state);
        return isGone;
      },
      observe: () => openObserver(way, database),
      tables: () => database.tableKeys,
      onSchema: () => way.refresh(database),
    };
  };
}

async function openObserver<S extends SessionSeen, P>(
  { core, databases, connect }: WayToDatabase<S, P>,
  database: Database<S, P>,
): Promise<Observer> {
  const { dialect } = databases;
  const connection = await connect();
  connection.unref();
  let ended = false;
  const close = (): void => {
    if (ended) return;
    ended = true;
    connection.end().catch((error: unknown) => core.failed('changes', error));
  };
  let seen: Sighting<S>;
  try {
    seen = await dialect.probe(connection);
    // A server that restarted or another one in its place: from now on that is the database.
    if (!seen.standby) await databases.arrive(seen);
    if (
      seen.standby ||
      (seen.pooled && core.pooler === 'bypass') ||
      seen.identity !== database.names.database
    )
      throw new LookasideError('CHANGES_UNAVAILABLE', 'the connection leads to another server than before');
  } catch (error) {
    close();
    throw error;
  }
  return { look: () => dialect.readStatistics(connection.query, seen), close };
}
