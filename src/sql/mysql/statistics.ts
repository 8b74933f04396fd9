/**
 * Decides what MySQL and MariaDB say of what was written by others: nothing that can be relied on. What was measured of
 * each of their signals is in docs/changes.md.
 */
import { type Statistics, StatisticsNotKept } from '../statistics.js';
import type { TextQuery } from './database.js';

/**
 * Never tells of any: results are kept for as long as may be without.
 *
 * @throws StatisticsNotKept always; what the query threw
 */
export async function readStatistics(query: TextQuery): Promise<Statistics> {
  const [row] = await query('select version() as version');
  throw new StatisticsNotKept(
    /mariadb/i.test(row?.['version'] ?? '')
      ? 'the update_time that MariaDB gives a table may go back when it is written, and counts of its rows miss cascades and TRUNCATE'
      : 'the update_time that MySQL gives a table is a whole second and may be forgotten, and counts of its rows miss cascades and TRUNCATE',
  );
}
