/** Decides which values have a name in a column that makes what is stored fit, and that null has one only where it is kept. */
import { expect, test } from 'vitest';
import type { LimitedValueClass } from '../../src/sql/plan.js';
import { canonicalOrNull, canonicalValue, NULL_VALUE } from '../../src/sql/values.js';

test('an integer is one value as number, bigint, boolean or text, within the limits of its column', () => {
  const tiny = 'integer -128..127';
  for (const value of [1, 1n, '1', true]) expect(canonicalValue(tiny, value)).toBe('1');
  for (const value of [0, -0, 0n, '0', false]) expect(canonicalValue(tiny, value)).toBe('0');
  expect(canonicalValue(tiny, -128)).toBe('-128');
  const odd = [
    128,
    -129,
    1.5,
    Number.NaN,
    '1.0',
    '01',
    ' 1',
    '+1',
    '-0',
    '1e0',
    '',
    '٧',
    'a',
    new Date(1),
    [1],
    {},
    null,
  ];
  for (const value of odd) expect(canonicalValue(tiny, value)).toBeNull();
});

test('an integer beyond what a double tells apart has no name', () => {
  const big = `integer ${Number.MIN_SAFE_INTEGER}..${Number.MAX_SAFE_INTEGER}` as const;
  const last = Number.MAX_SAFE_INTEGER;
  for (const value of [last, BigInt(last), String(last)])
    expect(canonicalValue(big, value)).toBe(String(last));
  for (const value of [
    last + 1,
    BigInt(last) + 1n,
    String(BigInt(last) + 1n),
    `-${BigInt(last) + 1n}`,
    '9'.repeat(400),
  ])
    expect(canonicalValue(big, value)).toBeNull();
});

test('a text of printable ASCII is itself, or its small letters', () => {
  expect(canonicalValue('exact 0..5', 'aB~ ?')).toBe('aB~ ?');
  expect(canonicalValue('folded 0..5', 'aB~ ?')).toBe('ab~ ?');
  for (const valueClass of ['exact 0..5', 'folded 0..5'] as const)
    for (const value of [
      'a ',
      'abcdef',
      'é',
      'a\t',
      'a\0',
      '\ud83d',
      1,
      true,
      null,
      Buffer.from('a'),
      new Date(1),
    ])
      expect(canonicalValue(valueClass, value)).toBeNull();
});

test('bytes are those of a buffer or of a plain text, where nothing is added or cut', () => {
  expect(canonicalValue('bytes 0..4', Buffer.from([0, 255]))).toBe('00ff');
  expect(canonicalValue('bytes 0..4', 'aB')).toBe('6142');
  expect(canonicalValue('bytes 2..2', Buffer.from('a'))).toBeNull();
  expect(canonicalValue('bytes 2..2', Buffer.from('ab'))).toBe('6162');
  for (const value of [Buffer.from('abcde'), 'é', 1, null, new Uint8Array(1)])
    expect(canonicalValue('bytes 0..4', value)).toBeNull();
});

test('null is a value only where it is stored as null', () => {
  expect(canonicalOrNull('integer 0..1', null)).toBe(NULL_VALUE);
  expect(canonicalOrNull('int4', undefined)).toBe(NULL_VALUE);
  expect(canonicalOrNull('required integer 0..1', null)).toBeNull();
  expect(canonicalOrNull('required integer 0..1', 1)).toBe('1');
});

test('a class that is none is a bug', () => {
  expect(() => canonicalValue('odd 1..2' as LimitedValueClass, 1)).toThrow('is no class of values');
});
