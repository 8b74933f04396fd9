/** Decides how a test of the pg adapter gets a database, a cache and wrapped pools, and gives them back. */
import pg from 'pg';
import { withCache } from '../../../src/adapters/pg/index.js';
import { type Cache, type Config, createCache } from '../../../src/index.js';
import { postgres, type TestDatabase } from '../../support/servers.js';

let serial = 0;

export interface Fixture {
  readonly database: TestDatabase;
  readonly cache: Cache;
  /** Two connections at most, wrapped. */
  readonly pool: pg.Pool;
  /** Not wrapped: what it writes is foreign, what it reads is the truth. */
  readonly plain: pg.Pool;
  /** Another wrapped pool on the same cache, ended with the fixture. */
  wrappedPool(options?: pg.PoolConfig): pg.Pool;
  /** Hits so far, wherever they came from. */
  hits(): number;
  /** Whether running it was answered from the cache. */
  isHit(run: () => Promise<unknown>): Promise<boolean>;
  end(): Promise<void>;
}

export async function fixture(
  schema: string,
  config: Config = {},
  options: pg.PoolConfig = {},
  { createDatabase } = postgres(),
): Promise<Fixture> {
  const database = await createDatabase();
  const founder = new pg.Client(database.config);
  await founder.connect();
  await founder.query(schema);
  await founder.end(); // what it wrote shows in the statistics now, not as somebody else's in ten seconds
  const plain = new pg.Pool({ ...database.config, max: 3 });
  forgiving(plain);
  const cache = createCache({
    namespace: `pg-adapter-${process.pid}-${serial++}`,
    ttl: '1h',
    changes: { kind: 'none' }, // a rotation at a moment of its own choosing would be a miss that no test meant
    ...config,
  });
  const pools: pg.Pool[] = [];
  const wrappedPool = (own: pg.PoolConfig = {}): pg.Pool => {
    const pool = new pg.Pool({ ...database.config, max: 2, ...own });
    forgiving(pool);
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
    end: async () => {
      await Promise.all([...pools.filter((one) => !one.ending), plain].map((one) => one.end()));
      await cache.close();
      await database.drop();
    },
  };
}

/**
 * A connection that is killed, by a test or by dropping the database before `pool.end()` has closed its sockets, is
 * told to the pool, too; tests look at the queries.
 */
export function forgiving<T extends pg.Pool>(pool: T): T {
  pool.on('error', () => undefined);
  return pool;
}

/** Asks again until it is so; each asking is work, nothing waits for time to pass. */
export async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}
