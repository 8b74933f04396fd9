/**
 * Decides how a Postgres server is asked what was written, by anybody: its cumulative statistics, which need neither
 * rights nor configuration. Given only a query function; knows nothing of what the answers are for.
 */
import { type RowCounts, StatisticsNotKept, type TableStatistics } from '../statistics.js';
import type { TextQuery } from '../text-query.js';

/** `pg_stat_force_next_flush`, and statistics that an idle session hands over by itself, are there since 15. */
export const STATISTICS_SERVER_VERSION_MIN = 150_000;

/** Catalogs that hold what a schema is made of. What else the catalog holds (statistics, say) changes all the time. */
const schemaCatalogs = [
  'pg_class',
  'pg_attribute',
  'pg_attrdef',
  'pg_constraint',
  'pg_index',
  'pg_inherits',
  'pg_namespace',
  'pg_type',
  'pg_enum',
  'pg_proc',
  'pg_aggregate',
  'pg_operator',
  'pg_cast',
  'pg_collation',
  'pg_rewrite',
  'pg_trigger',
  'pg_policy',
  'pg_auth_members',
];

const written = (oid: string): string =>
  ['inserted', 'updated', 'deleted']
    .map((event) => `pg_catalog.pg_stat_get_tuples_${event}(${oid})`)
    .join(' + ');

/**
 * A reset of one table's counters is noted for its database; a crash loses all counters and is noted for the
 * background writer, whose are reset by nothing else but a superuser's `pg_stat_reset_shared`.
 */
export const resetsExpression = `pg_catalog.concat_ws('/',
    extract(epoch from pg_catalog.pg_stat_get_bgwriter_stat_reset_time()),
    extract(epoch from pg_catalog.pg_stat_get_db_stat_reset_time((select oid from pg_catalog.pg_database
      where datname = pg_catalog.current_database()))))`;

/** A statement of its own sees what was handed over by now: `stats_fetch_consistency` is about transactions. */
export const statisticsSql = `select
  pg_catalog.current_setting('server_version_num') as version,
  pg_catalog.current_setting('track_counts') as counting,
  ${resetsExpression} as epoch,
  (select sum(${written('o')})::text
    from unnest(array[${schemaCatalogs.map((name) => `'pg_catalog.${name}'`).join(', ')}]::regclass[]) o) as catalog,
  (select string_agg(c.oid::text || ' ' || c.relfilenode::text || ' ' || (${written('c.oid')})::text, ',')
    from pg_catalog.pg_class c where c.relkind in ('r', 'm') and c.relpersistence <> 't' and c.oid >= 16384) as tables`;

/**
 * Looks at the statistics.
 *
 * @throws StatisticsNotKept where the server does not keep them; what the query threw
 */
export async function readStatistics(query: TextQuery): Promise<RowCounts> {
  const [row] = await query(statisticsSql);
  if (Number(row?.['version']) < STATISTICS_SERVER_VERSION_MIN)
    throw new StatisticsNotKept(
      'a session of this Postgres may keep what it wrote to itself for as long as it is idle; 15 or later does not',
    );
  if (row?.['counting'] !== 'on') throw new StatisticsNotKept('track_counts is off; turn it on');
  const tables = new Map<string, TableStatistics>();
  for (const entry of (row['tables'] ?? '').split(',')) {
    const [oid, file, count] = entry.split(' ');
    if (oid !== undefined && file !== undefined) tables.set(oid, { file, written: Number(count) });
  }
  return { epoch: row['epoch'] ?? '', catalog: row['catalog'] ?? '', tables };
}

/** Has this session hand over what it wrote, at its next report: before it is ready for another query. */
export const handOverSql = 'select pg_catalog.pg_stat_force_next_flush()';
