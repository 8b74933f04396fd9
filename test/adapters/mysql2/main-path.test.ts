/** Decides whether reads hit, writes invalidate and transactions are seen through a wrapped pool of mysql2. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeWithMysql, type MysqlFlavour } from '../../support/mysql.js';
import { type Fixture, fixture, rowsOf } from './fixture.js';

const suite = (flavour: MysqlFlavour) => () => {
  let given: Fixture;

  beforeAll(async () => {
    given = await fixture(
      `create table products (id int primary key, name varchar(20), price decimal(8,2))`,
      {},
      {},
      flavour,
    );
  });
  afterAll(() => given.end());

  beforeEach(async () => {
    await given.pool.query('delete from products');
    await given.pool.query(`insert into products values (1, 'n1', 1.5), (2, 'n2', 3), (3, 'n3', 4.5)`);
  });

  const read = (id: number) => given.pool.query('select * from products where id = ?', [id]);
  const execute = (id: number) => given.pool.execute('select * from products where id = ?', [id]);

  it('serves the second read of a text without the database', async () => {
    const miss = await read(1);
    const before = given.cache.stats();
    const hit = await read(1);
    expect(hit).toStrictEqual(miss);
    expect(given.cache.stats().nearHits).toBe(before.nearHits + 1);
    expect(given.cache.stats().misses).toBe(before.misses);
  });

  it('serves the second execution of a prepared statement without the database', async () => {
    const miss = await execute(1);
    const before = given.cache.stats();
    const hit = await execute(1);
    expect(hit).toStrictEqual(miss);
    expect(given.cache.stats().nearHits).toBe(before.nearHits + 1);
    expect(given.cache.stats().misses).toBe(before.misses);
  });

  it('shows a write to the next read', async () => {
    await read(1);
    await execute(1);
    await given.pool.query('update products set name = ? where id = ?', ['other', 1]);
    expect((await read(1))[0]).toStrictEqual([{ id: 1, name: 'other', price: '1.50' }]);
    await given.pool.execute('update products set name = ? where id = ?', ['third', 1]);
    expect((await execute(1))[0]).toStrictEqual([{ id: 1, name: 'third', price: '1.50' }]);
    expect((await read(1))[0]).toStrictEqual([{ id: 1, name: 'third', price: '1.50' }]);
  });

  it('shows a transaction only once it has committed', async () => {
    await read(2);
    await given.onConnection(async (connection) => {
      await connection.beginTransaction();
      await connection.query(`update products set name = 'inside' where id = 2`);
      expect(await rowsOf(connection, 'select name from products where id = 2')).toStrictEqual([
        { name: 'inside' },
      ]);
      expect((await read(2))[0]).toMatchObject([{ name: 'n2' }]);
      await connection.commit();
    });
    expect((await read(2))[0]).toMatchObject([{ name: 'inside' }]);
  });

  it('fails nothing', () => {
    expect(given.cache.stats()).toMatchObject({ unresolved: 0, failures: {} });
  });
};

describe.each(['mariadb', 'mysql57'] as const)('on %s', (flavour) => {
  describeWithMysql('a wrapped pool of mysql2', suite(flavour), flavour);
});
