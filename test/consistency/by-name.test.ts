/** Holds that docs/hazards.md names tests that are there. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/hazards.md'), 'utf8');

/** `file`: "name", "name"; … */
const named = [...page.matchAll(/`([\w./-]+\.test\.ts)`: ("[^"]+"(?:, "[^"]+")*)/g)].flatMap(
  ([, file = '', names = '']) => [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => ({ file, name })),
);

it.each(named)('$file has a test for "$name"', ({ file, name }) => {
  const text = readFileSync(join(root, 'test', file), 'utf8');
  expect(text.includes(name) || text.includes(name.replaceAll("'", "\\'"))).toBe(true);
});

it('each row of each table names one', () => {
  const rows = page.split('\n').filter((line) => /^\| [^|-]/.test(line));
  expect(rows.filter((row) => !/`[\w./-]+\.test\.ts`: "/.test(row))).toEqual([]);
  expect(named.length).toBeGreaterThan(rows.length);
});
