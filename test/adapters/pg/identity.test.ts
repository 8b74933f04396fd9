/** Decides whether processes that share a store agree on which state of a database is the latest. */
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Member } from '../../support/member.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { describeWithPostgres, type RedisServer, redisServer } from '../../support/servers.js';
import { until } from './fixture.js';

describeWithPostgres('a database that several processes use', () => {
  let server: PostgresServer;
  let redis: RedisServer;
  let members: Member[];

  beforeEach(async () => {
    [server, redis] = await Promise.all([PostgresServer.start(), redisServer()]);
    await server.query(
      `create table items (id int primary key, name text); insert into items values (1, 'one')`,
    );
    members = await Promise.all([start(), start()]);
  });
  afterEach(async () => {
    await Promise.all(members.map((member) => member.kill()));
    await Promise.all([server.stop(), redis.stop()]);
  });

  const start = (): Promise<Member> =>
    Member.start({
      cache: {
        ttl: '1h',
        namespace: 'shared',
        topology: { kind: 'single', url: redis.url },
        changes: { kind: 'none' },
      },
      pool: { ...server.place, max: 1 },
    });
  const read = (member: Member): Promise<{ rows: { name: string }[]; isHit: boolean }> =>
    member.query('select name from items where id = 1');
  const both = (): readonly [Member, Member] => members as [Member, Member]; // two were started

  it('is void for all of them once one was connected to it after a restart', async () => {
    const [first, second] = both();
    for (const member of [first, second]) await until(async () => (await read(member)).isHit);
    await server.end();
    // Nothing tells the second one: what it has is true as long as nobody writes.
    expect(await read(second)).toStrictEqual({ rows: [{ name: 'one' }], isHit: true });
    await server.startAgain();
    await until(() =>
      first.query(`update items set name = 'after the restart' where id = 1`).then(
        () => true,
        () => false, // its connection has not noticed yet
      ),
    );
    expect((await read(second)).rows).toStrictEqual([{ name: 'after the restart' }]);
    await until(async () => (await read(second)).isHit);
    await first.query(`update items set name = 'and again' where id = 1`);
    expect((await read(second)).rows).toStrictEqual([{ name: 'and again' }]);
    const store = new Redis(redis.url);
    const tables = await store.keys('lookaside:t:*}');
    const lives = await Promise.all(tables.map((key) => store.pttl(key)));
    store.disconnect();
    // The root and the table of the state that is over go from the store one day; those of the new one stay.
    expect([lives.filter((ms) => ms > 0).length, lives.length]).toStrictEqual([2, 4]);
  });

  it('is void for all of them once one has heard of a crash', async () => {
    const [first, second] = both();
    for (const member of [first, second]) await until(async () => (await read(member)).isHit);
    const [row] = await server.query<{ pid: number }>(
      `select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() limit 1`,
    );
    server.killBackend(row?.pid as number); // both have a connection
    await until(() =>
      first.query('update items set name = name where id = 2').then(
        () => true,
        () => false, // the server recovers
      ),
    );
    expect((await read(second)).isHit).toBe(false);
  });
});
