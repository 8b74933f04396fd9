/**
 * Decides what the contestants of `shared` run on: one Postgres, one redis-server on loopback, and one wrapped pool for
 * each way in which a cache uses it.
 */
import { Redis } from 'ioredis';
import { type Cache, type Config, createCache } from 'lookaside';
import { withCache } from 'lookaside/pg';
import { Pool } from 'pg';
import { startPostgres } from '../../scripts/lib/postgres.js';
import { startRedis } from '../../test/support/redis.js';
import { createTables } from '../hits/tables.js';
import { postgresVersion, redisVersion } from '../lib/versions.js';

/** A cache on the redis-server, behind a pool. */
export interface Cached {
  readonly cache: Cache;
  readonly pool: Pool;
}

export interface SharedSetting {
  readonly database: string;
  readonly store: string;
  readonly plain: Pool;
  readonly redis: Redis;
  /** Every hit asks the store for its tokens; results are kept decoded. */
  readonly strict: Cached;
  /** The same without decoded results: every hit brings its result along. */
  readonly far: Cached;
  /** Hits ask nobody; the store tells what changes. */
  readonly bounded: Cached;
  readonly versions: { readonly postgres: string; readonly redis: string };
  close(): Promise<void>;
}

const connections = 10;

export async function createSharedSetting(): Promise<SharedSetting> {
  const postgres = await startPostgres({
    settings: { shared_buffers: '512MB', autovacuum: 'off', max_wal_size: '4GB' },
  });
  const redisServer = await startRedis({ from: 'path', program: 'redis-server' });
  const plain = new Pool({ connectionString: postgres.url, max: connections });
  await createTables(plain);
  const opened: Cached[] = [];
  const open = async (namespace: string, config: Config): Promise<Cached> => {
    const cache = createCache({
      namespace,
      ttl: '1h',
      changes: { kind: 'none' },
      topology: { kind: 'single', url: redisServer.url },
      ...config,
    });
    const pool = withCache(new Pool({ connectionString: postgres.url, max: connections }), cache);
    pool.on('error', () => undefined); // the server may end first
    await cache.ready();
    opened.push({ cache, pool });
    return { cache, pool };
  };
  const strict = await open('bench-strict', {});
  const far = await open('bench-far', { near: { max: 0 } });
  const bounded = await open('bench-bounded', { consistency: 'bounded' });
  plain.on('error', () => undefined);
  const redis = new Redis(redisServer.url);
  return {
    database: postgres.url,
    store: redisServer.url,
    plain,
    redis,
    strict,
    far,
    bounded,
    versions: { postgres: await postgresVersion(plain), redis: await redisVersion(redis) },
    close: async () => {
      redis.disconnect();
      for (const { cache, pool } of opened) {
        await cache.close();
        await pool.end();
      }
      await plain.end();
      await Promise.all([postgres.stop(), redisServer.stop()]);
    },
  };
}
