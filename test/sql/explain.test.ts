/** Decides that plans are put into words which say what they read and write, and why they are cached or not. */
import { expect, test } from 'vitest';
import { explainPlan } from '../../src/sql/explain.js';

const products = { id: '1', name: 'public.products' };

test('a pinned read names its table, its rows and that it is cached', () => {
  const pin = { shape: '1', values: [{ kind: 'parameter', index: 0, valueClass: 'int4' }] } as const;
  expect(explainPlan({ kind: 'read', reads: [{ table: products, pins: [pin] }], session: 'keeps' })).toEqual({
    kind: 'read',
    cached: true,
    summary: 'A read: its result is cached until something that it reads changes.',
    details: ['Reads public.products: only changes to rows with column 1 = $1 count.'],
  });
});

test('an unpinned read of several tables says so', () => {
  const explanation = explainPlan({
    kind: 'read',
    reads: [products, { id: '2', name: 'public.orders' }].map((table) => ({ table, pins: null })),
    session: 'keeps',
  });
  expect(explanation.details).toStrictEqual([
    'Reads public.products: any change to it counts.',
    'Reads public.orders: any change to it counts.',
  ]);
});

test('what bypasses says why, and what becomes of the session', () => {
  const reason = { code: 'volatile', detail: 'now() is not immutable' };
  const explanation = explainPlan({ kind: 'bypass', reason, session: 'departs' });
  expect(explanation.cached).toBe(false);
  expect(explanation.summary).toBe('Not cached: now() is not immutable (volatile).');
  expect(explanation.details).toEqual([
    'The connection bypasses the cache afterwards, until its session was looked at again.',
  ]);
});

test('a write names its tables and rows', () => {
  const pins = [{ column: '1', values: [{ kind: 'literal', value: 'a' }] }] as const;
  const explanation = explainPlan({
    kind: 'write',
    writes: {
      scope: 'tables',
      tables: [
        { table: products, pins },
        { table: { id: '2', name: 'public.log' }, pins: [] },
      ],
    },
    changesCatalog: false,
    session: 'keeps',
  });
  expect(explanation.summary).toBe('A write: it invalidates what depends on public.products, public.log.');
  expect(explanation.details).toEqual([
    'Writes public.products: only rows with column 1 = "a".',
    'Writes public.log: any of its rows.',
  ]);
});

test('a write of everything says why; transaction control says which', () => {
  const reason = { code: 'ddl', detail: 'it creates a table' };
  const everything = explainPlan({
    kind: 'write',
    writes: { scope: 'everything', reason },
    changesCatalog: true,
    session: 'resets',
  });
  expect(everything.summary).toBe('A write: it invalidates everything, because it creates a table (ddl).');
  expect(everything.details).toEqual([
    'The catalog is read again afterwards.',
    'The connection is as new afterwards.',
  ]);
  expect(
    explainPlan({
      kind: 'transaction',
      transaction: { control: 'commit-prepared', gid: 'g' },
      session: 'keeps',
    }).summary,
  ).toBe('Transaction control (commit prepared): never cached.');
});
