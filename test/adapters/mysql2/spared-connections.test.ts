/** Decides whether a pool whose callers are told when every connection is taken has all of them for its callers. */
import type { PoolOptions } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithMysql } from '../../support/mysql.js';
import { type Fixture, fixture, rowsOf, until } from './fixture.js';

const schema = `
  create table words (id int primary key, word varchar(20));
  insert into words values (1, 'one'), (2, 'two');
  create procedure slowly() begin do sleep(0.01); end;
`;

const one = 'select word from words where id = ?';

const narrow: readonly (readonly [name: string, options: PoolOptions])[] = [
  ['makes nobody wait', { connectionLimit: 1, waitForConnections: false }],
  ['lets one wait', { connectionLimit: 1, queueLimit: 1 }],
];

describeWithMysql('a pool of mysql2 of one connection', () => {
  let given: Fixture;

  beforeAll(async () => {
    given = await fixture(schema);
  });
  afterAll(() => given.end());

  it.each(narrow)('that %s fails nobody for a look at the catalog', async (_name, options) => {
    const pool = given.wrappedPool(options);
    // As many as may be asked at once without a cache.
    const atOnce = 1 + (options.queueLimit ?? 0);
    await rowsOf(pool, one, [1]);
    for (let time = 0; time < 5; time++) {
      await pool.query(`alter table words comment = '${time}'`);
      for (let round = 0; round < 3; round++)
        await Promise.all(Array.from({ length: atOnce }, () => pool.query('call slowly()')));
      expect(await rowsOf(pool, one, [1])).toStrictEqual([{ word: 'one' }]);
    }
    expect(given.cache.stats().failures).toStrictEqual({});
  });

  it.each(narrow)('that %s has hits again once the catalog has changed', async (_name, options) => {
    const pool = given.wrappedPool(options);
    await rowsOf(pool, one, [2]);
    await pool.query(`alter table words comment = 'again'`);
    await until(() => given.isHit(() => rowsOf(pool, one, [2])));
    await pool.query(`update words set word = 'new' where id = 2`);
    expect(await rowsOf(pool, one, [2])).toStrictEqual([{ word: 'new' }]);
    await pool.query(`update words set word = 'two' where id = 2`);
  });

  it('waits for nobody who set himself no time, when he set one', async () => {
    const pool = given.wrappedPool({ connectionLimit: 3 });
    await rowsOf(pool, one, [1]);
    const locking = await given.plain.getConnection();
    await locking.query('lock tables words write');
    const text = 'select word from words where id = 1 -- locked';
    const patient = rowsOf(pool, text);
    const timed = pool.query({ sql: text, timeout: 20 });
    await expect(timed).rejects.toMatchObject({ code: 'PROTOCOL_SEQUENCE_TIMEOUT' });
    await locking.query('unlock tables');
    locking.release();
    expect(await patient).toStrictEqual([{ word: 'one' }]);
  });
});
