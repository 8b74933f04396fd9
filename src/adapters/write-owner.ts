/**
 * Decides when nothing of a write can become visible any more: its connection is ready or gone, and nothing that it
 * prepared is left. Asks the database only through what it is given.
 */
import type { WriteOwner } from '../cache/writes.js';
import type { WriteBackend } from '../sql/write-backend.js';
import type { DatabaseState } from './database.js';
import type { SessionSeen } from './dialect.js';
import type { Host } from './host.js';
import { hasEndedInDatabase } from './resolver.js';

/** What is asked of the pool, or of the connection without one. */
export type WriteHost<Backend> = Pick<Host<SessionSeen, unknown, Backend>, 'core' | 'ask' | 'databases'>;

/** A write, as the database can be asked about it over another connection. */
export interface AskedWrite<Backend> {
  readonly host: WriteHost<Backend>;
  readonly write: WriteBackend<Backend>;
  /** Its connection is gone. */
  readonly isLost: () => boolean;
  /** Of the database that was written; null when the connection could never say which. */
  readonly state: DatabaseState | null;
  /** Nothing of it can become visible any more. */
  readonly onEnded: () => void;
}

export const ownerOf = <Backend>(asked: AskedWrite<Backend>): WriteOwner => new AskedOwner(asked);

/** A class: an object with a getter of its own would cost each write several microseconds. */
class AskedOwner<Backend> implements WriteOwner {
  constructor(private readonly asked: AskedWrite<Backend>) {}

  get backend(): string {
    const { host, write } = this.asked;
    return host.databases.dialect.writes.nameOfBackend(write);
  }

  readonly hasEnded = async (): Promise<boolean> => {
    if (!(await hasFinished(this.asked))) return false;
    this.asked.onEnded();
    return true;
  };
}

async function hasFinished<Backend>(asked: AskedWrite<Backend>): Promise<boolean> {
  const { host, write, isLost, state } = asked;
  const { ask } = host;
  const { dialect, proxied } = host.databases;
  const { prepares } = write;
  if (isLost() && !(await hasEndedInDatabase({ dialect, ask, state, proxied }, { ...write, prepares: [] })))
    return false;
  const areGone = (gids: readonly string[] | 'unknown'): Promise<boolean> =>
    ask(({ query }) => dialect.writes.arePreparedGone(query, gids));
  if (prepares === 'unknown') return areGone('unknown');
  for (const gid of prepares) {
    const look = (): Promise<boolean> => areGone([gid]);
    if (!(await (state?.prepared.isOver(gid, look) ?? look()))) return false;
  }
  return true;
}
