/** A COMMIT that waits for a synchronous standby, of a process that has died meanwhile: done or not, nobody can see yet. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Member, Members } from '../../support/member.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { describeWithPostgres, type RedisServer, redisServer } from '../../support/servers.js';
import { until } from './fixture.js';

describeWithPostgres('a COMMIT that waits for a synchronous standby', () => {
  let server: PostgresServer;
  let redis: RedisServer;
  const members = new Members(() => ({
    cache: {
      ttl: '1h',
      namespace: 'synchronous',
      topology: { kind: 'single', url: redis.url },
      changes: { kind: 'none' },
    },
    pool: { ...server.place, max: 2 },
  }));

  beforeEach(async () => {
    [server, redis] = await Promise.all([PostgresServer.start({ wal_level: 'replica' }), redisServer()]);
    await server.query(
      `create table items (id int primary key, name text); insert into items values (1, 'old')`,
    );
  });
  afterEach(async () => {
    await members.killAll();
    await Promise.all([server.stop(), redis.stop()]);
  });

  const read = (member: Member): Promise<{ rows: { name: string }[]; isHit: boolean }> =>
    member.query('select name from items where id = $1', [1]);
  const isWaiting = async (): Promise<boolean> =>
    (await server.query(`select from pg_stat_activity where wait_event = 'SyncRep'`)).length === 1;
  const wantStandbys = async (names: string): Promise<void> => {
    await server.query(`alter system set synchronous_standby_names = '${names}'`);
    await server.query('select pg_reload_conf()');
  };

  it('blocks the others after its process was killed, until it is over, and is seen by all then', {
    timeout: 90_000,
  }, async () => {
    const [owner, other] = [await members.start(), await members.start()];
    await until(async () => (await read(other)).isHit);
    await wantStandbys('nobody');
    owner.tell({ do: 'query', text: `update items set name = 'new' where id = 1` }).catch(() => undefined); // it does not live to tell
    await until(isWaiting);
    await owner.kill();
    for (let again = 0; again < 3; again++)
      expect(await read(other)).toStrictEqual({ rows: [{ name: 'old' }], isHit: false });
    expect(await isWaiting()).toBe(true);
    await wantStandbys('');
    await until(async () => (await read(other)).isHit);
    expect((await read(other)).rows).toStrictEqual([{ name: 'new' }]);
  });
});
