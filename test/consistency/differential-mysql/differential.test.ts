/** Decides, on generated schemas of MariaDB with every hazard, that a kept result is always what the database would say now. */
import { describe, expect, it } from 'vitest';
import { withCache } from '../../../src/adapters/mysql2/index.js';
import { createCache } from '../../../src/index.js';
import { createMysqlDatabase, describeWithMysql } from '../../support/mysql.js';
import { lineOfCounts } from '../differential/counts.js';
import { settingOf, settingsWith } from '../differential/settings.js';
import { caseOf, recipes } from './case.js';
import { type Trial, tries } from './run.js';

const STEPS = 72;
/** Of every scene once. */
const seeds = [1, 2, 3, 4];

describeWithMysql('after every acknowledged write through mysql2', () => {
  it('each kept result is what an uncached connection gets', { timeout: 240_000 }, async () => {
    const database = await createMysqlDatabase();
    const { host, port, user } = database.config;
    const settings = settingsWith(null);
    const trialOf = (seed: number): Trial => ({
      place: { host, port, user },
      source: { createCache, withCache },
      setting: settingOf(settings, seed),
    });
    const { counts, failures } = await tries.held(trialOf, { seeds: seeds.values(), steps: STEPS });
    await database.drop();
    expect(failures).toEqual([]);
    if (process.env['LOOKASIDE_TEST_VERBOSE'] !== undefined) console.log(lineOfCounts(counts));
    expect(counts.hits).toBeGreaterThan(400);
    expect(counts.killed).toBeGreaterThan(20);
  });
});

describe('what a case on MySQL is made of', () => {
  it('is the same for a seed, each time', () => {
    expect(caseOf(9, 50)).toEqual(caseOf(9, 50));
    expect(caseOf(9, 50)).not.toEqual(caseOf(10, 50));
  });

  it('is of every scene in few seeds', () => {
    const names = seeds.flatMap((seed) =>
      caseOf(seed, STEPS).steps.flatMap((step) => (step.kind === 'scene' ? [step.name] : [])),
    );
    expect(new Set(names).size).toBe(recipes.length);
  });
});
