/** Decides whether a caller can tell a wrapped pool from a plain one: each behaviour side by side, cold and warm. */
import assert from 'node:assert';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withCache } from '../../../src/adapters/pg/index.js';
import { type Cache, createCache } from '../../../src/index.js';
import { describeWithPostgres, postgres, type TestDatabase } from '../../support/servers.js';
import { type Behaviour, behaviours, schema } from './behaviours.js';
import { forgiving } from './fixture.js';

type Parser = (raw: string) => unknown;

const defaultParser = pg.types.getTypeParser as unknown as (oid: number) => Parser;

const shared = { shared: true };

/** A primitive, an object made for each value, and one object for all values. */
const ownParsers = new Map<number, Parser>([
  [20, BigInt],
  [1184, (raw) => ({ instant: raw })],
  [16, (raw) => (raw === 't' ? shared : null)],
]);

const setUps: readonly { readonly name: string; readonly options: pg.PoolConfig }[] = [
  { name: 'several connections', options: { max: 3 } },
  { name: 'one connection', options: { max: 1 } },
  {
    name: 'parsers of the pool',
    options: {
      max: 2,
      types: {
        getTypeParser: (oid: number) => ownParsers.get(oid) ?? defaultParser(oid),
      },
    },
  },
];

for (const { name, options } of setUps)
  describeWithPostgres(`a wrapped pool with ${name}`, () => {
    let database: TestDatabase;
    let cache: Cache;
    let plain: pg.Pool;
    let wrapped: pg.Pool;

    beforeAll(async () => {
      database = await postgres().createDatabase();
      plain = forgiving(new pg.Pool({ ...database.config, ...options }));
      await plain.query(schema);
      cache = createCache({ namespace: `driver-suite-${name.replaceAll(' ', '-')}`, ttl: '1h' });
      wrapped = withCache(forgiving(new pg.Pool({ ...database.config, ...options })), cache);
      await cache.ready();
    });

    afterAll(async () => {
      await Promise.all([plain.end(), wrapped.end()]);
      await cache.close();
      await database.drop();
    });

    const hits = (): number => {
      const { nearHits, storeHits } = cache.stats();
      return nearHits + storeHits;
    };

    describe.each(behaviours)('$name', (behaviour: Behaviour) => {
      it('gives the same, however often it is asked', async () => {
        const expected = await behaviour.run(plain);
        for (const temperature of ['cold', 'warm', 'hot'])
          assert.deepStrictEqual(await behaviour.run(wrapped), expected, temperature);
        expect(cache.stats().failures).toStrictEqual({});
      });

      if (behaviour.hits)
        it('is answered from the cache', async () => {
          await behaviour.run(wrapped);
          const before = hits();
          await behaviour.run(wrapped);
          expect(hits()).toBe(before + 1);
        });
    });
  });
