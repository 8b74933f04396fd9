/** Holds that docs/hazards.md and docs/hazards-mysql.md name tests that are there. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

describe.each(['hazards.md', 'hazards-mysql.md'])('%s', (name) => {
  const page = readFileSync(join(root, 'docs', name), 'utf8');

  /** `file`: "name", "name"; … */
  const named = [...page.matchAll(/`([\w./-]+\.test\.ts)`: ("[^"]+"(?:, "[^"]+")*)/g)].flatMap(
    ([, file = '', names = '']) => [...names.matchAll(/"([^"]+)"/g)].map(([, test = '']) => ({ file, test })),
  );

  it.each(named)('$file has a test for "$test"', ({ file, test }) => {
    const text = readFileSync(join(root, 'test', file), 'utf8');
    expect(text.includes(test) || text.includes(test.replaceAll("'", "\\'"))).toBe(true);
  });

  it('each row of each table names one', () => {
    const rows = page.split('\n').filter((line) => /^\| [^|-]/.test(line));
    expect(rows.filter((row) => !/`[\w./-]+\.test\.ts`: "/.test(row))).toEqual([]);
    expect(named.length).toBeGreaterThan(rows.length);
  });
});
