/** Which results a write leaves whose RETURNING shows its rows: all that are about others. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeWithMysql } from '../../support/mysql.js';
import { type Fixture, fixture } from './fixture.js';

const schemaSql = `
  create table products (id int auto_increment primary key, sku varchar(20), price int);
  create table watched (id int auto_increment primary key, price int);
  create trigger watching before insert on watched for each row set new.id = 2;
`;

describeWithMysql('RETURNING', () => {
  let f: Fixture;
  beforeAll(async () => {
    f = await fixture(schemaSql);
  });
  afterAll(() => f.end());

  const product = (id: number) => (): Promise<unknown> =>
    f.pool.query('select * from products where id = ?', [id]);
  const isKept = (run: () => Promise<unknown>): Promise<boolean> => f.isHit(run);

  beforeEach(async () => {
    await f.plain.query('truncate products');
    await f.plain.query("insert into products values (1, 'a', 1), (2, 'b', 2)");
    await f.cache.invalidate({ all: true });
    for (const id of [1, 2, 3, 4]) await product(id)();
  });

  it('of an insert tells the generated key: other keys stay, that one does not', async () => {
    const [rows] = await f.pool.query("insert into products values (default, 'c', 3) returning id, sku");
    expect(rows).toEqual([{ id: 3, sku: 'c' }]);
    for (const id of [1, 2, 4]) expect(await isKept(product(id))).toBe(true);
    expect(await isKept(product(3))).toBe(false);
    expect((await product(3)()) as unknown[]).toMatchObject([[{ sku: 'c' }], expect.anything()]);
  });

  it('of a delete tells which rows are gone', async () => {
    await f.pool.query('delete from products where price > 1 returning id');
    expect(await isKept(product(1))).toBe(true);
    expect(await isKept(product(2))).toBe(false);
  });

  it('of no row tells that nothing was written', async () => {
    const count = (): Promise<unknown> => f.pool.query('select count(*) from products');
    await count();
    await f.pool.query('delete from products where price > 100 returning id');
    expect(await isKept(count)).toBe(true);
  });

  it('counts in a transaction, too', async () => {
    await f.onConnection(async (connection) => {
      await connection.beginTransaction();
      await connection.query("insert into products (sku) values ('d'), ('e') returning id");
      await connection.commit();
    });
    for (const id of [1, 2]) expect(await isKept(product(id))).toBe(true);
    for (const id of [3, 4]) expect(await isKept(product(id))).toBe(false);
  });

  it('is not believed where a trigger decides, where it fails, or where it comes in the binary protocol', async () => {
    const watched = (): Promise<unknown> => f.pool.query('select * from watched where id = 2');
    await watched();
    await f.pool.query('insert into watched (price) values (1) returning id');
    expect(await isKept(watched)).toBe(false);
    await expect(f.pool.query('insert into products (id) values (5), (1) returning id')).rejects.toThrow(
      'Duplicate',
    );
    expect(await isKept(product(1))).toBe(false);
    await product(2)();
    await f.pool.execute('delete from products where price > 1 returning id');
    expect(await isKept(product(2))).toBe(false);
  });

  describe('what its caller gets', () => {
    it.each([{}, { rowsAsArray: true }, { nestTables: true }])(
      'is as without a cache: %j',
      async (options) => {
        const sql =
          "insert into products (id, sku) values (9, 'x') on duplicate key update price = 4 returning id, sku";
        const [own, ownFields] = await f.pool.query({ sql, ...options });
        const [plain, plainFields] = await f.plain.query({ sql, ...options });
        expect(own).toEqual(plain);
        expect(ownFields.map(({ name }) => name)).toEqual(plainFields.map(({ name }) => name));
      },
    );
  });
});
