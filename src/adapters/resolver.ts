/** Decides how a database is asked whether it runs nothing of a write any more. Given connections of our own to ask over. */
import type { IntentResolver } from '../cache/standing.js';
import type { ProxiedWrites, WriteBackend } from '../sql/write-backend.js';
import type { DatabaseState } from './database.js';
import type { Dialect, SessionSeen } from './dialect.js';
import type { AskOwn } from './own-connection.js';

export interface Asking<Backend> {
  readonly dialect: Pick<Dialect<SessionSeen, Backend>, 'probe' | 'writes'>;
  readonly ask: AskOwn;
  /** The database that was written; null when the connection could never say which. */
  readonly state: DatabaseState | null;
  readonly proxied: ProxiedWrites;
}

/**
 * Whether the database is known to run nothing of the write any more.
 *
 * @throws what connecting and asking throw; an error where the connection leads to a server that cannot know
 */
export function hasEndedInDatabase<Backend>(
  { dialect, ask, state, proxied }: Asking<Backend>,
  write: WriteBackend<Backend>,
): Promise<boolean> {
  return ask(async (connection) => {
    if (state !== null) {
      const seen = await dialect.probe(connection);
      if (seen.standby || seen.lineage !== state.lineage)
        throw new Error('the server that answers is not the one that was written');
      // The state that was written has ended, with all that ran in it, and nothing that reads its tables is left.
      if (seen.identity !== state.names.database) return true;
    }
    return dialect.writes.hasWriteEnded(connection.query, write, proxied);
  });
}

/** For intents of other processes. One that cannot be read, of another version, is left to them. */
export const resolverOf =
  <Backend>(asking: Asking<Backend>): IntentResolver =>
  async (backend) => {
    const write = asking.dialect.writes.backendOfName(backend);
    return write !== null && (await hasEndedInDatabase(asking, write));
  };
