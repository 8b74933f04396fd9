/** Decides, on generated databases with every hazard, that a kept result is always what the database would say now. */
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withCache } from '../../../src/adapters/pg/index.js';
import { createCache } from '../../../src/index.js';
import {
  describeWithPostgres,
  describeWithRedis,
  postgres,
  type RedisServer,
  redisServer,
} from '../../support/servers.js';
import { caseOf } from './case.js';
import { type Counts, lineOfCounts } from './counts.js';
import { recipes } from './hazards/scenes.js';
import { dropTenant, type Server, type Trial, tries } from './run.js';
import { type NamedSetting, settingOf, settingsWith } from './settings.js';
import { shrunk } from './shrink.js';

const STEPS = 110;
/** Of two databases of all kinds, and of every scene twice. */
const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
const seedsOfSharing = [9, 10, 11];

const server: Server = { createDatabase: (like) => postgres().createDatabase(like) };

async function holds(settings: readonly NamedSetting[], tried: readonly number[]): Promise<Counts> {
  const trialOf = (seed: number): Trial => ({
    server,
    source: { createCache, withCache },
    setting: settingOf(settings, seed),
  });
  const { counts, failures } = await tries.held(trialOf, { seeds: tried.values(), steps: STEPS });
  expect(failures).toEqual([]);
  if (process.env['LOOKASIDE_TEST_VERBOSE'] !== undefined) console.log(lineOfCounts(counts));
  return counts;
}

describeWithPostgres('after every acknowledged write', () => {
  afterAll(() => dropTenant(server));

  it('each kept result is what an uncached connection gets', { timeout: 240_000 }, async () => {
    const counts = await holds(settingsWith(null), seeds);
    expect(counts.hits).toBeGreaterThan(1_000);
    expect(counts.killed).toBeGreaterThan(50);
  });

  describeWithRedis('in front of which two caches share a store', () => {
    let redis: RedisServer;
    beforeEach(async () => {
      redis = await redisServer();
    });
    afterEach(() => redis.stop());

    it('either gives what an uncached connection gets', { timeout: 240_000 }, async () => {
      const sharing = settingsWith(redis.url).filter(({ caches }) => caches === 2);
      const counts = await holds(sharing, seedsOfSharing);
      expect(counts.hits).toBeGreaterThan(300);
      expect(counts.killed).toBeGreaterThan(20);
    });
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

  it('is of every scene in few databases', () => {
    const names = seeds.flatMap((seed) =>
      caseOf(seed, STEPS).steps.flatMap((step) => (step.kind === 'scene' ? [step.name] : [])),
    );
    expect(new Set(names).size).toBe(recipes.length);
  });
});
