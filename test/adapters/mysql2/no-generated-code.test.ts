/** Decides whether hits, misses and writes of mysql2 are right in a process that forbids code made from strings. */
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import { expect, it } from 'vitest';
import { createMysqlDatabase, describeWithMysql } from '../../support/mysql.js';
import { runWithoutGeneratedCode } from '../../support/no-generated-code.js';

describeWithMysql('a process of mysql2 without code generation', () => {
  it('is served the same results, and sees what it writes', async () => {
    const database = await createMysqlDatabase();
    try {
      const founder = await mysql.createConnection(database.config);
      await founder.query(
        `create table kinds (id int primary key, name varchar(20), at datetime(3), money decimal(10, 2), note json,
          body blob)`,
      );
      await founder.query(
        `insert into kinds values (1, 'é', '2024-05-06 07:08:09.123', 12.34, '{"a": [1]}', x'00ff'),
          (2, null, null, null, null, null)`,
      );
      await founder.end();
      const child = join(import.meta.dirname, 'no-generated-code-child.ts');
      expect(await runWithoutGeneratedCode(child, database.url)).toStrictEqual({
        identical: true,
        seen: true,
        nearHits: 10,
        misses: 3,
        failures: {},
      });
    } finally {
      await database.drop();
    }
  });
});
