/** Decides what becomes of writes whose outcome nobody was told: the intent stands until the server has said it. */
import type { PoolConnection } from 'mysql2/promise';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeWithMysql } from '../../support/mysql.js';
import { type Fixture, fixture, rowsOf, until } from './fixture.js';

/** The trigger makes a write wait for a lock that the test holds: it is under way for as long as that likes. */
const schema = `
  create table accounts (id int primary key, balance int);
  create table slow (id int primary key, body varchar(20));
  insert into accounts values (1, 100);
  insert into slow values (1, 'old');
  create trigger waits before update on slow for each row set @waited = get_lock(concat(database(), '.gate'), 60);
`;

describeWithMysql('a write through mysql2 whose outcome is unknown', () => {
  let given: Fixture;
  let gate: PoolConnection;

  beforeEach(async () => {
    given = await fixture(schema);
    gate = await given.plain.getConnection();
    await gate.query(`select get_lock(concat(database(), '.gate'), 0)`);
  });
  afterEach(async () => {
    await open();
    gate.release();
    await given.end();
  });

  const open = () =>
    gate
      .query('do release_all_locks()')
      .catch(() => gate.query(`do release_lock(concat(database(), '.gate'))`));
  const read = () => rowsOf(given.pool, 'select * from slow where id = ?', [1]);
  const waitingId = async (): Promise<number> => {
    let id: number | undefined;
    await until(async () => {
      const rows = await rowsOf(
        given.plain,
        `select id from information_schema.processlist where state = 'User lock' and db = database()`,
      );
      id = rows[0]?.['id'] as number | undefined;
      return id !== undefined;
    });
    return id as number; // just seen
  };
  const updateSlowly = async (
    body: string,
  ): Promise<{ connection: PoolConnection; updating: Promise<string> }> => {
    const connection = await given.pool.getConnection();
    const updating = connection.query('update slow set body = ? where id = 1', [body]).then(
      () => 'written',
      () => 'lost',
    );
    return { connection, updating };
  };
  const streamOf = (connection: PoolConnection) =>
    (connection as unknown as { connection: { stream: { destroy(): void } } }).connection.stream;

  it('blocks reads of the table while it is under way, and serves the new rows after', async () => {
    await read();
    const { connection, updating } = await updateSlowly('new');
    await waitingId();
    expect(await given.isHit(read)).toBe(false);
    await open();
    expect(await updating).toBe('written');
    expect(await read()).toMatchObject([{ body: 'new' }]);
    expect(await given.isHit(read)).toBe(true);
    connection.release();
  });

  it('stands when its session is killed, and is resolved by asking the server', async () => {
    await read();
    const { connection, updating } = await updateSlowly('new');
    await given.plain.query(`kill ${await waitingId()}`);
    expect(await updating).toBe('lost');
    connection.destroy();
    await until(() => given.cache.stats().resolved === 1);
    expect(await read()).toMatchObject([{ body: 'old' }]);
    await until(() => given.isHit(read));
    expect(given.cache.stats().unresolved).toBe(0);
  });

  it('stands while the server may still run one whose connection was cut, and shows its rows after', async () => {
    await read();
    const { connection, updating } = await updateSlowly('new');
    await waitingId();
    streamOf(connection).destroy();
    expect(await updating).toBe('lost');
    expect(given.cache.stats().unresolved).toBe(1);
    expect(await read()).toMatchObject([{ body: 'old' }]);
    expect(await given.isHit(read)).toBe(false);
    await open();
    await until(() => given.cache.stats().resolved === 1);
    const truth = await rowsOf(given.plain, 'select * from slow where id = 1');
    expect(await read()).toStrictEqual(truth);
    await until(() => given.isHit(read));
    expect(await read()).toStrictEqual(truth);
  });

  it('does not arise from a connection that is lost before COMMIT', async () => {
    const accounts = () => rowsOf(given.pool, 'select * from accounts');
    await accounts();
    const connection = await given.pool.getConnection();
    await connection.beginTransaction();
    await connection.query('update accounts set balance = 1');
    await given.plain.query(`kill ${connection.threadId}`);
    await expect(connection.commit()).rejects.toThrow();
    connection.destroy();
    await until(() => given.cache.stats().unresolved === 0);
    expect(await accounts()).toStrictEqual([{ id: 1, balance: 100 }]);
    await until(() => given.isHit(accounts));
  });

  it('stands behind a timeout of the driver until the statement has ended', async () => {
    await read();
    const connection = await given.pool.getConnection();
    await expect(
      connection.query({ sql: `update slow set body = 'late' where id = 1`, timeout: 50 }),
    ).rejects.toThrow('Query inactivity timeout');
    expect(await given.isHit(read)).toBe(false);
    await open();
    await until(
      async () => (await rowsOf(given.plain, `select id from slow where body = 'late'`)).length === 1,
    );
    expect(await read()).toMatchObject([{ body: 'late' }]);
    await until(() => given.isHit(read));
    connection.release();
  });

  it('is not left behind by a connection that its user destroys', async () => {
    await read();
    const { connection, updating } = await updateSlowly('new');
    await waitingId();
    connection.destroy();
    void updating;
    await open();
    await until(() => given.cache.stats().unresolved === 0 && given.cache.stats().writes > 0);
    await until(() => given.isHit(read));
    expect(await read()).toStrictEqual(await rowsOf(given.plain, 'select * from slow where id = 1'));
  });

  it('is resolved after the pool has ended', async () => {
    const other = given.wrappedPool({ connectionLimit: 1 });
    await read();
    const connection = await other.getConnection();
    const updating = connection.query(`update slow set body = 'new'`).catch(() => 'lost');
    await given.plain.query(`kill ${await waitingId()}`);
    expect(await updating).toBe('lost');
    connection.destroy();
    await other.end();
    await until(() => given.cache.stats().resolved === 1);
    expect(await read()).toMatchObject([{ body: 'old' }]);
    await until(() => given.isHit(read));
  });
});
