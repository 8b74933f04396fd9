/** Decides how the API gets a pool for the database that it was given, and how that is wrapped: one line for each driver. */
import type { Cache } from 'lookaside';
import { withCache as withMysqlCache } from 'lookaside/mysql2';
import { withCache } from 'lookaside/pg';
import { createPool } from 'mysql2/promise';
import { Pool } from 'pg';
import { type Cities, citiesIn } from './cities.js';
import { citiesInMariadb } from './cities-mariadb.js';
import { countMysqlQueries, countQueries, type QueryCounter } from './query-counter.js';

export interface Connected {
  readonly cities: Cities;
  /** What reaches the database. */
  readonly wire: QueryCounter;
  wrap(cache: Cache): void;
  end(): Promise<void>;
}

export const connectTo = (databaseUrl: string): Connected =>
  databaseUrl.startsWith('mysql:') ? toMariadb(databaseUrl) : toPostgres(databaseUrl);

function toPostgres(databaseUrl: string): Connected {
  const pool = new Pool({ connectionString: databaseUrl });
  pool.on('error', (error) => process.stderr.write(`A database connection was lost: ${error.message}\n`));
  return {
    wire: countQueries(pool),
    wrap: (cache) => void withCache(pool, cache),
    cities: citiesIn(pool),
    end: () => pool.end(),
  };
}

function toMariadb(databaseUrl: string): Connected {
  const pool = createPool({ uri: databaseUrl, connectionLimit: 10 });
  return {
    wire: countMysqlQueries(pool),
    wrap: (cache) => void withMysqlCache(pool, cache),
    cities: citiesInMariadb(pool),
    end: () => pool.end(),
  };
}
