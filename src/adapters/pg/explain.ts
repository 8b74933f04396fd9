/** Decides how a wrapped pool of pg says what it would do with a statement. */
import { postgresAdvice } from '../../sql/postgres/advice.js';
import { type ExplainedBy, type Explanation, explainStatement } from '../explain.js';
import { areTimeDependent, wireParameters } from './parameters.js';
import type { PoolLike } from './with-cache.js';

export type { ExplainedTable, Explanation } from '../explain.js';

const asPostgres: ExplainedBy = {
  refusalOf: (parameters) => {
    const wire = wireParameters(parameters, String);
    return wire !== null && areTimeDependent(wire.values)
      ? {
          code: 'time-literal',
          why: 'Not cached: a parameter may name a moment that moves, such as today.',
        }
      : null;
  },
  parameterName: (index) => `$${index + 1}`,
  advice: postgresAdvice,
};

/**
 * What a wrapped pool or client would do with a statement outside a transaction. Connects if nothing has yet;
 * does not run the statement.
 *
 * @param parameters as they would be given with the statement
 * @throws LookasideError `POOL_UNSUPPORTED` when it was not wrapped, `CATALOG_UNAVAILABLE`; what connecting throws
 */
export const explain = (
  pool: PoolLike,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<Explanation> => explainStatement(asPostgres, pool, sql, parameters);
