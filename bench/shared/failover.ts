/** Decides how long hits stay away when a primary of the store is killed, and whether a query fails meanwhile. */
import { type Config, createCache } from 'lookaside';
import { withCache } from 'lookaside/pg';
import { Pool } from 'pg';
import { startPostgres } from '../../scripts/lib/postgres.js';
import { type RunningCluster, startCluster } from '../../scripts/lib/redis-cluster.js';
import type { RedisProcess } from '../../scripts/lib/redis-process.js';
import { startSentinels } from '../../scripts/lib/redis-sentinel.js';

export interface Failover {
  readonly topology: string;
  readonly nextHitMs: number;
  readonly queries: number;
  readonly failed: number;
}

/** Beyond this there is something wrong. */
const patienceMs = 60_000;

export async function timeFailovers(): Promise<readonly Failover[]> {
  const postgres = await startPostgres({});
  try {
    return [await underSentinel(postgres.url), await inCluster(postgres.url)];
  } finally {
    await postgres.stop();
  }
}

async function underSentinel(url: string): Promise<Failover> {
  const sentinels = await startSentinels();
  try {
    const name = `Sentinel (down-after ${sentinels.downAfterMs} ms)`;
    return await timeFailover(name, { url, topology: sentinels.topology }, async () =>
      (await sentinels.primary()).kill(),
    );
  } finally {
    await sentinels.stop();
  }
}

async function inCluster(url: string): Promise<Failover> {
  const cluster = await startCluster();
  try {
    const name = `Cluster (node timeout ${cluster.nodeTimeoutMs} ms)`;
    return await timeFailover(name, { url, topology: cluster.topology }, async () =>
      (await holderOfTables(cluster)).kill(),
    );
  } finally {
    await cluster.stop();
  }
}

/** The primary that has what every read depends on. */
async function holderOfTables(cluster: RunningCluster): Promise<RedisProcess> {
  for (const node of cluster.nodes) {
    const client = cluster.client(node);
    const isReplica = (await client.info('replication')).includes('role:slave');
    const keys = await client.keys('lookaside:t:*:root}');
    client.disconnect();
    if (keys.length > 0 && !isReplica) return node;
  }
  throw new Error('no node has the tables');
}

async function timeFailover(
  topology: string,
  given: { readonly url: string; readonly topology: NonNullable<Config['topology']> },
  kill: () => Promise<void>,
): Promise<Failover> {
  const cache = createCache({ namespace: 'bench-failover', ttl: '1h', topology: given.topology });
  const pool = withCache(new Pool({ connectionString: given.url, max: 4 }), cache);
  pool.on('error', () => undefined);
  try {
    await cache.ready();
    await pool.query('create table if not exists kept as select 1 as id');
    const hits = (): number => cache.stats().nearHits + cache.stats().storeHits;
    let queries = 0;
    let failed = 0;
    const read = async (): Promise<boolean> => {
      const before = hits();
      queries++;
      try {
        await pool.query('select id from kept');
      } catch {
        failed++; // counted and shown
      }
      return hits() > before;
    };
    const until = async (wanted: boolean): Promise<void> => {
      const deadlineMs = performance.now() + patienceMs;
      while ((await read()) !== wanted)
        if (performance.now() > deadlineMs) throw new Error(`${topology}: no hit within a minute`);
    };
    await until(true);
    queries = 0;
    const killedAtMs = performance.now();
    await kill();
    await until(false);
    await until(true);
    return { topology, nextHitMs: performance.now() - killedAtMs, queries, failed };
  } finally {
    await cache.close();
    await pool.end();
  }
}
