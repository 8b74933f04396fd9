/** Decides whether a write that does not pass through the cache is seen soon, and one that does is left alone. */
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
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

  it('never rotates a table that is written through the cache only, under load, and sees one row of others in it', async () => {
    await until(async () => await given.isHit(() => valueOf(1000)));
    const load = { isOn: true };
    let writes = 0;
    const write = async (writer: number): Promise<void> => {
      for (let round = 0; load.isOn; round++, writes++)
        await given.pool.query('update counters set value = value + 1 where id = $1', [
          1 + ((writer + 8 * round) % 900),
        ]);
    };
    const writers = Array.from({ length: 6 }, (_, index) => write(index));
    const before = foreign('counters');
    const t0 = performance.now();
    await until(() => performance.now() > t0 + 6000);
    console.log('writes', writes, 'foreign', foreign('counters') - before);
    expect(foreign('counters')).toBe(before);
    for (let k = 0; k < 5; k++) {
      const t1 = performance.now();
      await elsewhere(`update counters set value = ${k - 9} where id = 1000`);
      await until(async () => (await valueOf(1000)) === k - 9);
      console.log('seen after', performance.now() - t1);
    }
    load.isOn = false;
    await Promise.all(writers);
    console.log('foreign', foreign('counters') - before, given.cache.stats().failures);
  });
});
