/**
 * Decides how a connection is asked which database and session it is, and how another one is asked whether it has
 * ended. Given only a query function: knows no driver.
 */
import { createHash } from 'node:crypto';
import type { TextQuery } from '../text-query.js';

/** What one physical connection is connected to, and as what. */
export interface ConnectionProbe {
  /** Names the tables: another text for another database, and for this one after it may have gone back in time. */
  readonly identity: string;
  /** The same for all states that this database has been in. */
  readonly lineage: string;
  readonly session: SessionState;
  readonly standby: boolean;
  /** A proxy answers for several server connections: what is found out about this one may not hold for the next. */
  readonly pooled: boolean;
  /** Another text: a crash, which may have lost what was already shown. */
  readonly mark: string;
  readonly backend: Backend;
}

/** What of a session can change what a statement means or how its result is written, as the server says it. */
export interface SessionState {
  /** Everything of it. */
  readonly digest: string;
  /** What names and texts mean in it: the same for sessions that one planner can serve. */
  readonly view: string;
  /** The schemas that are looked into, in order. */
  readonly searchPath: readonly string[];
  readonly standardConformingStrings: boolean;
  /** Of its transactions, where they do not say otherwise: `read committed`. */
  readonly isolation: string;
  /** It has temporary tables or types, which shadow others. */
  readonly temporary: boolean;
  /** The settings that were asked for by name; null where one is not there. */
  readonly declared: ReadonlyMap<string, string | null>;
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

/** Texts that cannot run together: each is as long as it says. */
const measured = (expressions: readonly string[]): string =>
  expressions.map((text) => `pg_catalog.length(${text})::text || ':' || ${text}`).join(' || ');

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const sessionColumns = (declared: readonly string[]): string => `
  case when pg_catalog.pg_my_temp_schema() = 0 then 'false' else (
    exists (select from pg_catalog.pg_class where relnamespace = pg_catalog.pg_my_temp_schema())
    or exists (select from pg_catalog.pg_type where typnamespace = pg_catalog.pg_my_temp_schema()))::text end as temporary,
  pg_catalog.to_json(pg_catalog.current_schemas(true))::text as path,
  pg_catalog.current_setting('standard_conforming_strings') as strings,
  pg_catalog.current_setting('default_transaction_isolation') as isolation,
  pg_catalog.json_build_array(${declared.map((name) => `pg_catalog.current_setting(${literal(name)}, true)`).join(', ')})::text as declared,
  ${measured(["pg_catalog.current_setting('search_path')", 'current_user::text', "pg_catalog.current_setting('standard_conforming_strings')"])} as view,
  concat_ws(E'\\x01', current_user, session_user, pg_catalog.current_setting('search_path'),
    pg_catalog.current_setting('row_security'), pg_catalog.current_setting('is_superuser'),
    (select pg_catalog.string_agg(name || '=' || setting, E'\\x02' order by name) from pg_catalog.pg_settings
      where (category like 'Client Connection Defaults%' or category like 'Version and Platform%' or name like 'lc_%')
        and name !~ '^(${NEUTRAL_SETTINGS})$')) as session`;

interface ProbeOptions {
  readonly lock: LockId | null;
  /** What the protocol said the server process is; another one behind it means a proxy between. */
  readonly expectedPid: number | null;
  /** Names of settings. */
  readonly declared?: readonly string[];
}

const probeSql = (system: string, { lock, expectedPid, declared = [] }: ProbeOptions): string => `select
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
  ${sessionColumns(declared)}`;

/**
 * Asks a connection what it is, and has its session take an advisory lock that tells others when it has ended.
 *
 * @throws what the query threw
 */
export async function probeConnection(query: TextQuery, options: ProbeOptions): Promise<ConnectionProbe> {
  const { lock, expectedPid } = options;
  let rows: Awaited<ReturnType<TextQuery>>;
  try {
    rows = await query(probeSql(systemFromControl, options));
  } catch (error) {
    if ((error as { code?: unknown }).code !== '42501') throw error;
    rows = await query(probeSql(systemFromAddress, options));
  }
  const row = rows[0] ?? {};
  const pid = Number(row['pid']);
  const lineage = `${row['system']}/${row['database']}`;
  return {
    identity: digestOf(`${lineage}/${row['timeline']}/${row['started']}`),
    lineage: digestOf(lineage),
    session: sessionOf(row, options.declared ?? []),
    standby: isTrue(row['standby']),
    pooled: pid !== expectedPid,
    mark: row['mark'] ?? '',
    backend: { pid, startedAtUs: row['backend'] ?? null, lock: isTrue(row['locked']) ? lock : null },
  };
}

/**
 * Asks a connection what its session has become.
 *
 * @param declared names of settings
 * @throws what the query threw
 */
export async function readSession(query: TextQuery, declared: readonly string[]): Promise<SessionState> {
  const [row] = await query(`select ${sessionColumns(declared)}`);
  return sessionOf(row ?? {}, declared);
}

function sessionOf(row: Readonly<Record<string, string | null>>, declared: readonly string[]): SessionState {
  const values = JSON.parse(row['declared'] ?? '[]') as readonly (string | null)[];
  return {
    digest: digestOf(row['session'] ?? ''),
    view: digestOf(row['view'] ?? ''),
    searchPath: JSON.parse(row['path'] ?? '[]') as readonly string[],
    standardConformingStrings: row['strings'] === 'on',
    isolation: row['isolation'] ?? '',
    temporary: isTrue(row['temporary']),
    declared: new Map(declared.map((name, index) => [name, values[index] ?? null])),
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
