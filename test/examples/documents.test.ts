/** The code of the documents runs, and prints what its comments say: each page is one program. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
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

describeWithPostgres('the code of', () => {
  let database: TestDatabase;
  const files: string[] = [];

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
  afterAll(async () => {
    for (const file of files) rmSync(file);
    await database.drop();
  });

  it.each(['caching.md', 'changes.md', 'functions.md', 'invalidation.md', 'middleware.md', 'server.md'])(
    'docs/%s runs',
    async (page) => {
      const program = programOf(page);
      const promised = promisedBy(program);
      expect(promised.length).toBeGreaterThan(2);
      // Beside the package, so that it can import it by its name.
      const file = `examples/.${page}.${process.pid}.mjs`;
      files.push(file);
      writeFileSync(file, program);
      const { host, port, user, database: name, password = '' } = database.config;
      const { ended } = runExample(file, {
        PGHOST: host,
        PGPORT: String(port),
        PGUSER: user,
        PGPASSWORD: password,
        PGDATABASE: name,
      });
      expect(await ended).toEqual({ code: 0, output: `${promised.join('\n')}\n` });
    },
  );
});
