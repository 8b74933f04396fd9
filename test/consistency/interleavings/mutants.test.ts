/** Mutants of the real engine under the same scheduler: each must be caught, which puts the checker to the test. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mutants, mutate } from './mutants.js';
import { interleavings, scenarios } from './scenarios.js';
import { play } from './world.js';

const RUNS_MAX = 2_000;

describe('a mutant of the engine is caught:', () => {
  it.for(mutants)('$name', { timeout: 120_000 }, async (mutant) => {
    const { Engine, dispose } = await mutate(mutant);
    try {
      const within = mutant.within ?? ((scenario) => scenario);
      const outcome = await fc.check(
        fc.asyncProperty(scenarios, interleavings, async (scenario, interleaving) => {
          expect((await play(Engine, within(scenario), interleaving)).violations).toEqual([]);
        }),
        { numRuns: RUNS_MAX, seed: 20_261_122, endOnFailure: true },
      );
      expect(outcome.failed, `survived ${outcome.numRuns} runs`).toBe(true);
    } finally {
      await dispose();
    }
  });
});
