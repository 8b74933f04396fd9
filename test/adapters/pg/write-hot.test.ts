/** What becomes of reads of a table that is written between any two of them, and what the counters say of it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithPostgres } from '../../support/servers.js';
import { type Fixture, fixture } from './fixture.js';

describeWithPostgres('a table written more often than read', () => {
  let at: Fixture;
  const COUNT = 'select count(*)::int as n from jobs where id > 0';
  const ONE = 'select done from jobs where id = $1';

  beforeAll(async () => {
    at = await fixture(
      'create table jobs (id int primary key, done bool, tries int); insert into jobs values (1, true, 0), (2, false, 0)',
    );
  });
  afterAll(() => at.end());

  it('turns itself uncached, but for reads of single rows', async () => {
    const { pool, cache } = at;
    await pool.query(ONE, [1]);
    for (let round = 0; round <= 64; round++) {
      expect((await pool.query(COUNT)).rows).toStrictEqual([{ n: 2 }]);
      await pool.query('update jobs set tries = $1 where id = 2', [round]);
    }
    expect(cache.stats().writeHot).toStrictEqual(['public.jobs']);
    const { misses, bypassed } = cache.stats();
    expect((await pool.query(COUNT)).rows).toStrictEqual([{ n: 2 }]);
    expect(cache.stats().misses).toBe(misses);
    expect(cache.stats().bypassed['write-hot']).toBe((bypassed['write-hot'] ?? 0) + 1);
    expect(await at.isHit(() => pool.query(ONE, [1]))).toBe(true);
    expect(cache.stats().statements).toStrictEqual([{ text: COUNT, hits: 0, reread: 64, needless: 64 }]);
  });

  it('is cached all the same for a function, and where that is asked for', async () => {
    const { pool, cache } = at;
    const count = cache.wrap(async () => (await pool.query(COUNT)).rows[0] as unknown, { name: 'count' });
    await count();
    expect(await at.isHit(count)).toBe(true);
  });
});

describeWithPostgres('the same with writeHot: cache', () => {
  it('is cached', async () => {
    const at = await fixture(
      'create table jobs (id int primary key, tries int); insert into jobs values (1, 0)',
      {
        writeHot: 'cache',
      },
    );
    try {
      for (let round = 0; round <= 80; round++) {
        await at.pool.query('select * from jobs');
        await at.pool.query('update jobs set tries = $1 where id = 1', [round]);
      }
      await at.pool.query('select * from jobs');
      expect(await at.isHit(() => at.pool.query('select * from jobs'))).toBe(true);
      expect(at.cache.stats().bypassed).toStrictEqual({});
    } finally {
      await at.end();
    }
  });
});
