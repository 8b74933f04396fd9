/** Decides what becomes of writes whose outcome nobody was told: the intent stands until the database has said it. */
import type pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeWithPostgres } from '../../support/servers.js';
import { type Fixture, fixture, until } from './fixture.js';

/** The trigger makes COMMIT wait for an advisory lock that the test holds. */
const schema = `
  create table accounts (id int primary key, balance int);
  create table slow (id int primary key, body text);
  insert into accounts values (1, 100);
  insert into slow values (1, 'old');
  create function wait_for_test() returns trigger language plpgsql as
    $$ begin perform pg_advisory_xact_lock(4711); return null; end $$;
  create constraint trigger waits after update on slow deferrable initially deferred
    for each row execute function wait_for_test();
`;

describeWithPostgres('a write whose outcome is unknown', () => {
  let given: Fixture;
  let gate: pg.PoolClient;

  beforeEach(async () => {
    given = await fixture(schema);
    gate = await given.plain.connect();
    await gate.query('select pg_advisory_lock(4711)');
  });
  afterEach(async () => {
    gate.release(true);
    await given.end();
  });

  const read = () => given.pool.query<{ body: string }>('select * from slow where id = $1', [1]);
  const open = () => gate.query('select pg_advisory_unlock_all()');
  const waitingPid = async (): Promise<number> => {
    let pid: number | undefined;
    await until(async () => {
      const { rows } = await given.plain.query<{ pid: number }>(
        `select l.pid from pg_locks l join pg_database d on d.oid = l.database
          where l.locktype = 'advisory' and not l.granted and d.datname = current_database()`,
      );
      pid = rows[0]?.pid;
      return pid !== undefined;
    });
    return pid as number; // just seen
  };

  const commitSlowly = async (
    body: string,
  ): Promise<{ client: pg.PoolClient; committing: Promise<unknown> }> => {
    const client = await given.pool.connect();
    client.on('error', () => undefined);
    await client.query('begin');
    await client.query('update slow set body = $1 where id = 1', [body]);
    const committing = client.query('commit').then(
      () => 'committed',
      () => 'lost',
    );
    return { client, committing };
  };

  it('blocks reads of the table while COMMIT is under way, and serves the new rows after', async () => {
    await read();
    const { client, committing } = await commitSlowly('new');
    await waitingPid();
    expect(await given.isHit(read)).toBe(false);
    await open();
    expect(await committing).toBe('committed');
    expect((await read()).rows[0]?.body).toBe('new');
    expect(await given.isHit(read)).toBe(true);
    client.release();
  });

  it('stands when the backend is killed during COMMIT, and is resolved by asking the database', async () => {
    await read();
    const { client, committing } = await commitSlowly('new');
    await given.plain.query('select pg_terminate_backend($1)', [await waitingPid()]);
    expect(await committing).toBe('lost');
    client.release(true);
    await until(() => given.cache.stats().resolved === 1);
    expect((await read()).rows[0]?.body).toBe('old');
    await until(() => given.isHit(read));
    expect(given.cache.stats().unresolved).toBe(0);
  });

  it('stands while the database may still run a COMMIT whose connection was cut, and shows its rows after', async () => {
    await read();
    const { client, committing } = await commitSlowly('new');
    await waitingPid();
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    expect(await committing).toBe('lost');
    client.release(true);
    expect(given.cache.stats().unresolved).toBe(1);
    expect((await read()).rows[0]?.body).toBe('old');
    expect(await given.isHit(read)).toBe(false);
    await open();
    await until(async () => (await given.plain.query(`select from slow where body = 'new'`)).rowCount === 1);
    expect((await read()).rows[0]?.body).toBe('new');
    await until(() => given.cache.stats().resolved === 1);
    expect((await read()).rows[0]?.body).toBe('new');
  });

  it('does not arise from a connection that is lost before COMMIT', async () => {
    const accounts = () => given.pool.query('select * from accounts');
    await accounts();
    const client = await given.pool.connect();
    client.on('error', () => undefined);
    await client.query('begin');
    await client.query('update accounts set balance = 1');
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    await given.plain.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    await expect(client.query('commit')).rejects.toThrow();
    client.release(true);
    await until(() => given.cache.stats().unresolved === 0);
    expect((await accounts()).rows).toStrictEqual([{ id: 1, balance: 100 }]);
    await until(() => given.isHit(accounts));
  });

  it('stands behind a read timeout until the statement has ended', async () => {
    await read();
    const client = await given.pool.connect();
    await expect(
      client.query({
        text: `update slow set body = 'late' where id = 1`,
        query_timeout: 50,
      } as pg.QueryConfig),
    ).rejects.toThrow('Query read timeout');
    expect(await given.isHit(read)).toBe(false);
    await open();
    await until(async () => (await given.plain.query(`select from slow where body = 'late'`)).rowCount === 1);
    expect((await read()).rows[0]?.body).toBe('late');
    await until(() => given.isHit(read));
    client.release();
  });

  it('is resolved after the pool has ended', async () => {
    const other = given.wrappedPool({ max: 1 });
    await read();
    const client = await other.connect();
    client.on('error', () => undefined);
    await client.query('begin');
    await client.query(`update slow set body = 'new'`);
    const committing = client.query('commit').catch(() => 'lost');
    await given.plain.query('select pg_terminate_backend($1)', [await waitingPid()]);
    await committing;
    client.release(true);
    await other.end();
    await until(() => given.cache.stats().resolved === 1);
    expect((await read()).rows[0]?.body).toBe('old');
    await until(() => given.isHit(read));
  });

  it('of a prepared transaction stands until that is committed through us', async () => {
    const accounts = () => given.pool.query<{ balance: number }>('select * from accounts');
    await accounts();
    const client = await given.pool.connect();
    await client.query('begin');
    await client.query('update accounts set balance = 2');
    await client.query(`prepare transaction 'one'`);
    expect((await accounts()).rows[0]?.balance).toBe(100);
    expect(await given.isHit(accounts)).toBe(false);
    await client.query(`commit prepared 'one'`);
    client.release();
    expect((await accounts()).rows[0]?.balance).toBe(2);
    await until(() => given.isHit(accounts));
    expect((await accounts()).rows[0]?.balance).toBe(2);
  });

  it('of a prepared transaction stands until that was rolled back elsewhere', async () => {
    const accounts = () => given.pool.query<{ balance: number }>('select * from accounts');
    await accounts();
    const client = await given.pool.connect();
    await client.query('begin');
    await client.query('update accounts set balance = 3');
    await client.query(`prepare transaction 'two'`);
    client.release();
    expect(await given.isHit(accounts)).toBe(false);
    await given.plain.query(`rollback prepared 'two'`);
    await until(() => given.cache.stats().resolved === 1);
    expect((await accounts()).rows[0]?.balance).toBe(100);
    await until(() => given.isHit(accounts));
  });

  it('of a prepared transaction of others counts as a write of everything', async () => {
    const accounts = () => given.pool.query<{ balance: number }>('select * from accounts');
    const foreign = await given.plain.connect();
    await foreign.query('begin');
    await foreign.query('update accounts set balance = 4');
    await foreign.query(`prepare transaction 'three'`);
    foreign.release();
    await accounts();
    await given.pool.query(`commit prepared 'three'`);
    expect((await accounts()).rows[0]?.balance).toBe(4);
  });
});
