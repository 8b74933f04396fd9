/** Decides how a database's statistics are seen through a pool or client: over a connection of its own. */
import type { ObservedFrom, Observer } from '../../cache/changes.js';
import type { CacheCore } from '../../cache/core.js';
import { LookasideError } from '../../errors.js';
import { probeConnection, type TextQuery } from '../../sql/postgres/database.js';
import { readStatistics } from '../../sql/postgres/statistics.js';
import type { Database, DatabaseState, Databases } from './databases.js';
import { asTexts } from './resolver.js';
import type { PgClient, PgResult } from './shapes.js';

export interface WayToDatabase {
  readonly core: CacheCore;
  readonly databases: Databases;
  /** A new connection, as the application makes them, not connected yet. */
  readonly make: () => PgClient;
  /** The pool or client has ended. */
  readonly isEnded: () => boolean;
  readonly refresh: (database: Database) => void;
}

/** The way to each database, told once. */
export function observeOnce(way: WayToDatabase): (database: Database) => ObservedFrom | null {
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
      onSchema: () => way.refresh(database),
    };
  };
}

/** Neither of the pool, which may be exhausted, nor a reason for the process to live. */
async function openObserver({ core, databases, make }: WayToDatabase, database: Database): Promise<Observer> {
  const client = make();
  let ended = false;
  const close = (): void => {
    if (ended) return;
    ended = true;
    client.end().catch((error: unknown) => core.failed('changes', error));
  };
  // A connection that breaks rejects the question; the event has nothing to add.
  client.on('error', () => undefined);
  await client.connect();
  client.unref?.();
  const query: TextQuery = async (sql) => {
    const { rows } = (await client.query({ text: sql, types: asTexts })) as PgResult;
    return rows as Awaited<ReturnType<TextQuery>>;
  };
  try {
    const probe = await probeConnection(query, { lock: null, expectedPid: client.processID });
    // A server that restarted or another one in its place: from now on that is the database.
    if (!probe.standby) await databases.arrive(probe);
    if (
      probe.standby ||
      (probe.pooled && core.pooler === 'bypass') ||
      probe.identity !== database.names.database
    )
      throw new LookasideError('CHANGES_UNAVAILABLE', 'the connection leads to another server than before');
  } catch (error) {
    close();
    throw error;
  }
  return { look: () => readStatistics(query), close };
}
