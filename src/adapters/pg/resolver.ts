/** Decides over which connection a lost one is asked after: one of its own, made for that question and closed. */
import type { ObservedFrom } from '../../cache/changes.js';
import type { CacheCore } from '../../cache/core.js';
import type { IntentResolver } from '../../cache/standing.js';
import {
  backendOfName,
  hasWriteEnded,
  type ProxiedWrites,
  type WriteBackend,
} from '../../sql/postgres/backend.js';
import { probeConnection, type TextQuery } from '../../sql/postgres/database.js';
import { readStatistics } from '../../sql/postgres/statistics.js';
import { type OwnConnection, observeOnce } from '../observe.js';
import type { Database, DatabaseState, Databases } from './databases.js';
import type { Host } from './host.js';
import type { PgClient, PgResult, TypeParsers } from './shapes.js';

/** Texts and nothing else, whatever parsers the application registered. */
export const asTexts: TypeParsers = { getTypeParser: () => (raw) => raw };

/**
 * Not a connection of the pool: that may be of size one, exhausted, or ended.
 *
 * @throws what connecting throws
 */
export async function connectOwn(make: () => PgClient): Promise<OwnConnection> {
  const client = make();
  // A connection that breaks rejects the question; the event has nothing to add.
  client.on('error', () => undefined);
  await client.connect();
  return {
    query: async (sql) => {
      const { rows } = (await client.query({ text: sql, types: asTexts })) as PgResult;
      return rows as Awaited<ReturnType<TextQuery>>;
    },
    processId: client.processID,
    unref: () => client.unref?.(),
    end: () => client.end(),
  };
}

/** @throws what connecting and asking throw */
export async function textQueryOf<T>(
  make: () => PgClient,
  task: (query: TextQuery, processId: number | null) => Promise<T>,
): Promise<T> {
  const connection = await connectOwn(make);
  try {
    return await task(connection.query, connection.processId);
  } finally {
    await connection.end();
  }
}

/** How a pool or client of pg has its database observed. */
export const observedBy = (way: {
  readonly core: CacheCore;
  readonly databases: Databases;
  readonly make: () => PgClient;
  readonly isEnded: () => boolean;
  readonly refresh: (database: Database) => void;
}): ((database: Database) => ObservedFrom | null) =>
  observeOnce({
    ...way,
    connect: () => connectOwn(way.make),
    probe: ({ query, processId }) => probeConnection(query, { lock: null, expectedPid: processId }),
    readStatistics,
  });

export interface Asking {
  readonly ask: Host['ask'];
  /** The database that was written; null when the connection could never say which. */
  readonly state: DatabaseState | null;
  readonly proxied: ProxiedWrites;
}

/**
 * Whether the database is known to run nothing of the write any more.
 *
 * @throws what connecting and asking throw; an error where the connection leads to a server that cannot know
 */
export function hasEndedInDatabase({ ask, state, proxied }: Asking, write: WriteBackend): Promise<boolean> {
  return ask(async (query, processId) => {
    if (state !== null) {
      const probe = await probeConnection(query, { lock: null, expectedPid: processId });
      if (probe.standby || probe.lineage !== state.lineage)
        throw new Error('the server that answers is not the one that was written');
      // The state that was written has ended, with all that ran in it, and nothing that reads its tables is left.
      if (probe.identity !== state.names.database) return true;
    }
    return hasWriteEnded(query, write, proxied);
  });
}

/** For intents of other processes. One that cannot be read, of another version, is left to them. */
export const resolverOf =
  (asking: Asking): IntentResolver =>
  async (backend) => {
    const write = backendOfName(backend);
    return write !== null && (await hasEndedInDatabase(asking, write));
  };
