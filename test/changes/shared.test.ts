/** Decides whether processes that share a store watch a database as one: by one of them, and by another when it dies. */
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../adapters/pg/fixture.js';
import { type Member, Members } from '../support/member.js';
import {
  describeWithPostgres,
  postgres,
  type RedisServer,
  redisServer,
  type TestDatabase,
} from '../support/servers.js';

const schema = `
  create table items (id int primary key, name text);
  create table counters (id int primary key, value int);
  insert into items values (1, 'one');
  insert into counters select i, 0 from generate_series(1, 1000) i;
`;

describeWithPostgres('processes that share a store', () => {
  let database: TestDatabase;
  let redis: RedisServer;

  const elsewhere = async <Row extends pg.QueryResultRow>(statement: string): Promise<readonly Row[]> => {
    const client = new pg.Client(database.config);
    await client.connect();
    const { rows } = await client.query<Row>(statement);
    await client.end();
    return rows;
  };
  const leases = async (): Promise<readonly string[]> => {
    const client = new Redis(redis.url);
    const keys = await client.keys('lookaside:p:*:lease');
    client.disconnect();
    return keys;
  };
  const members = new Members(() => ({
    cache: {
      ttl: '1h',
      namespace: 'shared',
      topology: { kind: 'single', url: redis.url },
      changes: { kind: 'poll', interval: '100ms' },
    },
    pool: { ...database.config, max: 4 },
  }));
  const nameIn = async (member: Member): Promise<string | undefined> =>
    (await member.query<{ name: string }>('select name from items where id = 1')).rows[0]?.name;
  /** Server processes whose last statement was a look at the statistics. */
  const watchers = async (): Promise<readonly number[]> =>
    (
      await elsewhere<{ pid: number }>(
        `select pid from pg_stat_activity where datname = current_database() and query like '%track_counts%'
          and pid <> pg_backend_pid()`,
      )
    ).map(({ pid }) => pid);

  beforeEach(async () => {
    [database, redis] = await Promise.all([postgres().createDatabase(), redisServer()]);
    await elsewhere(schema);
  });
  afterEach(async () => {
    await members.killAll();
    await Promise.all([database.drop(), redis.stop()]);
  });

  it('see what somebody else wrote, all of them, by the looks of one', async () => {
    const [first, second] = [await members.start(), await members.start()];
    await until(async () => (await first.query('select name from items where id = 1')).isHit);
    await until(async () => (await second.query('select name from items where id = 1')).isHit);
    await until(async () => (await watchers()).length === 1);
    await elsewhere(`update items set name = 'changed'`);
    await until(async () => (await nameIn(first)) === 'changed' && (await nameIn(second)) === 'changed');
    expect(await watchers()).toHaveLength(1);
  });

  it('go on watching when the one that watched is killed', async () => {
    const [first, second] = [await members.start(), await members.start()];
    for (const member of [first, second]) await nameIn(member);
    await until(async () => (await watchers()).length === 1);
    await first.kill(); // it came first, and so it watches
    await elsewhere(`update items set name = 'changed'`);
    await until(async () => (await nameIn(second)) === 'changed');
    expect(await watchers()).toHaveLength(1);
  });

  it('see what was written while none of them was there, before they serve anything', async () => {
    const first = await members.start();
    await until(async () => (await first.query('select name from items where id = 1')).isHit);
    await first.kill();
    await elsewhere(`update items set name = 'changed'`);
    await until(async () => (await leases()).length === 0); // until then who was killed is taken to be watching
    const second = await members.start();
    expect(await nameIn(second)).toBe('changed');
  });

  it('let the database sleep when nothing is cached any more', async () => {
    const member = await members.start({}, { ttl: '300ms' });
    const isWatched = async (): Promise<boolean> => {
      await nameIn(member); // again and again: on a busy machine what is kept so shortly may be gone before we look
      return (await watchers()).length === 1;
    };
    await until(isWatched);
    await until(async () => (await watchers()).length === 0);
    await until(isWatched);
  });

  it('never rotate what they write themselves, under load', { timeout: 120_000 }, async () => {
    const [first, second] = [await members.start(), await members.start()];
    for (const member of [first, second])
      await member.query('select value from counters where id = $1', [1000]);
    const load = (member: Member): Promise<unknown> =>
      member.tell({
        do: 'load',
        text: 'update counters set value = value + 1 where id = $1',
        writers: 4,
        rows: 900,
        forMs: 4_000,
        writesMin: 500,
      });
    const writes = await Promise.all([load(first), load(second)]);
    const stats = await Promise.all([first.stats(), second.stats()]);
    const foreign = stats.map(({ tables }) => tables['public.counters']?.foreign ?? 0);
    expect(Math.min(...(writes as number[]))).toBeGreaterThanOrEqual(500);
    expect(foreign).toStrictEqual([0, 0]);
    for (const member of [first, second])
      expect((await member.query('select value from counters where id = $1', [1000])).isHit).toBe(true);
  });
});
