/** Decides nothing: the program that `no-generated-code.test.ts` runs. */
import { isDeepStrictEqual } from 'node:util';
import mysql, { type Pool, type QueryOptions } from 'mysql2/promise';
import { withCache } from '../../../src/adapters/mysql2/index.js';
import { createCache } from '../../../src/index.js';

async function main(): Promise<void> {
  const options = { uri: process.env['DATABASE_URL'] ?? '', disableEval: true };
  const plain = mysql.createPool(options);
  const cache = createCache({ namespace: 'no-generated-code' });
  const pool = withCache(mysql.createPool(options), cache);
  let identical = true;
  const protocols = [
    (from: Pool, query: QueryOptions) => from.query(query),
    (from: Pool, query: QueryOptions) => from.execute(query),
  ];
  for (const ask of protocols)
    for (const rowsAsArray of [false, true]) {
      const query: QueryOptions = { sql: 'select * from kinds order by id', rowsAsArray };
      const expected = await ask(plain, query);
      await ask(pool, query);
      for (let round = 0; round < 2; round++)
        identical &&= isDeepStrictEqual(await ask(pool, query), expected);
    }
  const before = await pool.query("update kinds set name = 'new' where id = 1");
  const [rows] = await pool.query('select * from kinds order by id');
  const [truth] = await plain.query('select * from kinds order by id');
  const { nearHits, misses, failures } = cache.stats();
  const seen = isDeepStrictEqual(rows, truth) && JSON.stringify(before[0]).includes('"affectedRows":1');
  process.stdout.write(JSON.stringify({ identical, seen, nearHits, misses, failures }));
  await Promise.all([pool.end(), plain.end()]);
  await cache.close();
}

await main();
