/** Decides how a database is asked whether it runs nothing of a write any more. Given connections of our own to ask over. */
import type { IntentResolver } from '../../cache/standing.js';
import {
  backendOfName,
  hasWriteEnded,
  type ProxiedWrites,
  type WriteBackend,
} from '../../sql/mysql/backend.js';
import { probeConnection } from '../../sql/mysql/database.js';
import type { DatabaseState } from '../database.js';
import type { Host } from './host.js';

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
  return ask(async ({ query, processId }) => {
    if (state !== null) {
      const probe = await probeConnection(query, { lock: null, expectedId: processId });
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
