/** Decides whether results and invalidation follow the schema when it changes under a wrapped pool. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithPostgres } from '../../support/servers.js';
import { type Fixture, fixture, until } from './fixture.js';

describeWithPostgres('a schema that changes under a wrapped pool', () => {
  let given: Fixture;

  beforeAll(async () => {
    given = await fixture(`
      create table items (id int primary key, name text);
      create table log (line text);
      create table other_items (id int primary key, name text);
      create view shown as select * from items;
      insert into items values (1, 'one');
      insert into other_items values (2, 'two');
    `);
  });
  afterAll(() => given.end());

  const rows = async (text: string): Promise<readonly unknown[]> =>
    (await given.pool.query(text)).rows as unknown[];

  it('shows a new column at once and caches again soon', async () => {
    await rows('select * from items');
    await given.pool.query(`alter table items add column price int default 5`);
    expect(await rows('select * from items')).toStrictEqual([{ id: 1, name: 'one', price: 5 }]);
    await until(() => given.isHit(() => rows('select * from items')));
    expect(await rows('select * from items')).toStrictEqual([{ id: 1, name: 'one', price: 5 }]);
  });

  it('sees the writes of a trigger that was created a moment ago', async () => {
    await rows('select * from log');
    await given.pool.query(`
      create function note() returns trigger language plpgsql as
        $$ begin insert into log values (new.name); return new; end $$`);
    await given.pool.query(
      'create trigger noting after insert on items for each row execute function note()',
    );
    for (const name of ['first', 'second']) {
      await rows('select * from log');
      await given.pool.query('insert into items values ((select max(id) + 1 from items), $1)', [name]);
      expect(await rows('select * from log')).toContainEqual({ line: name });
      await until(() => given.isHit(() => rows('select * from log')));
    }
  });

  it('depends on the tables that a replaced view shows now', async () => {
    await rows('select count(*)::int from shown');
    await given.pool.query('drop view shown');
    await given.pool.query('create view shown as select * from other_items');
    await until(() => given.isHit(() => rows('select * from shown')));
    await given.pool.query(`insert into other_items values (3, 'three')`);
    expect(await rows('select * from shown')).toHaveLength(2);
  });

  it('follows a schema change inside a transaction when it commits', async () => {
    const client = await given.pool.connect();
    await client.query('begin');
    await rows('select * from items');
    await client.query('alter table items add column size int');
    await client.query('update items set size = 3');
    await client.query('commit');
    client.release();
    expect((await rows('select * from items'))[0]).toHaveProperty('size', 3);
    await until(() => given.isHit(() => rows('select * from items')));
  });

  it('works with one connection that changes the schema and goes on', async () => {
    const single = given.wrappedPool({ max: 1 });
    const client = await single.connect();
    for (let index = 0; index < 5; index++) {
      await client.query(`create table made_${index} (id int)`);
      await client.query(`insert into made_${index} values (1)`);
      expect((await client.query(`select * from made_${index}`)).rows).toStrictEqual([{ id: 1 }]);
    }
    client.release();
    await until(() => given.isHit(() => single.query('select * from made_4')));
  });

  it('gives a dropped table its own error', async () => {
    await given.pool.query('create table brief (id int)');
    await until(() => given.isHit(() => rows('select * from brief')));
    await given.pool.query('drop table brief');
    await expect(rows('select * from brief')).rejects.toThrow('relation "brief" does not exist');
  });

  it('follows names that change hands: a table renamed, and two swapped in a transaction', async () => {
    await given.pool.query('create table now as select 1 as id; create table next as select 2 as id');
    const read = (): Promise<readonly unknown[]> => rows('select id from now');
    await until(() => given.isHit(read));
    await given.pool.query('alter table now rename to past');
    await expect(read()).rejects.toThrow('relation "now" does not exist');
    await given.pool.query('alter table past rename to now');
    await until(() => given.isHit(read));
    const client = await given.pool.connect();
    await client.query('begin');
    await client.query('alter table now rename to past');
    await client.query('alter table next rename to now');
    await client.query('commit');
    client.release();
    expect(await read()).toStrictEqual([{ id: 2 }]);
    await until(() => given.isHit(read));
    await given.pool.query('update past set id = 3');
    expect(await given.isHit(read)).toBe(true);
    await given.pool.query('update now set id = 4');
    expect(await read()).toStrictEqual([{ id: 4 }]);
  });

  it('follows partitions that are attached, exchanged and detached', async () => {
    await given.pool.query(`
      create table parts (id int, year int) partition by range (year);
      create table parts_24 partition of parts for values from (24) to (25);
      create table loose as select 2 as id, 24 as year;
      insert into parts values (1, 24)`);
    const read = (): Promise<readonly unknown[]> => rows('select id from parts where year = 24');
    await until(() => given.isHit(read));
    const client = await given.pool.connect();
    await client.query('begin');
    await client.query('alter table parts detach partition parts_24');
    await client.query('alter table parts attach partition loose for values from (24) to (25)');
    expect(await read()).toStrictEqual([{ id: 1 }]);
    await client.query('commit');
    client.release();
    expect(await read()).toStrictEqual([{ id: 2 }]);
    await until(() => given.isHit(read));
    await given.pool.query('update parts_24 set id = 5');
    expect(await given.isHit(read)).toBe(true);
    await given.pool.query('update loose set id = 6');
    expect(await read()).toStrictEqual([{ id: 6 }]);
    await until(() => given.isHit(read));
    await given.pool.query('alter table parts detach partition loose');
    expect(await read()).toStrictEqual([]);
  });

  it('forgets nothing when a table was truncated', async () => {
    await until(() => given.isHit(() => rows('select * from other_items')));
    await given.pool.query('truncate other_items');
    expect(await rows('select * from other_items')).toStrictEqual([]);
  });
});
