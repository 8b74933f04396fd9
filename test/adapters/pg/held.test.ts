/** Writes that may take long: nobody misses a hit for them before they commit, and nobody can tell them from others. */
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeWithPostgres } from '../../support/servers.js';
import { type Fixture, fixture } from './fixture.js';

const schema = `
  create table products (id int primary key, price int not null);
  create table totals (id int primary key, sum int check (sum < 1000),
    again int unique deferrable initially deferred);
`;

describeWithPostgres('a write that is not known to be short', () => {
  let given: Fixture;
  beforeAll(async () => {
    given = await fixture(schema, {}, { max: 3 });
  });
  afterAll(() => given.end());
  beforeEach(async () => {
    await given.pool.query('truncate products, totals');
    await given.pool.query('insert into products select g, 10 from generate_series(1, 3) g');
    await given.pool.query('insert into totals values (1, 1, 1), (2, 2, 2)');
  });

  const price = async (id: number): Promise<number | undefined> =>
    (await given.pool.query<{ price: number }>('select price from products where id = $1', [id])).rows[0]
      ?.price;
  const all = async (): Promise<number | undefined> =>
    (await given.pool.query<{ sum: number }>('select sum(price)::int as sum from products')).rows[0]?.sum;
  const backendWaits = async (): Promise<boolean> => {
    const { rows } = await given.plain.query(
      "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    return rows.length > 0;
  };
  /** Holds a lock that an update of all rows has to wait for. */
  const lock = async (): Promise<{ release: () => Promise<void> }> => {
    const client = await given.plain.connect();
    await client.query('begin');
    await client.query('select from products where id = 3 for update');
    return {
      release: async () => {
        await client.query('rollback');
        client.release();
      },
    };
  };

  it('keeps nobody from hits while it runs, and is seen by whoever reads after it', async () => {
    await Promise.all([price(1), all()]);
    const { release } = await lock();
    const writing = given.pool.query('update products set price = price + 1');
    await expect.poll(backendWaits).toBe(true);
    expect(await given.isHit(() => price(1))).toBe(true);
    expect(await given.isHit(all)).toBe(true);
    expect(await price(1)).toBe(10);
    await release();
    expect((await writing).rowCount).toBe(3);
    expect([await price(1), await all()]).toEqual([11, 33]);
  });

  it('does so with parameters, a name and a callback, too', async () => {
    await all();
    const { release } = await lock();
    const writing = new Promise<pg.QueryResult>((resolve, reject) => {
      given.pool.query(
        {
          name: 'raise',
          text: 'update products set price = price + $1 returning id',
          values: [5],
          rowMode: 'array',
        },
        (error, result) => (error ? reject(error) : resolve(result)),
      );
    });
    await expect.poll(backendWaits).toBe(true);
    expect(await given.isHit(all)).toBe(true);
    await release();
    expect((await writing).rows).toEqual([[1], [2], [3]]);
    expect(await all()).toBe(45);
  });

  it('stands in nobody’s way when it fails, and fails as the database says', async () => {
    await all();
    await expect(given.pool.query('update totals set sum = sum + 5000')).rejects.toMatchObject({
      code: '23514',
    });
    await expect(given.pool.query('update products set price = null')).rejects.toMatchObject({
      code: '23502',
    });
    await expect(given.pool.query('update products set prize = 1')).rejects.toMatchObject({ code: '42703' });
    expect(await given.isHit(all)).toBe(true);
    expect(await given.pool.query('select 1 as one')).toMatchObject({ rows: [{ one: 1 }] });
    expect(given.cache.stats().unresolved).toBe(0);
  });

  it('may fail at its commit', async () => {
    const sums = () => given.pool.query('select again from totals order by id');
    await sums();
    await expect(given.pool.query('update totals set again = 1')).rejects.toMatchObject({ code: '23505' });
    expect((await sums()).rows).toEqual([{ again: 1 }, { again: 2 }]);
    await given.pool.query('update totals set again = again + 1');
    expect((await sums()).rows).toEqual([{ again: 2 }, { again: 3 }]);
  });

  it('answers as it would without a cache', async () => {
    const statements: [string, unknown[]?][] = [
      ['update products set price = price + 1 returning *'],
      ['delete from products where price > $1', [10_000]],
      ['insert into products select 100 + id, price from products where id < $1 returning id, price', [3]],
      ['delete from products where id > 100'],
    ];
    for (const [text, values] of statements) {
      const wrapped = await given.pool.query(text, values);
      const client = await given.plain.connect();
      expect(Object.keys(wrapped)).toEqual(Object.keys(await client.query('select 1')));
      client.release();
      expect(wrapped).toBeInstanceOf(pg.Result);
      expect(wrapped.command).toBe(text.split(' ')[0]?.toUpperCase());
    }
  });

  it('is seen although its caller was told that he waited too long', async () => {
    await all();
    const { release } = await lock();
    const impatient = await given.wrappedPool({ query_timeout: 300 }).connect(); // a pool would end the connection
    await expect(impatient.query('update products set price = price + 1')).rejects.toThrow('timeout');
    expect(await given.isHit(all)).toBe(true);
    await release();
    await expect.poll(all).toBe(33);
    impatient.release();
  });

  it('that loses its connection leaves nothing behind', async () => {
    await all();
    const { release } = await lock();
    const writing = given.pool.query('update products set price = price + 1');
    const outcome = writing.then(
      () => 'written',
      () => 'failed',
    );
    await expect.poll(backendWaits).toBe(true);
    await given.plain.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    expect(await outcome).toBe('failed');
    await release();
    expect(await all()).toBe(30);
    expect(given.cache.stats().unresolved).toBe(0);
  });

  it('in a transaction waits for its COMMIT, as all do', async () => {
    await all();
    const client = await given.pool.connect();
    await client.query('begin');
    await client.query('update products set price = price + 1');
    expect(await given.isHit(all)).toBe(true);
    await client.query('commit');
    client.release();
    expect(await all()).toBe(33);
  });
});

describeWithPostgres('where a write may be refused for want of a store', () => {
  it('has its intent before it runs', async () => {
    const given = await fixture(schema, { onStoreDown: 'reject' });
    await given.pool.query('insert into products values (1, 10)');
    await given.pool.query('select price from products');
    await given.pool.query('update products set price = price + 1');
    expect((await given.pool.query('select price from products')).rows).toEqual([{ price: 11 }]);
    await given.end();
  });
});
