/**
 * Decides what becomes of a connection on which a typeCast has thrown: the driver gives the answer up where it was, and takes
 * what is left of it for the answer to its next command. Behind a cache that would be kept, or end an intent too early.
 */
import type { PoolConnection } from 'mysql2';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeWithMysql } from '../../support/mysql.js';
import { called, outcome, withCore } from './behaviours/behaviour.js';
import { type Fixture, fixture, rowsOf } from './fixture.js';

const schema = `
  create table letters (letter char(1) primary key);
  create table words (id int primary key, word varchar(20));
`;
const one = 'select id, word from words where id = 1';
const write = `update words set word = 'written' where id = 1`;

describeWithMysql('after a typeCast that has thrown', () => {
  let given: Fixture;
  beforeAll(async () => {
    given = await fixture(schema);
  });
  afterAll(() => given.end());

  beforeEach(async () => {
    await given.pool.query('delete from letters');
    await given.pool.query('delete from words');
    await given.pool.query(`insert into words values (1, 'first')`);
  });

  const throwing = (connection: PoolConnection, sql: string): Promise<unknown> =>
    called((done) =>
      connection.query(
        {
          sql,
          typeCast: () => {
            throw new Error('no such letter');
          },
        },
        done,
      ),
    );

  /** Calls both at once, each with so many letters left of the first one's answer. */
  const behind = async (sql: string): Promise<unknown[]> => {
    const answers = [];
    for (const letters of ['a', 'ab', 'abc', 'abcd', 'abcdefghi']) {
      await given.pool.query('delete from letters');
      await given.pool.query('insert into letters values ?', [letters.split('').map((letter) => [letter])]);
      answers.push(
        await withCore(given.pool.pool as never, async (connection) => {
          const thrown = throwing(connection, 'select letter from letters order by letter');
          const next = called((done) => connection.query(sql, done));
          expect(await thrown).toMatchObject([{ message: 'no such letter' }, null]);
          return ((await next) as unknown[]).slice(0, 2);
        }),
      );
    }
    return answers;
  };

  it('the next read has its own rows, and so have those who read it again', async () => {
    const rows = [{ id: 1, word: 'first' }];
    expect(await behind(one)).toStrictEqual(Array.from({ length: 5 }, () => [null, rows]));
    expect(await rowsOf(given.pool, one)).toStrictEqual(rows);
  });

  it('the next write is told its own answer, once it is seen', async () => {
    await rowsOf(given.pool, one);
    const [first, ...again] = await behind(write);
    expect(first).toMatchObject([null, { affectedRows: 1, changedRows: 1 }]);
    expect(again).toHaveLength(4);
    for (const answer of again) expect(answer).toMatchObject([null, { affectedRows: 1, changedRows: 0 }]);
    expect(await rowsOf(given.pool, one)).toStrictEqual([{ id: 1, word: 'written' }]);
  });

  it('in rows that a write returns, the write has ended what it changed', async () => {
    await rowsOf(given.pool, one);
    await withCore(given.pool.pool as never, async (connection) => {
      await throwing(connection, `insert into words values (2, 'two'), (3, 'three') returning word`);
      expect(await outcome(rowsOf(given.pool, 'select count(*) as count from words'))).toStrictEqual({
        result: [{ count: 3 }],
      });
    });
  });

  it('fails nothing', () => {
    expect(given.cache.stats().failures).toStrictEqual({});
  });
});
