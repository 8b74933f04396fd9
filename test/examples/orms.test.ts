/** The examples of ORMs, one after the other in one process, on real Postgres and MariaDB. */
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMysqlDatabase, describeWithMysql } from '../support/mysql.js';
import { describeWithPostgres, postgres } from '../support/servers.js';
import { buildPackage, runExample } from './child.js';

interface Examples {
  /** In the order in which they are shown. */
  readonly names: readonly string[];
  readonly folder: string;
  /** Files there that are no ORM's. */
  readonly others: readonly string[];
  readonly environment: (url: string) => Readonly<Record<string, string>>;
  found(): Promise<{ readonly url: string; drop(): Promise<void> }>;
}

function readFromTheCache({ names, folder, others, environment, found }: Examples): void {
  let database: Awaited<ReturnType<Examples['found']>>;
  beforeAll(async () => {
    buildPackage();
    database = await found();
  });
  afterAll(() => database.drop());

  it('read from the cache what was not changed', { timeout: 120_000 }, async () => {
    const files = readdirSync(folder).filter((file) => file.endsWith('.ts') && !others.includes(file));
    expect(files).toHaveLength(names.length);
    const { ended } = runExample(`${folder}/all.ts`, environment(database.url));
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
}

describeWithPostgres('the examples of ORMs on Postgres', () => {
  readFromTheCache({
    names: ['Drizzle', 'Kysely', 'Prisma', 'Knex', 'Objection', 'TypeORM', 'Sequelize', 'MikroORM'],
    folder: 'examples/orms',
    others: ['all.ts', 'show.ts', 'stage.ts'],
    environment: (url) => ({ DATABASE_URL: url }),
    found: () => postgres().createDatabase(),
  });
});

describeWithMysql('the examples of ORMs on MariaDB', () => {
  readFromTheCache({
    names: ['Drizzle', 'Kysely', 'Prisma', 'Knex', 'Objection', 'TypeORM', 'Sequelize', 'MikroORM'],
    folder: 'examples/orms/mysql',
    others: ['all.ts', 'stage.ts'],
    // Other tests write to the same server meanwhile: each of their writes would be one of others.
    environment: (url) => ({ MYSQL_URL: url, LOOKASIDE_CHANGES_KIND: 'none' }),
    found: () => createMysqlDatabase('mariadb'),
  });
});
