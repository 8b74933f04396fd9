/** Decides what two looks at the statistics tell, with a count of our own rows in between. */
import { describe, expect, it } from 'vitest';
import { type Baseline, differences, excessOf, Unsettled } from '../../src/changes/baseline.js';
import type { RowCounts, TableStatistics } from '../../src/sql/statistics.js';

const look = (tables: Record<string, TableStatistics>): RowCounts => ({
  epoch: 'e',
  catalog: 'c',
  tables: new Map(Object.entries(tables)),
});
const before: Baseline = {
  epoch: 'e',
  catalog: 'c',
  tables: new Map([
    ['1', { written: 10, file: 'a', foreign: 4 }],
    ['2', { written: 5, file: 'b', foreign: 5 }],
    ['3', { written: 7, file: 'c', foreign: 0 }],
  ]),
};
const nobody = { has: () => false };

describe('a look', () => {
  it('that shows nothing new is no difference', () => {
    const same = look({
      '1': { written: 10, file: 'a' },
      '2': { written: 5, file: 'b' },
      '3': { written: 7, file: 'c' },
    });
    expect(differences(before, same, nobody)).toStrictEqual({ replaced: [], written: [], dropped: [] });
  });

  it('tells tables that were written from those that are others now, or gone', () => {
    const now = look({
      '1': { written: 11, file: 'a' },
      '2': { written: 5, file: 'truncated' },
      '4': { written: 0, file: 'new' },
    });
    expect(differences(before, now, nobody)).toStrictEqual({
      replaced: ['2', '4'],
      written: ['1'],
      dropped: ['3'],
    });
  });

  it('with fewer rows than before is about counters that began anew', () => {
    expect(differences(before, look({ '1': { written: 9, file: 'a' } }), nobody).replaced).toStrictEqual([
      '1',
    ]);
  });

  it('judges a table again for as long as it is not settled', () => {
    const same = look({ '1': { written: 10, file: 'a' } });
    expect(differences(before, same, { has: (id) => id === '1' }).written).toStrictEqual(['1']);
  });
});

describe('what others wrote', () => {
  const known = { written: 10, file: 'a', foreign: 4 };

  it('is what exceeds our own', () => {
    expect(excessOf(known, { written: 16, file: 'a' }, 12)).toBe(0);
    expect(excessOf(known, { written: 17, file: 'a' }, 12)).toBe(1);
    expect(excessOf(known, { written: 12, file: 'a' }, 12)).toBe(-4);
  });

  it('is believed to have been less only after ten looks in a row, and as little less as one of them showed', () => {
    const unsettled = new Unsettled();
    for (let round = 0; round < 9; round++) expect(unsettled.note('1', known, round === 4 ? -1 : -3)).toBe(4);
    expect(unsettled.has('1')).toBe(true);
    expect(unsettled.note('1', known, -2)).toBe(3);
    expect(unsettled.has('1')).toBe(false);
  });

  it('begins to be doubted anew once it was seen exactly', () => {
    const unsettled = new Unsettled();
    for (let round = 0; round < 9; round++) unsettled.note('1', known, -3);
    expect(unsettled.note('1', known, 0)).toBe(4);
    for (let round = 0; round < 9; round++) expect(unsettled.note('1', known, -3)).toBe(4);
  });
});
