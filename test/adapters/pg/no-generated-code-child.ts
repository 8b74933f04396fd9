/** Decides nothing: the program that `no-generated-code.test.ts` runs. */
import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import { withCache } from '../../../src/adapters/pg/index.js';
import { createCache } from '../../../src/index.js';
import { schema } from './behaviours.js';

const connectionString = process.env['DATABASE_URL'];

async function main(): Promise<void> {
  const plain = new pg.Pool({ connectionString });
  await plain.query(schema);
  const cache = createCache({ namespace: 'no-generated-code' });
  const pool = withCache(new pg.Pool({ connectionString }), cache);
  let identical = true;
  for (const text of ['select * from kinds order by id', 'select * from names'])
    for (const rowMode of ['object', 'array']) {
      const query = { text, ...(rowMode === 'array' ? { rowMode } : {}) } as pg.QueryConfig;
      const expected = await plain.query(query);
      await pool.query(query);
      for (let round = 0; round < 2; round++)
        identical &&= isDeepStrictEqual(await pool.query(query), expected);
    }
  const { nearHits, misses } = cache.stats();
  process.stdout.write(JSON.stringify({ identical, nearHits, misses }));
  await Promise.all([pool.end(), plain.end()]);
  await cache.close();
}

await main();
