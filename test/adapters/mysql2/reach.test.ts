/** Decides what a change of the catalog ends: what statements depend on that can reach the changed schema, and nothing else. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Database, DatabaseState } from '../../../src/adapters/database.js';
import { mysqlDialect } from '../../../src/adapters/mysql2/dialect.js';
import { coreSymbol } from '../../../src/cache/core.js';
import { type MysqlSession, probeConnection } from '../../../src/sql/mysql/database.js';
import { openSession } from '../../sql/mysql/text-session.js';
import { describeWithMysql } from '../../support/mysql.js';
import { type Fixture, fixture } from './fixture.js';

const stays = () => false;

for (const flavour of ['mariadb', 'mysql57'] as const)
  describeWithMysql(
    `a change of another schema on ${flavour}`,
    () => {
      let given: Fixture;
      let others: readonly string[];
      beforeAll(async () => {
        given = await fixture('create table parent (id int primary key, n int)', {}, {}, flavour);
        others = ['near', 'far', 'odd-one'].map((name) => `${given.database.config.database}_${name}`);
        for (const other of others) {
          await given.plain.query(`create database \`${other}\``);
          await given.plain.query(`create table \`${other}\`.log (id int primary key)`);
        }
      });
      afterAll(async () => {
        for (const other of others) await given.plain.query(`drop database \`${other}\``);
        await given.end();
      });

      it('ends what can reach it', async () => {
        const [near = '', far = '', odd = ''] = others;
        const own = given.database.config.database;
        const { query, connection } = await openSession(given.database.config);
        const { session } = await probeConnection(query, { lock: null, expectedId: null });
        const core = given.cache[coreSymbol];
        const state = new DatabaseState(
          { namespace: core.namespace, database: 'reach' },
          'reach',
          core.clock,
        );
        const database = new Database<MysqlSession>(core, mysqlDialect, state, session);
        await database.load(query, stays);
        const reads = ['select * from parent', `select * from \`${far}\`.log`];
        /** Which of the reads' versions stay when something is defined. */
        const kept = async (ddl: string): Promise<readonly boolean[]> => {
          const seen = () =>
            reads.map((read) => {
              const statement = database.statement(read);
              if (statement === undefined) throw new Error('there is no catalog');
              const { plan } = statement;
              return [statement, database.versionFor(plan), database.fingerprintFor(plan)] as const;
            });
          const before = seen();
          await given.plain.query(ddl);
          await database.check(query, stays);
          expect(database.isCurrent).toBe(true);
          const after = seen();
          return before.map((each, index) => each.every((part, at) => part === after[index]?.[at]));
        };

        expect(await kept(`create table ${far}.made (id int primary key)`)).toEqual([true, false]);
        expect(await kept(`alter table ${near}.log add n int`)).toEqual([true, false]);
        // What reads nothing of it, but is written through it.
        const child = `create table ${near}.child (parent int, foreign key (parent) references ${own}.parent (id) on delete cascade)`;
        expect(await kept(child)).toEqual([false, false]);
        const removal = database.statement('delete from parent where id = 1')?.plan;
        expect(removal).toMatchObject({
          writes: { tables: [{ table: { name: `${own}.parent` } }, { table: { name: `${near}.child` } }] },
        });
        expect(await kept(`alter table ${near}.log add m int`)).toEqual([false, false]);
        expect(await kept(`alter table ${far}.log add m int`)).toEqual([true, false]);
        // Code leads from one schema to the next.
        expect(
          await kept(
            `create trigger ${near}.noted after insert on ${near}.child for each row insert into ${far}.log (id) values (1)`,
          ),
        ).toEqual([false, false]);
        expect(await kept(`alter table ${far}.log add k int`)).toEqual([false, false]);
        // A name that needs quotes.
        expect(await kept(`alter table \`${odd}\`.log add k int`)).toEqual([true, true]);
        expect(await kept(`create view seen as select id from \`${odd}\`.log`)).toEqual([false, false]);
        expect(await kept(`alter table \`${odd}\`.log add m int`)).toEqual([false, false]);
        await connection.end();
      });
    },
    flavour,
  );
