/** Decides how a statement of Prisma is run on a pool or connection of mysql2. Knows no transaction. */
import type { MysqlConnection, MysqlPool, ResultCallback } from '../adapters/mysql2/shapes.js';
import { failureOf } from './failures.js';
import { parametersOf } from './parameters.js';
import { resultSetOf, rowOptions } from './results.js';
import type { SqlQuery, SqlQueryable, SqlResultSet } from './shapes.js';

export const ADAPTER_NAME = 'lookaside/prisma';

interface Answer {
  readonly rows: unknown;
  readonly fields: unknown;
}

/** @throws what Prisma is to be told */
async function asked(run: (told: ResultCallback) => unknown): Promise<Answer> {
  try {
    return await new Promise((resolve, reject) => {
      run((error, rows, fields) => (error === null ? resolve({ rows, fields }) : reject(error)));
    });
  } catch (error) {
    throw failureOf(error);
  }
}

/** Prepared once per connection, as the values are sent apart from the text. */
export class Queryable<Client extends MysqlPool | MysqlConnection> implements SqlQueryable {
  readonly provider = 'mysql';
  readonly adapterName = ADAPTER_NAME;

  constructor(protected readonly client: Client) {}

  async queryRaw(query: SqlQuery): Promise<SqlResultSet> {
    const { rows, fields } = await this.execute(query);
    return resultSetOf(rows, fields);
  }

  async executeRaw(query: SqlQuery): Promise<number> {
    const { rows } = await this.execute(query);
    return (rows as { readonly affectedRows?: number }).affectedRows ?? 0;
  }

  /** What has no values and what nobody asks twice: in one round trip. */
  protected async tell(sql: string): Promise<Answer> {
    return asked((told) => this.client.query(sql, told));
  }

  private execute(query: SqlQuery): Promise<Answer> {
    return asked((told) => this.client.execute({ ...rowOptions, sql: query.sql }, parametersOf(query), told));
  }
}
