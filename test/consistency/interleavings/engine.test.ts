/** The real engine under a scheduler that owns every await: no answer may lack an acknowledged write. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Engine } from '../../../src/cache/engine.js';
import { interleavings, scenarios } from './scenarios.js';
import { play } from './world.js';

const RUNS = Number(process.env['INTERLEAVINGS_RUNS'] ?? 1_500);

describe('the engine, interleaved', () => {
  it('never answers with less than was acknowledged, nor than was visible while no intent was lost', async () => {
    let hits = 0;
    let storeHits = 0;
    await fc.assert(
      fc.asyncProperty(scenarios, interleavings, async (scenario, interleaving) => {
        const { violations, stats, trace } = await play(Engine, scenario, interleaving);
        hits += stats.nearHits + stats.storeHits + stats.joined;
        storeHits += stats.storeHits;
        expect(violations, trace.join('\n')).toEqual([]);
      }),
      { numRuns: RUNS, ...seedFromEnvironment() },
    );
    expect(hits).toBeGreaterThan(RUNS / 10); // otherwise nothing was put to the test
    expect(storeHits).toBeGreaterThan(RUNS / 20);
  }, 120_000);
});

/** `INTERLEAVINGS_SEED` and `INTERLEAVINGS_PATH`, as a failure prints them, play it again. */
function seedFromEnvironment(): { seed?: number; path?: string } {
  const { INTERLEAVINGS_SEED: seed, INTERLEAVINGS_PATH: path } = process.env;
  return {
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path }),
  };
}
