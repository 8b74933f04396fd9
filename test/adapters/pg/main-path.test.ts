/** Decides whether reads hit, writes invalidate and transactions are seen through a wrapped pool, on a real Postgres. */
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { withCache } from '../../../src/adapters/pg/index.js';
import { type Cache, createCache } from '../../../src/index.js';
import { describeWithPostgres, postgres, type TestDatabase } from '../../support/servers.js';
import { forgiving } from './fixture.js';

describeWithPostgres('a wrapped pool', () => {
  let database: TestDatabase;
  let cache: Cache;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await postgres().createDatabase();
    cache = createCache({ namespace: 'main-path' });
    pool = withCache(forgiving(new pg.Pool({ ...database.config, max: 4 })), cache);
    await pool.query('create table products (id int primary key, name text, price numeric)');
  });

  afterAll(async () => {
    await pool.end();
    await cache.close();
    await database.drop();
  });

  beforeEach(async () => {
    await pool.query('truncate products');
    await pool.query(`insert into products select g, 'n' || g, g * 1.5 from generate_series(1, 10) g`);
    // The catalog is read again in the background after the DDL above.
    await cache.ready();
  });

  const read = (id: number) => pool.query('select * from products where id = $1', [id]);

  it('serves the second read of a statement without the database', async () => {
    const miss = await read(1);
    const before = cache.stats();
    const hit = await read(1);
    expect(hit).toStrictEqual(miss);
    expect(hit).toBeInstanceOf(pg.Result);
    expect(cache.stats().nearHits).toBe(before.nearHits + 1);
    expect(cache.stats().misses).toBe(before.misses);
  });

  it('shows a write to the next read', async () => {
    await read(1);
    await pool.query('update products set name = $2 where id = $1', [1, 'other']);
    expect((await read(1)).rows).toStrictEqual([{ id: 1, name: 'other', price: '1.5' }]);
  });

  it('shows a transaction only once it has committed', async () => {
    await read(2);
    const client = await pool.connect();
    await client.query('begin');
    await client.query(`update products set name = 'inside' where id = 2`);
    expect((await client.query('select name from products where id = 2')).rows).toStrictEqual([
      { name: 'inside' },
    ]);
    expect((await read(2)).rows[0]).toMatchObject({ name: 'n2' });
    await client.query('commit');
    client.release();
    expect((await read(2)).rows[0]).toMatchObject({ name: 'inside' });
  });
});
