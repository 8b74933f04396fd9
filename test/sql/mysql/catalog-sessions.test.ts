/** Decides, on real servers, that the catalog is read whole over any session, whatever that wants of its own results. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Relation } from '../../../src/sql/mysql/catalog.js';
import { loadMysqlCatalog } from '../../../src/sql/mysql/load-catalog.js';
import { createMysqlDatabase, describeWithMysql, type TestSchema } from '../../support/mysql.js';
import { openSession } from './text-session.js';

const schemaSql = [
  'create table team (id int primary key, `größe` int, `名` varchar(20))',
  'create table `部` (id int primary key, team int, foreign key (team) references team (id) on delete cascade)',
  'create table `員` (id int primary key, team int, foreign key (team) references team (id) on delete cascade)',
  "create view small as select id from `部` where id > 1 and '名' <> 'x'",
];

for (const flavour of ['mariadb', 'mysql57'] as const)
  describeWithMysql(
    `the catalog of ${flavour}`,
    () => {
      let database: TestSchema;
      beforeAll(async () => {
        database = await createMysqlDatabase(flavour);
        const { query, connection } = await openSession(database.config);
        for (const sql of schemaSql) await query(sql);
        await connection.end();
      });
      afterAll(() => database.drop());

      const seenAfter = async (
        statement: string,
      ): Promise<{ fingerprint: string | undefined; relations: readonly Relation[] }> => {
        const { query, connection } = await openSession(database.config);
        await query(statement);
        const { fingerprint, relations } = await loadMysqlCatalog(query);
        await connection.end();
        const { database: schema } = database.config;
        return {
          fingerprint: fingerprint.slice(fingerprint.indexOf(schema)).split(']')[0], // others make theirs meanwhile
          relations: [...relations.values()].filter((relation) => relation.schema === schema),
        };
      };

      it.each([
        'set sql_select_limit = 1',
        'set character_set_results = null',
        `set time_zone = '+05:00'`,
        `set sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH'`,
        'set group_concat_max_len = 4, max_sort_length = 8',
        'set collation_connection = utf8mb4_bin',
      ])('is the same after %s', async (statement) => {
        const usual = await seenAfter('do 1');
        expect(usual.relations.map(({ name }) => name).toSorted()).toStrictEqual([
          'small',
          'team',
          '員',
          '部',
        ]);
        expect(await seenAfter(statement)).toStrictEqual(usual);
      });
    },
    flavour,
  );
