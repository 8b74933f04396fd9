/**
 * Decides how a connection is asked which database and session it is, and how another one is asked whether it has
 * ended. Given only a query function: knows no driver.
 */
import { createHash } from 'node:crypto';

/** Runs one statement without parameters and gives its rows; every value is text or null. */
export type TextQuery = (sql: string) => Promise<readonly Readonly<Record<string, string | null>>[]>;

/** What one physical connection is connected to, and as what. */
export interface ConnectionProbe {
  /** Names the tables: another text for another database, and for this one after it may have gone back in time. */
  readonly identity: string;
  /** The same for all states that this database has been in. */
  readonly lineage: string;
  /** Everything of the session that can change what a statement means or how its result is written. */
  readonly session: string;
  readonly standby: boolean;
  /** A proxy answers for several server connections: what is found out about this one may not hold for the next. */
  readonly pooled: boolean;
  /** The session has temporary tables, which shadow others. */
  readonly temporary: boolean;
  /** Another text: a crash, which may have lost what was already shown. */
  readonly mark: string;
  readonly backend: Backend;
}

/** A server process, as another connection recognises it. */
export interface Backend {
  readonly pid: number;
  /** Microseconds since the epoch; null where it may not be seen. */
  readonly startedAtUs: string | null;
  /** Held by the session until it ends; null when it was not taken. */
  readonly lock: LockId | null;
}

export interface LockId {
  readonly high: number;
  readonly low: number;
}

export const microseconds = (instant: string): string =>
  `(extract(epoch from ${instant}) * 1000000)::bigint::text`;

/** Settings of these categories that change neither meaning nor result. */
const NEUTRAL_SETTINGS =
  'application_name|client_min_messages|check_function_bodies|.*_timeout|vacuum_.*|default_table.*|temp_tablespaces|createrole_.*|event_triggers|.*preload_libraries|dynamic_library_path|jit_provider|gin_pending_list_limit|idle_.*|transaction_.*|session_replication_role|extension_control_path';

/**
 * `pg_control_system()` is the only source of the system identifier and may be revoked: then address and port of
 * the server stand in for it (the server's start is part of the identity either way).
 */
const systemFromControl = '(select system_identifier::text from pg_catalog.pg_control_system())';
const systemFromAddress = `concat_ws(':', pg_catalog.inet_server_addr(), pg_catalog.inet_server_port(), pg_catalog.current_setting('port'))`;

/**
 * After a crash all counters begin anew, and nothing else but a superuser's `pg_stat_reset_shared` has those of the
 * background writer do so. The server's start stays: it is the postmaster's, which lives on.
 */
const crashMark = microseconds('pg_catalog.pg_stat_get_bgwriter_stat_reset_time()');

const probeSql = (system: string, lock: LockId | null, expectedPid: number | null): string => `select
  ${system} as system,
  (select oid::text from pg_catalog.pg_database where datname = pg_catalog.current_database()) as database,
  pg_catalog.pg_is_in_recovery()::text as standby,
  case when pg_catalog.pg_is_in_recovery() then null
    else pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8) end as timeline,
  ${microseconds('pg_catalog.pg_postmaster_start_time()')} as started,
  ${crashMark} as mark,
  pg_catalog.pg_backend_pid()::text as pid,
  (select ${microseconds('backend_start')} from pg_catalog.pg_stat_activity where pid = pg_catalog.pg_backend_pid()) as backend,
  case when pg_catalog.pg_backend_pid() = ${expectedPid ?? -1}
    then ${lock === null ? 'null' : `pg_catalog.pg_try_advisory_lock(${lock.high}, ${lock.low})::text`} end as locked,
  (pg_catalog.pg_my_temp_schema() <> 0)::text as temporary,
  concat_ws(E'\\x01', current_user, session_user, pg_catalog.current_setting('search_path'),
    pg_catalog.current_setting('row_security'), pg_catalog.current_setting('is_superuser'),
    (select pg_catalog.string_agg(name || '=' || setting, E'\\x02' order by name) from pg_catalog.pg_settings
      where (category like 'Client Connection Defaults%' or category like 'Version and Platform%' or name like 'lc_%')
        and name !~ '^(${NEUTRAL_SETTINGS})$')) as session`;

/**
 * Asks a connection what it is, and has its session take an advisory lock that tells others when it has ended.
 *
 * @param expectedPid what the protocol said the server process is; another one behind it means a proxy between
 * @throws what the query threw
 */
export async function probeConnection(
  query: TextQuery,
  { lock, expectedPid }: { readonly lock: LockId | null; readonly expectedPid: number | null },
): Promise<ConnectionProbe> {
  let rows: Awaited<ReturnType<TextQuery>>;
  try {
    rows = await query(probeSql(systemFromControl, lock, expectedPid));
  } catch (error) {
    if ((error as { code?: unknown }).code !== '42501') throw error;
    rows = await query(probeSql(systemFromAddress, lock, expectedPid));
  }
  const row = rows[0] ?? {};
  const pid = Number(row['pid']);
  const lineage = `${row['system']}/${row['database']}`;
  return {
    identity: digestOf(`${lineage}/${row['timeline']}/${row['started']}`),
    lineage: digestOf(lineage),
    session: digestOf(row['session'] ?? ''),
    standby: isTrue(row['standby']),
    pooled: pid !== expectedPid,
    temporary: isTrue(row['temporary']),
    mark: row['mark'] ?? '',
    backend: { pid, startedAtUs: row['backend'] ?? null, lock: isTrue(row['locked']) ? lock : null },
  };
}

const isTrue = (text: string | null | undefined): boolean => text === 'true' || text === 't';

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** Whether the server runs nothing of this backend any more. Hidden means still running. */
export async function hasBackendEnded(query: TextQuery, backend: Backend): Promise<boolean> {
  const { pid, startedAtUs, lock } = backend;
  const sameStart =
    startedAtUs === null
      ? 'true'
      : `(backend_start is null or ${microseconds('backend_start')} = '${startedAtUs}')`;
  const locked =
    lock === null
      ? 'false'
      : `exists (select from pg_catalog.pg_locks where locktype = 'advisory' and classid::text = '${lock.high}'
          and objid::text = '${lock.low}' and objsubid = 2)`;
  const [row] =
    await query(`select (not exists (select from pg_catalog.pg_stat_activity where pid = ${pid} and ${sameStart})
    and not ${locked})::text as ended`);
  return isTrue(row?.['ended']);
}

/** Whether none of these prepared transactions is left; of the whole database, where their names are not known. */
export async function arePreparedGone(
  query: TextQuery,
  gids: readonly string[] | 'unknown',
): Promise<boolean> {
  const which =
    gids === 'unknown'
      ? 'database = pg_catalog.current_database()'
      : `gid in (${gids.map((gid) => `'${gid.replaceAll("'", "''")}'`).join(', ')})`;
  const [row] = await query(
    `select (not exists (select from pg_catalog.pg_prepared_xacts where ${which}))::text as gone`,
  );
  return isTrue(row?.['gone']);
}
