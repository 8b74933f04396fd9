/** The examples of each topology, as the processes they are, on real servers. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { missingPrograms } from '../support/sentinel.js';
import { describeWith, describeWithPostgres, postgres, type TestDatabase } from '../support/servers.js';
import { buildPackage, runExample } from './child.js';

const LONG_MS = 120_000;

describeWithPostgres('the example of a topology', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    buildPackage();
    database = await postgres().createDatabase();
  });
  afterAll(() => database.drop());

  const outputOf = async (name: string): Promise<string> => {
    const example = runExample(`examples/topologies/${name}.ts`, { DATABASE_URL: database.url });
    const { code, output } = await example.ended;
    expect(code, output).toBe(0);
    expect(output).toMatch(/Everything is stopped\.\n$/);
    return output;
  };

  it('embedded', { timeout: LONG_MS }, async () => {
    const output = await outputOf('embedded');
    expect(output).toContain('Process 1 reads 3, from the cache.\nProcess 1 sets the price to 4.\n');
  });

  it('shared', { timeout: LONG_MS }, async () => {
    const output = await outputOf('shared');
    expect(output).toMatch(/Process 2 sets the price to 5\.\nProcess 1 reads 5, from the \w+\./);
  });

  describeWith({
    name: 'of several servers',
    server: 'redis-server and redis-sentinel',
    missing: missingPrograms(['redis-server', 'redis-sentinel']),
    suite: () => {
      it.each(['single', 'sentinel', 'cluster'])('%s', { timeout: LONG_MS }, async (name) => {
        const output = await outputOf(name);
        expect(output).toMatch(/Process 2 sets the price to 5\.\nProcess 1 reads 5, from the \w+\./);
        expect(output).toMatch(
          /\d+ reads meanwhile, none failed, none was old\.\nHits again after [\d.]+ s\./,
        );
      });
    },
  });
});
