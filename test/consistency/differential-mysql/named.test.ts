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
  /** Kept, then asked for again. */
  readonly read: string;
  readonly write: string;
  /** There the answer is another one afterwards. */
  readonly only?: MysqlFlavour;
}

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
];

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

      it.each(hazards)('$name', async ({ read, write, only = flavour }) => {
        const before = keptOf([cache]).hits;
        await pool.promise().query(read);
        const [kept] = await pool.promise().query(read);
        expect(keptOf([cache]).hits).toBe(before + 1);
        await pool.promise().query(write);
        const [given] = await pool.promise().query(read);
        const [truth] = await direct.query(read);
        expect(given).toEqual(truth);
        if (only === flavour) expect(given).not.toEqual(kept);
      });
    },
    flavour,
  );
