/**
 * Decides how MySQL and MariaDB are asked what was written, by anybody: by the log of their writes, where they keep one
 * that names transactions. What was measured of this and of their other signals is in docs/changes.md. Given only a query
 * function; knows nothing of what the answers are for.
 */
import { type Statistics, StatisticsNotKept } from '../statistics.js';
import type { TextQuery } from '../text-query.js';
import { TransactionSet } from '../transaction-set.js';
import { perFlavour } from './database.js';

/** Any user may read it. */
const positionSql = `select version() as version, @@log_bin as logging,
  ${perFlavour({
    mariadb: `'ON' as naming, @@gtid_binlog_pos as position`,
    mysql: '@@global.gtid_mode as naming, @@global.gtid_executed as position',
  })}`;

/**
 * How far the log was committed. MariaDB writes transactions to the log in the order in which it then commits them, and
 * moves this in between, under a lock that this statement waits for (`LOCK_commit_ordered`).
 */
const shownSql = `show global status where variable_name in ('binlog_snapshot_file', 'binlog_snapshot_position')`;

const lastNamedSql = `select ${perFlavour({ mariadb: '@@gtid_binlog_pos', mysql: `''` })} as position`;

/**
 * Looks at the position of the server's log.
 *
 * @throws StatisticsNotKept where it keeps none that names transactions, and where ours could not be told from it; what
 * the query threw
 */
export async function readStatistics(
  query: TextQuery,
  { pooled }: { readonly pooled: boolean },
): Promise<Statistics> {
  if (pooled)
    throw new StatisticsNotKept('behind a pooler no connection is told which transactions are its own');
  const [row] = await query(positionSql);
  const isMariadb = /mariadb/i.test(row?.['version'] ?? '');
  const isLogging = row?.['logging'] === '1';
  if (!isLogging || row['naming'] !== 'ON')
    throw new StatisticsNotKept(
      isMariadb
        ? 'MariaDB tells of every write only where it keeps a binary log; start it with log_bin'
        : 'MySQL tells of every write only where its binary log names transactions; start it with log_bin, gtid_mode=ON and enforce_gtid_consistency=ON',
    );
  // MySQL adds a transaction to gtid_executed when it has committed it.
  if (!isMariadb) return { transactions: TransactionSet.of(row['position'] ?? ''), shown: null };
  const shown = (await query(shownSql)).map((variable) => variable['Value'] ?? '');
  if (shown.length < 2)
    throw new StatisticsNotKept('this MariaDB does not say how far its log was committed');
  // Asked for after that: what can be read is named then, and one of ours is waited for until its session was told of it.
  const [last] = await query(lastNamedSql);
  return { transactions: TransactionSet.until(last?.['position'] ?? ''), shown: shown.join(':') };
}

/** Has this session say which transactions it made, with the answer to what committed them. */
export const nameOwnSql = `set session ${perFlavour({
  mariadb: `session_track_system_variables = concat_ws(',', nullif(@@session.session_track_system_variables, ''), 'last_gtid')`,
  mysql: 'session_track_gtids = OWN_GTID',
})}`;

/** @returns what the session committed last, where a statement that answers with rows did not say so; throws what the query threw */
export async function readLastMade(query: TextQuery): Promise<TransactionSet> {
  const [row] = await query(`select ${perFlavour({ mariadb: '@@last_gtid', mysql: `''` })} as name`);
  return TransactionSet.single(row?.['name'] ?? '');
}
