/** Decides whether what a write does in another schema is followed, between pools of both, and whose function a name means. */
import mysql, { type Pool } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithMysql } from '../../support/mysql.js';
import { type Fixture, fixture, rowsOf, until } from './fixture.js';

for (const flavour of ['mariadb', 'mysql57'] as const)
  describeWithMysql(
    `a write on ${flavour}`,
    () => {
      let given: Fixture;
      let other: string;
      let theirs: Pool;
      beforeAll(async () => {
        given = await fixture(
          'create table parent (id int primary key, n int); insert into parent values (1, 1), (2, 2)',
          {},
          {},
          flavour,
        );
        const own = given.database.config.database;
        other = `${own}_other`;
        // Through the pool: it is told of nothing that others define.
        for (const text of [
          `create database ${other}`,
          `create table ${other}.child (id int primary key, parent int,
            foreign key (parent) references ${own}.parent (id) on delete cascade)`,
          `insert into ${other}.child values (1, 1), (2, 2)`,
          `create table ${other}.log (n int)`,
          `create trigger noted after update on parent for each row insert into ${other}.log values (new.n)`,
          `create view ${other}.seen as select * from ${own}.parent`,
          'create function same_name(a int) returns int deterministic no sql return 1',
          `create function ${other}.same_name(a int) returns int deterministic modifies sql data
            begin insert into ${other}.log values (a); return 1; end`,
          'create function natural_sort_key(a int) returns int reads sql data return (select max(n) + a from parent)',
          'create function json_value(a int) returns int reads sql data return (select max(n) + a from parent)',
        ])
          await given.pool.query(text);
        theirs = given.wrappedPool({ database: other });
      });
      afterAll(async () => {
        await given.plain.query(`drop database ${other}`);
        await given.end();
      });

      it('is followed from one schema into another, between two pools', async () => {
        const judge = mysql.createPool({ ...given.database.config, database: other, connectionLimit: 1 });
        const reads = [
          'select * from child',
          'select * from child where parent = 1',
          'select count(*) as count from log',
          'select * from seen where id = 1',
        ];
        for (const write of ['update parent set n = 7 where id = 1', 'delete from parent where id = 1']) {
          for (const read of reads) {
            await rowsOf(theirs, read);
            expect(await given.isHit(() => rowsOf(theirs, read))).toBe(true);
          }
          await given.pool.query(write);
          for (const read of reads) expect(await rowsOf(theirs, read)).toEqual(await rowsOf(judge, read));
        }
        await judge.end();
      });

      it('a view calls the function of its own schema, which the schema of its reader has too', async () => {
        // Made there, it names the function without its schema.
        await theirs.query('create view noting as select same_name(1) as it from child');
        const read = `select count(*) as count from ${other}.log`;
        await until(() => given.isHit(() => rowsOf(given.pool, read)));
        const [before] = await rowsOf(given.pool, read);
        await given.pool.query(`select * from ${other}.noting`);
        const [after] = await rowsOf(given.pool, read);
        expect(after).toEqual((await rowsOf(given.plain, read))[0]);
        expect(after).not.toEqual(before);
      });

      it('a function of users may have the name of one of the server', async () => {
        // One of them is the server's on MariaDB, the other on later versions of MySQL.
        for (const called of [
          'natural_sort_key',
          'json_value',
          `${given.database.config.database}.json_value`,
        ]) {
          const read = `select ${called}(1) as it from parent where id = 2`;
          const ask = (from: Pool): Promise<unknown> =>
            rowsOf(from, read).catch((error: unknown) => (error as { errno?: unknown }).errno);
          for (const n of [3, 4]) {
            await ask(given.pool);
            await given.pool.query('update parent set n = ?', [n]);
            expect(await ask(given.pool)).toEqual(await ask(given.plain));
          }
        }
      });
    },
    flavour,
  );
