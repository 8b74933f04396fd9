/** Decides what withCache accepts, what it leaves alone, and what explain says. */

import { PrismaPg } from '@prisma/adapter-pg';
import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { explain, withCache } from '../../../src/adapters/pg/index.js';
import { createCache } from '../../../src/index.js';
import { describeWithPostgres } from '../../support/servers.js';
import { type Fixture, fixture, forgiving, until } from './fixture.js';

const schema = `
  create table people (id int primary key, name text, at timestamptz);
  insert into people select g, 'p' || g, timestamptz '2024-01-01 00:00:00Z' from generate_series(1, 5) g;
  create table hidden (id int);
`;

class OwnPool extends pg.Pool {
  greeting = 'hello';
}

describeWithPostgres('withCache', () => {
  let given: Fixture;

  beforeAll(async () => {
    given = await fixture(schema, { exclude: ['hidden'] });
  });
  afterAll(() => given.end());

  it('gives the same object back, once or twice', () => {
    const pool = new OwnPool(given.database.config);
    const wrapped = withCache(pool, given.cache);
    const { query } = wrapped as unknown as { readonly query: unknown };
    expect(wrapped).toBe(pool);
    expect(withCache(wrapped, given.cache)).toHaveProperty('query', query);
    expect(wrapped.greeting).toBe('hello');
    expect(wrapped).toBeInstanceOf(OwnPool);
  });

  it('takes a connection of a wrapped pool for wrapped', async () => {
    const client = await given.pool.connect();
    const { query } = client as unknown as { readonly query: unknown };
    expect(withCache(client, given.cache)).toHaveProperty('query', query);
    client.release();
  });

  it('refuses a second cache', async () => {
    const other = createCache({ namespace: 'with-cache-other' });
    expect(() => withCache(given.pool, other)).toThrow(
      expect.objectContaining({ code: 'LOOKASIDE_CONFIG_CONFLICT' }),
    );
    await other.close();
  });

  it('leaves a pool alone when the mode is off', async () => {
    const off = createCache({ namespace: 'with-cache-off', mode: 'off' });
    const pool = new pg.Pool(given.database.config);
    expect(Object.keys(withCache(pool, off))).not.toContain('query');
    await off.close();
  });

  it.each([
    {},
    null,
    new (class {
      query() {}
      connect() {}
    })(),
    { native: true, query() {}, connect() {} },
  ])('refuses what is no pool of pg: %s', (value) => {
    expect(() => withCache(value as never, given.cache)).toThrow(
      expect.objectContaining({ code: 'LOOKASIDE_POOL_UNSUPPORTED' }),
    );
  });

  it('refuses what is no cache', () => {
    expect(() => withCache(new pg.Pool(given.database.config), {} as never)).toThrow(
      expect.objectContaining({ code: 'LOOKASIDE_INVALID_ARGUMENT' }),
    );
  });

  it('caches no table that the configuration excludes', async () => {
    const read = () => given.pool.query('select * from hidden');
    await read();
    expect(await given.isHit(read)).toBe(false);
    expect(given.cache.stats().bypassed['excluded']).toBeGreaterThan(0);
  });

  it('serves nothing in mode observe, and counts what it would have', async () => {
    const observing = createCache({ namespace: 'with-cache-observe', mode: 'observe' });
    const pool = withCache(forgiving(new pg.Pool({ ...given.database.config, max: 1 })), observing);
    for (let round = 0; round < 3; round++) await pool.query('select * from people');
    expect(observing.stats()).toMatchObject({ nearHits: 0, storeHits: 0, wouldHit: 2 });
    await pool.end();
    await observing.close();
  });

  it('leaves a working pool behind when the cache is closed', async () => {
    const brief = createCache({ namespace: 'with-cache-brief' });
    const pool = withCache(forgiving(new pg.Pool({ ...given.database.config, max: 1 })), brief);
    await pool.query('select * from people');
    await brief.close();
    expect((await pool.query('select * from people')).rowCount).toBe(5);
    await pool.query(`update people set name = 'p1' where id = 1`);
    await pool.end();
  });

  it('lets a pool end, and fail afterwards as ever', async () => {
    const pool = given.wrappedPool();
    await pool.query('select * from people');
    await pool.end();
    await expect(pool.query('select * from people')).rejects.toThrow(
      'Cannot use a pool after calling end on the pool',
    );
  });

  it('tells the error of a database that is not there, and works once it is', async () => {
    const pool = withCache(forgiving(new pg.Pool({ ...given.database.config, port: 1 })), given.cache);
    await expect(pool.query('select * from people')).rejects.toThrow('ECONNREFUSED');
    (pool.options as { port: number }).port = given.database.config.port;
    expect((await pool.query('select * from people')).rowCount).toBe(5);
    await pool.end();
  });

  it('is invalidated through one pool and served through another', async () => {
    const other = given.wrappedPool();
    const read = () => other.query('select name from people where id = 2');
    await read();
    await given.pool.query(`update people set name = 'two' where id = 2`);
    expect((await read()).rows).toStrictEqual([{ name: 'two' }]);
    expect(await given.isHit(() => given.pool.query('select name from people where id = 2'))).toBe(true);
  });

  it('explains a read, a write and what is never cached', async () => {
    expect(await explain(given.pool, 'select name from people where id = $1', [7])).toMatchObject({
      kind: 'read',
      cached: true,
      reads: [{ table: 'public.people', pin: 'id = 7' }],
      writes: [],
    });
    expect(await explain(given.pool, 'update people set name = $2 where id = $1')).toMatchObject({
      kind: 'write',
      cached: false,
      writes: [{ table: 'public.people', pin: 'id = $1' }],
    });
    expect((await explain(given.pool, 'select now()')).why).toContain('Not cached');
    expect((await explain(given.pool, 'select * from hidden')).why).toContain('excludes');
    await expect(explain(given.plain, 'select 1')).rejects.toMatchObject({
      code: 'LOOKASIDE_POOL_UNSUPPORTED',
    });
  });
});

describeWithPostgres('object mappers over a wrapped pool', () => {
  let given: Fixture;

  beforeAll(async () => {
    given = await fixture(schema);
  });
  afterAll(() => given.end());

  it('drizzle reads from the cache and invalidates it', async () => {
    const people = pgTable('people', {
      id: integer().primaryKey(),
      name: text(),
      at: timestamp({ withTimezone: true }),
    });
    const [db, truth] = [drizzle({ client: given.pool }), drizzle({ client: given.plain })];
    const read = (from: typeof db) => from.select().from(people).where(eq(people.id, 1));
    expect(await read(db)).toStrictEqual(await read(truth));
    expect(await given.isHit(() => read(db))).toBe(true);
    await db.update(people).set({ name: 'drizzled' }).where(eq(people.id, 1));
    expect(await read(db)).toStrictEqual(await read(truth));
    await db.transaction(async (inner) => {
      await inner.update(people).set({ name: 'inside' }).where(eq(people.id, 1));
      expect((await read(inner as never))[0]?.name).toBe('inside');
      expect((await read(db))[0]?.name).toBe('drizzled');
    });
    expect((await read(db))[0]?.name).toBe('inside');
  });

  it("prisma's driver adapter reads from the cache and invalidates it", async () => {
    const [adapter, truth] = await Promise.all(
      [given.pool, given.plain].map((pool) => new PrismaPg(pool).connect()),
    );
    if (adapter === undefined || truth === undefined) throw new Error('no adapter');
    const query = {
      sql: 'select id, name, at from people where id = $1',
      args: [2],
      argTypes: [{ scalarType: 'int', arity: 'scalar' } as const],
    };
    expect(await adapter.queryRaw(query)).toStrictEqual(await truth.queryRaw(query));
    expect(await given.isHit(() => adapter.queryRaw(query))).toBe(true);
    await adapter.executeRaw({
      sql: `update people set name = 'prisma' where id = 2`,
      args: [],
      argTypes: [],
    });
    expect(await adapter.queryRaw(query)).toStrictEqual(await truth.queryRaw(query));
    const transaction = await adapter.startTransaction();
    await transaction.executeRaw({
      sql: `update people set name = 'later' where id = 2`,
      args: [],
      argTypes: [],
    });
    expect(await adapter.queryRaw(query)).toStrictEqual(await truth.queryRaw(query));
    await transaction.executeRaw({ sql: 'commit', args: [], argTypes: [] });
    await transaction.commit();
    expect(await adapter.queryRaw(query)).toStrictEqual(await truth.queryRaw(query));
    await until(() => given.isHit(() => adapter.queryRaw(query)));
  });
});
