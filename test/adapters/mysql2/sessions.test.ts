/** Decides whether connections of mysql2 whose session is another one are kept apart, and statements mean what they did. */
import type { PoolConnection } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeWithMysql } from '../../support/mysql.js';
import { type Fixture, fixture, rowsOf, until } from './fixture.js';

const schema = `
  create table moments (id int primary key, at timestamp);
  create table words (id int primary key, word varchar(20));
  insert into moments values (1, '2024-01-02 12:00:00');
  create procedure reads_uncommitted() set transaction isolation level read uncommitted;
`;

describeWithMysql('a connection of mysql2 whose session was changed', () => {
  let given: Fixture;
  let second: string;

  beforeAll(async () => {
    given = await fixture(schema, {}, { multipleStatements: true });
    second = `${given.database.config.database}_b`;
    await given.plain.query(`create database ${second}; create table ${second}.words like words`);
    await given.pool.query('create table unrelated (id int)'); // the catalog is read again
    await given.cache.ready();
  });
  afterAll(async () => {
    await given.plain.query(`drop database ${second}`);
    await given.end();
  });

  beforeEach(async () => {
    await given.pool.query('delete from words');
    await given.pool.query(`insert into words values (1, 'first')`);
    await given.pool.query(`delete from ${second}.words`);
    await given.pool.query(`insert into ${second}.words values (1, 'second')`);
  });

  const words = 'select * from words where id = ?';

  it('has results of its own under another time zone, and those of the pool again without it', async () => {
    const at = (from: { query: typeof given.pool.query }) =>
      rowsOf(from, 'select hour(at) as hour from moments where id = ?', [1]);
    const usual = await at(given.pool);
    await given.onConnection(async (connection) => {
      const [[before]] = await connection.query<never[]>('select @@session.time_zone as zone');
      await connection.query(`set time_zone = '+05:00'`);
      const moved = await at(connection);
      expect(moved).not.toStrictEqual(usual);
      expect(await given.isHit(() => at(connection))).toBe(true);
      expect(await at(connection)).toStrictEqual(moved);
      await connection.query('set time_zone = ?', [(before as unknown as { zone: string }).zone]);
      expect(await at(connection)).toStrictEqual(usual);
    });
    expect(await at(given.pool)).toStrictEqual(usual);
  });

  it('reads and writes the tables of another schema after USE', async () => {
    expect(await rowsOf(given.pool, words, [1])).toStrictEqual([{ id: 1, word: 'first' }]);
    await given.onConnection(async (connection) => {
      await connection.query(`use ${second}`);
      expect(await rowsOf(connection, words, [1])).toStrictEqual([{ id: 1, word: 'second' }]);
      expect(await given.isHit(() => rowsOf(connection, words, [1]))).toBe(true);
      await connection.query('update words set word = ? where id = ?', ['third', 1]);
      expect(await rowsOf(connection, words, [1])).toStrictEqual([{ id: 1, word: 'third' }]);
      await connection.query(`use ${given.database.config.database}`);
    });
    expect(await given.isHit(() => rowsOf(given.pool, words, [1]))).toBe(true);
  });

  it('is no reason for its pool never to read the catalog again, though it is given again and again', async () => {
    const first = given.database.config.database;
    const read = `select * from ${first}.words where id = 1`;
    for (const connectionLimit of [1, 2]) {
      const pool = given.wrappedPool({ connectionLimit });
      await pool.query(read);
      await given.onConnection((connection) => connection.changeUser({ database: second }), pool);
      await pool.query(`create table ${first}.later${connectionLimit} (id int)`);
      await until(() => given.isHit(() => pool.query(read)));
    }
    expect(given.cache.stats().failures).toStrictEqual({});
  });

  it('executes what it prepared before USE in the schema of then, as the server does', async () => {
    await given.onConnection(async (connection) => {
      const update = 'update words set word = ? where id = ?';
      const statement = await connection.prepare(update);
      await connection.execute(update, ['same', 1]);
      await rowsOf(given.pool, words, [1]);
      await connection.query(`use ${second}`);
      await statement.execute(['old schema', 1]);
      expect(await rowsOf(given.pool, words, [1])).toStrictEqual([{ id: 1, word: 'old schema' }]);
      await connection.execute(update, ['again', 1]);
      expect(await rowsOf(given.pool, words, [1])).toStrictEqual([{ id: 1, word: 'again' }]);
      const [rows] = await connection.execute(words, [1]);
      expect(rows).toStrictEqual([{ id: 1, word: 'second' }]);
      await connection.query(`use ${given.database.config.database}`);
      await statement.close();
    });
  });

  it('reads its own temporary table, and nobody else does', async () => {
    await given.onConnection(async (connection) => {
      await rowsOf(connection, words, [1]);
      await connection.query('create temporary table words (id int, word varchar(20))');
      await connection.query(`insert into words values (1, 'mine')`);
      expect(await rowsOf(connection, words, [1])).toStrictEqual([{ id: 1, word: 'mine' }]);
      expect(await given.isHit(() => rowsOf(connection, words, [1]))).toBe(false);
      expect(await rowsOf(given.plain, words, [1])).toStrictEqual([{ id: 1, word: 'first' }]);
      const fresh = given.wrappedPool();
      expect(await rowsOf(fresh, words, [1])).toStrictEqual([{ id: 1, word: 'first' }]);
      await connection.query('drop temporary table words');
    });
  });

  it('reads its own temporary table when the counters that tell of it were flushed', async () => {
    await given.onConnection(async (connection) => {
      await connection.query('create temporary table words (id int, word varchar(20))');
      await connection.query('flush local status');
      await connection.query('flush status');
      await connection.query(`insert into words values (1, 'mine')`);
      expect(await rowsOf(connection, words, [1])).toStrictEqual([{ id: 1, word: 'mine' }]);
      expect(await given.isHit(() => rowsOf(connection, words, [1]))).toBe(false);
      connection.destroy();
    });
  });

  it('holds a lock that tells of its end again when it has released all of them', async () => {
    await given.onConnection(async (connection) => {
      const released = async (): Promise<unknown> => {
        const [rows] = await connection.query<never[]>('select release_all_locks() as count');
        return rows;
      };
      expect(await released()).toStrictEqual([{ count: 1 }]);
      expect(await released()).toStrictEqual([{ count: 1 }]);
    });
  });

  it('is told by the server which tables it did not lock, and has hits again when it lets go', async () => {
    await given.onConnection(async (connection) => {
      const read = () => rowsOf(connection, words, [1]);
      await until(() => given.isHit(read)); // once what was defined before is known
      for (const end of ['unlock tables', 'start transaction']) {
        await connection.query('lock tables moments read');
        await expect(read()).rejects.toMatchObject({ errno: 1100 });
        await connection.query(end);
        await connection.query('rollback');
        expect(await given.isHit(read)).toBe(true);
      }
    });
  });

  it('keeps the tables that it locked when a statement fails that would have let them go', async () => {
    await given.onConnection(async (connection) => {
      const read = () => rowsOf(connection, words, [1]);
      await until(() => given.isHit(read));
      await connection.query('lock tables moments read');
      await expect(connection.execute('unlock tables; select 1')).rejects.toMatchObject({ errno: 1064 });
      await expect(read()).rejects.toMatchObject({ errno: 1100 });
      if ('reset' in connection) await connection.reset();
      else await (connection as PoolConnection).changeUser({});
      await read();
      expect(await given.isHit(read)).toBe(true);
    });
  });

  it('is asked anew after changeUser and reset, which end its transaction', async () => {
    await given.onConnection(async (connection) => {
      await connection.beginTransaction();
      await connection.query(`update words set word = 'lost'`);
      if ('reset' in connection) await connection.reset();
      else await (connection as PoolConnection).changeUser({});
      expect(await rowsOf(connection, words, [1])).toStrictEqual([{ id: 1, word: 'first' }]);
      await connection.query('update words set word = ? where id = 1', ['kept']);
      expect(await rowsOf(given.pool, words, [1])).toStrictEqual([{ id: 1, word: 'kept' }]);
      await connection.changeUser({ database: second });
      expect(await rowsOf(connection, words, [1])).toStrictEqual([{ id: 1, word: 'second' }]);
      await connection.query('update words set word = ? where id = 1', ['changed']);
      expect(await rowsOf(connection, words, [1])).toStrictEqual([{ id: 1, word: 'changed' }]);
      connection.destroy();
    });
    expect(await rowsOf(given.pool, words, [1])).toStrictEqual([{ id: 1, word: 'kept' }]);
  });

  it('neither fills nor hits under READ UNCOMMITTED, for one statement or for all', async () => {
    await given.onConnection(async (writer) => {
      await given.onConnection(async (reader) => {
        await writer.beginTransaction();
        await writer.query(`update words set word = 'dirty' where id = 1`);
        const read = () => rowsOf(reader, 'select word from words where id = ?', [1]);
        await reader.query('set transaction isolation level read uncommitted');
        expect(await read()).toStrictEqual([{ word: 'dirty' }]);
        expect(await read()).toStrictEqual([{ word: 'first' }]);
        await reader.query('set session transaction isolation level read uncommitted');
        expect(await read()).toStrictEqual([{ word: 'dirty' }]);
        await writer.rollback();
        expect(await read()).toStrictEqual([{ word: 'first' }]);
        expect(await given.isHit(read)).toBe(false);
        reader.destroy();
      });
    });
  });

  it.each([
    '/* x */ set transaction isolation level read uncommitted',
    'set /* x */ transaction isolation level read uncommitted',
    "set @a = 1, @@tx_isolation = 'READ-UNCOMMITTED'",
    'set statement max_statement_time = 9 for set transaction isolation level read uncommitted',
    "execute immediate 'set transaction isolation level read uncommitted'",
    'call reads_uncommitted()',
  ])('keeps nothing that was read as %s says', async (set) => {
    const read = 'select word from words where id = 1';
    const others = given.wrappedPool();
    await given.onConnection(async (writer) => {
      await given.onConnection(async (reader) => {
        await writer.beginTransaction();
        await writer.query(`update words set word = 'dirty' where id = 1`);
        await reader.query(set);
        // Others read the catalog again before it goes on.
        await until(() => given.isHit(() => rowsOf(others, 'select word from words where id = 2')));
        // None of them begins the transaction that it was said of.
        await reader.query('do 1');
        await reader.query('savepoint a');
        await expect(reader.query('select * from nowhere')).rejects.toMatchObject({ errno: 1146 });
        await reader.query('set @a = 1');
        expect(await rowsOf(reader, read)).toStrictEqual([{ word: 'dirty' }]);
        await writer.rollback();
        expect(await rowsOf(reader, read)).toStrictEqual([{ word: 'first' }]);
        await until(() => given.isHit(() => rowsOf(reader, read)));
        reader.destroy();
      });
    });
    expect(await rowsOf(given.pool, read)).toStrictEqual([{ word: 'first' }]);
  });

  it('takes a value with a backslash for what the server takes it', async () => {
    await given.onConnection(async (connection) => {
      await connection.query(`set sql_mode = concat(@@sql_mode, ',NO_BACKSLASH_ESCAPES')`);
      const value = 'a\\b';
      await connection.query('update words set word = ? where id = 1', [value]);
      const [rows] = await connection.query('select word from words where word = ?', [value]);
      expect(rows).toHaveLength(1);
      const executed = () => rowsOf(given.pool, 'select word from words where id = 1');
      expect(await executed()).toStrictEqual(
        await rowsOf(given.plain, 'select word from words where id = 1'),
      );
      connection.destroy();
    });
  });

  it('leaves nothing failed', () => {
    expect(given.cache.stats().failures).toStrictEqual({});
  });
});
