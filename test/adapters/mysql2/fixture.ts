/** Decides how a test of the mysql2 adapter gets a schema, a cache and wrapped pools, and gives them back. */
import mysql, { type Pool, type PoolConnection, type PoolOptions, type RowDataPacket } from 'mysql2/promise';
import { withCache } from '../../../src/adapters/mysql2/index.js';
import { type Cache, type Config, createCache } from '../../../src/index.js';
import { createMysqlDatabase, type TestSchema } from '../../support/mysql.js';
import type { MysqlFlavour } from '../../support/sources.js';

let serial = 0;

export interface Fixture {
  readonly database: TestSchema;
  readonly cache: Cache;
  /** Two connections at most, wrapped. */
  readonly pool: Pool;
  /** Not wrapped: what it writes is foreign, what it reads is the truth. */
  readonly plain: Pool;
  /** Another wrapped pool on the same cache, ended with the fixture. */
  wrappedPool(options?: PoolOptions): Pool;
  /** Hits so far, wherever they came from. */
  hits(): number;
  /** Whether running it was answered from the cache. */
  isHit(run: () => Promise<unknown>): Promise<boolean>;
  /** With a connection of the pool, which is given back. */
  onConnection(task: (connection: PoolConnection) => Promise<void>, pool?: Pool): Promise<void>;
  end(): Promise<void>;
}

/** @param schema statements separated by semicolons */
export async function fixture(
  schema: string,
  config: Config = {},
  options: PoolOptions = {},
  flavour: MysqlFlavour = 'mariadb',
): Promise<Fixture> {
  const database = await createMysqlDatabase(flavour);
  const founder = await mysql.createConnection({ ...database.config, multipleStatements: true });
  await founder.query(schema);
  await founder.end();
  const plain = mysql.createPool({ ...database.config, connectionLimit: 3, multipleStatements: true });
  const cache = createCache({
    namespace: `mysql2-adapter-${process.pid}-${serial++}`,
    ttl: '1h',
    changes: { kind: 'none' }, // a rotation at a moment of its own choosing would be a miss that no test meant
    ...config,
  });
  const pools: Pool[] = [];
  const wrappedPool = (own: PoolOptions = {}): Pool => {
    const pool = mysql.createPool({ ...database.config, connectionLimit: 2, ...own });
    pools.push(pool);
    return withCache(pool, cache);
  };
  const pool = wrappedPool(options);
  await cache.ready();
  const hits = (): number => {
    const { nearHits, storeHits, joined } = cache.stats();
    return nearHits + storeHits + joined;
  };
  return {
    database,
    cache,
    pool,
    plain,
    wrappedPool,
    hits,
    isHit: async (run) => {
      const before = hits();
      await run();
      return hits() > before;
    },
    onConnection: async (task, from = pool) => {
      const connection = await from.getConnection();
      try {
        await task(connection);
      } finally {
        connection.release();
      }
    },
    end: async () => {
      await Promise.all([...pools.filter(isOpen), plain].map((one) => one.end()));
      await cache.close();
      await database.drop();
    },
  };
}

/** A test may have ended it. */
const isOpen = ({ pool }: Pool): boolean => !(pool as unknown as { readonly _closed: boolean })._closed;

/** The rows of a query, as plain objects. */
export async function rowsOf(
  from: { query: Pool['query'] },
  sql: string,
  values: unknown[] = [],
): Promise<RowDataPacket[]> {
  const [rows] = await from.query<RowDataPacket[]>(sql, values);
  return rows;
}

/** Asks again until it is so; each asking is work, nothing waits for time to pass. */
export async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}
