/**
 * Decides what the contestants of `hits` run on: one Postgres with the tables, one redis-server, two pools of the same
 * size to the same database, one of them wrapped.
 */
import { Redis } from 'ioredis';
import { type Cache, createCache } from 'lookaside';
import { withCache } from 'lookaside/pg';
import { Pool } from 'pg';
import { startPostgres } from '../../scripts/lib/postgres.js';
import { startRedis } from '../../test/support/redis.js';
import type { Servers } from '../lib/machine.js';
import { postgresVersion, redisVersion } from '../lib/versions.js';
import { type Measured, type MeasuredTable, measuredPg } from './measured.js';
import { createTables, plainTable, richTable, updateOrder } from './tables.js';

export interface Setting {
  readonly plain: Measured;
  readonly wrapped: Measured;
  readonly uncachedName: string;
  readonly tables: { readonly plain: MeasuredTable; readonly rich: MeasuredTable };
  readonly cache: Cache;
  readonly redis: Redis;
  readonly versions: Servers;
  close(): Promise<void>;
}

const connections = 10;

export async function createSetting(): Promise<Setting> {
  const postgres = await startPostgres({
    // A vacuum that starts in one contestant's turn would be on that contestant's bill.
    settings: { shared_buffers: '512MB', autovacuum: 'off', max_wal_size: '4GB' },
  });
  const redisServer = await startRedis({ from: 'path', program: 'redis-server' });
  const plain = new Pool({ connectionString: postgres.url, max: connections });
  await createTables(plain);
  const cache = createCache({ namespace: 'bench-hits', ttl: '1h' });
  const wrapped = withCache(new Pool({ connectionString: postgres.url, max: connections }), cache);
  // At the end the server may close a connection before the pool has: there is nothing to be done about it then.
  for (const pool of [plain, wrapped]) pool.on('error', () => undefined);
  const redis = new Redis(redisServer.url);
  return {
    plain: measuredPg(plain, updateOrder),
    wrapped: measuredPg(wrapped, updateOrder),
    uncachedName: 'plain pg',
    tables: { plain: plainTable, rich: richTable },
    cache,
    redis,
    versions: { postgres: await postgresVersion(plain), redis: await redisVersion(redis) },
    close: async () => {
      redis.disconnect();
      await cache.close();
      await Promise.all([plain.end(), wrapped.end()]);
      await Promise.all([postgres.stop(), redisServer.stop()]);
    },
  };
}
