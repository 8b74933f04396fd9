/** The examples of ORMs, one after the other in one process, on real Postgres. */
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithPostgres, postgres, type TestDatabase } from '../support/servers.js';
import { buildPackage, runExample } from './child.js';

const names = ['Drizzle', 'Kysely', 'Prisma', 'Knex', 'Objection', 'TypeORM', 'Sequelize', 'MikroORM'];

describeWithPostgres('the examples of ORMs', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    buildPackage();
    database = await postgres().createDatabase();
  });
  afterAll(() => database.drop());

  it('read from the cache what was not changed', { timeout: 120_000 }, async () => {
    const files = readdirSync('examples/orms').filter((file) => file.endsWith('.ts'));
    expect(files).toHaveLength(names.length + 2); // the stage, and all
    const { ended } = runExample('examples/orms/all.ts', { DATABASE_URL: database.url });
    const { code, output } = await ended;
    const promised = names.flatMap((name) => [
      `${name}: tea costs 3, from the database`,
      `${name}: tea costs 3, from the cache`,
      `${name}: tea is to cost 4`,
      `${name}: tea costs 4, from the database`,
    ]);
    expect(output).toBe(`${promised.join('\n')}\n`);
    expect(code).toBe(0);
  });
});
