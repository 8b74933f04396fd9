/** Decides which values have a canonical text, and that no two different ones share it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ValueClass } from '../../src/sql/plan.js';
import { canonicalValue } from '../../src/sql/values.js';

const integers: readonly ValueClass[] = ['int2', 'int4', 'int8'];

test('an integer is one value as number, bigint or decimal text', () => {
  for (const valueClass of integers) {
    expect(canonicalValue(valueClass, 7)).toBe('7');
    expect(canonicalValue(valueClass, -7n)).toBe('-7');
    expect(canonicalValue(valueClass, '-7')).toBe('-7');
    expect(canonicalValue(valueClass, -0)).toBe('0');
    expect(canonicalValue(valueClass, '0')).toBe('0');
  }
});

test('an integer spelt in any other way has no canonical text', () => {
  const odd = [
    ' 7',
    '7 ',
    '+7',
    '07',
    '-0',
    '7.0',
    '1e3',
    '0x10',
    '1_000',
    '',
    '٧',
    7.5,
    Number.NaN,
    1e21,
    2 ** 53,
  ];
  for (const value of [...odd, null, undefined, true, {}, [7], new Date(7), Buffer.from('7')])
    expect(canonicalValue('int8', value)).toBeNull();
});

test('an integer out of its column’s range has no canonical text', () => {
  expect(canonicalValue('int2', 32_767)).toBe('32767');
  expect(canonicalValue('int2', 32_768)).toBeNull();
  expect(canonicalValue('int4', -2_147_483_648)).toBe('-2147483648');
  expect(canonicalValue('int4', 2_147_483_648)).toBeNull();
  expect(canonicalValue('int8', '9223372036854775807')).toBe('9223372036854775807');
  expect(canonicalValue('int8', '9223372036854775808')).toBeNull();
  expect(canonicalValue('int8', `1${'0'.repeat(400)}`)).toBeNull();
});

test('a text is itself, unless the wire or a column of limited length could change it', () => {
  expect(canonicalValue('text', 'Straße 🐘')).toBe('Straße 🐘');
  expect(canonicalValue('text', '')).toBe('');
  for (const value of [
    'a\0b',
    'a ',
    '\ud83d',
    7,
    null,
    undefined,
    true,
    Buffer.from('a'),
    { toString: () => 'a' },
  ])
    expect(canonicalValue('text', value)).toBeNull();
});

test('a boolean is only a boolean', () => {
  expect(canonicalValue('bool', true)).toBe('true');
  expect(canonicalValue('bool', false)).toBe('false');
  for (const value of ['true', 't', 1, null]) expect(canonicalValue('bool', value)).toBeNull();
});

test('a uuid is its usual spelling in lower case', () => {
  const uuid = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11';
  expect(canonicalValue('uuid', uuid)).toBe(uuid.toLowerCase());
  for (const value of [`{${uuid}}`, uuid.replaceAll('-', ''), `${uuid} `, 7, null])
    expect(canonicalValue('uuid', value)).toBeNull();
});

test('different integers never share a canonical text', () => {
  fc.assert(
    fc.property(
      fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
      fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
      (left, right) => {
        const texts = [canonicalValue('int8', left), canonicalValue('int8', right)];
        expect(texts[0] === texts[1]).toBe(left === right);
        expect(canonicalValue('int8', String(left))).toBe(texts[0]);
      },
    ),
  );
});
