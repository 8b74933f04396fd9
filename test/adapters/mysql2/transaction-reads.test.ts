/** Decides whether reads inside transactions of mysql2 that use the cache see what the database would show them, and keep nothing that others may not see. */
import type { PoolConnection } from 'mysql2/promise';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeWithMysql } from '../../support/mysql.js';
import { type Fixture, fixture, rowsOf } from './fixture.js';

const schema = `
  create table accounts (id int primary key, balance int);
  insert into accounts values (1, 100), (2, 100), (3, 100);
`;

describeWithMysql("transactions: 'untilWrite' on mysql2", () => {
  let given: Fixture;
  let connection: PoolConnection;

  beforeEach(async () => {
    given = await fixture(schema, { transactions: 'untilWrite' }, { connectionLimit: 3 });
    connection = await given.pool.getConnection();
    await connection.query('set session transaction isolation level read committed');
    await own();
  });
  afterEach(async () => {
    connection.destroy();
    await given.end();
  });

  const text = 'select balance from accounts where id = ?';
  const own = (id = 1): Promise<unknown> => rowsOf(connection, text, [id]);
  const pooled = (id = 1): Promise<unknown> => rowsOf(given.pool, text, [id]);
  const balance = (value: number): unknown => [{ balance: value }];

  it.each(['begin', 'start transaction read only'])(
    'hits and fills at READ COMMITTED before the first write: %s',
    async (begin) => {
      await connection.query(begin);
      expect(await given.isHit(() => own())).toBe(true);
      expect(await given.isHit(() => own(2))).toBe(false);
      expect(await given.isHit(() => own(2))).toBe(true);
      await given.pool.query('update accounts set balance = 101 where id = 2');
      expect(await own(2)).toStrictEqual(balance(101)); // each statement has a snapshot of its own
      await connection.query('commit');
    },
  );

  it('hits inside of what beginTransaction began', async () => {
    await connection.beginTransaction();
    expect(await given.isHit(() => own())).toBe(true);
    await connection.rollback();
    expect(await given.isHit(() => own())).toBe(true);
  });

  it.each([
    'update accounts set balance = 5 where id = 3',
    'select * from accounts where id = 3 for update',
    'set statement lock_wait_timeout = 1 for select * from accounts where id = 3 for update',
  ])('neither hits nor fills from then on: %s', async (closing) => {
    await connection.query('begin');
    await connection.query(closing);
    expect(await given.isHit(() => own())).toBe(false);
    expect(await given.isHit(() => own())).toBe(false);
    await connection.query('rollback');
    expect(await given.isHit(() => own())).toBe(true);
  });

  it('sees its own write, which nobody else does', async () => {
    await connection.query('begin');
    await own();
    await connection.query('update accounts set balance = 7 where id = 1');
    expect(await own()).toStrictEqual(balance(7));
    expect(await pooled()).toStrictEqual(balance(100));
    await connection.query('rollback');
    expect(await own()).toStrictEqual(balance(100));
  });

  it.each([
    ['set transaction isolation level repeatable read', 'begin'],
    ['set session transaction isolation level repeatable read', 'start transaction'],
  ])('leaves the snapshot of a transaction alone: %s', async (level, begin) => {
    await connection.query(level);
    await connection.query(begin);
    expect(await own()).toStrictEqual(balance(100));
    await given.pool.query('update accounts set balance = 200 where id = 1');
    expect(await pooled()).toStrictEqual(balance(200));
    const [truth] = await connection.query('select balance from accounts where id = 1 and 1 = 1');
    expect(await given.isHit(() => own())).toBe(false);
    expect(await own()).toStrictEqual(truth);
    await connection.query('commit');
    expect(await pooled()).toStrictEqual(balance(200));
  });

  it('leaves transactions alone that autocommit = 0 began', async () => {
    await connection.query('set autocommit = 0');
    expect(await given.isHit(() => own())).toBe(false);
    expect(await given.isHit(() => own())).toBe(false);
    await connection.query('set autocommit = 1');
    expect(await given.isHit(() => own())).toBe(true);
  });
});
