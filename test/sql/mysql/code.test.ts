/** Decides, on a real server, what triggers and stored functions are known to do, and that what is not read may do anything. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { declaredMysqlCode } from '../../../src/sql/mysql/declared-code.js';
import { createMysqlPlanner } from '../../../src/sql/mysql/planner.js';
import type { FunctionEffects } from '../../../src/sql/plan.js';
import { describeWithMysql } from '../../support/mysql.js';
import { openShop, type Shop, told } from './shop.js';

const tablesSql = `
  create table item (id int primary key, label varchar(10), n int);
  create table log (id int auto_increment primary key, item int, what varchar(10));
  create table total (id int primary key, n int);
  create table part (id int primary key, log int, foreign key (log) references log (id) on delete cascade);
`;

describeWithMysql('code of users', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop(tablesSql);
  });
  afterAll(() => shop.close());

  /** What a plan says while a trigger is there. */
  const withTrigger = async (trigger: string, text: string): Promise<string> => {
    const { connection } = shop;
    await connection.query(`create trigger fired ${trigger}`);
    try {
      await shop.change('select 1');
      return told(shop, text);
    } finally {
      await connection.query('drop trigger fired');
    }
  };

  const each = 'on item for each row';

  test.each([
    ['one statement', `after update ${each} insert into log (item) values (new.id)`, 'write item(id:1) log'],
    [
      'a block',
      `after update ${each} begin insert into log (item) values (new.id); update total set n = n + 1 where id = 1; end`,
      'write item(id:1) log total',
    ],
    [
      'what follows from a write',
      `after update ${each} delete from log where item = old.id`,
      'write item(id:1) log part',
    ],
    [
      'a condition',
      `after update ${each} begin if new.n > 1 then update total set n = 1; elseif new.n < 0 then delete from total; else set @a = 1; end if; end`,
      'write item(id:1) total',
    ],
    [
      'variables',
      `after update ${each} begin declare a, b int default 3; set a = new.n; select max(n) into b from total; update total set n = a + b; end`,
      'write item(id:1) total',
    ],
    ['a column that is set', `before update ${each} set new.label = upper(new.label)`, 'write item(id:1)'],
    ['a key that is set', `before update ${each} set new.id = 7`, 'write item'],
    [
      'an error',
      `before update ${each} begin if new.n < 0 then signal sqlstate '45000' set message_text = 'no'; end if; end`,
      'write item(id:1)',
    ],
    ['another event', `after delete ${each} insert into log (item) values (old.id)`, 'write item(id:1)'],
    [
      'a setting of the session',
      `before update ${each} set sql_mode = ''`,
      'write everything side-effects departs',
    ],
    [
      'a loop',
      `after update ${each} begin declare i int default 0; while i < 3 do insert into log (item) values (i); set i = i + 1; end while; end`,
      'write everything side-effects departs',
    ],
    [
      'a handler',
      `after update ${each} begin declare continue handler for sqlexception delete from total; insert into log (item) values (1); end`,
      'write everything side-effects departs',
    ],
    [
      'a cursor',
      `after update ${each} begin declare c cursor for select id from log; open c; close c; end`,
      'write everything side-effects departs',
    ],
    [
      'a CASE',
      `after update ${each} begin if case when new.n then 1 else 0 end then delete from total; end if; end`,
      'write everything side-effects departs',
    ],
  ])('a trigger with %s', async (_, trigger, expected) => {
    expect(await withTrigger(trigger, 'update item set n = 2 where id = 1')).toBe(expected);
  });

  test('a trigger that is fired by a trigger', async () => {
    await shop.change('create trigger second after insert on log for each row update total set n = 2');
    expect(
      await withTrigger(
        `after update ${each} insert into log (item) values (1)`,
        'update item set n = 2 where id = 1',
      ),
    ).toBe('write item(id:1) log total');
    await shop.change('drop trigger second');
  });

  /** What a plan says while a function is there. */
  const withFunction = async (code: string, text: string): Promise<string> => {
    const { connection } = shop;
    await connection.query(`create function called ${code}`);
    try {
      await shop.change('select 1');
      return told(shop, text);
    } finally {
      await connection.query('drop function called');
    }
  };

  test.each([
    ['computes', '(a int) returns int deterministic return a + 1', 'read item(id=1)'],
    [
      'computes in steps',
      '(a int) returns int deterministic begin declare b int; set b = a * 2; if b > 3 then return 1; end if; return b; end',
      'read item(id=1)',
    ],
    ['follows the clock', '(a int) returns datetime deterministic return now()', 'bypass unstable-function'],
    ['takes a time of day', '(a time) returns int deterministic return hour(a)', 'bypass time-of-day'],
    [
      'reads',
      '(a int) returns int reads sql data begin declare b int; select max(n) into b from total; return b; end',
      'bypass stored-function',
    ],
    [
      'writes',
      '(a int) returns int deterministic modifies sql data begin insert into log (item) values (a); return 1; end',
      'write log',
    ],
    [
      'changes a setting',
      "(a int) returns int deterministic begin set sql_mode = ''; return 1; end",
      'write everything unknown-function departs',
    ],
    [
      'uses what is not known',
      '(a int) returns int deterministic return some_plugin(a)',
      'write everything unknown-function departs',
    ],
  ])('a function that %s', async (_, code, expected) => {
    expect(await withFunction(code, 'select called(n) from item where id = 1')).toBe(expected);
  });

  test('what a user says of routines is believed, and what follows from it is found', async () => {
    await shop.change(
      `create function opaque (a int) returns int deterministic return some_plugin(a);
       create procedure moves () begin delete from log; delete from total; end`,
    );
    const { catalog } = shop;
    const planWith = (effects: Partial<FunctionEffects>, text: string): string => {
      const all = { writes: [], reads: [], stable: false, ...effects };
      const { byRoutine, unknown } = declaredMysqlCode(catalog, { opaque: all, moves: all });
      expect(unknown).toBeNull();
      return told({ catalog, planner: createMysqlPlanner({ catalog, declared: byRoutine }) }, text);
    };
    const read = 'select opaque(n) from item where id = 1';
    expect(planWith({ stable: true, reads: ['total'] }, read)).toBe('read item(id=1) total');
    expect(planWith({}, read)).toBe('bypass stored-function');
    expect(planWith({ writes: ['log'] }, read)).toBe('write log part');
    expect(planWith({ writes: ['log'] }, 'call moves()')).toBe('write log part commits');
    expect(told(shop, 'call moves()')).toBe('write everything opaque catalog departs commits');
    const { unknown } = declaredMysqlCode(catalog, {
      nobody: { writes: ['nothing'], reads: [], stable: true },
    });
    expect(unknown?.message).toContain('the function nobody, the table nothing of nobody');
  });
});
