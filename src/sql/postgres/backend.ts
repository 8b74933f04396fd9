/**
 * Decides by which text a write's server process is named in an intent, so that any process can ask whether it has
 * ended, and how that is asked. Given only a query function.
 */
import type { TextQuery } from '../text-query.js';
import {
  type WriteBackend as AnyWriteBackend,
  type OwnSessions,
  preparesOfText,
  textOfPrepares,
  writeEndedBy,
} from '../write-backend.js';
import { arePreparedGone, type Backend, hasBackendEnded, type LockId, microseconds } from './database.js';

export { ProxiedWrites } from '../write-backend.js';

export type WriteBackend = AnyWriteBackend<Backend>;

/** Without a space: `pid@start/lock/gids/mark`. */
export function nameOfBackend({ backend, mark, prepares }: WriteBackend): string {
  const { pid, startedAtUs, lock } = backend ?? nobody;
  return [
    `${pid}@${startedAtUs ?? '?'}`,
    lock === null ? '' : `${lock.high}.${lock.low}`,
    textOfPrepares(prepares),
    mark ?? '',
  ].join('/');
}

const nobody: Backend = { pid: 0, startedAtUs: null, lock: null };

/** Null for a text of another version. */
export function backendOfName(name: string): WriteBackend | null {
  const found = /^(\d+)@(\d+|\?)\/(?:(\d+)\.(\d+))?\/([\w,-]*|\?)\/(\w*)$/.exec(name);
  if (found === null) return null;
  const [, pid, start, high, low, gids = '', mark = ''] = found;
  const lock: LockId | null =
    high === undefined || low === undefined ? null : { high: Number(high), low: Number(low) };
  return {
    backend: { pid: Number(pid), startedAtUs: start === '?' ? null : (start ?? null), lock },
    mark: mark === '' ? null : mark,
    prepares: preparesOfText(gids),
  };
}

/** Hidden means still working. */
async function lookAtOwnSessions(query: TextQuery, since: string | undefined): Promise<OwnSessions> {
  const [row] = await query(`select ${microseconds('pg_catalog.clock_timestamp()')} as now,
    (not exists (select from pg_catalog.pg_stat_activity
      where datname = pg_catalog.current_database() and usename = session_user
        and pid <> pg_catalog.pg_backend_pid() and state is distinct from 'idle'
        and coalesce(${microseconds('coalesce(xact_start, query_start)')}, '0')::bigint <= ${since ?? '0'}))::text as ended`);
  const ended = row?.['ended'] ?? null;
  return { now: row?.['now'] ?? null, haveEnded: ended === 'true' || ended === 't' };
}

/** @throws what the query threw */
export const hasWriteEnded = writeEndedBy<Backend>({ hasBackendEnded, lookAtOwnSessions, arePreparedGone });
