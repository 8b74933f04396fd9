/** Decides whether statements of one client keep their order where an intent has to be told to a store elsewhere first. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeWithPostgres, type RedisServer, redisServer } from '../../support/servers.js';
import { type Fixture, fixture } from './fixture.js';

describeWithPostgres('what one client of pg is told at once, with a store elsewhere', () => {
  let redis: RedisServer;
  let given: Fixture;

  beforeAll(async () => {
    redis = await redisServer();
    given = await fixture('create table accounts (id int primary key, balance int)', {
      topology: { kind: 'single', url: redis.url },
    });
  });
  afterAll(async () => {
    await given.end();
    await redis.stop();
  });
  beforeEach(async () => {
    await given.pool.query('delete from accounts');
    await given.pool.query('insert into accounts values (1, 100), (2, 100)');
  });

  const read = 'select balance from accounts where id = 1';
  const update = (balance: number) => `update accounts set balance = ${balance} where id = 1`;

  it.each([
    ['autocommitted', [update(2), read, update(3), read], [2, 3]],
    ['of a transaction', ['begin', update(4), read, update(5), 'commit', read, update(6), read], [4, 5, 6]],
    ['of a transaction that is undone', ['begin', update(7), read, 'rollback', read], [7, 100]],
    ['of several in one text', [`begin; ${update(8)}; commit`, read, update(9), read], [8, 9]],
  ])('is sent in the order it was called, %s', async (_, texts, expected) => {
    await given.pool.query(read);
    const client = await given.pool.connect();
    try {
      const results = await Promise.all(texts.map((text) => client.query<{ balance: number }>(text)));
      const reads = results.filter((_result, index) => texts[index] === read);
      expect(reads.map(({ rows }) => rows[0]?.balance)).toStrictEqual(expected);
    } finally {
      client.release();
    }
    const [row] = (await given.pool.query<{ balance: number }>(read)).rows;
    expect(row?.balance).toBe(expected.at(-1));
  });
});
