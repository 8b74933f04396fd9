/** Decides whether every way into mysql2 is cached and followed: pools, connections, clusters, callbacks, events, a driver. */
import { once } from 'node:events';
import mysql from 'mysql2';
import mysqlPromise, { type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { cachedDriver, explain, withCache } from '../../../src/adapters/mysql2/index.js';
import { createCache } from '../../../src/index.js';
import { describeWithMysql } from '../../support/mysql.js';
import { type Fixture, fixture, rowsOf, until } from './fixture.js';

const schema = `create table words (id int primary key auto_increment, word varchar(20))`;
const one = 'select word from words where id = ?';

describeWithMysql('a way into mysql2', () => {
  let given: Fixture;

  beforeAll(async () => {
    given = await fixture(schema);
  });
  afterAll(() => given.end());

  beforeEach(async () => {
    await given.pool.query('delete from words');
    await given.pool.query(`insert into words values (1, 'first'), (2, 'second')`);
    await rowsOf(given.pool, one, [1]);
  });

  const word = async (id = 1): Promise<unknown> => (await rowsOf(given.pool, one, [id]))[0]?.['word'];
  const called = (run: (tell: (error: Error | null, rows: unknown) => void) => unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      run((error, rows) => (error ? reject(error) : resolve(rows)));
    });

  it('with callbacks, of a pool, is served and followed', async () => {
    const pool = withCache(mysql.createPool(given.database.config), given.cache);
    const read = () => called((tell) => pool.query(one, [1], tell));
    const execute = () => called((tell) => pool.execute(one, [1], tell));
    await read();
    await execute();
    expect(await given.isHit(read)).toBe(true);
    expect(await given.isHit(execute)).toBe(true);
    await called((tell) => pool.execute('update words set word = ? where id = ?', ['called', 1], tell));
    expect(await read()).toStrictEqual([{ word: 'called' }]);
    expect(await execute()).toStrictEqual([{ word: 'called' }]);
    await expect(called((tell) => pool.query('select * from missing', tell))).rejects.toThrow(
      "doesn't exist",
    );
    await called((tell) => pool.end((error) => tell(error, null)));
  });

  it('with a connection of its own is served and followed', async () => {
    const connection = withCache(await mysqlPromise.createConnection(given.database.config), given.cache);
    const read = () => rowsOf(connection, one, [2]);
    const execute = () => connection.execute(one, [2]);
    await read();
    expect(await given.isHit(read)).toBe(true);
    await execute();
    expect(await given.isHit(execute)).toBe(true);
    await connection.beginTransaction();
    await connection.execute('update words set word = ? where id = ?', ['committed', 2]);
    expect(await word(2)).toBe('second');
    await connection.commit();
    expect(await word(2)).toBe('committed');
    expect(await read()).toStrictEqual([{ word: 'committed' }]);
    await connection.end();
  });

  it('that is told of before it is connected answers what was asked meanwhile', async () => {
    const connection = withCache(mysql.createConnection(given.database.config), given.cache);
    const first = called((tell) => connection.query(one, [1], tell));
    const written = called((tell) => connection.query(`update words set word = 'early' where id = 1`, tell));
    const second = called((tell) => connection.query(one, [1], tell));
    expect(await first).toStrictEqual([{ word: 'first' }]);
    await written;
    expect(await second).toStrictEqual([{ word: 'early' }]);
    expect(await word()).toBe('early');
    await called((tell) => connection.end((error) => tell(error ?? null, null)));
  });

  it('that cannot connect tells whoever asked, and nobody else', async () => {
    const connection = withCache(
      mysql.createConnection({ ...given.database.config, user: 'nobody', password: 'wrong' }),
      given.cache,
    );
    const errors: unknown[] = [];
    connection.on('error', (error) => errors.push(error));
    await expect(called((tell) => connection.query('select 1', tell))).rejects.toThrow('Access denied');
    await expect(called((tell) => connection.query('select 1', tell))).rejects.toThrow();
    expect(errors).toStrictEqual([]);
  });

  it('tells whoever waits that its connection was lost', async () => {
    const pool = given.wrappedPool({ connectionLimit: 1 });
    const connection = await pool.getConnection();
    await connection.query('select 1');
    const asked = ['select sleep(30)', 'select 1', 'update words set word = 1'].map((text) =>
      connection.query(text).then(
        () => 'answered',
        (error: unknown) => (error as { code?: string }).code,
      ),
    );
    await given.plain.query(`kill ${connection.threadId}`);
    expect(await Promise.all(asked)).toStrictEqual(Array(3).fill('PROTOCOL_CONNECTION_LOST'));
    connection.destroy();
    expect(await word()).toBe('first');
  });

  it('by events gives rows and sees what was written', async () => {
    const pool = withCache(mysql.createPool(given.database.config), given.cache);
    const rows: unknown[] = [];
    const query = pool.query('select word from words order by id');
    query.on('result', (row) => rows.push(row));
    await once(query, 'end');
    expect(rows).toStrictEqual([{ word: 'first' }, { word: 'second' }]);
    const writing = pool.query(`update words set word = 'told' where id = 1`);
    await once(writing, 'end');
    expect(await word()).toBe('told');
    const streamed: unknown[] = [];
    for await (const row of pool.query('select word from words order by id').stream()) streamed.push(row);
    expect(streamed).toStrictEqual([{ word: 'told' }, { word: 'second' }]);
    await called((tell) => pool.end((error) => tell(error, null)));
  });

  it('through a cluster is served by each of its pools, and followed', async () => {
    const cluster = withCache(mysqlPromise.createPoolCluster(), given.cache);
    cluster.add('A', given.database.config);
    const pool = cluster.of('*');
    const read = async (): Promise<unknown> => (await pool.query<RowDataPacket[]>(one, [1]))[0];
    await read();
    await read();
    expect(await given.isHit(read)).toBe(true);
    await pool.execute('update words set word = ? where id = ?', ['clustered', 1]);
    expect(await read()).toStrictEqual([{ word: 'clustered' }]);
    expect(await word()).toBe('clustered');
    await cluster.end();
  });

  it('through a pool that resets what is given back is served in the session that a reset leaves', async () => {
    const pool = given.wrappedPool({ connectionLimit: 1, resetOnRelease: true });
    const read = () => rowsOf(pool, one, [1]);
    // A new connection is of another session, with the character set that it asked for.
    await until(() => given.isHit(read));
    await pool.query('update words set word = ? where id = ?', ['reset', 1]);
    expect(await read()).toStrictEqual([{ word: 'reset' }]);
    expect(await given.isHit(read)).toBe(true);
  });

  it('through a driver that an ORM is given is wrapped, whichever function made it', async () => {
    const driver = cachedDriver(mysql, given.cache);
    expect(cachedDriver(mysql, given.cache)).toBe(driver);
    expect(driver.format('?', [1])).toBe('1');
    const pool = driver.createPool(given.database.config);
    const read = () => called((tell) => pool.query(one, [1], tell));
    await read();
    expect(await given.isHit(read)).toBe(true);
    await called((tell) => pool.end((error) => tell(error, null)));
    const promised = await cachedDriver(mysqlPromise, given.cache).createConnection(given.database.config);
    await rowsOf(promised, 'update words set word = ? where id = 1', ['driven']);
    expect(await word()).toBe('driven');
    await promised.end();
  });

  it('with values that only the driver can write is planned as it writes them', async () => {
    const several = () => rowsOf(given.pool, 'select word from words where id in (?) order by id', [[1, 2]]);
    await several();
    expect(await given.isHit(several)).toBe(true);
    await given.pool.query('update ?? set ? where id = ?', ['words', { word: 'object' }, 1]);
    expect(await several()).toStrictEqual([{ word: 'object' }, { word: 'second' }]);
    expect(await word()).toBe('object');
    const named = given.wrappedPool({ namedPlaceholders: true });
    const byName = async (): Promise<unknown> =>
      (await named.query('select word from words where id = :id', { id: 2 }))[0];
    await byName();
    expect(await given.isHit(byName)).toBe(true);
    await named.execute('update words set word = :word where id = :id', { id: 2, word: 'named' });
    expect(await byName()).toStrictEqual([{ word: 'named' }]);
  });

  it('that takes a "?" in a string for one of its own is planned as it takes it', async () => {
    // The driver of some versions puts the first value into the string.
    await Promise.allSettled([
      given.pool.query(`update words set word = ? where word <> '?' and id = ?`, ['quoted', 1]),
    ]);
    expect(await word()).toBe(
      (await rowsOf(given.plain, 'select word from words where id = 1'))[0]?.['word'],
    );
  });

  it('tells the key of the row it inserted, and invalidates reads of that key alone', async () => {
    await given.pool.query('delete from words');
    const { insertId } = (await given.pool.query('insert into words (word) values (?)', ['a']))[0] as {
      insertId: number;
    };
    expect(await word(insertId)).toBe('a');
    expect(await word(insertId + 1)).toBeUndefined();
    expect(await given.isHit(() => word(insertId))).toBe(true);
    await given.pool.execute('insert into words (word) values (?)', ['b']);
    expect(await word(insertId + 1)).toBe('b');
    expect(await given.isHit(() => word(insertId))).toBe(true);
  });

  it('ends nothing by a write of no row', async () => {
    await word();
    await given.pool.query(`update words set word = 'x' where word = 'nobody'`);
    expect(await given.isHit(() => word())).toBe(true);
  });

  it('is cached again after texts that nobody could read, prepared ones too', async () => {
    const connection = withCache(await mysqlPromise.createConnection(given.database.config), given.cache);
    const read = () => rowsOf(connection, one, [1]);
    for (const text of ['selec', `update words set word = concat('x', word) where id = 1`]) {
      await Promise.allSettled([connection.execute(text)]);
      await Promise.allSettled([connection.query(text)]);
      await Promise.allSettled([connection.execute(text)]);
      await expect.poll(() => given.isHit(read)).toBe(true);
    }
    expect(await read()).toStrictEqual([{ word: 'xxxfirst' }]);
    await connection.end();
  });

  it('explains itself', async () => {
    expect(await explain(given.pool, one, [7])).toMatchObject({
      kind: 'read',
      cached: true,
      reads: [{ pin: 'id = 7' }],
    });
    expect((await explain(given.pool, one)).reads).toMatchObject([{ pin: 'id = ?' }]);
  });

  it('refuses what it cannot wrap, and another cache', async () => {
    expect(() => withCache({ query: () => null, execute: () => null }, given.cache)).toThrow('mysql2');
    const other = createCache({ namespace: 'another', changes: { kind: 'none' } });
    expect(() => withCache(given.pool, other)).toThrow('another cache');
    expect(withCache(given.pool, given.cache)).toBe(given.pool);
    expect(() => cachedDriver({} as typeof mysql, given.cache)).toThrow('mysql2');
    await other.close();
  });

  it('refuses a pool of which a connection is wrapped by itself', async () => {
    const pool = mysqlPromise.createPool({ ...given.database.config, connectionLimit: 1 });
    const connection = withCache(await pool.getConnection(), given.cache);
    expect(() => withCache(pool, given.cache)).toThrow('wrapped by itself already');
    connection.release();
    await pool.end();
  });

  it('fails nothing', () => {
    expect(given.cache.stats()).toMatchObject({ unresolved: 0 });
    expect(given.cache.stats().failures).toStrictEqual({});
  });
});
