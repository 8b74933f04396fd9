/** Decides whether a write that does not pass through the cache is seen soon, and one that does is left alone. */
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { withCache } from '../../src/adapters/pg/index.js';
import { type Fixture, fixture, until } from '../adapters/pg/fixture.js';
import { describeWithPostgres } from '../support/servers.js';

const schema = `
  create table items (id int primary key, name text);
  create table parts (id int primary key, item int references items on delete cascade);
  create table counters (id int primary key, value int);
  insert into items select i, 'item ' || i from generate_series(1, 20) i;
  insert into parts select i, i from generate_series(1, 20) i;
  insert into counters select i, 0 from generate_series(1, 1000) i;
`;

const INTERVAL_MS = 100;

describeWithPostgres('a poll of the statistics', () => {
  let given: Fixture;

  beforeEach(async () => {
    given = await fixture(schema, { changes: { kind: 'poll', interval: INTERVAL_MS } }, { max: 8 });
  });
  afterEach(() => given.end());

  const nameOf = async (id: number): Promise<unknown> =>
    (await given.pool.query<{ name: string }>('select name from items where id = $1', [id])).rows[0]?.name;
  const valueOf = async (id: number): Promise<unknown> =>
    (await given.pool.query<{ value: number }>('select value from counters where id = $1', [id])).rows[0]
      ?.value;
  const foreign = (table: string): number => given.cache.stats().tables[`public.${table}`]?.foreign ?? 0;

  /** Psql, a migration, another service: a connection that comes, works and goes. */
  const elsewhere = async (...statements: readonly string[]): Promise<void> => {
    const client = new pg.Client(given.database.config);
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  };

  it('shows a row that somebody changed, and caches it again', async () => {
    expect(await nameOf(1)).toBe('item 1');
    expect(await given.isHit(() => nameOf(1))).toBe(true);
    await elsewhere(`update items set name = 'changed' where id = 1`);
    await until(async () => (await nameOf(1)) === 'changed');
    expect(await given.isHit(() => nameOf(1))).toBe(true);
  });

  const lasting = { timeout: 120_000 }; // so many writes, however busy the machine is

  it(
    'never rotates a table that is written through the cache only, under load, and sees one row of others in it',
    lasting,
    async () => {
      await until(() => given.isHit(() => valueOf(1000)));
      const load = { isOn: true, writes: 0 };
      const update = (id: number): Promise<unknown> =>
        given.pool.query('update counters set value = value + 1 where id = $1', [id]);
      const insideTransactions = async (writer: number): Promise<void> => {
        for (let round = 0; load.isOn; round++, load.writes += 2) {
          const client = await given.pool.connect();
          await client.query('begin');
          for (const offset of [0, 3])
            await client.query('update counters set value = value + 1 where id = $1', [
              1 + ((writer + 6 * round + offset) % 900),
            ]);
          await client.query(round % 3 === 0 ? 'rollback' : 'commit');
          client.release();
        }
      };
      const alone = async (writer: number): Promise<void> => {
        for (let round = 0; load.isOn; round++, load.writes++) await update(1 + ((writer + 6 * round) % 900));
      };
      const before = foreign('counters');
      const writers = [0, 1, 2].map(alone).concat([3, 4, 5].map(insideTransactions));
      try {
        await until(() => load.writes >= 5_000);
        expect(foreign('counters')).toBe(before);
        expect(await given.isHit(() => valueOf(1000))).toBe(true);
        for (const value of [-1, -2, -3]) {
          await elsewhere(`update counters set value = ${value} where id = 1000`);
          await until(async () => (await valueOf(1000)) === value);
        }
      } finally {
        load.isOn = false;
        await Promise.all(writers);
      }
      expect(foreign('counters') - before).toBe(3);
      expect(given.cache.stats().failures).toStrictEqual({});
    },
  );

  it('takes what it cannot count for somebody else: cascades, failed statements', async () => {
    await nameOf(2);
    await given.pool.query('delete from items where id = 3');
    await until(() => foreign('parts') > 0);
    expect(foreign('items')).toBe(0);
    await expect(given.pool.query(`insert into items values (2, 'twice')`)).rejects.toThrow('duplicate key');
    await until(() => foreign('items') > 0);
  });

  it('does not rotate the rows that a TRUNCATE of the same transaction takes along, and sees others after it', async () => {
    const client = await given.pool.connect();
    await client.query('begin');
    for (let id = 2001; id < 2020; id++) await client.query('insert into counters values ($1, 0)', [id]);
    await client.query('truncate counters');
    await client.query('commit');
    client.release();
    expect(await valueOf(2001)).toBeUndefined();
    await until(() => given.isHit(() => valueOf(2001)));
    await elsewhere('insert into counters values (2001, 7)');
    await until(async () => (await valueOf(2001)) === 7);
  });

  it('goes on with a database whose counters were reset', async () => {
    expect(await nameOf(1)).toBe('item 1');
    await elsewhere('select pg_stat_reset()');
    await elsewhere(`update items set name = 'after the reset' where id = 1`);
    await until(async () => (await nameOf(1)) === 'after the reset');
  });

  it('asks a connection that is being ended for nothing', async () => {
    const told: unknown[] = [];
    given.cache.on('failure', ({ error }) => void told.push(error));
    const own = new pg.Client(given.database.config);
    await own.connect();
    withCache(own, given.cache);
    await own.query(`update items set name = 'the last write' where id = 1`);
    const ended = own.end();
    // As on a busy machine: what the connection is to be asked is due before the loop hears that it has ended.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    await ended;
    expect(await nameOf(1)).toBe('the last write');
    expect(told).toEqual([]);
  });

  it('says when statistics are not kept, and keeps results for a shorter time', async () => {
    const told: string[] = [];
    given.cache.on('failure', ({ error }) => void told.push((error as { code?: string }).code ?? ''));
    await elsewhere(
      `do $$ begin execute format('alter database %I set track_counts = off', current_database()); end $$`,
    );
    const own = given.wrappedPool({ max: 1 });
    await own.query('select 1');
    // The watch's own connection is from before: it is made anew.
    await elsewhere(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
      and query like '%track_counts%' and pid <> pg_backend_pid()`);
    await nameOf(1);
    await until(() => told.includes('LOOKASIDE_CHANGES_UNAVAILABLE'));
  });
});
