/**
 * Decides whether whatever else mysql2 gives to ask a database with can be told from a plain one: connections, pools of the
 * promise API, clusters and parts of them. Pools have `driver-suite.test.ts`.
 */
import mysql, { type PoolOptions } from 'mysql2';
import promised from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { withCache } from '../../../src/adapters/mysql2/index.js';
import { type Cache, createCache } from '../../../src/index.js';
import {
  createMysqlDatabase,
  describeWithMysql,
  type MysqlFlavour,
  type TestSchema,
} from '../../support/mysql.js';
import { called, one, outcome, schema } from './behaviours/behaviour.js';
import { differences } from './comparable.js';

/** What all of them have. */
interface Asked {
  query(...given: unknown[]): unknown;
  execute(...given: unknown[]): unknown;
}

interface Entry {
  readonly name: string;
  readonly api: 'callback' | 'promise';
  /** @param wrap does nothing for the plain one */
  readonly open: (
    options: PoolOptions,
    wrap: <T extends Asked | object>(given: T) => T,
  ) => Promise<{ readonly asked: Asked; readonly end: () => unknown }>;
}

type Given = Parameters<typeof withCache>[0];

const entries: readonly Entry[] = [
  {
    name: 'a connection',
    api: 'callback',
    open: async (options, wrap) => {
      const connection = wrap(mysql.createConnection(options));
      return { asked: connection as unknown as Asked, end: () => connection.end() };
    },
  },
  {
    name: 'a connection of the promise API',
    api: 'promise',
    open: async (options, wrap) => {
      const connection = wrap(await promised.createConnection(options));
      return { asked: connection as unknown as Asked, end: () => connection.end() };
    },
  },
  {
    name: 'a pool of the promise API',
    api: 'promise',
    open: async (options, wrap) => {
      const pool = wrap(promised.createPool(options));
      return { asked: pool as unknown as Asked, end: () => pool.end() };
    },
  },
  {
    name: 'the promises of a pool that was wrapped',
    api: 'promise',
    open: async (options, wrap) => {
      const pool = wrap(mysql.createPool(options));
      return { asked: pool.promise() as unknown as Asked, end: () => pool.promise().end() };
    },
  },
  {
    name: 'a part of a cluster',
    api: 'callback',
    open: async (options, wrap) => {
      const cluster = wrap(mysql.createPoolCluster());
      cluster.add('one', options);
      return { asked: cluster.of('*') as unknown as Asked, end: () => cluster.end() };
    },
  },
  {
    name: 'a part of a cluster of the promise API',
    api: 'promise',
    open: async (options, wrap) => {
      const cluster = wrap(promised.createPoolCluster());
      cluster.add('one', options);
      return { asked: cluster.of('*') as unknown as Asked, end: () => cluster.end() };
    },
  },
];

const flavours: readonly MysqlFlavour[] = ['mariadb', 'mysql57'];

for (const flavour of flavours)
  describeWithMysql(
    `what a caller can ask on ${flavour}`,
    () => {
      let database: TestSchema;
      let cache: Cache;

      beforeAll(async () => {
        database = await createMysqlDatabase(flavour);
        const setting = await promised.createConnection({ ...database.config, multipleStatements: true });
        await setting.query(schema);
        await setting.end();
        cache = createCache({ namespace: `mysql2-entries-${flavour}`, ttl: '1h', changes: { kind: 'none' } });
      });
      afterAll(async () => {
        await cache.close();
        await database.drop();
      });

      const hits = (): number => cache.stats().nearHits + cache.stats().storeHits;

      it.each(entries)('$name gives the same, from the cache where it can', async ({ api, open }) => {
        const ask = (asked: Asked, method: 'query' | 'execute', ...given: unknown[]): Promise<unknown> =>
          api === 'promise'
            ? outcome(() => asked[method](...given))
            : called((done) => asked[method](...given, done));
        const plain = await open(database.config, (given) => given);
        const wrapped = await open(
          database.config,
          (given) => withCache(given as Given, cache) as typeof given,
        );
        const same = async (method: 'query' | 'execute', ...given: unknown[]): Promise<void> => {
          const expected = await ask(plain.asked, method, ...given);
          for (let time = 0; time < 3; time++)
            expect(differences(await ask(wrapped.asked, method, ...given), expected)).toEqual([]);
        };
        // What could not be read may have changed the catalog, which is read again in its own time.
        const hitsAgain = (method: 'query' | 'execute') =>
          expect
            .poll(async () => {
              const before = hits();
              await ask(wrapped.asked, method, one, [1]);
              return hits() - before;
            })
            .toBe(1);
        try {
          await cache.ready();
          for (const method of ['query', 'execute'] as const) {
            await same(method, one, [1]);
            await hitsAgain(method);
            await same(method, { sql: 'select * from plain order by id', rowsAsArray: true });
            await same(method, 'select * from missing');
            await same(method, 'selec');
            const rename = `update friends set name = concat('x', name) where id = 1`;
            await ask(wrapped.asked, method, rename);
            await same(method, 'select name from friends where id = 1');
            await ask(wrapped.asked, method, rename);
            await same(method, 'select name from friends where id = 1');
            await hitsAgain(method);
          }
          expect(cache.stats().failures).toEqual({});
        } finally {
          await Promise.all([plain.end(), wrapped.end()]);
        }
      });
    },
    flavour,
  );
