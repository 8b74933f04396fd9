/** Decides whether an application that only ever calls `execute` of mysql2 is served, with values of the driver's types too. */
import mysql from 'mysql2';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithMysql } from '../../support/mysql.js';
import { type Fixture, fixture } from './fixture.js';

const { TypedParameter } = mysql;

describeWithMysql('statements that are only ever executed', () => {
  let given: Fixture;

  beforeAll(async () => {
    given = await fixture(
      "create table words (id bigint primary key, word varchar(20)); insert into words values (1, 'first'), (2, 'second')",
    );
  });
  afterAll(() => given.end());

  const read = 'select * from words where id = ?';
  const isHit = (value: unknown): Promise<boolean> =>
    given.isHit(() => given.pool.execute(read, [value] as never));
  const wordOf = async (value: unknown): Promise<unknown> => {
    const [[row]] = await given.pool.execute<never[]>(read, [value] as never);
    return (row as { readonly word?: string } | undefined)?.word;
  };

  it('are served again after DDL', async () => {
    await given.pool.execute('create table others (id int primary key)');
    const ask = (): Promise<unknown> => given.pool.execute('select id from others');
    await expect.poll(() => given.isHit(ask)).toBe(true);
    await given.pool.execute('insert into others values (?)', [7]);
    const [rows] = await given.pool.execute('select id from others');
    expect(rows).toStrictEqual([{ id: 7 }]);
  });

  it('are told apart by the types of their values, and ended by writes to their rows', async () => {
    await expect.poll(() => isHit(TypedParameter.LONG(1))).toBe(true);
    for (const typed of [
      TypedParameter.LONGLONG(1n),
      TypedParameter.VAR_STRING('1'),
      TypedParameter.DOUBLE(1),
    ]) {
      expect(await isHit(typed)).toBe(false);
      expect(await isHit(typed)).toBe(true);
      expect(await wordOf(typed)).toBe('first');
    }
    await wordOf(TypedParameter.LONG(2));
    await given.pool.execute('update words set word = ? where id = ?', [
      'changed',
      TypedParameter.LONGLONG(1n),
    ] as never);
    expect(await isHit(TypedParameter.LONG(2))).toBe(true);
    expect(await isHit(TypedParameter.LONG(1))).toBe(false);
    expect(await wordOf(TypedParameter.VAR_STRING('1'))).toBe('changed');
    expect(await isHit(TypedParameter.DOUBLE(1))).toBe(false);
    expect(await wordOf(TypedParameter.DOUBLE(1))).toBe('changed');
    expect(await wordOf(TypedParameter.LONG(null))).toBe(undefined);
  });

  it('name the rows that the server finds by them: true as a text is 0 to a number', async () => {
    expect(await wordOf(TypedParameter.VAR_STRING(true))).toBe(undefined);
    await given.pool.execute('insert into words values (?, ?)', [0, 'nothing']);
    expect(await wordOf(TypedParameter.VAR_STRING(true))).toBe('nothing');
  });

  it('are served for as long as they are prepared, whatever was set before and since', async () => {
    await given.onConnection(async (connection) => {
      const ask = (): Promise<unknown> => connection.execute('select word from words where id = 2');
      for (const seconds of [901, 902, 903]) {
        await connection.query(`set session wait_timeout = ${seconds}`);
        await ask();
        expect(await given.isHit(ask)).toBe(true);
      }
    });
  });

  it('are sent with the value that was there when they were called', async () => {
    const typed = TypedParameter.LONG(2) as { value: unknown };
    const asked = given.pool.execute<never[]>(`${read} and 1 = 1`, [typed] as never);
    typed.value = 1n;
    const [rows] = await asked;
    expect(rows).toStrictEqual([{ id: 2, word: 'second' }]);
  });

  it('are the driver’s to judge where an object only looks like a value with a type', async () => {
    const objects = [{ type: 3, value: 1n, unsigned: false }, Object.create(null)];
    for (const value of objects) {
      const refused = given.pool.execute('select ? as value', [value] as never).then(String, String);
      const plainly = given.plain.execute('select ? as value', [value] as never).then(String, String);
      expect(await refused).toBe(await plainly);
    }
  });
});
