/**
 * Decides when nothing of a write can become visible any more: its connection is ready or gone, and nothing that it
 * prepared is left. Asks the database only through what it is given.
 */
import type { WriteOwner } from '../cache/writes.js';
import type { DatabaseState } from './database.js';

/** A write, as the database can be asked about it over another connection. */
export interface AskedWrite {
  /** The server process that runs it, as any process can name it. */
  readonly name: () => string;
  /** Prepared transactions that outlive the server process. */
  readonly prepares: readonly string[] | 'unknown';
  /** Its connection is gone. */
  readonly isLost: () => boolean;
  /** Of the database that was written; null when the connection could never say which. */
  readonly state: DatabaseState | null;
  /** Whether the database runs nothing of it any more, whatever is prepared. */
  readonly hasEndedInDatabase: () => Promise<boolean>;
  readonly arePreparedGone: (gids: readonly string[] | 'unknown') => Promise<boolean>;
}

/** @param onEnded once nothing of it can become visible any more */
export function ownerOf(write: AskedWrite, onEnded: () => void): WriteOwner {
  return {
    get backend() {
      return write.name();
    },
    hasEnded: async () => {
      if (!(await hasFinished(write))) return false;
      onEnded();
      return true;
    },
  };
}

async function hasFinished(write: AskedWrite): Promise<boolean> {
  const { prepares, state } = write;
  if (write.isLost() && !(await write.hasEndedInDatabase())) return false;
  if (prepares === 'unknown') return write.arePreparedGone('unknown');
  for (const gid of prepares) {
    const look = (): Promise<boolean> => write.arePreparedGone([gid]);
    if (!(await (state?.prepared.isOver(gid, look) ?? look()))) return false;
  }
  return true;
}
