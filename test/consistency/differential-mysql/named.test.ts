/**
 * Decides, hazard by hazard, that a kept result is what the database says now: where a server of the MySQL family does more,
 * or compares otherwise, than a statement says by itself.
 */
import mysql from 'mysql2';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { withCache } from '../../../src/adapters/mysql2/index.js';
import { type Cache, createCache } from '../../../src/index.js';
import { createMysqlDatabase, describeWithMysql, type MysqlFlavour } from '../../support/mysql.js';
import { cachesOf, keptOf } from '../differential/kept.js';

interface Hazard {
  readonly name: string;
  readonly setup: readonly string[];
  /** On the connection of the pool, before anything is read. */
  readonly given?: readonly string[];
  /** Kept, then asked for again. */
  readonly read: string;
  readonly write: string;
  /** There the answer is another one afterwards. */
  readonly only?: MysqlFlavour;
  /** The other server does not read it. */
  readonly isOfOne?: true;
}

const countOfNoted = 'select count(*) as count from noted';

const hazards: readonly Hazard[] = [
  {
    name: 'a trigger gives the row of a REPLACE another key: the row in its way takes others along',
    setup: [
      'create table parent (id int primary key, v int)',
      'create table follower (id int primary key, p int, foreign key (p) references parent (id) on delete cascade)',
      'insert into parent values (1, 1), (2, 2)',
      'insert into follower values (1, 1), (2, 2)',
      'create trigger parent_moved before insert on parent for each row set new.id = new.id + 1',
    ],
    read: 'select * from follower where p = 2',
    write: 'replace into parent values (1, 5)',
  },
  {
    name: 'a trigger gives the row of an upsert another key: the row in its way is another one',
    setup: [
      'create table unit (id int primary key, k int, key (k))',
      'create table part (id int primary key, u int, foreign key (u) references unit (id) on update cascade)',
      'insert into unit values (1, 1), (2, 2)',
      'insert into part values (1, 1), (2, 2)',
      'create trigger unit_moved before insert on unit for each row set new.id = new.id + 1',
    ],
    read: 'select * from part where u = 2',
    write: 'insert into unit values (1, 5) on duplicate key update id = 9',
  },
  {
    name: 'a default that is the text NULL',
    setup: [
      "create table texts (id int primary key, s varchar(10) collate utf8mb4_bin default 'NULL', key (s))",
      "insert into texts values (1, 'a')",
    ],
    read: "select * from texts where s = 'NULL'",
    write: 'insert into texts (id) values (2)',
  },
  {
    name: 'rows of values of several kinds, which MariaDB compares in one way',
    setup: [
      'create table triples (a int, b int, s varchar(10) collate utf8mb4_bin, v int, primary key (a, s), unique key a_and_b (a, b))',
      "insert into triples values (1, 1, 'x', 1), (1, 2, 'y', 1), (2, 3, 'q', 1)",
    ],
    read: "select * from triples ignore index (primary, a_and_b) where (a, b, s) in ((1, 2, 'x'), (2, 3, 0))",
    write: "update triples set v = 2 where a = 1 and b = 2 and s = 'y'",
    only: 'mariadb',
  },
  {
    name: 'a text that is not understood reads a view that calls a function which writes',
    setup: [
      'create table noted (n int)',
      'create table one (id int primary key)',
      'insert into one values (1)',
      'create function note(n int) returns int deterministic modifies sql data begin insert into noted values (n); return 1; end',
      'create function 1note(n int) returns int deterministic modifies sql data begin insert into noted values (n); return 1; end',
      'create view noting as select note(id) as note from one',
    ],
    read: countOfNoted,
    write: 'select sql_cache * from noting',
  },
  {
    name: 'a write that is not understood reads such a view',
    setup: [],
    read: countOfNoted,
    write: 'insert into one select sql_cache note + 1 from noting',
  },
  {
    name: 'a view that is not understood calls a function which writes',
    setup: ['create view odd_noting as select sql_cache note(id) as note from one'],
    read: countOfNoted,
    write: 'select * from odd_noting',
  },
  {
    name: 'a view WITH CHECK OPTION asks a function which writes',
    setup: ['create view checked as select * from one where note(id) = 1 with check option'],
    read: countOfNoted,
    write: 'insert into checked values (20)',
  },
  {
    name: 'a version comment whose version is none begins with the name of a function',
    setup: [],
    read: countOfNoted,
    write: 'select /*!1note(2) */',
  },
  {
    name: 'a version comment of six digits, of which this server reads five',
    setup: [],
    read: countOfNoted,
    write: 'select 1 + /*!500001note(2) */',
    only: 'mysql57',
    isOfOne: true,
  },
  {
    name: 'a statement under its own sql_auto_is_null means the row that was inserted last',
    setup: ['create table numbered (id int auto_increment primary key, v int)'],
    given: ['insert into numbered (v) values (3)'],
    read: 'select v from numbered where id = 1',
    write: 'set statement sql_auto_is_null = 1 for update numbered set v = 7 where id is null',
    only: 'mariadb',
    isOfOne: true,
  },
  {
    // The last: its connection stays so.
    name: 'the sign of the yen is sent as a backslash',
    setup: [],
    given: ['set names sjis'],
    read: countOfNoted,
    write: "select '¥', ' , note(3) -- '",
  },
];

const readBy = (flavour: MysqlFlavour) =>
  hazards.filter(({ only, isOfOne }) => isOfOne !== true || only === flavour);

for (const flavour of ['mariadb', 'mysql57'] satisfies MysqlFlavour[])
  describeWithMysql(
    `what ${flavour} does beside what it is told`,
    () => {
      let database: Awaited<ReturnType<typeof createMysqlDatabase>>;
      let direct: Connection;
      let pool: mysql.Pool;
      let cache: Cache;
      beforeAll(async () => {
        database = await createMysqlDatabase(flavour);
        direct = await createConnection(database.config);
        for (const text of hazards.flatMap(({ setup }) => setup)) await direct.query(text);
        [cache] = cachesOf(createCache, {}) as [Cache]; // one
        pool = withCache(mysql.createPool({ ...database.config, connectionLimit: 1 }), cache);
        await pool.promise().query('select 1');
        await cache.ready();
      }, 60_000);
      afterAll(async () => {
        await pool.promise().end();
        await cache.close();
        await direct.end();
        await database.drop();
      });

      it.each(readBy(flavour))('$name', async ({ given: told = [], read, write, only = flavour }) => {
        for (const text of told) await pool.promise().query(text);
        // Until it is known what the connection has become.
        const isHit = async (): Promise<boolean> => {
          const before = keptOf([cache]).hits;
          await pool.promise().query(read);
          return keptOf([cache]).hits > before;
        };
        while (!(await isHit()));
        const [kept] = await pool.promise().query(read);
        await pool.promise().query(write);
        const [given] = await pool.promise().query(read);
        const [truth] = await direct.query(read);
        expect(given).toEqual(truth);
        if (only === flavour) expect(given).not.toEqual(kept);
      });
    },
    flavour,
  );
