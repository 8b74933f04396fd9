/** Decides what becomes of the intents of processes that died: others ask the database, and end them. */
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Member, Members } from '../../support/member.js';
import {
  describeWithPostgres,
  postgres,
  type RedisServer,
  redisServer,
  type TestDatabase,
} from '../../support/servers.js';
import { until } from './fixture.js';

/** The trigger makes COMMIT wait for an advisory lock that the test holds. */
const schema = `
  create table slow (id int primary key, body text);
  create table unread (id int primary key, body text);
  insert into slow values (1, 'old');
  insert into unread values (1, 'old');
  create function wait_for_test() returns trigger language plpgsql as
    $$ begin perform pg_advisory_xact_lock(4711); return null; end $$;
  create constraint trigger waits after update on slow deferrable initially deferred
    for each row execute function wait_for_test();
`;

describeWithPostgres('an intent whose process was killed', () => {
  let database: TestDatabase;
  let redis: RedisServer;
  let store: Redis;
  let gate: pg.Client;

  beforeEach(async () => {
    [database, redis] = await Promise.all([postgres().createDatabase(), redisServer()]);
    store = new Redis(redis.url);
    gate = new pg.Client(database.config);
    gate.on('error', () => undefined);
    await gate.connect();
    await gate.query(schema);
    await gate.query('select pg_advisory_lock(4711)');
  });
  afterEach(async () => {
    await members.killAll();
    store.disconnect();
    await gate.end();
    await Promise.all([database.drop(), redis.stop()]);
  });

  const members = new Members(() => ({
    cache: {
      ttl: '1h',
      namespace: 'shared',
      topology: { kind: 'single', url: redis.url },
      changes: { kind: 'none' },
    },
    pool: { ...database.config, max: 2 },
  }));
  const read = (member: Member): Promise<{ rows: { body: string }[]; isHit: boolean }> =>
    member.query('select body from slow where id = $1', [1]);
  const isWaiting = async (): Promise<boolean> =>
    (
      await gate.query(`select from pg_locks l join pg_database d on d.oid = l.database
          where l.locktype = 'advisory' and not l.granted and d.datname = current_database()`)
    ).rowCount === 1;
  const open = (): Promise<unknown> => gate.query('select pg_advisory_unlock_all()');
  const standing = async (): Promise<number> => {
    const tables = await store.keys('lookaside:t:*}');
    const fields = await Promise.all(tables.map((table) => store.hkeys(table)));
    return fields.flat().filter((name) => name.startsWith('i:')).length;
  };

  /** Killed while its COMMIT is under way. */
  const dieDuringCommit = async (member: Member): Promise<void> => {
    await member.tell({ do: 'connect' });
    await member.query('begin');
    await member.query(`update slow set body = 'new' where id = 1`);
    member.tell({ do: 'query', text: 'commit' }).catch(() => undefined); // it does not live to tell
    await until(isWaiting);
    await member.kill();
  };

  it('blocks the others as long as the database may still commit, and is ended by them when it did', async () => {
    const [owner, other] = [await members.start(), await members.start()];
    await until(async () => (await read(other)).isHit);
    await dieDuringCommit(owner);
    for (let again = 0; again < 3; again++)
      expect(await read(other)).toStrictEqual({ rows: [{ body: 'old' }], isHit: false });
    expect(await standing()).toBe(1);
    await open();
    await until(async () => (await read(other)).isHit);
    expect((await read(other)).rows).toStrictEqual([{ body: 'new' }]);
    expect(await standing()).toBe(0);
    expect((await other.stats()).resolved).toBe(1);
  });

  it('is ended by a role that may not see the activity of others', async () => {
    await gate.query(`
      create role clerk_${process.pid} login; create role owner_${process.pid} login;
      grant all on slow to clerk_${process.pid}, owner_${process.pid}`);
    try {
      const [owner, other] = [
        await members.start({ user: `owner_${process.pid}` }),
        await members.start({ user: `clerk_${process.pid}` }),
      ];
      await read(other);
      await dieDuringCommit(owner);
      expect((await read(other)).isHit).toBe(false);
      await open();
      await until(async () => (await read(other)).isHit);
      expect((await read(other)).rows).toStrictEqual([{ body: 'new' }]);
    } finally {
      await members.killAll();
      await gate.query(
        `drop owned by clerk_${process.pid}, owner_${process.pid}; drop role clerk_${process.pid}, owner_${process.pid}`,
      );
    }
  });

  it('leaves no trace in a table that nobody reads, once another process has started', async () => {
    const owner = await members.start();
    await owner.tell({ do: 'connect' });
    await owner.query('begin');
    await owner.query(`update unread set body = 'new'`);
    await owner.query(`update slow set body = 'new'`);
    owner.tell({ do: 'query', text: 'commit' }).catch(() => undefined); // it does not live to tell
    await until(isWaiting);
    await owner.kill();
    await open();
    expect(await standing()).toBe(2);
    await members.start();
    await until(async () => (await standing()) === 0);
  });

  it('stands while the transaction is prepared, and is ended by others when somebody has finished it', async () => {
    const [owner, other] = [await members.start(), await members.start()];
    await read(other);
    await open();
    await owner.tell({ do: 'connect' });
    await owner.query('begin');
    await owner.query(`update slow set body = 'new' where id = 1`);
    await owner.query(`prepare transaction 'left behind'`);
    await owner.kill();
    await until(async () => (await other.stats()).unresolved > 0 || !(await read(other)).isHit);
    expect((await read(other)).isHit).toBe(false);
    await gate.query(`commit prepared 'left behind'`);
    await until(async () => (await read(other)).isHit);
    expect((await read(other)).rows).toStrictEqual([{ body: 'new' }]);
  });

  it('is found by its lock and process also after DISCARD ALL', async () => {
    const [owner, other] = [await members.start(), await members.start()];
    await read(other);
    await owner.tell({ do: 'connect' });
    await owner.query('discard all');
    await owner.query('begin');
    await owner.query(`update slow set body = 'new' where id = 1`);
    owner.tell({ do: 'query', text: 'commit' }).catch(() => undefined); // it does not live to tell
    await until(isWaiting);
    const { rows } = await gate.query<{ locks: number }>(
      `select count(*)::int as locks from pg_locks where locktype = 'advisory' and granted and objsubid = 2
        and pid = (select l.pid from pg_locks l join pg_database d on d.oid = l.database
          where l.locktype = 'advisory' and not l.granted and d.datname = current_database())`,
    );
    expect(rows[0]?.locks).toBe(1);
    await owner.kill();
    expect((await read(other)).isHit).toBe(false);
    await open();
    await until(async () => (await read(other)).isHit);
    expect((await read(other)).rows).toStrictEqual([{ body: 'new' }]);
  });
});
