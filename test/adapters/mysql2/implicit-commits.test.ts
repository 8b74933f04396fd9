/** Decides whether each statement that commits what was open, as MySQL's manual lists them, is seen to: watched from a second session. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithMysql, type MysqlFlavour } from '../../support/mysql.js';
import { type Fixture, fixture, rowsOf } from './fixture.js';

const schema = `
  create table accounts (id int primary key, balance int) engine = innodb;
  create table other (id int primary key, body varchar(20)) engine = innodb;
  create table old (id int primary key) engine = myisam;
  create procedure gives() select 1;
  insert into accounts values (1, 0);
`;

const user = `implicit_${process.pid}`;

/** In an order in which each can run. */
const committing: readonly string[] = [
  'begin',
  'start transaction',
  'start transaction read only',
  'lock tables accounts read',
  'lock tables accounts read, other write',
  'create table made (id int primary key)',
  'create table made (id int primary key)', // it exists
  'create table made_too as select * from other',
  'alter table made add more int',
  'create index more on made (more)',
  'drop index more on made',
  'rename table made to made_anew',
  'truncate made_anew',
  'drop table made_anew, made_too',
  'drop table if exists never_there',
  'create view seen as select * from other',
  'alter view seen as select id from other',
  'drop view seen',
  'create procedure done() select 1',
  `alter procedure done comment 'yes'`,
  'drop procedure done',
  'create function five() returns int deterministic no sql return 5',
  'drop function five',
  'create trigger fires before insert on other for each row set new.body = 5',
  'drop trigger fires',
  'create event happens on schedule every 1 year do select 1',
  'alter event happens disable',
  'drop event happens',
  `create database ${user}`,
  `alter database ${user} character set latin1`,
  `drop database ${user}`,
  `create user ${user}@'%'`,
  `alter user ${user}@'%' identified by 'x'`,
  `set password for ${user}@'%' = password('y')`,
  `grant select on *.* to ${user}@'%'`,
  `revoke select on *.* from ${user}@'%'`,
  `rename user ${user}@'%' to ${user}@'localhost'`,
  `drop user ${user}@'localhost'`,
  'analyze table other',
  'check table other',
  'optimize table other',
  'repair table other',
  'flush tables other',
  'flush privileges',
  'flush status',
  'set autocommit = 1',
  'SET @@session.AUTOCOMMIT = on, @other = 5',
];

/** These commit on MySQL only. */
const committingOnMysql: readonly string[] = ['cache index old in default', 'load index into cache old'];

/** What is near to them. */
const others: readonly string[] = [
  'create temporary table passing (id int primary key)',
  'drop temporary table passing',
  'set @a = 5',
  'savepoint here',
  'unlock tables',
  'set autocommit = 0',
  'set names utf8mb4',
  'call gives()',
  'show tables',
  'explain select * from other',
  'insert into other values (1, 1), (1, 1)', // a duplicate
];

for (const flavour of ['mariadb', 'mysql57'] satisfies readonly MysqlFlavour[])
  describeWithMysql(
    `a transaction on ${flavour} that a statement commits`,
    () => {
      let given: Fixture;
      let amount = 0;
      beforeAll(async () => {
        given = await fixture(schema, {}, { connectionLimit: 3 }, flavour);
      });
      afterAll(() => given.end());

      const balanceIn = async (from: Fixture['pool']): Promise<number> =>
        (await rowsOf(from, 'select balance from accounts where id = ?', [1]))[0]?.['balance'] as number;

      /** What the second session sees after the statement, which the cache must, too. */
      async function after(statement: string, { autocommit }: { autocommit: 0 | 1 }): Promise<boolean> {
        const before = await balanceIn(given.plain);
        const written = ++amount;
        let truth = 0;
        await given.onConnection(async (connection) => {
          if (autocommit === 0) await connection.query('set autocommit = 0');
          else await connection.query('begin');
          await connection.query('update accounts set balance = ? where id = 1', [written]);
          expect(await balanceIn(given.pool)).toBe(before);
          await connection.query(statement).catch((error: unknown) => {
            // That it cannot be done here does not matter; that it is not understood would.
            expect(String(error)).not.toMatch(/You have an error in your SQL syntax/);
          });
          truth = await balanceIn(given.plain);
          expect(await balanceIn(given.pool)).toBe(truth);
          await connection.query('rollback');
          expect(await balanceIn(given.pool)).toBe(truth);
          await connection.query('unlock tables');
          await connection.query('set autocommit = 1');
          // Another transaction of the same connection is seen as well.
          await connection.query('update accounts set balance = ? where id = 1', [++amount]);
          expect(await balanceIn(given.pool)).toBe(amount);
        });
        return truth === written;
      }

      it.each(committing.map((statement, index) => [index, statement] as const))(
        '%i: %s',
        async (_, statement) => {
          const inAutocommitOff = /autocommit/i.test(statement);
          expect(await after(statement, { autocommit: inAutocommitOff ? 0 : 1 })).toBe(true);
        },
      );

      it.each(committingOnMysql)('on MySQL: %s', async (statement) => {
        expect(await after(statement, { autocommit: 1 })).toBe(flavour === 'mysql57');
      });

      it.each(others)('is not committed, and not taken for it: %s', async (statement) => {
        expect(await after(statement, { autocommit: 1 })).toBe(false);
      });

      it('leaves nothing unresolved and nothing failed', async () => {
        await expect.poll(() => given.cache.stats().unresolved).toBe(0);
        expect(given.cache.stats().failures).toStrictEqual({});
      });
    },
    flavour,
  );
