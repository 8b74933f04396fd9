/** The example of each ORM, as the process it is, on real Postgres. */
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithPostgres, postgres, type TestDatabase } from '../support/servers.js';
import { buildPackage, runExample } from './child.js';

const names = readdirSync('examples/orms')
  .filter((name) => name.endsWith('.ts') && name !== 'stage.ts')
  .map((name) => name.replace('.ts', ''));

describeWithPostgres('the example of an ORM', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    buildPackage();
    database = await postgres().createDatabase();
  });
  afterAll(() => database.drop());

  it.each(names)('%s', async (name) => {
    const { ended } = runExample(`examples/orms/${name}.ts`, { DATABASE_URL: database.url });
    expect(await ended).toEqual({
      code: 0,
      output: [
        'tea costs 3, from the database',
        'tea costs 3, from the cache',
        'tea is to cost 4',
        'tea costs 4, from the database',
        '',
      ].join('\n'),
    });
  });
});
