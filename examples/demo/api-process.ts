/**
 * Decides what an application with lookaside looks like: a pool, one line that wraps it, an API. The same program
 * runs without that line, which is the comparison. It ends with its parent.
 */
import { createCache } from 'lookaside';
import { lookaside } from 'lookaside/fastify';
import { buildApi } from './api.js';
import type { ApiArguments, ApiFigures, FromApi, ToApi } from './messages.js';
import { argumentsFromParent, endWithParent, failed, tellParent } from './parent.js';
import { connectTo } from './pools.js';
import { rememberForever } from './remember-forever.js';

type Figures = Omit<ApiFigures, 'databaseQueries'>;

const noCache: Figures = { hits: 0, misses: 0, invalidations: 0 };

async function main(): Promise<void> {
  endWithParent();
  const { databaseUrl, caching, topology } = argumentsFromParent() as ApiArguments;
  const database = connectTo(databaseUrl);

  const cache = caching === 'lookaside' ? createCache({ ttl: '60s', topology }) : null;
  if (cache !== null) {
    database.wrap(cache);
    await cache.ready();
  }
  const naive = caching === 'map' ? rememberForever(database.cities) : null;
  const app = buildApi(naive?.cities ?? database.cities);
  if (cache !== null) await app.register(lookaside, { cache });

  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const figures = (): ApiFigures => ({
    databaseQueries: database.wire.queries,
    ...(naive?.figures() ?? (cache === null ? noCache : figuresOf(cache.stats()))),
  });
  const close = async (): Promise<void> => {
    await app.close();
    await cache?.close();
    await database.end();
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
