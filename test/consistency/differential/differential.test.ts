/** Decides, on generated databases with every hazard, that a kept result is always what the database would say now. */
import { afterAll, describe, expect, it } from 'vitest';
import { withCache } from '../../../src/adapters/pg/index.js';
import { createCache } from '../../../src/index.js';
import { describeWithPostgres, postgres } from '../../support/servers.js';
import { caseOf } from './case.js';
import { noCounts } from './player.js';
import { added, dropTenant, explained, lineOfCounts, type Trial, trySeed } from './run.js';
import { shrunk } from './shrink.js';

const STEPS = 120;
const seeds = [1, 2, 3, 4, 5, 6];

describeWithPostgres(
  'after every acknowledged write each kept result is what an uncached connection gets',
  () => {
    const trial: Trial = {
      server: { createDatabase: (like) => postgres().createDatabase(like) },
      source: { createCache, withCache },
    };
    let counts = noCounts();
    afterAll(() => dropTenant(trial.server));

    it.each(seeds)('seed %i', { timeout: 120_000 }, async (seed) => {
      const outcome = await trySeed(trial, seed, STEPS);
      const failure = outcome.mismatch === null ? null : await explained(trial, caseOf(seed, STEPS), outcome);
      expect(failure).toBeNull();
      counts = added(counts, outcome.counts);
    });

    it('compared results that were kept, and met some that had to go', () => {
      expect(counts.hits).toBeGreaterThan(1_000);
      expect(counts.killed).toBeGreaterThan(10);
      if (process.env['LOOKASIDE_TEST_VERBOSE'] !== undefined) console.log(lineOfCounts(counts));
    });
  },
);

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
