/** Decides what a write asks of a store elsewhere: naming its rows costs no command of INTENT, and one of END's at most. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithPostgres, type RedisServer, redisServer } from '../../support/servers.js';
import { type Fixture, fixture, until } from './fixture.js';

const schema = `create table goods (id serial primary key, sku text unique, n int);
  insert into goods (sku, n) select 's' || g, g from generate_series(1, 20) g`;

describeWithPostgres('what a write asks of a store elsewhere', () => {
  let redis: RedisServer;
  let store: Redis;
  let given: Fixture;
  beforeAll(async () => {
    redis = await redisServer();
    store = new Redis(redis.url);
    given = await fixture(schema, { topology: { kind: 'single', url: redis.url } });
  });
  afterAll(async () => {
    await given.end();
    store.disconnect();
    await redis.stop();
  });

  /** How often each command of INTENT and END was called meanwhile: END may come after the answer, under the intent. */
  const commandsOf = async (write: () => Promise<unknown>, hdel = 1): Promise<Record<string, number>> => {
    await given.pool.query('select * from goods where id = $1', [3]);
    await given.pool.query('select * from goods where sku = $1', ['s3']);
    await store.config('RESETSTAT');
    await write();
    let stats = '';
    const called = (command: string): number =>
      Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    await until(async () => {
      stats = await store.info('commandstats');
      return called('hdel') >= hdel;
    });
    return Object.fromEntries(['hset', 'hgetall', 'del', 'hdel'].map((name) => [name, called(name)]));
  };

  const whole = { hset: 2, hgetall: 1, del: 0, hdel: 1 };

  it('is the same whether it names its rows or not, but that the values named are dropped with the rest of END', async () => {
    const { pool } = given;
    expect(await commandsOf(() => pool.query('update goods set n = n + 1 where n < 9'))).toEqual(whole);
    const pinned = { ...whole, del: 1 };
    expect(await commandsOf(() => pool.query('update goods set n = 1 where id = $1', [3]))).toEqual(pinned);
    const returning = 'insert into goods (sku) values ($1) returning id';
    expect(await commandsOf(() => pool.query(returning, ['x1']))).toEqual(pinned);
    const transaction = async (): Promise<void> => {
      const client = await pool.connect();
      await client.query('begin');
      await client.query(returning, ['x2']);
      await client.query('commit');
      client.release();
    };
    expect(await commandsOf(transaction)).toEqual(pinned);
  });

  it('is nothing but its intent where it wrote nothing', async () => {
    const nothing = (): Promise<unknown> => given.pool.query('update goods set n = 1 where id = $1', [999]);
    expect(await commandsOf(nothing)).toEqual({ hset: 1, hgetall: 1, del: 0, hdel: 1 });
    const long = (): Promise<unknown> => given.pool.query('update goods set n = 1 where n > 999');
    expect(await commandsOf(long, 0)).toEqual({ hset: 0, hgetall: 0, del: 0, hdel: 0 });
  });
});
