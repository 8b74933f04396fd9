/** Decides whether intents stand before writes are sent through mysql2, and end before they are answered, in a store elsewhere. */
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeWithMysql } from '../../support/mysql.js';
import { type RedisServer, redisServer } from '../../support/servers.js';
import { type Fixture, fixture, rowsOf } from './fixture.js';

const schema = `create table accounts (id int primary key, balance int)`;

describeWithMysql('what mysql2 writes, with a store elsewhere', () => {
  let redis: RedisServer;
  let store: Redis;
  let given: Fixture;

  beforeAll(async () => {
    redis = await redisServer();
    store = new Redis(redis.url);
    given = await fixture(
      schema,
      { topology: { kind: 'single', url: redis.url } },
      { multipleStatements: true },
    );
  });
  afterAll(async () => {
    await given.end();
    store.disconnect();
    await redis.stop();
  });

  beforeEach(async () => {
    await given.pool.query('delete from accounts');
    await given.pool.query('insert into accounts values (1, 100), (2, 100)');
  });

  const balance = async (id = 1): Promise<unknown> =>
    (await rowsOf(given.pool, 'select balance from accounts where id = ?', [id]))[0]?.['balance'];

  it('is seen by the next read, and the one before it was a hit', async () => {
    await balance();
    expect(await given.isHit(() => balance())).toBe(true);
    await given.pool.execute('update accounts set balance = ? where id = ?', [1, 1]);
    expect(await balance()).toBe(1);
  });

  it('is sent in the order it was called, behind an intent that has to be told first', async () => {
    await given.onConnection(async (connection) => {
      const update = (amount: number) =>
        connection.query('update accounts set balance = ? where id = 1', [amount]);
      const read = () => rowsOf(connection, 'select balance from accounts where id = 1 limit 1');
      const [, first, , second, executed] = await Promise.all([
        update(2),
        read(),
        update(3),
        read(),
        connection.execute('select balance from accounts where id = ?', [1]),
      ]);
      expect([first, second, executed[0]]).toStrictEqual([
        [{ balance: 2 }],
        [{ balance: 3 }],
        [{ balance: 3 }],
      ]);
    });
    expect(await balance()).toBe(3);
  });

  it('fails, and is not sent, where its connection is lost while its intent is told', async () => {
    const connection = await given.pool.getConnection();
    const { threadId } = connection;
    await store.call('client', 'pause', '10000', 'write');
    const lost = once(connection, 'error');
    const outcome = connection.query('update accounts set balance = 9 where id = 1').then(
      () => 'written',
      (error: unknown) => (error as Error).message,
    );
    await given.plain.query(`kill ${threadId}`);
    await lost;
    await store.call('client', 'unpause');
    expect(await outcome).toContain('closed state');
    connection.destroy();
    expect(await balance()).toBe(100);
    await balance();
    expect(await given.isHit(() => balance())).toBe(true); // its intent has ended
  });

  it('has its intent in the store while it runs, and not after its answer', async () => {
    const intents = async (): Promise<number> => {
      const keys = await store.keys('lookaside:t:*');
      const tables = [];
      for (const key of keys) if ((await store.type(key)) === 'hash') tables.push(await store.hkeys(key));
      return tables.flat().filter((field) => field.startsWith('i:')).length;
    };
    const blocking = await given.plain.getConnection();
    await blocking.beginTransaction();
    await blocking.query('select * from accounts where id = 1 for update');
    const writing = given.pool.query('update accounts set balance = 4 where id = 1');
    await expect.poll(intents).toBe(1);
    await blocking.rollback();
    blocking.release();
    await writing;
    expect(await balance()).toBe(4);
    await expect.poll(intents).toBe(0);
  });

  it('of a transaction is one intent, at its COMMIT', async () => {
    await given.onConnection(async (connection) => {
      const { writes } = given.cache.stats();
      await connection.beginTransaction();
      await connection.query('update accounts set balance = 5 where id = 1');
      await connection.query('update accounts set balance = 6 where id = 2');
      expect(given.cache.stats().writes).toBe(writes);
      await connection.commit();
      expect(given.cache.stats().writes).toBe(writes + 1);
    });
    expect([await balance(1), await balance(2)]).toStrictEqual([5, 6]);
  });

  it('is refused by name where the store has to be told and cannot be', async () => {
    const own = await redisServer();
    const strict = await fixture(schema, {
      topology: { kind: 'single', url: own.url },
      onStoreDown: 'reject',
    });
    await strict.pool.query('insert into accounts values (1, 100)');
    await own.stop();
    await expect(strict.pool.query('update accounts set balance = 1')).rejects.toMatchObject({
      code: 'LOOKASIDE_STORE_UNAVAILABLE',
    });
    await expect(strict.pool.execute('update accounts set balance = ?', [1])).rejects.toMatchObject({
      code: 'LOOKASIDE_STORE_UNAVAILABLE',
    });
    expect(await rowsOf(strict.pool, 'select balance from accounts')).toStrictEqual([{ balance: 100 }]);
    await strict.end();
  });
});
