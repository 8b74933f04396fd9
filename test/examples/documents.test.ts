/** The code of the documents runs, and prints what its comments say: each page is one program. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'mysql2/promise';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMysqlDatabase, describeWithMysql, type TestSchema } from '../support/mysql.js';
import { describeWithPostgres, postgres, type TestDatabase } from '../support/servers.js';
import { buildPackage, runExample } from './child.js';

/** The page's blocks of JavaScript, one after the other. */
const programOf = (page: string): string =>
  [...readFileSync(`docs/${page}`, 'utf8').matchAll(/^```js\n(.*?)^```/gms)]
    .map((match) => match[1])
    .join('\n');

/** `console.log(…) // this`, in order. */
const promisedBy = (program: string): string[] =>
  [...program.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map((match) => match[1] ?? '');

interface Run {
  readonly code: number | null;
  readonly output: string;
}

/** A page as a program: what it does, and what its comments say that it does. */
async function run(
  page: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly ran: Run; readonly promised: Run }> {
  const program = programOf(page);
  const lines = promisedBy(program);
  if (lines.length < 3) throw new Error(`docs/${page} says too little of what its code prints`);
  // Beside the package, so that it can import it by its name.
  const file = `examples/.${page}.${process.pid}.mjs`;
  writeFileSync(file, program);
  try {
    const ran = await runExample(file, environment).ended;
    return { ran, promised: { code: 0, output: `${lines.join('\n')}\n` } };
  } finally {
    rmSync(file);
  }
}

describeWithPostgres('the code of', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    buildPackage();
    database = await postgres().createDatabase();
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(
      'create table products (id int primary key, price int, added timestamptz default now())',
    );
    await client.query('insert into products values (1, 3), (7, 8)');
    await client.end();
  });
  afterAll(() => database.drop());

  it.each(['caching.md', 'changes.md', 'functions.md', 'invalidation.md', 'middleware.md', 'server.md'])(
    'docs/%s runs',
    async (page) => {
      const { host, port, user, database: name, password = '' } = database.config;
      const { ran, promised } = await run(page, {
        PGHOST: host,
        PGPORT: String(port),
        PGUSER: user,
        PGPASSWORD: password,
        PGDATABASE: name,
      });
      expect(ran).toEqual(promised);
    },
  );
});

describeWithMysql('the code about MySQL of', () => {
  let database: TestSchema;

  beforeAll(async () => {
    buildPackage();
    database = await createMysqlDatabase('mariadb');
    const connection = await createConnection(database.config);
    await connection.query('create table products (id int primary key, price int)');
    await connection.query('insert into products values (1, 3), (7, 8)');
    await connection.end();
  });
  afterAll(() => database.drop());

  it('docs/mysql.md runs', async () => {
    // Other tests write to the same server meanwhile: each of their writes would be one of others.
    const environment = { MYSQL_URL: database.url, LOOKASIDE_CHANGES_KIND: 'none' };
    const { ran, promised } = await run('mysql.md', environment);
    expect(ran).toEqual(promised);
  });
});
