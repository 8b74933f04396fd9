/** What an application relies on of our adapter for Prisma beside its answers: connections, transactions, refusals. */
import * as mariadb from 'mariadb';
import mysql from 'mysql2';
import { createPool } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { withCache } from '../../src/adapters/mysql2/index.js';
import { type Cache, createCache } from '../../src/index.js';
import { PrismaMysql2, type PrismaMysql2Options } from '../../src/prisma/index.js';
import { createMysqlDatabase, describeWithMysql, type TestSchema } from '../support/mysql.js';
import { query, typeOf } from './sides.js';

describeWithMysql('the adapter for Prisma', () => {
  let schema: TestSchema;
  let keeper: mysql.Pool;
  let cache: Cache;
  const ending: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    schema = await createMysqlDatabase();
    keeper = mysql.createPool(schema.config);
    await keeper.promise().query('create table people (id int primary key, name varchar(20))');
  });
  beforeEach(async () => {
    await keeper.promise().query('delete from people');
    await keeper.promise().query("insert into people values (1, 'Ursula'), (2, 'Octavia')");
    cache = createCache({ namespace: `prisma-adapter-${process.pid}`, changes: { kind: 'none' } });
  });
  afterEach(async () => {
    for (const end of ending.splice(0).reverse()) await end();
    await cache.close();
  });
  afterAll(async () => {
    await keeper.promise().end();
    await schema.drop();
  });

  const poolOf = (options: mysql.PoolOptions = {}): mysql.Pool => {
    const pool = withCache(mysql.createPool({ ...schema.config, connectionLimit: 1, ...options }), cache);
    ending.push(() => pool.promise().end());
    return pool;
  };
  const connect = (pool: mysql.Pool, options?: PrismaMysql2Options) =>
    new PrismaMysql2(pool, options).connect();
  const nameOf = (id: number) => query('select name from people where id = ?', [id], [typeOf('int')]);
  const rename = (id: number, name: string) => query('update people set name = ? where id = ?', [name, id]);
  const kindOf = (kind: string): unknown =>
    expect.objectContaining({ cause: expect.objectContaining({ kind }) as unknown });

  it('is refused what is no pool of the mysql2 that it imports', async () => {
    const connection = mysql.createConnection(schema.config);
    ending.push(() => connection.promise().end());
    const other = mariadb.createPool(schema.config);
    ending.push(() => other.end());
    for (const given of [connection, other, {}, null])
      expect(() => new PrismaMysql2(given as never)).toThrow(
        expect.objectContaining({ code: 'LOOKASIDE_POOL_UNSUPPORTED' }),
      );
  });

  it('takes a pool of the promise API, and leaves it open unless it is told to end it', async () => {
    const pool = withCache(createPool(schema.config), cache);
    const left = await new PrismaMysql2(pool).connect();
    expect((await left.queryRaw(nameOf(1))).rows).toStrictEqual([['Ursula']]);
    await left.dispose();
    await pool.query('select 1');
    const ended = await new PrismaMysql2(pool, { disposeExternalPool: true }).connect();
    await ended.dispose();
    await expect(pool.query('select 1')).rejects.toThrow('Pool is closed');
  });

  it('names the database that it was given', async () => {
    const adapter = await connect(poolOf(), { database: 'shop' });
    expect(adapter.getConnectionInfo()).toStrictEqual({ schemaName: 'shop', supportsRelationJoins: false });
    await expect(adapter.executeScript('select 1')).rejects.toThrow('Not implemented yet');
  });

  it('gives the same whatever the options of the pool say', async () => {
    const values = `select 1.50 as a, 9007199254740993 as b, json_object('a', 1.50) as c, name as d,
      cast('1974-05-01 12:34:56.789' as datetime(3)) as e, cast('12:34:56.5' as time(3)) as f from people where id = ?`;
    const asked = query(values, [1], [typeOf('int')]);
    const expected = await (await connect(poolOf())).queryRaw(asked);
    const odd: mysql.PoolOptions[] = [
      { decimalNumbers: true, supportBigNumbers: true, bigNumberStrings: false, jsonStrings: false },
      { typeCast: false, dateStrings: ['DATE'], timezone: '+05:00' },
      { typeCast: () => 'mine', rowsAsArray: false, nestTables: '_', namedPlaceholders: true },
    ];
    for (const options of odd) {
      const adapter = await connect(poolOf(options));
      for (const time of ['first', 'second', 'third'])
        expect(await adapter.queryRaw(asked), time).toStrictEqual(expected);
    }
  });

  it('answers a hit while all connections are busy, by what was committed', async () => {
    const adapter = await connect(poolOf());
    await adapter.queryRaw(nameOf(1));
    const transaction = await adapter.startTransaction();
    await transaction.executeRaw(rename(2, 'Other'));
    const { nearHits } = cache.stats();
    expect((await adapter.queryRaw(nameOf(1))).rows).toStrictEqual([['Ursula']]);
    expect(cache.stats().nearHits).toBe(nearHits + 1);
    await transaction.commit();
    expect((await adapter.queryRaw(nameOf(2))).rows).toStrictEqual([['Other']]);
  });

  it('runs transactions at the level that is asked for, with savepoints, and gives the connection back', async () => {
    const adapter = await connect(poolOf());
    for (const level of ['READ COMMITTED', 'SERIALIZABLE'] as const) {
      const transaction = await adapter.startTransaction(level);
      expect(transaction.options).toStrictEqual({ usePhantomQuery: true });
      await transaction.executeRaw(rename(1, level));
      await transaction.createSavepoint('part');
      await transaction.executeRaw(rename(2, 'undone'));
      await transaction.rollbackToSavepoint('part');
      await transaction.createSavepoint('other');
      await transaction.releaseSavepoint('other');
      await transaction.commit();
      expect((await adapter.queryRaw(nameOf(1))).rows).toStrictEqual([[level]]);
      expect((await adapter.queryRaw(nameOf(2))).rows).toStrictEqual([['Octavia']]);
    }
    const undone = await adapter.startTransaction();
    await undone.executeRaw(rename(1, 'never'));
    await undone.rollback();
    expect((await adapter.queryRaw(nameOf(1))).rows).toStrictEqual([['SERIALIZABLE']]);
  });

  it('gives the connection back where a transaction cannot begin', async () => {
    const adapter = await connect(poolOf());
    await expect(adapter.startTransaction('SNAPSHOT')).rejects.toStrictEqual(kindOf('mysql'));
    expect((await adapter.queryRaw(nameOf(1))).rows).toStrictEqual([['Ursula']]);
  });

  it('tells of a deadlock as a conflict, so that Prisma may retry', async () => {
    const adapter = await connect(poolOf({ connectionLimit: 2 }));
    const [one, two] = [await adapter.startTransaction(), await adapter.startTransaction()];
    await one.executeRaw(rename(1, 'one'));
    await two.executeRaw(rename(2, 'two'));
    const renaming = async (transaction: typeof one, id: number): Promise<void> => {
      try {
        await transaction.executeRaw(rename(id, 'crossed'));
      } finally {
        await transaction.rollback();
      }
    };
    const outcomes = await Promise.allSettled([renaming(one, 2), renaming(two, 1)]);
    const failed = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
    );
    expect(failed).toStrictEqual([kindOf('TransactionWriteConflict')]);
    expect((await adapter.queryRaw(nameOf(1))).rows).toStrictEqual([['Ursula']]);
  });

  it('tells of a connection that is lost in a transaction, and has another one afterwards', async () => {
    const told: Error[] = [];
    const adapter = await connect(poolOf(), { onConnectionError: (error) => void told.push(error) });
    const transaction = await adapter.startTransaction();
    const { rows } = await transaction.queryRaw(query('select connection_id()'));
    await keeper.promise().query(`kill ${String(rows[0]?.[0])}`);
    await expect.poll(() => told.length).toBe(1);
    await expect(transaction.queryRaw(nameOf(1))).rejects.toStrictEqual(kindOf('ConnectionClosed'));
    await expect(transaction.rollback()).rejects.toStrictEqual(kindOf('ConnectionClosed'));
    expect((await adapter.queryRaw(nameOf(1))).rows).toStrictEqual([['Ursula']]);
  });

  it('tells of a connection that is lost while it is asked', async () => {
    const adapter = await connect(poolOf());
    const { rows } = await adapter.queryRaw(query('select connection_id()'));
    const [asked] = await Promise.allSettled([
      adapter.queryRaw(query('select sleep(60)')),
      keeper.promise().query(`kill ${String(rows[0]?.[0])}`),
    ]);
    expect(asked).toMatchObject({ status: 'rejected', reason: { name: 'DriverAdapterError' } });
    expect((await adapter.queryRaw(nameOf(1))).rows).toStrictEqual([['Ursula']]);
  });

  it('tells who was not let in, and what cannot be reached', async () => {
    await expect(connect(poolOf({ user: 'nobody', password: 'wrong' }))).rejects.toStrictEqual(
      kindOf('AuthenticationFailed'),
    );
    await expect(connect(poolOf({ database: 'nowhere_at_all' }))).rejects.toStrictEqual(
      kindOf('DatabaseDoesNotExist'),
    );
    await expect(connect(poolOf({ port: 1 }))).rejects.toStrictEqual(kindOf('DatabaseNotReachable'));
  });
});
