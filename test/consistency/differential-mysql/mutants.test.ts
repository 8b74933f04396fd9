/** Holds that every mutant still changes the sources as they are, and that what is wrong is reported: some of them here. */
import { expect, it } from 'vitest';
import { createMysqlDatabase, describeWithMysql } from '../../support/mysql.js';
import { timesFound } from '../differential/mutant.js';
import { mutants, mutate } from './mutants.js';
import { tries } from './run.js';

it.each(mutants)('a mutant finds what it changes, once: $name', (mutant) => {
  expect(timesFound(mutant)).toEqual(mutant.changes.map(() => 1));
});

/** The others are tried by `npm run soak -- differential --database mariadb --mutants`. */
const tried = ['only the first table of an UPDATE is written'];

describeWithMysql('what is known to be wrong', () => {
  it.each(tried)('is reported: %s', { timeout: 240_000 }, async (wanted) => {
    const mutant = mutants.find(({ name }) => name === wanted);
    if (mutant === undefined) throw new Error('there is no such mutant');
    const database = await createMysqlDatabase();
    const { host, port, user } = database.config;
    const { source, dispose } = await mutate(mutant);
    const seeds = Array.from({ length: 20 }, (_, index) => 12_001 + index);
    const trial = { place: { host, port, user }, source, scene: mutant.scene ?? '' };
    const mismatch = await tries.reported(() => trial, { seeds: seeds.values(), steps: 160 });
    await dispose();
    await database.drop();
    expect(mismatch?.kind).toBe('stale');
  });
});
