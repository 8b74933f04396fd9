/** Decides whether writes in transactions of mysql2 invalidate exactly when the server shows them, however they are sent. */
import type { PoolConnection } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeWithMysql, type MysqlFlavour } from '../../support/mysql.js';
import { type Fixture, fixture, rowsOf } from './fixture.js';

const schema = `
  create table accounts (id int primary key, balance int);
  create table notes (id int primary key, body varchar(20));
  create procedure half(told int) begin
    start transaction; update accounts set balance = told where id = 1; commit;
    signal sqlstate '45000' set message_text = 'too late'; end;
`;

const suite = (flavour: MysqlFlavour) => () => {
  let given: Fixture;

  beforeAll(async () => {
    given = await fixture(schema, {}, { multipleStatements: true }, flavour);
  });
  afterAll(() => given.end());

  beforeEach(async () => {
    await given.pool.query('delete from accounts');
    await given.pool.query('insert into accounts values (1, 100), (2, 100), (3, 100), (4, 100), (5, 100)');
    await given.pool.query('delete from notes');
    await given.pool.query(`insert into notes values (1, 'one')`);
  });

  const balance = async (id = 1): Promise<unknown> =>
    (await rowsOf(given.pool, 'select balance from accounts where id = ?', [id]))[0]?.['balance'];
  const notes = () => rowsOf(given.pool, 'select * from notes');
  const set = (connection: Pick<PoolConnection, 'query'>, amount: number, id = 1) =>
    connection.query('update accounts set balance = ? where id = ?', [amount, id]);

  it('keeps serving the old rows until COMMIT, and never after', async () => {
    await balance();
    await given.onConnection(async (connection) => {
      await connection.beginTransaction();
      await set(connection, 1);
      expect(await given.isHit(() => balance())).toBe(true);
      expect(await balance()).toBe(100);
      await connection.commit();
      expect(await balance()).toBe(1);
    });
  });

  it('invalidates nothing when the transaction is rolled back', async () => {
    await balance();
    const { writes } = given.cache.stats();
    await given.onConnection(async (connection) => {
      await connection.query('begin');
      await set(connection, 2);
      await connection.rollback();
    });
    expect(await given.isHit(() => balance())).toBe(true);
    expect(given.cache.stats().writes).toBe(writes);
  });

  it('counts what was written before a savepoint was rolled back to', async () => {
    await Promise.all([balance(), notes()]);
    await given.onConnection(async (connection) => {
      await connection.query('start transaction');
      await set(connection, 3);
      await connection.query('savepoint a');
      await connection.query(`update notes set body = 'x'`);
      await expect(connection.query('select * from missing')).rejects.toThrow("doesn't exist");
      await connection.query('rollback to savepoint a');
      await connection.query('commit');
    });
    expect(await balance()).toBe(3);
    expect(await notes()).toStrictEqual([{ id: 1, body: 'one' }]);
  });

  it('reads what the transaction wrote, and lets nobody else have it', async () => {
    await given.onConnection(async (connection) => {
      await connection.beginTransaction();
      await set(connection, 4);
      const read = () => rowsOf(connection, 'select balance from accounts where id = ?', [1]);
      expect(await read()).toStrictEqual([{ balance: 4 }]);
      expect(await given.isHit(read)).toBe(false);
      expect(await balance()).toBe(100);
      await connection.rollback();
    });
    expect(await balance()).toBe(100);
  });

  it('keeps nothing that was read under a snapshot', async () => {
    await given.onConnection(async (connection) => {
      await connection.query('start transaction with consistent snapshot');
      await given.plain.query('update accounts set balance = 5 where id = 1');
      expect(await rowsOf(connection, 'select balance from accounts where id = 1')).toStrictEqual([
        { balance: 100 },
      ]);
      await connection.commit();
      expect(await rowsOf(connection, 'select balance from accounts where id = 1')).toStrictEqual([
        { balance: 5 },
      ]);
    });
  });

  it('sees each transaction of a chain', async () => {
    await given.onConnection(async (connection) => {
      await connection.query('begin');
      for (const amount of [6, 7]) {
        await balance();
        await set(connection, amount);
        await connection.query('commit and chain');
        expect(await balance()).toBe(amount);
      }
      await connection.query('rollback');
    });
  });

  it('sees a transaction inside one text', async () => {
    await balance();
    await given.pool.query('begin; update accounts set balance = 8 where id = 1; commit');
    expect(await balance()).toBe(8);
  });

  it('sees a COMMIT hidden behind a read', async () => {
    await balance();
    await given.onConnection(async (connection) => {
      await connection.query('begin');
      await set(connection, 9);
      await connection.query('select 1; commit');
      expect(await balance()).toBe(9);
    });
  });

  it('counts what was written before a later statement of the text failed', async () => {
    await balance();
    await given.onConnection(async (connection) => {
      const text = 'update accounts set balance = 10 where id = 1; select * from missing';
      await expect(connection.query(text)).rejects.toThrow("doesn't exist");
    });
    expect(await balance()).toBe(10);
  });

  it('counts what a CALL committed before it raised', async () => {
    await balance();
    await expect(given.pool.query('call half(19)')).rejects.toThrow('too late');
    expect(await balance()).toBe(19);
  });

  it('is right when nothing is awaited', async () => {
    await balance();
    await given.onConnection(async (connection) => {
      const results = await Promise.all([
        connection.query('begin'),
        set(connection, 12),
        connection.query('commit'),
        connection.query('begin'),
        set(connection, 13, 2),
        connection.query('rollback'),
        connection.query('select balance from accounts where id = 1'),
      ]);
      expect(results.at(-1)?.[0]).toStrictEqual([{ balance: 12 }]);
    });
    expect(await balance(1)).toBe(12);
    expect(await balance(2)).toBe(100);
  });

  it('keeps the order of reads and writes that nobody awaited', async () => {
    await given.onConnection(async (connection) => {
      const [before, , after, executed] = await Promise.all([
        rowsOf(connection, 'select balance from accounts where id = 3'),
        set(connection, 14, 3),
        rowsOf(connection, 'select balance from accounts where id = 3'),
        connection.execute('select balance from accounts where id = ?', [3]),
      ]);
      expect(before).toStrictEqual([{ balance: 100 }]);
      expect(after).toStrictEqual([{ balance: 14 }]);
      expect(executed[0]).toStrictEqual([{ balance: 14 }]);
    });
  });

  it('is right when BEGIN is sent through the pool', async () => {
    const single = given.wrappedPool({ connectionLimit: 1 });
    const own = async (): Promise<unknown> =>
      (await rowsOf(single, 'select balance from accounts where id = 1'))[0]?.['balance'];
    await own();
    await single.query('begin');
    await set(single, 15);
    await balance();
    await single.query('commit');
    expect(await own()).toBe(15);
    expect(await balance()).toBe(15);
  });

  it('fills nothing from a connection that was given back in a transaction', async () => {
    const single = given.wrappedPool({ connectionLimit: 1 });
    await given.onConnection(async (leaking) => {
      await leaking.beginTransaction();
      await set(leaking, 16);
    }, single);
    expect(await rowsOf(single, 'select balance from accounts where id = ?', [1])).toStrictEqual([
      { balance: 16 },
    ]);
    expect(await balance()).toBe(100);
    await single.query('rollback');
    expect(await balance()).toBe(100);
  });

  it('is one that never ends where autocommit is off', async () => {
    await balance();
    await given.onConnection(async (connection) => {
      await connection.query('set autocommit = 0');
      await set(connection, 20);
      expect(await given.isHit(() => balance())).toBe(true);
      await connection.commit();
      expect(await balance()).toBe(20);
      await set(connection, 21);
      await connection.query('set autocommit = 1');
      expect(await balance()).toBe(21);
      await set(connection, 22);
      expect(await balance()).toBe(22);
    });
  });

  it('is not committed by autocommit that was on already', async () => {
    await balance();
    await given.onConnection(async (connection) => {
      await connection.beginTransaction();
      await set(connection, 23);
      await connection.query('set autocommit = 1');
      await balance();
      await connection.commit();
    });
    expect(await balance()).toBe(23);
  });

  it('is committed by what begins another one', async () => {
    await balance();
    await given.onConnection(async (connection) => {
      await connection.beginTransaction();
      await set(connection, 24);
      await connection.beginTransaction();
      expect(await balance()).toBe(24);
      await connection.rollback();
    });
    expect(await balance()).toBe(24);
  });

  it('is committed by DDL that fails, and what follows it is seen', async () => {
    await balance();
    await given.onConnection(async (connection) => {
      await connection.beginTransaction();
      await set(connection, 25);
      await expect(connection.query('create table notes (id int)')).rejects.toThrow('already exists');
      expect(await balance()).toBe(25);
      await set(connection, 26);
      expect(await balance()).toBe(26);
    });
  });

  it('is over after a deadlock, and what follows it is seen', async () => {
    await Promise.all([balance(1), balance(2)]);
    const other = given.wrappedPool();
    await given.onConnection(async (first) => {
      await given.onConnection(async (second) => {
        await first.beginTransaction();
        await second.beginTransaction();
        await set(first, 30, 1);
        await set(second, 31, 2);
        const crossing = await Promise.allSettled([set(first, 30, 2), set(second, 31, 1)]);
        const victim = crossing[0].status === 'rejected' ? first : second;
        const survivor = victim === first ? second : first;
        expect(crossing.filter(({ status }) => status === 'rejected')).toHaveLength(1);
        await survivor.rollback();
        await balance(3);
        await set(victim, 32, 3); // in autocommit: the transaction was rolled back
        expect(await balance(3)).toBe(32);
      }, other);
    }, other);
    expect(await balance(1)).toBe(100);
  });

  it('of two phases stands between them, and shows when it is committed', async () => {
    await balance();
    await given.onConnection(async (connection) => {
      await connection.query(`xa start 'one'`);
      await set(connection, 40);
      await connection.query(`xa end 'one'`);
      await connection.query(`xa prepare 'one'`);
      expect(await given.isHit(() => balance())).toBe(false);
      expect(await balance()).toBe(100);
      await connection.query(`xa commit 'one'`);
      expect(await balance()).toBe(40);
    });
    await expect.poll(() => given.cache.stats().unresolved).toBe(0);
    await balance();
    expect(await given.isHit(() => balance())).toBe(true);
  });

  it('of one phase shows when it is committed', async () => {
    await balance();
    await given.onConnection(async (connection) => {
      await connection.query(`xa start 'two'`);
      await set(connection, 41);
      await connection.query(`xa end 'two'`);
      expect(await given.isHit(() => balance())).toBe(true);
      await connection.query(`xa commit 'two' one phase`);
      expect(await balance()).toBe(41);
    });
  });

  it('leaves nothing unresolved and nothing failed', async () => {
    await expect.poll(() => given.cache.stats().unresolved).toBe(0);
    expect(given.cache.stats().failures).toStrictEqual({});
  });
};

describe.each(['mariadb', 'mysql57'] as const)('on %s', (flavour) => {
  describeWithMysql('transactions through a wrapped pool of mysql2', suite(flavour), flavour);
});
