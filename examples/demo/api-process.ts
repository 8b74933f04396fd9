/**
 * Decides what an application with lookaside looks like: a pool, one line that wraps it, an API. The same program
 * runs without that line, which is the comparison. It ends with its parent.
 */
import { createCache } from 'lookaside';
import { lookaside } from 'lookaside/fastify';
import { withCache } from 'lookaside/pg';
import { Pool } from 'pg';
import { buildApi } from './api.js';
import { citiesIn } from './cities.js';
import type { ApiArguments, ApiFigures, FromApi, ToApi } from './messages.js';
import { argumentsFromParent, endWithParent, failed, tellParent } from './parent.js';
import { countQueries } from './query-counter.js';
import { rememberForever } from './remember-forever.js';

type Figures = Omit<ApiFigures, 'databaseQueries'>;

const noCache: Figures = { hits: 0, misses: 0, invalidations: 0 };

async function main(): Promise<void> {
  endWithParent();
  const { databaseUrl, caching, topology } = argumentsFromParent() as ApiArguments;
  const pool = new Pool({ connectionString: databaseUrl });
  pool.on('error', (error) => process.stderr.write(`A database connection was lost: ${error.message}\n`));
  const wire = countQueries(pool);

  const cache = caching === 'lookaside' ? createCache({ ttl: '60s', topology }) : null;
  if (cache !== null) {
    withCache(pool, cache);
    await cache.ready();
  }
  const naive = caching === 'map' ? rememberForever(citiesIn(pool)) : null;
  const app = buildApi(naive?.cities ?? citiesIn(pool));
  if (cache !== null) await app.register(lookaside, { cache });

  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const figures = (): ApiFigures => ({
    databaseQueries: wire.queries,
    ...(naive?.figures() ?? (cache === null ? noCache : figuresOf(cache.stats()))),
  });
  const close = async (): Promise<void> => {
    await app.close();
    await cache?.close();
    await pool.end();
    process.disconnect();
  };
  process.on('message', (message: ToApi) => {
    if (message.kind === 'report') tellParent({ kind: 'figures', figures: figures() } satisfies FromApi);
    else close().catch(failed);
  });
  tellParent({ kind: 'listening', url, port: Number(new URL(url).port) } satisfies FromApi);
}

type Stats = ReturnType<ReturnType<typeof createCache>['stats']>;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const figuresOf = (stats: Stats): Figures => ({
  hits: stats.nearHits + stats.storeHits + stats.joined,
  misses: stats.misses + sum(Object.values(stats.bypassed)),
  invalidations: sum(Object.values(stats.tables).map((table) => table.invalidations)),
});

main().catch(failed);
