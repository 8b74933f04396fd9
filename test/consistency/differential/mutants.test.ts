/** Holds that every mutant still changes the sources as they are, and that what is wrong is reported: some of them here. */
import { afterAll, expect, it } from 'vitest';
import { describeWithPostgres, postgres } from '../../support/servers.js';
import { mutate } from '../history/mutants.js';
import { timesFound } from './mutant.js';
import { mutants } from './mutants.js';
import { dropTenant, tries } from './run.js';

/** The first of them show it. */
const seeds = Array.from({ length: 40 }, (_, index) => 12_001 + index);

it.each(mutants)('a mutant finds what it changes, once: $name', (mutant) => {
  expect(timesFound(mutant)).toEqual(mutant.changes.map(() => 1));
});

/** With the scene that is about it; empty: any. The others are tried by `npm run soak -- differential --mutants`. */
const tried = [
  ['what the code of a trigger writes is passed over', ''],
  ['an upsert is taken to touch only rows with the values that it brings', 'upserts'],
  ['what an ON says is taken to hold for the side that an outer join keeps', 'outer joins'],
  ['a declared setting is no part of what a result is kept under', 'tenants'],
] as const;

describeWithPostgres('what is known to be wrong', () => {
  const server = { createDatabase: (like?: string) => postgres().createDatabase(like) };
  afterAll(() => dropTenant(server));

  it.each(tried)('is reported: %s', { timeout: 240_000 }, async (wanted, scene) => {
    const mutant = mutants.find(({ name }) => name === wanted);
    if (mutant === undefined) throw new Error('there is no such mutant');
    const { source, dispose } = await mutate(mutant);
    const mismatch = await tries.reported(() => ({ server, source, scene }), {
      seeds: seeds.values(),
      steps: 200,
    });
    await dispose();
    expect(mismatch?.kind).toBe('stale');
  });
});
