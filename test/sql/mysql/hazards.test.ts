/** Decides, hazard by hazard (CONSISTENCY §4), that the planner sees what a statement of MySQL depends on and changes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Catalog, Relation } from '../../../src/sql/mysql/catalog.js';
import { createMysqlPlanner } from '../../../src/sql/mysql/planner.js';
import { describeWithMysql } from '../../support/mysql.js';
import { openShop, type Shop, told } from './shop.js';

const schemaSql = `
  create table t (id int primary key, a int, name varchar(10), tm time, dt datetime, key (a));
  create table child (id int primary key, t int, u int, foreign key (t) references t (id) on delete cascade on update cascade,
    foreign key (u) references t (id) on delete set null);
  create table grandchild (id int primary key, child int, foreign key (child) references child (id) on delete cascade);
  create table kept (id int primary key, t int, foreign key (t) references t (id));
  create table isam (id int primary key) engine = MyISAM;
  create table heap (id int primary key) engine = MEMORY;
  create table fired (id int primary key, a int);
  create table log (id int auto_increment primary key, a int);
  create trigger note_change after update on fired for each row insert into log (a) values (new.a);
  create table stamped (id int primary key, a int, at timestamp default current_timestamp on update current_timestamp,
    doubled int generated always as (a * 2) stored);
  create table two_keys (id int primary key, code int unique, a int);
  create table prefixed (name varchar(200), a int, unique key (name(5)));
  create table parted (id int primary key, a int) partition by hash (id) partitions 3;
  create table Cased (id int primary key);
  create table plain_virtual (id int primary key, at timestamp null, s int as (unix_timestamp(at)) virtual, n varchar(9) as (upper('now()')) virtual);
  create table dated (id int primary key, u double as (rand()) virtual);
  create table clock (id int primary key, d date as (current_date) virtual);
  create table sessions (id int primary key, u varchar(90) as (user()) virtual invisible);
  create table daily (id int primary key, tm time, d datetime as (timestamp(tm)) virtual);
  create view v as select id, a from t where a < 3;
  create view vv as select id from v where id > 1;
  create view vjoin as select t.id, child.id as child from t join child on child.t = t.id;
  create view clocked as select id, now() as at from t;
  create function pure_one (a int) returns int deterministic return a + 1;
  create function noting (a int) returns int deterministic modifies sql data begin insert into log (a) values (a); return 1; end;
  create view calling as select id, noting(id) as noted from kept;
  create view odd as select sql_cache id, noting(id) as noted from kept;
  create view odd_and_quiet as select sql_cache id from kept;
  create view above_odd as select sql_cache id from odd;
  create sequence numbers;
  create function rand() returns int deterministic return 4;
`;

/** The catalog as if it had been told something else of its relations. */
function withRelations(catalog: Catalog, change: (relation: Relation) => Relation): Catalog {
  const changed = new Map([...catalog.relations.values()].map((each) => [each, change(each)]));
  const now = (each: Relation): Relation => changed.get(each) ?? each;
  return {
    ...catalog,
    relations: new Map([...catalog.relations].map(([id, each]) => [id, now(each)])),
    relationByName: new Map([...catalog.relationByName].map(([name, each]) => [name, now(each)])),
    relationsByWord: new Map([...catalog.relationsByWord].map(([word, all]) => [word, all.map(now)])),
  };
}

describeWithMysql('hazards', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop(schemaSql);
  });
  afterAll(() => shop.close());

  const tell = (text: string): string => told(shop, text);

  describe('never cached', () => {
    test.each([
      ['select * from t for update', 'row-lock'],
      ['select * from t for share', 'row-lock'],
      ['select * from t lock in share mode', 'row-lock'],
      ['select * from (select * from t for update) d', 'row-lock'],
      ['select now(), id from t', 'unstable-function'],
      ['select current_timestamp, id from t', 'unstable-function'],
      ['select id from t where dt < now()', 'unstable-function'],
      ['select id from t order by rand()', 'unstable-function'],
      ['select id, uuid() from t', 'unstable-function'],
      ['select id, connection_id() from t', 'unstable-function'],
      ['select id, current_user() from t', 'unstable-function'],
      ['select id, database() from t', 'unstable-function'],
      ['select sleep(1) from t', 'unstable-function'],
      ["select get_lock('a', 1) from t", 'unstable-function'],
      ['select benchmark(1, id) from t', 'unstable-function'],
      ["select load_file('a') from t", 'unstable-function'],
      ['select last_insert_id() from t', 'unstable-function'],
      ['select row_count() from t', 'unstable-function'],
      ['select found_rows() from t', 'unstable-function'],
      ['select unix_timestamp(), id from t', 'unstable-function'],
      ['select sql_calc_found_rows * from t', 'found-rows'],
      ['select @a, id from t', 'user-variable'],
      ['select @a := id from t', 'user-variable'],
      ['select @@version, id from t', 'system-variable'],
      ['select id from t where a = @a', 'user-variable'],
      ['select id from t into @a', 'into'],
      ["select id from t into outfile 'a'", 'into'],
      ['select * from information_schema.tables', 'system-relation'],
      ['select * from mysql.user', 'system-relation'],
      ['select * from performance_schema.threads', 'system-relation'],
      ['select * from isam', 'engine'],
      ['select * from heap', 'engine'],
      ['select * from t where id in (select id from isam)', 'engine'],
      ['select * from clocked', 'unstable-function'],
      ['select * from numbers', 'uncacheable-relation'],
      ['select next value for numbers from t', 'sequence'],
      ['select nextval(numbers) from t', 'unstable-function'],
      ['select match (name) against (?) from t', 'full-text'],
      ['explain select * from t', 'utility'],
      ['show tables', 'utility'],
      ['select id /*! , a */ from t', 'version-comment'],
      ["select /*+ set_var(sql_mode='') */ id from t", 'session'],
      ['select id from t limit 1 rows examined 10', 'rows-examined'],
      ['select id from unknown_table', 'unknown-relation'],
      ['select * from t; select * from child', 'several-statements'],
    ])('%s', (text, code) => {
      expect(tell(text)).toBe(`bypass ${code}`);
    });

    test.each([
      'select tm + interval 1 day from t',
      'select id from t where tm = dt',
      'select id from t where tm = ?',
      'select timestamp(tm) from t',
      'select dt from t union select tm from t',
      'select id from t where dt in (select tm from t)',
      'select id from (select tm as x, id, dt from t) d where d.x < d.dt',
      'select id from (select tm, id from t) as d (x, id) where d.x < ?',
      "select cast('10:00' as time), id from t",
      "select id from t where dt > time '10:00:00'",
    ])('a time of day that may become a date by the clock: %s', (text) => {
      expect(tell(text)).toBe('bypass time-of-day');
    });

    test('but a time of day that is only shown or sorted by is', () => {
      expect(tell('select tm, id from t where id = 1 order by tm')).toBe('read t(id=1)');
      expect(tell('select * from t where id = 1')).toBe('read t(id=1)');
    });

    test('IS NULL where it may mean the row that was inserted last', () => {
      const { catalog } = shop;
      const session = { ...catalog.session, hasAutoIsNull: true };
      const planner = createMysqlPlanner({ catalog: { ...catalog, session } });
      expect(told({ catalog, planner }, 'select * from t where id is null')).toBe('bypass auto-is-null');
      expect(told({ catalog, planner }, 'update t set a = 1 where id is null')).toBe('write t');
    });
  });

  test('a table with a column that is computed anew for each reader', () => {
    for (const table of ['dated', 'clock', 'sessions', 'daily'])
      expect(tell(`select id from ${table}`)).toBe('bypass virtual-column');
    expect(tell('select * from plain_virtual where id = 1')).toBe('read plain_virtual(id=1)');
    expect(tell('update dated set id = 2 where id = 1')).toBe('write dated(id:1,2)');
  });

  describe('writes inside reads and code', () => {
    test.each([
      ['select some_plugin(1) from t', 'write everything unknown-function departs'],
      ['select other.f(1) from t', 'write everything unknown-function departs'],
      ['call p()', 'write everything opaque catalog departs commits'],
      ['execute s', 'write everything execute catalog departs commits'],
      ["prepare s from 'delete from t'", 'bypass prepare'],
      ['do some_plugin(1)', 'write everything unknown-function departs'],
      ['do sleep(1)', 'bypass utility'],
      ['explain analyze delete from t', 'write everything opaque catalog departs commits'],
      ['analyze delete from t', 'write everything opaque catalog departs commits'],
      ['analyze format=json delete from t', 'write everything opaque catalog departs commits'],
      ['select 1; delete from kept where id = 1', 'write kept(id:1)'],
      ['begin; delete from kept where id = 1; commit', 'write everything several-statements commits'],
      ['delete /*! from t */ from kept', 'write everything not-understood catalog departs commits'],
      [
        'delete from kept where id = 1 /*! or 1 */',
        'write everything version-comment catalog departs commits',
      ],
      ['/*! explain */ delete from kept', 'write everything version-comment catalog departs commits'],
      ['set statement max_statement_time = 1 for delete from kept where id = 1', 'write kept(id:1)'],
      ["load data infile 'a' into table t", 'write everything opaque catalog departs commits'],
      ['handler t open', 'write everything opaque catalog departs commits'],
      ["binlog 'row events'", 'write everything opaque catalog departs commits'],
      ['explain select pure_one(1) from t', 'write everything unknown-function catalog departs commits'],
      ['show tables where some_plugin(1)', 'write everything unknown-function catalog departs commits'],
      ['explain select count(*) from t where id in (select 1)', 'bypass utility'],
    ])('%s', (text, expected) => {
      expect(tell(text)).toBe(expected);
    });
  });

  describe('beyond the named table', () => {
    test.each([
      [
        'referential actions, down to grandchildren',
        'delete from t where id = 1',
        'write child grandchild t(id:1)',
      ],
      ['a key that cascades', 'update t set id = 2 where id = 1', 'write child(t:1,2) t(id:1,2)'],
      ['an update that changes no key', 'update t set a = 2 where id = 1', 'write t(id:1)'],
      ['a foreign key that only restricts', 'delete from kept where id = 1', 'write kept(id:1)'],
      ['a trigger', 'update fired set a = 1 where id = 1', 'write fired(id:1) log'],
      [
        'a table whose trigger is of another event',
        'insert into fired values (1, 2)',
        'write fired(a:2; id:1)',
      ],
      ['a view', 'update v set a = 2 where id = 1', 'write child t'],
      ['a view of a view', 'delete from vv where id = 1', 'write child grandchild t'],
      ['a view of a join', 'update vjoin set child = 2', 'write child t'],
      ['a partitioned table', 'update parted set a = 1 where id = 2', 'write parted(id:2)'],
      ['a generated column', 'update stamped set a = 1 where id = 2', 'write stamped(id:2)'],
      [
        'another unique key, on duplicates',
        'insert into two_keys values (1, 2, 3) on duplicate key update a = 4',
        'write two_keys',
      ],
      ['another unique key, replaced', 'replace into two_keys values (1, 2, 3)', 'write two_keys'],
      [
        'the only unique key',
        'insert into stamped (id, a) values (1, 2) on duplicate key update a = 4',
        'write stamped(id:1)',
      ],
      ['a key of a prefix', "replace into prefixed values ('a', 1)", 'write prefixed'],
      ['ignored errors', "insert ignore into kept values ('1', null)", 'write kept(id:1; t:null)'],
      ['a rename and swap', 'rename table t to x, child to t', 'write everything ddl catalog commits'],
      ['privileges that were written by hand', 'flush privileges', 'write everything ddl catalog commits'],
      ['a flush of anything else', 'flush tables', 'bypass utility commits'],
      [
        'an exchange of partitions',
        'alter table parted exchange partition p0 with table kept',
        'write everything ddl catalog commits',
      ],
      ['truncate', 'truncate table kept', 'write kept commits'],
      ['an INSERT of a query', 'insert into kept select id, a from t', 'write kept'],
    ])('%s', (_, text, expected) => {
      expect(tell(text)).toBe(expected);
    });

    test('a read of a generated column is pinned by no value of it', () => {
      expect(tell('select * from stamped where doubled = 2')).toBe('read stamped');
    });

    test('a table of which not all triggers may be seen writes everything', () => {
      const { catalog } = shop;
      const relations = new Map(
        [...catalog.relations].map(([id, each]) => [id, { ...each, isFullySeen: false }]),
      );
      const byName = new Map(
        [...catalog.relationByName].map(([name, each]) => [name, { ...each, isFullySeen: false }]),
      );
      const words = new Map(
        [...catalog.relationsByWord].map(([word, each]) => [
          word,
          each.flatMap(({ schema, name }) => byName.get(`${schema}\0${name}`) ?? []),
        ]),
      );
      const hidden = { ...catalog, relations, relationByName: byName, relationsByWord: words };
      const planner = createMysqlPlanner({ catalog: hidden });
      expect(told({ catalog: hidden, planner }, 'update t set a = 1 where id = 1')).toBe(
        'write everything hidden-triggers',
      );
    });
  });

  describe('names', () => {
    test('a CTE shadows a table, in its own scope only', () => {
      expect(tell('with t as (select * from kept) select * from t')).toBe('read kept');
      expect(tell('with t as (select * from t) select * from t where id = 1')).toBe('read t(id=1)');
      expect(tell('with x as (select * from kept) select * from t, x')).toBe('read kept t');
      const own = shop.schema;
      expect(tell(`with t as (select * from kept) select * from ${own}.t`)).toBe('read kept t');
    });

    test('a CTE of another case may be meant or not: both are read', () => {
      expect(tell('with CASED as (select * from kept) select * from Cased')).toBe('read Cased kept');
    });

    test('a recursive CTE may hide a table or not: both are read', () => {
      const text =
        'with recursive child as (select id from kept union select child.id + 1 from child where child.id < 3) select * from child';
      expect(tell(text)).toBe('read child child kept');
    });

    test('names of tables have a case where the server says so', () => {
      expect(tell('select * from cased')).toBe('bypass unknown-relation');
      expect(tell('select * from Cased where ID = 1')).toBe('read Cased(id=1)');
      const { catalog } = shop;
      const relationByName = new Map(
        [...catalog.relationByName].map(([key, each]) => [key.toLowerCase(), each]),
      );
      const folding = { ...catalog, foldsNames: true, relationByName };
      const planner = createMysqlPlanner({ catalog: folding });
      expect(told({ catalog: folding, planner }, 'select * from CASED x where X.id = 1')).toBe(
        'read Cased(id=1)',
      );
    });

    test('quotes, hidden tables and escapes follow the sql_mode', () => {
      expect(tell('select * from `t` where `id` = 1')).toBe('read t(id=1)');
      expect(tell('select * from "t"')).toMatch(/^(?:bypass|write)/);
      const { catalog } = shop;
      const session = { ...catalog.session, sqlMode: 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES' };
      const planner = createMysqlPlanner({ catalog: { ...catalog, session } });
      expect(told({ catalog, planner }, 'select * from "t" where "id" = 1')).toBe('read t(id=1)');
      expect(told({ catalog, planner }, "select * from t where name = 'a\\' or id = 1")).toBe(
        'read t(name=a\\|id=1)',
      );
      // The driver may send another text than it was given.
      expect(told({ catalog, planner }, 'select * from t where name = ?')).toBe('read t');
      expect(told({ catalog, planner }, 'select * from t where id = ?')).toBe('read t(id=$0)');
      expect(told({ catalog, planner }, 'update t set a = 1 where name = ?')).toBe('write t');
    });

    test('other letters are no quotes only in character sets where they are sent as others', () => {
      const { catalog } = shop;
      const tellWith = (keepsQuotes: boolean, text: string): string => {
        const session = { ...catalog.session, keepsQuotes };
        const planner = createMysqlPlanner({ catalog: { ...catalog, session } });
        return told({ catalog, planner }, text);
      };
      expect(tellWith(true, "select id from t where name <> '¥'")).toBe('read t');
      expect(tellWith(false, "select id from t where name <> 'a'")).toBe('read t');
      expect(tellWith(false, "select id from t where name <> '¥'")).toMatch(
        /^write everything not-understood/,
      );
    });

    test('statements on temporary tables leave the session unknown', () => {
      for (const create of ['create', 'create or replace'])
        expect(tell(`${create} temporary table t (id int)`)).toBe('write everything opaque departs');
      expect(tell('drop temporary table t')).toBe('bypass session departs');
    });

    test('another schema is another table', () => {
      expect(tell('select * from other.t')).toBe('bypass unknown-relation');
      expect(tell('delete from other.t')).toBe('write everything unknown-relation');
      // Whoever has made the table meanwhile may keep results of it.
      expect(tell('update kept join newer n using (id) set n.a = 1')).toBe(
        'write everything unknown-relation',
      );
      expect(tell('delete n from kept join newer n using (id)')).toBe('write everything unknown-relation');
      expect(tell('delete k from kept k join newer n using (id)')).toBe('write kept');
      expect(tell('insert into newer what is this select * from kept')).toMatch(
        /^write everything not-understood/,
      );
    });
  });

  test('what the parser does not understand writes all that the text names, or everything', () => {
    expect(tell('delete from kept where id = 1 and what is this')).toBe('write kept');
    expect(tell('update kept set a = unknown_function(1) what')).toMatch(/^write everything not-understood/);
    expect(tell('update kept set @@ where t')).toMatch(/^write (?:child|everything)/);
    expect(tell('select what is this from t')).toBe('bypass not-understood');
    expect(tell('select some_plugin(1) what is this')).toMatch(/^write everything not-understood/);
    expect(tell("select 'unfinished")).toMatch(/^write everything not-understood/);
    expect(tell('merge into t using child')).toMatch(/^write everything/);
  });

  test('functions in views are called by whoever reads the view, understood or not', () => {
    const anything = 'write everything view departs';
    expect(tell('select * from calling')).toBe('write log');
    expect(tell('select sql_cache * from calling')).toBe('write log');
    expect(tell('insert into kept select sql_cache id, 1 from calling')).toMatch(
      /^write (?:kept log|log kept)$/,
    );
    expect(tell('insert into calling (id) values (1)')).toMatch(/^write (?:kept log|log kept)$/);
    expect(tell('table calling')).toBe('write log');
    for (const text of ['select * from odd', 'select sql_cache * from odd', 'select * from above_odd'])
      expect(tell(text)).toBe(anything);
    expect(tell('select * from odd_and_quiet')).toBe('bypass view');
    const { catalog } = shop;
    const planner = createMysqlPlanner({
      catalog: withRelations(catalog, (each) => ({ ...each, definition: null })),
    });
    expect(told({ catalog, planner }, 'select * from odd_and_quiet')).toBe(
      'write everything hidden-view departs',
    );
  });

  test('what is written under other settings may be other rows', () => {
    expect(tell('set statement max_statement_time = 1 for update t set a = 1 where id = 5')).toBe(
      'write t(id:5)',
    );
    expect(tell('set statement sql_auto_is_null = 1 for update t set a = 1 where id = 5')).toBe('write t');
    expect(tell('update /*+ set_var(sql_auto_is_null = 1) */ t set a = 1 where id = 5')).toBe('write t');
  });

  test('an engine that keeps rows elsewhere may write any table', () => {
    const { catalog } = shop;
    const change = (relation: Relation): Relation =>
      relation.name === 'heap' ? { ...relation, engine: 'FEDERATED' } : relation;
    const planner = createMysqlPlanner({ catalog: withRelations(catalog, change) });
    expect(told({ catalog, planner }, 'insert into heap values (1)')).toBe('write everything engine');
    expect(tell('insert into heap values (1)')).toBe('write heap(id:1)');
  });

  describe('what an answer tells', () => {
    const planOf = (text: string) => shop.planner.plan(text);

    test('that no row was affected, where no code runs with the statement', () => {
      for (const text of [
        'update t set a = 1',
        'delete from t',
        'update t join child on child.t = t.id set a = 1',
      ])
        expect(planOf(text)).toMatchObject({ kind: 'write', isNothingAtZero: true });
      expect(planOf('update fired set a = 1')).not.toHaveProperty('isNothingAtZero');
      expect(planOf('truncate kept')).not.toHaveProperty('isNothingAtZero');
      expect(planOf('delete from kept; delete from child')).not.toHaveProperty('isNothingAtZero');
    });

    test('the key that was generated for one row', () => {
      const generatedKey = { table: { name: `${shop.schema}.log` }, column: '1' };
      for (const values of [
        '(a) values (1)',
        '(id, a) values (default, 1)',
        'values (null, 1)',
        'set a = ?',
        '() values ()',
      ])
        expect(planOf(`insert into log ${values}`)).toMatchObject({ generatedKey });
      for (const text of [
        'insert into log values (5, 1)',
        'insert into log values (?, 1)',
        'insert into log (a) values (1), (2)',
        'insert into log (a) select 1',
        'insert into log (a) values (last_insert_id(7))',
        'replace into log (a) values (1)',
        'insert into log (a) values (1) on duplicate key update a = 2',
        'insert into kept (id) values (1)',
      ])
        expect(planOf(text)).not.toHaveProperty('generatedKey');
    });
  });
});
