/** Holds that every mutant of the soak still changes the sources as they are: nobody runs them all each time. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { mutants, mutantsOfProcesses, mutantsOn } from './mutants.js';

const cache = resolve(import.meta.dirname, '../../../src/cache');
const names = [
  ...new Map(
    [...mutants, ...mutantsOn('mariadb'), ...mutantsOfProcesses].map((mutant) => [mutant.name, mutant]),
  ).values(),
];

it.each(names)('a mutant finds what it changes, once: $name', ({ file, changes }) => {
  for (const change of changes) {
    const source = readFileSync(join(cache, change.file ?? file), 'utf8');
    expect(source.split(change.from)).toHaveLength(2);
  }
});
