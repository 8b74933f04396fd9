/** Decides whether a write that does not pass through the cache is seen soon, and one that does is left alone. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Fixture, fixture, until } from '../adapters/pg/fixture.js';
import { describeWithPostgres } from '../support/servers.js';

const schema = `
  create table items (id int primary key, name text);
  create table parts (id int primary key, item int references items on delete cascade);
  insert into items select i, 'item ' || i from generate_series(1, 20) i;
  insert into parts select i, i from generate_series(1, 20) i;
`;

describeWithPostgres('a poll of the statistics', () => {
  let given: Fixture;

  beforeEach(async () => {
    given = await fixture(schema, { changes: { kind: 'poll', interval: '100ms' } });
  });
  afterEach(() => given.end());

  const nameOf = async (id: number): Promise<unknown> =>
    (await given.pool.query<{ name: string }>('select name from items where id = $1', [id])).rows[0]?.name;
  const foreign = (table: string): number => given.cache.stats().tables[table]?.foreign ?? 0;

  it('shows a row that somebody changed', async () => {
    expect(await nameOf(1)).toBe('item 1');
    expect(await given.isHit(() => nameOf(1))).toBe(true);
    await given.plain.query(`update items set name = 'changed' where id = 1`);
    await until(async () => (await nameOf(1)) === 'changed');
    expect(await given.isHit(() => nameOf(1))).toBe(true);
  });

  it('leaves a table alone that only the cache wrote', async () => {
    const before = foreign('public.items');
    for (let round = 0; round < 5; round++) {
      await nameOf(2);
      await given.pool.query('update items set name = $2 where id = $1', [1, `round ${round}`]);
      const until250 = performance.now() + 250;
      await until(() => performance.now() > until250);
    }
    expect(foreign('public.items')).toBe(before);
  });
});
