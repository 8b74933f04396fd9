/** Decides whether a caller can tell a wrapped pool of mysql2 from a plain one: each behaviour side by side, cold and warm. */
import mysql, { type Pool, type PoolOptions } from 'mysql2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withCache } from '../../../src/adapters/mysql2/index.js';
import { type Cache, createCache } from '../../../src/index.js';
import { createMysqlDatabase, describeWithMysql, type TestSchema } from '../../support/mysql.js';
import { type Behaviour, schema } from './behaviours/behaviour.js';
import { documentedBehaviours, endingBehaviours } from './behaviours/documented.js';
import { otherBehaviours } from './behaviours/others.js';
import { promisedBehaviours } from './behaviours/promises.js';
import { readingBehaviours, shapingBehaviours } from './behaviours/reads.js';
import { turnBehaviours } from './behaviours/turns.js';
import { type Comparing, differences } from './comparable.js';
import { kindsSchema } from './kinds.js';

interface SetUp {
  readonly name: string;
  readonly options: PoolOptions;
  readonly behaviours: readonly Behaviour[];
}

const everything = [
  ...readingBehaviours,
  ...otherBehaviours,
  ...promisedBehaviours,
  ...turnBehaviours,
  ...documentedBehaviours,
];

const setUps: readonly SetUp[] = [
  { name: 'one connection', options: { connectionLimit: 1 }, behaviours: everything },
  {
    name: 'several connections, statements and names',
    options: { connectionLimit: 4, multipleStatements: true, namedPlaceholders: true },
    behaviours: [...everything, ...endingBehaviours],
  },
  {
    name: 'every option that shapes rows',
    options: {
      connectionLimit: 2,
      rowsAsArray: true,
      dateStrings: ['DATE'],
      timezone: '+02:00',
      supportBigNumbers: true,
      bigNumberStrings: true,
      decimalNumbers: true,
      jsonStrings: true,
    },
    behaviours: shapingBehaviours,
  },
  {
    name: 'parsers of its own',
    options: {
      connectionLimit: 2,
      nestTables: '.',
      disableEval: true,
      typeCast: (field, next) => (field.type === 'VAR_STRING' ? field.string()?.toUpperCase() : next()),
    },
    behaviours: shapingBehaviours,
  },
];

for (const { name, options, behaviours } of setUps)
  describeWithMysql(`a wrapped pool of mysql2 with ${name}`, () => {
    let database: TestSchema;
    let cache: Cache;
    let plain: Pool;
    let wrapped: Pool;

    beforeAll(async () => {
      database = await createMysqlDatabase();
      const setting = mysql.createConnection({ ...database.config, multipleStatements: true }).promise();
      await setting.query(kindsSchema('mariadb') + schema);
      await setting.end();
      plain = mysql.createPool({ ...database.config, ...options });
      cache = createCache({
        namespace: `mysql2-suite-${name.replaceAll(/\W/g, '-')}`,
        ttl: '1h',
        changes: { kind: 'none' },
      });
      wrapped = withCache(mysql.createPool({ ...database.config, ...options }), cache);
      await cache.ready();
    });

    afterAll(async () => {
      await Promise.all([plain.promise().end(), wrapped.promise().end()]);
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
        const { [behaviour.counts ?? '']: _, ...before } = cache.stats().failures;
        // Where the bytes of several results lie is another matter each time.
        const comparing: Comparing = { columns: behaviour.hits ? 'wholly' : 'visibly' };
        for (const temperature of ['cold', 'warm', 'hot'])
          expect(differences(await behaviour.run(wrapped), expected, comparing), temperature).toEqual([]);
        const { [behaviour.counts ?? '']: _expected, ...failures } = cache.stats().failures;
        expect(failures).toStrictEqual(before);
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
