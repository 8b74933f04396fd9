/**
 * Decides by which text a write's session is named in an intent, so that any process can ask whether it has ended, and
 * how that is asked of MySQL and MariaDB. Given only a query function.
 */
import type { TextQuery } from '../text-query.js';
import {
  type WriteBackend as AnyWriteBackend,
  type OwnSessions,
  preparesOfText,
  textOfPrepares,
  writeEndedBy,
} from '../write-backend.js';
import { type Backend, hasBackendEnded, perFlavour, userOf } from './database.js';

export { ProxiedWrites } from '../write-backend.js';

export type WriteBackend = AnyWriteBackend<Backend>;

/** Without a space: `id@start/lock/gids/mark`. */
export function nameOfBackend({ backend, mark, prepares }: WriteBackend): string {
  const who = backend === null ? '?' : `${backend.id}@${backend.serverStartedAtS}`;
  return [who, backend?.lock ?? '', textOfPrepares(prepares), mark ?? ''].join('/');
}

/** Null for a text of another version, or of another dialect. */
export function backendOfName(name: string): WriteBackend | null {
  const found = /^(?:\?|(\d+)@(\d+))\/([\w:-]*)\/([\w,-]*|\?)\/(\w*)$/.exec(name);
  if (found === null) return null;
  const [, id, started, lock = '', gids = '', mark = ''] = found;
  if (id === undefined && mark === '') return null;
  return {
    backend:
      id === undefined || started === undefined
        ? null
        : { id: Number(id), serverStartedAtS: started, lock: lock === '' ? null : lock },
    mark: mark === '' ? null : mark,
    prepares: preparesOfText(gids),
  };
}

/** Times of sessions are told in seconds. */
const CLOCK_STEP_S = 2;

/** Without further rights a user sees all sessions of its own. */
async function lookAtOwnSessions(query: TextQuery, since: string | undefined): Promise<OwnSessions> {
  const [row] = await query(`select unix_timestamp() as now, exists (
    select 1 from information_schema.processlist
      where id <> connection_id() and user = ${userOf('user()')}
        and command not in ('Sleep', 'Daemon', 'Binlog Dump', 'Binlog Dump GTID')
        and unix_timestamp() - ifnull(time, ${2 ** 31}) <= ${since ?? '0'} + ${CLOCK_STEP_S}) as is_busy`);
  const now = row?.['now'] ?? null;
  return { now, haveEnded: Number(now) > Number(since) + CLOCK_STEP_S && row?.['is_busy'] === '0' };
}

/** @throws what the query threw */
export const hasWriteEnded = writeEndedBy<Backend>({ hasBackendEnded, lookAtOwnSessions, arePreparedGone });

/**
 * Whether none of these prepared XA transactions is left; of the whole server, where their names are not known. MySQL 8
 * wants a right for the question.
 *
 * @param gids `format:gtrid:bqual`, both parts in hex, as plans name them
 * @throws what the query threw
 */
export async function arePreparedGone(
  query: TextQuery,
  gids: readonly string[] | 'unknown',
): Promise<boolean> {
  const rows = await query(`xa recover ${perFlavour({ mariadb: `format = 'SQL'`, mysql: 'convert xid' })}`);
  // The same letters are other bytes in another character set.
  if (gids === 'unknown' || !gids.every(isPlain)) return rows.length === 0;
  const left = new Set(rows.map(gidOfRow));
  return !left.has(null) && !gids.some((gid) => left.has(gid.toLowerCase()));
}

/** Of ASCII bytes. */
const isPlain = (gid: string): boolean => /^\d+:(?:[0-7][\da-f])+:(?:[0-7][\da-f])*$/i.test(gid);

/** Null: not understood. */
function gidOfRow(row: Readonly<Record<string, string | null>>): string | null {
  const bytes = bytesOf(row['data'] ?? '');
  const length = Number(row['gtrid_length']);
  if (bytes === null || bytes.length !== length + Number(row['bqual_length'])) return null;
  const hex = (part: Buffer): string => part.toString('hex');
  return `${row['formatID']}:${hex(bytes.subarray(0, length))}:${hex(bytes.subarray(length))}`;
}

/** MySQL gives `0x…`, MariaDB what XA COMMIT takes: `X'…'`, or `'…'` where every letter is a plain one, and the format last. */
function bytesOf(data: string): Buffer | null {
  if (/^0x(?:[\da-f]{2})*$/i.test(data)) return Buffer.from(data.slice(2), 'hex');
  const found = /^(X?)'([^']*)'(?:,(X?)'([^']*)')?(?:,\d+)?$/i.exec(data);
  if (found === null) return null;
  const [, isHex = '', gtrid = '', isHexToo = '', bqual = ''] = found;
  const part = (text: string, hex: string): Buffer => Buffer.from(text, hex === '' ? 'latin1' : 'hex');
  return Buffer.concat([part(gtrid, isHex), part(bqual, isHexToo)]);
}
