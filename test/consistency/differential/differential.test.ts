/** Decides, on generated databases with every hazard, that a kept result is always what the database would say now. */
import { afterAll, describe, expect, it } from 'vitest';
import { withCache } from '../../../src/adapters/pg/index.js';
import { createCache } from '../../../src/index.js';
import { describeWithPostgres, postgres } from '../../support/servers.js';
import { caseOf } from './case.js';
import { noCounts } from './player.js';
import { added, dropTenant, explained, lineOfCounts, type Trial, trySeeds } from './run.js';
import { shrunk } from './shrink.js';

const STEPS = 120;
const seeds = [1, 2, 3, 4, 5, 6, 7, 8];

describeWithPostgres('after every acknowledged write', () => {
  const trial: Trial = {
    server: { createDatabase: (like) => postgres().createDatabase(like) },
    source: { createCache, withCache },
  };
  afterAll(() => dropTenant(trial.server));

  it('each kept result is what an uncached connection gets', { timeout: 240_000 }, async () => {
    let counts = noCounts();
    const failures: string[] = [];
    await trySeeds(() => trial, {
      seeds: seeds.values(),
      steps: STEPS,
      onOutcome: async (outcome, seed) => {
        counts = added(counts, outcome.counts);
        if (outcome.mismatch === null) return 'go on';
        failures.push(await explained(trial, caseOf(seed, STEPS), outcome));
        return 'enough';
      },
    });
    expect(failures).toEqual([]);
    expect(counts.hits).toBeGreaterThan(1_000);
    expect(counts.killed).toBeGreaterThan(50);
    if (process.env['LOOKASIDE_TEST_VERBOSE'] !== undefined) console.log(lineOfCounts(counts));
  });
});

describe('what a failing case is made of', () => {
  it('is left out while the case still fails', async () => {
    const asked: number[] = [];
    const items = Array.from({ length: 40 }, (_, index) => index);
    const left = await shrunk(items, (some) => {
      asked.push(some.length);
      return Promise.resolve(some.includes(7) && some.includes(31));
    });
    expect(left).toEqual([7, 31]);
    expect(asked.length).toBeLessThan(80);
  });

  it('is the same for a seed, each time', () => {
    expect(caseOf(9, 50)).toEqual(caseOf(9, 50));
    expect(caseOf(9, 50)).not.toEqual(caseOf(10, 50));
  });
});
