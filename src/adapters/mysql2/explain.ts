/** Decides how a wrapped pool of mysql2 says what it would do with a statement. */
import { mysqlAdvice } from '../../sql/mysql/advice.js';
import { type ExplainedBy, type Explanation, explainStatement } from '../explain.js';
import { behind, type PoolLike } from './with-cache.js';

export type { ExplainedTable, Explanation } from '../explain.js';

const asMysql: ExplainedBy = { refusalOf: () => null, parameterName: () => '?', advice: mysqlAdvice };

/**
 * What a wrapped pool or connection would do with a statement outside a transaction. Connects if nothing has yet;
 * does not run the statement.
 *
 * @param parameters as they would be given with the statement
 * @throws LookasideError `POOL_UNSUPPORTED` when it was not wrapped, `CATALOG_UNAVAILABLE`; what connecting throws
 */
export const explain = (
  pool: PoolLike,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<Explanation> => explainStatement(asMysql, behind(pool), sql, parameters);
