/** Decides what a pinned read depends on in one call: alternatives, arrays, NULL, and values that cannot be told apart. */
import { expect, test } from 'vitest';
import { readsBinder, writesBinder } from '../../src/cache/bind.js';
import { refKey } from '../../src/cache/protocol/refs.js';
import type { Pin, ValueSource } from '../../src/sql/plan.js';
import { NULL_VALUE } from '../../src/sql/values.js';

const names = { namespace: 'n', database: 'd' };
const table = { id: '7', name: 'public.t' };
const parameter = (index: number): ValueSource => ({ kind: 'parameter', index, valueClass: 'int4' });
const elements = (index: number): ValueSource => ({ kind: 'elements', index, valueClass: 'int4' });
const literal = (value: string): ValueSource => ({ kind: 'literal', value });

/** What a read of one table depends on besides the root, the table's own key left out. */
function dependsOn(pins: readonly Pin[] | null, values: readonly unknown[]): readonly string[] {
  const [root, ...refs] = readsBinder(names, [{ table, pins }])(values);
  expect(root?.pin).toBeNull();
  return refs.map((ref) => refKey(ref).replace('lookaside:t:{n:d:7}', ''));
}

test('each alternative is a reference of its own; equal ones are one', () => {
  const pins = [parameter(0), parameter(1), literal('3')].map((source) => ({ shape: '1', values: [source] }));
  expect(dependsOn(pins, [1, 2])).toEqual([':1:1', ':1:2', ':1:3']);
  expect(dependsOn(pins, [3, '3'])).toEqual([':1:3']);
});

test('one alternative whose value cannot be told apart is any row', () => {
  const pins = [parameter(0), parameter(1)].map((source) => ({ shape: '1', values: [source] }));
  expect(dependsOn(pins, [1, '02'])).toEqual(['']);
  expect(dependsOn(pins, [1, 2.5])).toEqual(['']);
  expect(dependsOn(null, [1, 2])).toEqual(['']);
});

test('an array gives one reference per element; NULL among them equals nothing', () => {
  const pins = [{ shape: '1', values: [elements(0)] }];
  expect(dependsOn(pins, [[1, '2', 3n, 1]])).toEqual([':1:1', ':1:2', ':1:3']);
  expect(dependsOn(pins, [[1, null, undefined]])).toEqual([':1:1']);
  expect(dependsOn(pins, [[null]])).toEqual([]);
  expect(dependsOn(pins, [[]])).toEqual([]);
});

test('what is no plain array of such values is any row', () => {
  const pins = [{ shape: '1', values: [elements(0)] }];
  for (const given of [
    '{1,2}',
    1,
    null,
    undefined,
    new Set([1]),
    new Int32Array([1]),
    [[1]],
    [1, 'x'],
    [1.5],
  ])
    expect([given, dependsOn(pins, [given])]).toEqual([given, ['']]);
  const many = Array.from({ length: 33 }, (_, index) => index);
  expect(dependsOn(pins, [many])).toEqual(['']);
  expect(dependsOn(pins, [many.slice(1)])).toHaveLength(32);
});

test('columns of a key are combined, up to 32 combinations', () => {
  const pins = [{ shape: '1,2', values: [parameter(0), elements(1)] }];
  expect(dependsOn(pins, [1, [2, 3]])).toEqual([':1,2:1:11:2', ':1,2:1:11:3']);
  expect(dependsOn(pins, [1, []])).toEqual([]);
  const both = [{ shape: '1,2', values: [elements(0), elements(1)] }];
  expect(
    dependsOn(both, [
      [1, 2, 3, 4, 5, 6],
      [1, 2, 3, 4, 5, 6],
    ]),
  ).toEqual(['']);
});

test('NULL has a name of its own, in reads and in writes', () => {
  expect(dependsOn([{ shape: '1', values: [literal(NULL_VALUE)] }], [])).toEqual([':1:~null']);
  expect(dependsOn([{ shape: '1', values: [parameter(0)] }], [null])).toEqual([':1:~null']);
  expect(dependsOn([{ shape: '1', values: [parameter(0)] }], [])).toEqual([':1:~null']);
  const write = { table, pins: [{ column: '1', values: [parameter(0), literal(NULL_VALUE), elements(1)] }] };
  const bind = writesBinder(names, { scope: 'tables', tables: [write] });
  expect(bind([null, [4, 5]])[0]?.pins).toEqual({ '1': ['~null', '4', '5'] });
  expect(bind([1, 'x'])[0]?.pins).toBeNull();
});

test('a write of each element of an array names these rows, or any where one cannot be told or they are too many', () => {
  const pins = [{ column: '1', values: [elements(0), parameter(1)] }];
  const bind = writesBinder(names, { scope: 'tables', tables: [{ table, pins }] });
  const written = (values: readonly unknown[]): unknown => bind(values)[0]?.pins;
  expect(written([[1, '2', null], 4])).toEqual({ 1: ['1', '2', '4'] });
  expect(written([[], 4])).toEqual({ 1: ['4'] });
  for (const given of [[1, 'x'], '{1,2}', null, Array.from({ length: 33 }, (_, index) => index)])
    expect([given, written([given, 4])]).toEqual([given, null]);
});
