/** Holds that every mutant still changes the sources as they are, and that what is wrong is reported: some of them here. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { createMysqlDatabase, describeWithMysql } from '../../support/mysql.js';
import { mutants, mutate } from './mutants.js';
import { reported } from './run.js';

const cache = resolve(import.meta.dirname, '../../../src/cache');

it.each(mutants)('a mutant finds what it changes, once: $name', ({ file, changes }) => {
  for (const change of changes) {
    const source = readFileSync(join(cache, change.file ?? file), 'utf8');
    expect(source.split(change.from)).toHaveLength(2);
  }
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
    const trial = { place: { host, port, user }, source, scene: mutant.scene };
    const mismatch = await reported(() => trial, { seeds: seeds.values(), steps: 160 });
    await dispose();
    await database.drop();
    expect(mismatch?.kind).toBe('stale');
  });
});
