/** Functions around queries on real Postgres: they inherit what the queries depend on, and are no more stale. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Fixture, fixture } from '../adapters/pg/fixture.js';
import { describeWithPostgres } from '../support/servers.js';
import { gate } from './support.js';

const schema = `
  create table products (id int primary key, price int);
  create table notes (id int primary key, line text);
  create schema shop;
  create table shop.notes (id int primary key);
  insert into products values (1, 10), (2, 20);
`;

describeWithPostgres('functions around queries', () => {
  let given: Fixture;
  let serial = 0;
  beforeAll(async () => {
    given = await fixture(schema);
  });
  afterAll(() => given.end());

  let key: string;
  beforeEach(() => void (key = `k${serial++}`));

  const price = async (id: number): Promise<number> =>
    (await given.pool.query<{ price: number }>('select price from products where id = $1', [id])).rows[0]
      ?.price ?? 0;
  const raise = (id: number) => given.pool.query('update products set price = price + 1 where id = $1', [id]);

  it('see a write to what their queries read, and keep their result at another row', async () => {
    let loads = 0;
    const get = () =>
      given.cache.getOrSet({
        key,
        load: async () => {
          loads++;
          return (await price(1)) * 2;
        },
      });
    const first = await get();
    expect(await get()).toBe(first);
    await raise(2);
    expect(await get()).toBe(first);
    expect(loads).toBe(1);
    await raise(1);
    expect(await get()).toBe(first + 2);
  });

  it('inherit from hits, too', async () => {
    await price(1);
    const get = () => given.cache.getOrSet({ key, load: () => price(1) });
    const first = await get();
    await raise(1);
    expect(await get()).toBe(first + 1);
  });

  it('are not taken from an execution whose query is older than an acknowledged write', async () => {
    const [read, go] = [gate(), gate()];
    const get = (waits: boolean) =>
      given.cache.getOrSet({
        key,
        load: async () => {
          const value = await price(1);
          if (waits) {
            read.open();
            await go.passed;
          }
          return value;
        },
      });
    const slow = get(true);
    await read.passed;
    await raise(1);
    const after = get(false);
    go.open();
    expect(await after).toBe((await slow) + 1);
    expect(await get(false)).toBe(await after);
  });

  it('are not stored on reads in a transaction, unless declared tables vouch for them', async () => {
    const inTransaction = async (): Promise<number> => {
      const client = await given.pool.connect();
      try {
        await client.query('begin');
        const { rows } = await client.query<{ price: number }>('select price from products where id = 1');
        await client.query('commit');
        return rows[0]?.price ?? 0;
      } finally {
        client.release();
      }
    };
    const undeclared = () => given.cache.getOrSet({ key, load: inTransaction });
    const before = given.cache.stats().notFilled['built-on-uncached-reads'] ?? 0;
    await undeclared();
    expect(given.cache.stats().notFilled['built-on-uncached-reads']).toBe(before + 1);
    const declared = () =>
      given.cache.getOrSet({ key: `${key}-declared`, tables: ['products'], load: inTransaction });
    const first = await declared();
    expect(await given.isHit(declared)).toBe(true);
    await raise(1);
    expect(await declared()).toBe(first + 1);
  });

  it('are not stored while a write to what they read is under way', async () => {
    const client = await given.pool.connect();
    const lock = await given.plain.connect();
    await lock.query('begin; lock table products in share mode');
    const writing = client.query('update products set price = price + 1 where id = 1');
    const get = () => given.cache.getOrSet({ key, load: () => price(1) });
    const before = await get();
    await lock.query('commit');
    lock.release();
    await writing;
    client.release();
    expect(await get()).toBe(before + 1);
  });

  it('that write are not stored: they write each time', async () => {
    const get = () =>
      given.cache.getOrSet({
        key,
        load: async () => (await raise(2)).rowCount,
      });
    const before = await price(2);
    await get();
    await get();
    expect(await price(2)).toBe(before + 2);
  });

  it('keep their scope while they wait for a connection', async () => {
    const single = given.wrappedPool({ max: 1 });
    const busy = await single.connect();
    // Waits for the connection, which somebody outside gives back: the read cannot be cached.
    const get = () =>
      given.cache.getOrSet({
        key,
        load: async () => (await single.query('select now() at time zone $1', ['utc'])).rowCount,
      });
    const waiting = get();
    await new Promise((resolve) => setImmediate(resolve));
    busy.release();
    await waiting;
    const { bypassed } = given.cache.stats();
    await get();
    expect(
      Object.values(given.cache.stats().bypassed).reduce((sum, count) => sum + count, 0),
    ).toBeGreaterThan(Object.values(bypassed).reduce((sum, count) => sum + count, 0));
  });

  it('are invalidated by table and by row, named with or without their schema', async () => {
    let loads = 0;
    const pinned = () => price(1);
    const whole = () => given.cache.getOrSet({ key, tables: ['public.products'], load: async () => ++loads });
    const warm = async () => {
      await pinned();
      await whole();
    };
    await warm();
    await given.cache.invalidate({ rows: [{ table: 'products', where: { id: 2 } }] });
    expect(await given.isHit(pinned)).toBe(true);
    expect(await given.isHit(whole)).toBe(false);
    await warm();
    await given.cache.invalidate({ rows: [{ table: 'products', where: { id: 1 } }] });
    expect(await given.isHit(pinned)).toBe(false);
    await warm();
    await given.cache.invalidate({ tables: ['products'] });
    expect(await given.isHit(pinned)).toBe(false);
    await warm();
    await given.cache.invalidate({ all: true });
    expect(await given.isHit(pinned)).toBe(false);
    expect(await given.isHit(whole)).toBe(false);
  });

  it('refuse a table’s name that is not there or could be two', async () => {
    for (const table of ['ghosts', 'nowhere.products'])
      await expect(given.cache.invalidate({ tables: [table] })).rejects.toThrow(
        expect.objectContaining({ code: 'LOOKASIDE_TABLE_UNKNOWN' }),
      );
    await given.cache.invalidate({ tables: ['public.notes', 'shop.notes'] });
  });
});

describe('a store that is full of what it may not drop', () => {
  describeWithPostgres('behind a wrapped pool', () => {
    it('lets every query through, and serves nothing stale', async () => {
      const given = await fixture(schema, {
        memory: { max: '4mb', policy: 'noeviction' },
        topology: { listen: { port: 0 } }, // tokens are in the store where others can have access to it
      });
      const price = async (): Promise<number | undefined> =>
        (await given.pool.query<{ price: number }>('select price from products where id = 1')).rows[0]?.price;
      expect(await price()).toBe(10);
      const full = new Promise<string>((resolve) =>
        given.cache.on('failure', ({ reason }) => resolve(reason)),
      );
      for (let tag = 0; given.cache.stats().failures['lookup'] === undefined; tag++)
        await given.cache.getOrSet({ key: 'k', tags: [`tag${tag}`], load: async () => tag });
      expect(await full).toBe('lookup');
      for (let round = 1; round <= 5; round++) {
        await given.pool.query('update products set price = price + 1 where id = 1');
        expect(await price()).toBe(10 + round);
        expect(await price()).toBe(10 + round);
      }
      await given.end();
    });
  });
});
