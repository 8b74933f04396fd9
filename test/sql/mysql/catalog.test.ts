/** Decides, on real servers, that a snapshot of the catalog has what the planner needs, and that its fingerprint shows DDL. */
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Catalog } from '../../../src/sql/mysql/catalog.js';
import { loadMysqlCatalog, readMysqlFingerprint } from '../../../src/sql/mysql/load-catalog.js';
import {
  createMysqlDatabase,
  describeWithMysql,
  type MysqlFlavour,
  type TestSchema,
} from '../../support/mysql.js';

const flavours: readonly MysqlFlavour[] = ['mariadb', 'mysql57', 'mysql84'];

const schemaSql = [
  `create table team (id int auto_increment primary key, name varchar(20) character set utf8mb4 collate utf8mb4_general_ci unique,
    grp tinyint unsigned, flag boolean not null default 0, big bigint, raw varbinary(8), fix binary(4), fl float, d decimal(10, 2),
    sound varchar(10) character set latin1 collate latin1_german2_ci, long_text longtext character set utf8mb4 collate utf8mb4_bin,
    doubled int generated always as (grp * 2) virtual, changed timestamp default current_timestamp on update current_timestamp,
    nothing int default null, five int default 5, unique key two (grp, big), unique key part (long_text(10)), tm time)`,
  `create table member (id int primary key, team int, foreign key (team) references team (id) on delete cascade on update set null)`,
  'create table isam (id int) engine = MyISAM',
  'create table parted (id int primary key) partition by hash (id) partitions 2',
  'create view small as select id, name from team where grp = 1',
  'create trigger made before insert on member for each row set new.team = 1',
  'create function one (x int, y int) returns int deterministic return 1',
  'create procedure two (z int) select z',
];

for (const flavour of flavours)
  describeWithMysql(
    `the catalog of ${flavour}`,
    () => {
      let database: TestSchema;
      let connection: Connection;
      let catalog: Catalog;
      const queryOn =
        (one: Connection) =>
        async (sql: string): Promise<Readonly<Record<string, unknown>>[]> => {
          const [rows] = await one.query(sql);
          return rows as Readonly<Record<string, unknown>>[];
        };
      beforeAll(async () => {
        database = await createMysqlDatabase(flavour);
        connection = await createConnection(database.config);
        for (const sql of schemaSql) await connection.query(sql);
        catalog = await loadMysqlCatalog(queryOn(connection));
      }, 60_000);
      afterAll(async () => {
        await connection.end();
        await database.drop();
      });

      const relation = (name: string) => {
        const found = catalog.relations.get(`${database.config.database}.${name}`);
        if (found === undefined) throw new Error(`${name} is not in the catalog`);
        return found;
      };

      test('knows the server and the session', () => {
        expect(catalog.flavour).toBe(flavour === 'mariadb' ? 'mariadb' : 'mysql');
        expect(catalog.version).toBeGreaterThan(50_700);
        expect(catalog.foldsNames).toBe(false);
        expect(catalog.session).toMatchObject({
          schema: database.config.database,
          hasAutoIsNull: false,
          hasAsciiTexts: true,
          keepsQuotes: true,
        });
        expect(catalog.session.sqlMode).toContain('STRICT');
      });

      test('knows the columns and which of their values have names', () => {
        const { columns } = relation('team');
        expect(Object.fromEntries(columns.map(({ name, valueClass }) => [name, valueClass]))).toEqual({
          id: 'integer -2147483648..2147483647',
          name: 'folded 0..20',
          grp: 'integer 0..255',
          flag: 'integer -128..127',
          big: 'integer -9007199254740991..9007199254740991',
          raw: 'bytes 0..8',
          fix: 'bytes 4..4',
          fl: null,
          d: null,
          sound: null,
          long_text: 'exact 0..1000',
          doubled: 'integer -2147483648..2147483647',
          changed: null,
          nothing: 'integer -2147483648..2147483647',
          five: 'integer -2147483648..2147483647',
          tm: null,
        });
        expect(Object.fromEntries(columns.map(({ name, storedClass }) => [name, storedClass]))).toMatchObject(
          {
            id: 'required integer 1..2147483647',
            flag: 'required integer -128..127',
            name: 'folded 0..20',
          },
        );
        const those = (is: (column: (typeof columns)[number]) => boolean) =>
          columns.filter(is).map(({ name }) => name);
        expect(those(({ isAutoIncrement }) => isAutoIncrement)).toEqual(['id']);
        expect(those(({ generated }) => generated)).toEqual(['doubled', 'changed']);
        expect(those(({ hasDefault }) => hasDefault)).toEqual(expect.arrayContaining(['id', 'flag', 'five']));
        expect(those(({ hasDefault }) => hasDefault)).not.toContain('nothing');
      });

      test('knows keys, and that part of a column is none', () => {
        const { uniqueKeys, keyRanks, compositeKeys } = relation('team');
        expect(Object.fromEntries(uniqueKeys.map(({ name, columns }) => [name, columns]))).toEqual({
          PRIMARY: [1],
          name: [2],
          two: [3, 5],
          part: null,
        });
        expect(Object.fromEntries(keyRanks)).toEqual({ 1: 3, 2: 2 });
        expect(compositeKeys).toEqual([{ columns: [3, 5], rank: 2 }]);
        expect(Object.fromEntries(relation('member').keyRanks)).toEqual({ 1: 3, 2: 1 });
      });

      test('knows referential actions, triggers, views, routines, engines and partitions', () => {
        const id = (name: string): string => `${database.config.database}.${name}`;
        expect(relation('team').referencedBy).toEqual([
          {
            from: id('member'),
            fromColumns: [2],
            to: id('team'),
            toColumns: [1],
            onDelete: 'cascade',
            onUpdate: 'set-null',
          },
        ]);
        expect(relation('member').triggers).toMatchObject([
          { name: 'made', event: 'insert', isBefore: true },
        ]);
        expect(relation('member').triggers[0]?.body).toContain('new.team = 1');
        expect(relation('small')).toMatchObject({ kind: 'view', engine: null });
        expect(relation('small').definition).toContain('`grp`');
        expect(relation('isam').engine).toBe('MyISAM');
        expect(relation('parted')).toMatchObject({ kind: 'table', engine: 'InnoDB', isFullySeen: true });
        const own = (name: string) =>
          catalog.routines.get(name)?.filter(({ schema }) => schema === database.config.database);
        expect(own('one')).toMatchObject([{ kind: 'function', parameters: ['x', 'y'] }]);
        expect(own('two')).toMatchObject([{ kind: 'procedure', parameters: ['z'] }]);
      });

      test('names that are no plain words have an id of plain letters', async () => {
        await connection.query('create table `odd näme.x` (id int)');
        const now = await loadMysqlCatalog(queryOn(connection));
        const found = [...now.relations.values()].find(({ name }) => name === 'odd näme.x');
        expect(found?.table.id).toBe(`${database.config.database}.odd%20n%c3%a4me%2ex`);
        await connection.query('drop table `odd näme.x`');
      });

      test('a user who is not shown triggers is known not to be', async () => {
        const user = `'u_${process.pid}_${flavour}'@'%'`;
        const name = user.slice(1, user.indexOf("'", 1));
        await connection.query(`create user ${user} identified by 'x'`);
        const as = async (): Promise<Catalog> => {
          const other = await createConnection({ ...database.config, user: name, password: 'x' });
          try {
            return await loadMysqlCatalog(queryOn(other));
          } finally {
            await other.end();
          }
        };
        const seen = (one: Catalog) => one.relations.get(`${database.config.database}.member`);
        try {
          await connection.query(
            `grant select, insert, update, delete on ${database.config.database}.* to ${user}`,
          );
          const hidden = seen(await as());
          expect(hidden?.isFullySeen).toBe(false);
          expect(hidden?.triggers.filter(({ body }) => body !== null)).toEqual([]);
          await connection.query(
            `grant trigger on \`${database.config.database.replaceAll('_', '\\_')}\`.* to ${user}`,
          );
          const shown = seen(await as());
          expect(shown).toMatchObject({ isFullySeen: true });
          expect(shown?.triggers).toHaveLength(1);
        } finally {
          await connection.query(`drop user ${user}`);
        }
      });

      // MySQL 5.7 has no roles.
      test.runIf(flavour === 'mariadb')('who has a privilege by a role that is set has it', async () => {
        const name = `r_${process.pid}`;
        const { database: schema } = database.config;
        const run = async (...texts: readonly string[]): Promise<void> => {
          for (const text of texts) await connection.query(text);
        };
        await run(
          `create role ${name}_role`,
          `create user ${name}@'%'`,
          `grant select, update on ${schema}.* to ${name}@'%'`,
          `grant all on ${schema}.* to ${name}_role`,
          `grant ${name}_role to ${name}@'%'`,
        );
        const other = await createConnection({ ...database.config, user: name });
        const seen = async (): Promise<boolean | undefined> =>
          (await loadMysqlCatalog(queryOn(other))).relations.get(`${schema}.member`)?.isFullySeen;
        try {
          const before = await readMysqlFingerprint(queryOn(other));
          expect(await seen()).toBe(false);
          await other.query(`set role ${name}_role`);
          expect(await seen()).toBe(true);
          expect(await readMysqlFingerprint(queryOn(other))).not.toBe(before);
          await run(`revoke trigger on ${schema}.* from ${name}_role`);
          expect(await seen()).toBe(false);
        } finally {
          await other.end();
          await run(`drop user ${name}@'%'`, `drop role ${name}_role`);
        }
      });

      test('its fingerprint is another one after each kind of DDL, and the same without', async () => {
        // Somebody who sees this schema only: on the run's shared server others make and drop theirs meanwhile.
        const name = `f_${process.pid}`;
        await connection.query(`create user ${name}@'%'`);
        await connection.query(`grant all on ${database.config.database}.* to ${name}@'%'`);
        const other = await createConnection({ ...database.config, user: name });
        const fingerprint = async (): Promise<unknown> => readMysqlFingerprint(queryOn(other));
        const ddl = [
          'create table made (id int primary key, a int, team int)',
          'alter table made add column b int',
          'alter table made modify b bigint',
          'alter table made add unique key (a)',
          'alter table made add constraint made_team foreign key (team) references team (id)',
          'alter table made drop foreign key made_team',
          'alter table made engine = MyISAM',
          'alter table made alter b set default 5',
          'create or replace view small as select id from team',
          'create trigger fired after update on made for each row set @a = 1',
          'drop trigger fired',
          'drop function one',
          'create function one (x int) returns int deterministic return 2',
          'rename table made to renamed',
          'drop table renamed',
        ];
        try {
          let before = await fingerprint();
          expect(typeof before).toBe('string');
          for (const sql of ddl) {
            await connection.query(sql);
            const now = await fingerprint();
            expect({ sql, isSame: now === before }).toEqual({ sql, isSame: false });
            before = now;
          }
          await connection.query('insert into isam values (77)');
          expect((await loadMysqlCatalog(queryOn(other))).fingerprint).toBe(await fingerprint());
        } finally {
          await other.end();
          await connection.query(`drop user ${name}@'%'`);
        }
      }, 60_000);
    },
    flavour,
  );
