/**
 * Decides how a connection to MySQL or MariaDB is asked which server and session it is, and how another one is asked
 * whether it has ended. Given only a query function: knows no driver.
 */
import { createHash } from 'node:crypto';
import type { TextQuery } from '../text-query.js';
import type { SessionView } from './catalog.js';
import { hasAsciiBytes, keepsQuotes } from './collations.js';

export type { TextQuery } from '../text-query.js';

/** What one physical connection is connected to, and as what. */
export interface ConnectionProbe {
  /** Names the tables of all schemas of the server: another text after each start of it. */
  readonly identity: string;
  /** The same for all states that this server has been in. */
  readonly lineage: string;
  readonly session: MysqlSession;
  /** It may not be written, or follows another server. */
  readonly standby: boolean;
  /** Others of its cluster are written too, and what they commit becomes visible here when it pleases. */
  readonly multiPrimary: boolean;
  /** A proxy answers for several server connections: what is found out about this one may not hold for the next. */
  readonly pooled: boolean;
  /** Another text: a crash. Always the same here: a server that crashed has started anew, which is in the identity. */
  readonly mark: string;
  readonly backend: Backend;
  /**
   * Whether the server's log names transactions, and the session is told the names of its own: `untold`, unless it asks
   * to be; `unclear` where it may be told those of others with them.
   */
  readonly transactionNames: 'none' | 'untold' | 'told' | 'unclear';
}

/** What of a session can change what a statement means or how its result is written, as the server says it. */
export interface MysqlSession extends SessionView {
  /** Everything of it. */
  readonly digest: string;
  /** What names and texts mean in it: the same for sessions that one planner can serve. */
  readonly view: string;
  /** Of its transactions and its autocommitted statements: `repeatable read`. */
  readonly isolation: string;
  readonly autocommit: boolean;
  /** It may have temporary tables, which shadow others and which no server tells of: only that some were created. */
  readonly temporary: boolean;
  /** The settings that were asked for by name, `@user` variables among them; null where one is not there. */
  readonly declared: ReadonlyMap<string, string | null>;
}

/** A server session, as another connection recognises it. */
export interface Backend {
  readonly id: number;
  /** Seconds since the epoch: ids begin anew with the server. */
  readonly serverStartedAtS: string;
  /** Held by the session until it ends (`GET_LOCK`); null when it was not taken. */
  readonly lock: string | null;
}

export interface SessionOptions {
  /** Names of system variables, and of user variables with their `@`. */
  readonly declared?: readonly string[];
  /**
   * `CREATE TABLE` without `TEMPORARY` that the session is known to have been sent: MySQL counts both kinds together.
   */
  readonly plainTablesCreated?: number;
}

export interface ProbeOptions extends SessionOptions {
  /** A name of at most 64 letters, digits, `:`, `_` and `-`. */
  readonly lock: string | null;
  /** What the protocol said the connection is; another one behind it means a proxy between. */
  readonly expectedId: number | null;
}

/**
 * MariaDB runs what only it understands, MySQL (5.7 or later) likewise. A server that is neither sees a syntax error.
 * Neither part may hold another such part.
 */
export const perFlavour = ({
  mariadb,
  mysql,
}: {
  readonly mariadb: string;
  readonly mysql: string;
}): string => `/*M! ${mariadb} */ /*!50700 ${mysql} */`;

/** Whose variables and counters anybody may read. */
const place = perFlavour({ mariadb: 'information_schema', mysql: 'performance_schema' });

const statusOf = (name: string): string =>
  `(select variable_value from ${place}.global_status where variable_name = '${name}')`;

/** Of a variable that need not exist. */
const settingOf = (name: string, scope: 'global' | 'session'): string =>
  `(select variable_value from ${place}.${scope}_variables where variable_name = '${name}')`;

/** Both are counted from the same clock within a statement: one value for as long as the server runs, whatever its clock does. */
const serverStart = `cast(unix_timestamp() - ${statusOf('UPTIME')} as signed)`;

/** MariaDB's own id is made of a port and a hardware address, which containers share. */
const serverId = `concat_ws('/', ${perFlavour({ mariadb: `(select variable_value from information_schema.global_variables where variable_name = 'SERVER_UID')`, mysql: '@@server_uuid' })},
    @@server_id, @@hostname, @@port, @@datadir)`;

/**
 * Variables that change neither meaning nor result: limits of time and memory, logs, what a statement leaves behind,
 * and what the state of the connection says better.
 */
const NEUTRAL = [
  'identity last_insert_id insert_id rand_seed1 rand_seed2 timestamp pseudo_thread_id error_count',
  'warning_count in_transaction last_gtid autocommit gtid_seq_no gtid_next gtid_owned gtid_executed',
  'gtid_purged gtid_binlog_pos gtid_binlog_state gtid_current_pos wsrep_gtid_seq_no proxy_user',
  'external_user tx_isolation transaction_isolation tx_read_only transaction_read_only',
  'foreign_key_checks unique_checks check_constraint_checks sql_safe_updates sql_log_bin sql_log_off',
  'sql_notes sql_warnings max_error_count slow_query_log long_query_time general_log profiling',
  'profiling_history_size max_statement_time max_execution_time deadlock_timeout_long',
  'deadlock_timeout_short sort_buffer_size join_buffer_size read_buffer_size read_rnd_buffer_size',
  'tmp_table_size max_heap_table_size bulk_insert_buffer_size query_cache_type lock_wait_timeout',
  'net_read_timeout net_write_timeout wait_timeout interactive_timeout max_connections',
].flatMap((line) => line.split(' '));
const NEUTRAL_PREFIXES = [
  'session_track_',
  'innodb_',
  'performance_schema_',
  'binlog_',
  'log_',
  'idle_',
  'rpl_',
  'slave_',
];

const isMeaningful = [
  `variable_name not in (${NEUTRAL.map((name) => `'${name}'`).join(', ')})`,
  ...NEUTRAL_PREFIXES.map((prefix) => `variable_name not like '${prefix}%'`),
].join(' and ');

/** Of all of a session's variables: MySQL lists those of the server with them. 2 ms on MariaDB, 1 ms on MySQL. */
const variables = perFlavour({
  mariadb: `information_schema.system_variables where variable_scope in ('SESSION', 'SESSION ONLY') and`,
  mysql: 'performance_schema.session_variables where',
});
const variableValue = perFlavour({ mariadb: 'session_value', mysql: 'variable_value' });
const variablesDigest = `(select concat(count(*), ':', bit_xor(cast(conv(left(md5(concat(
    variable_name, '=', ifnull(${variableValue}, '~'))), 16), 16, 10) as unsigned))) from ${variables} ${isMeaningful})`;

/** A name with other letters is nobody's. */
function declaredValue(name: string): string {
  const [, userVariable] = /^@([\w.$]+)$/.exec(name) ?? [];
  if (userVariable !== undefined) return `cast(@${userVariable} as char)`;
  const [, variable] = /^(?:@@(?:session\.)?)?(\w+)$/i.exec(name) ?? [];
  return variable === undefined ? 'null' : settingOf(variable, 'session');
}

const isolation = perFlavour({ mariadb: '@@tx_isolation', mysql: '@@transaction_isolation' });

const sessionColumns = (declared: readonly string[]): string =>
  [
    'database() as default_schema',
    '@@sql_mode as mode',
    '@@sql_auto_is_null as auto_is_null',
    '@@lower_case_table_names as folding',
    '@@character_set_client as client',
    '@@character_set_connection as connection',
    '@@collation_connection as collation',
    'current_user() as account',
    `concat(${perFlavour({ mariadb: `ifnull(current_role(), '')`, mysql: `''` })}
      /*!80000 , current_role() */) as role`,
    `${isolation} as isolation`,
    '@@autocommit as autocommit',
    `${variablesDigest} as variables`,
    ...declared.map((name, index) => `${declaredValue(name)} as declared${index}`),
  ].join(',\n  ');

/** What a session tracks for its client. */
const tracked = '@@session.session_track_system_variables';
const transactionNames = `if(@@log_bin = 0, 'none', ${perFlavour({
  mariadb: `if(${tracked} = '*' or find_in_set('last_gtid', ${tracked}), 'told', 'untold')`,
  mysql: `if(@@global.gtid_mode <> 'ON', 'none',
    case @@session.session_track_gtids when 'OFF' then 'untold' when 'OWN_GTID' then 'told' else 'unclear' end)`,
})})`;

const probeSql = ({ lock, expectedId, declared = [] }: ProbeOptions): string => `select
  version() as version,
  ${serverId} as server,
  ${serverStart} as started,
  connection_id() as id,
  (concat(@@global.read_only) not in ('0', 'OFF')) + @@innodb_read_only as read_only,
  ifnull(${statusOf('SLAVES_RUNNING')}, 0) as following,
  (ifnull(${settingOf('WSREP_ON', 'global')}, 'OFF') = 'ON' and ifnull(${statusOf('WSREP_CLUSTER_SIZE')}, 0) > 1)
    or ifnull(${settingOf('group_replication_single_primary_mode', 'global')}, 'ON') = 'OFF' as multi_primary,
  ${transactionNames} as transaction_names,
  case when connection_id() = ${expectedId ?? -1}
    then ${lock === null ? 'null' : `get_lock('${lock}', 0)`} end as locked,
  ${sessionColumns(declared)}`;

/**
 * Asks a connection what it is, and has its session take a lock that tells others when it has ended.
 *
 * @throws what the query threw
 */
export async function probeConnection(query: TextQuery, options: ProbeOptions): Promise<ConnectionProbe> {
  const [row = {}] = await query(probeSql(options));
  const started = row['started'] ?? '';
  const lineage = row['server'] ?? '';
  const id = Number(row['id']);
  return {
    identity: digestOf(`${lineage}/${started}`),
    lineage: digestOf(lineage),
    session: sessionOf(row, options, await tablesCreated(query)),
    standby: Number(row['read_only']) > 0 || Number(row['following']) > 0 || (await isFollowing(query, row)),
    multiPrimary: isTrue(row['multi_primary']),
    pooled: id !== options.expectedId,
    mark: '',
    backend: { id, serverStartedAtS: started, lock: isTrue(row['locked']) ? options.lock : null },
    transactionNames: (row['transaction_names'] ?? 'none') as ConnectionProbe['transactionNames'],
  };
}

/**
 * Asks a connection what its session has become.
 *
 * @throws what the query threw
 */
export async function readSession(query: TextQuery, options: SessionOptions): Promise<MysqlSession> {
  const [row = {}] = await query(`select ${sessionColumns(options.declared ?? [])}`);
  return sessionOf(row, options, await tablesCreated(query));
}

type Row = Readonly<Record<string, string | null>>;

function sessionOf(
  row: Row,
  { declared = [], plainTablesCreated = 0 }: SessionOptions,
  created: TablesCreated,
): MysqlSession {
  const text = (name: string): string => row[name] ?? '';
  const level = text('isolation').replaceAll('-', ' ').toLowerCase();
  const view = measured(
    ['default_schema', 'mode', 'auto_is_null', 'folding', 'client', 'connection', 'collation', 'account'].map(
      text,
    ),
  );
  return {
    // The other levels give a single statement the same snapshot.
    digest: digestOf(
      `${view}${measured([text('role'), text('variables'), String(level === 'read uncommitted')])}`,
    ),
    view: digestOf(view),
    schema: row['default_schema'] ?? null,
    sqlMode: text('mode'),
    hasAutoIsNull: isTrue(row['auto_is_null']),
    hasAsciiTexts: hasAsciiBytes(text('client')) && hasAsciiBytes(text('connection')),
    keepsQuotes: keepsQuotes(text('client')),
    isolation: level,
    autocommit: isTrue(row['autocommit']),
    temporary: created.temporary > 0 || created.ofEitherKind > plainTablesCreated,
    declared: new Map(declared.map((name, index) => [name, row[`declared${index}`] ?? null])),
  };
}

interface TablesCreated {
  readonly temporary: number;
  readonly ofEitherKind: number;
}

/** One row: of more, a session may be given the first alone (`sql_select_limit`). */
const tablesCreatedSql = `show session status where variable_name = ${perFlavour({
  mariadb: `'Com_create_temporary_table'`,
  mysql: `'Com_create_table'`,
})}`;

/** Statements of the session, successful or not, those inside of routines too. MariaDB counts the temporary ones apart. */
async function tablesCreated(query: TextQuery): Promise<TablesCreated> {
  const rows = await query(tablesCreatedSql);
  const counts = new Map(rows.map((row) => [row['Variable_name'] ?? '', Number(row['Value'])]));
  const temporary = counts.get('Com_create_temporary_table');
  return temporary === undefined
    ? { temporary: 0, ofEitherKind: counts.get('Com_create_table') ?? Number.POSITIVE_INFINITY }
    : { temporary, ofEitherKind: 0 };
}

const NO_SUCH_RIGHT = 1142;

/** MySQL tells only those who may know whether it follows another server. Group replication has a mode of its own. */
async function isFollowing(query: TextQuery, row: Row): Promise<boolean> {
  if (/mariadb/i.test(row['version'] ?? '')) return false;
  try {
    const [found] = await query(
      `select count(*) as channels from performance_schema.replication_connection_status
        where service_state <> 'OFF' and channel_name not like 'group_replication%'`,
    );
    return Number(found?.['channels']) > 0;
  } catch (error) {
    if ((error as { errno?: unknown }).errno === NO_SUCH_RIGHT) return false;
    throw error;
  }
}

const isTrue = (text: string | null | undefined): boolean => text === '1' || text === 'ON';

/** Texts that cannot run together: each is as long as it says. */
const measured = (texts: readonly string[]): string => texts.map((text) => `${text.length}:${text}`).join('');

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** The part of an account before its host, which has no `@`. */
export const userOf = (account: string): string =>
  `left(${account}, char_length(${account}) - char_length(substring_index(${account}, '@', -1)) - 1)`;

/** As privileges are listed. */
const grantee = `concat('''', ${userOf('current_user()')}, '''@''', substring_index(current_user(), '@', -1), '''')`;

/** Whether the server runs nothing of this session any more. Hidden means still running. */
export async function hasBackendEnded(query: TextQuery, backend: Backend): Promise<boolean> {
  const { id, serverStartedAtS, lock } = backend;
  const [row] = await query(`select ${serverStart} as started,
    exists (select 1 from information_schema.processlist where id = ${id}) as listed,
    ${lock === null ? 'null' : `is_used_lock('${lock}')`} as holder,
    exists (select 1 from information_schema.user_privileges where privilege_type = 'PROCESS'
      and grantee = ${grantee}) as sees_all`);
  if (row === undefined) return false;
  if (row['started'] !== serverStartedAtS) return true;
  if (isTrue(row['listed'])) return false;
  return lock === null ? isTrue(row['sees_all']) : row['holder'] === null;
}
