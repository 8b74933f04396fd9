/** Holds that every mutant still changes the sources as they are, and that what is wrong is reported: one of them here. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { describeWithPostgres, postgres } from '../../support/servers.js';
import { mutate } from '../history/mutants.js';
import { mutants } from './mutants.js';
import { dropTenant, reported } from './run.js';

/** The first of them show it. */
const seeds = Array.from({ length: 40 }, (_, index) => 12_001 + index);

const cache = resolve(import.meta.dirname, '../../../src/cache');

it.each(mutants)('a mutant finds what it changes, once: $name', ({ file, changes }) => {
  for (const change of changes) {
    const source = readFileSync(join(cache, change.file ?? file), 'utf8');
    expect(source.split(change.from)).toHaveLength(2);
  }
});

describeWithPostgres('what is known to be wrong', () => {
  it('is reported', { timeout: 240_000 }, async () => {
    const mutant = mutants.find(({ name }) => name === 'what the code of a trigger writes is passed over');
    if (mutant === undefined) throw new Error('there is no such mutant');
    const { source, dispose } = await mutate(mutant);
    const server = { createDatabase: (like?: string) => postgres().createDatabase(like) };
    const mismatch = await reported(() => ({ server, source }), { seeds: seeds.values(), steps: 200 });
    expect(mismatch?.kind).toBe('stale');
    await dropTenant(server);
    await dispose();
  });
});
