/** When parameters are the same, and that one key never stands for two lists of them. */
import fc from 'fast-check';
import mysql from 'mysql2';
import { expect, it } from 'vitest';
import { keyed, meantBy, plainKey, protocolPrefix } from '../../../src/adapters/mysql2/keys.js';
import { prefixOf } from '../../../src/adapters/prefix.js';

const escape = (value: unknown): string => mysql.escape(value as Date, false, 'Z');
const keyOf = (values: unknown): string | undefined => keyed(values, 'text', escape)?.key;

/** Whatever can be keyed, and what is easily mistaken for something else. */
const value = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', "'", '=1', "1:'", 'n', 'y', 'null', '\0', '\0n', '#', 'i1:1'),
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.constantFrom(0, -0, 1, 1n, '1', true, 'true', null, 'y'),
  fc.bigInt(),
  fc.boolean(),
  fc.date({ noInvalidDate: true, min: new Date('1000-01-01'), max: new Date('9999-12-31') }),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
);

const isSame = (left: unknown, right: unknown): boolean =>
  left instanceof Date && right instanceof Date
    ? left.getTime() === right.getTime()
    : Buffer.isBuffer(left) && Buffer.isBuffer(right)
      ? left.equals(right)
      : Object.is(left, right);

it('is one key for one list of parameters only', () => {
  const lists = fc.array(value, { maxLength: 4 });
  fc.assert(
    fc.property(lists, lists, (left, right) => {
      const same = left.length === right.length && left.every((one, index) => isSame(one, right[index]));
      expect(keyOf(left) === keyOf(right)).toBe(same);
    }),
    { numRuns: 5_000 },
  );
});

it('is the same whether it was found fast or not', () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 4 }), (values) => {
      const fast = plainKey(values);
      if (fast !== null) expect(fast).toBe(keyOf(values));
    }),
    { numRuns: 2_000 },
  );
  for (const none of [undefined, null, []]) expect([plainKey(none), keyOf(none)]).toEqual(['', '']);
});

it('is none where only the driver can say what is sent', () => {
  const odd = [
    [{}],
    [[1, 2]],
    [new Date(Number.NaN)],
    [new Set([1])],
    [new Uint8Array(2)],
    [Symbol('a')],
    [() => 1],
    [mysql.raw('now()')],
    [Object.assign(new Date(0), { toSqlString: () => 'now()' })],
    { id: 1 },
    'text',
    7,
  ];
  for (const values of odd) {
    expect(keyed(values, 'text', escape)).toBeNull();
    expect(plainKey(values)).toBeNull();
  }
});

it('is of values that nobody else can change', () => {
  const date = new Date('2024-01-02T03:04:05.678Z');
  const bytes = Buffer.of(1, 2);
  const values = [date, bytes, 'text'];
  const own = keyed(values, 'text', escape);
  date.setFullYear(1999);
  bytes.fill(0);
  values[2] = 'other';
  expect(own?.values).toStrictEqual([new Date('2024-01-02T03:04:05.678Z'), Buffer.of(1, 2), 'text']);
});

it('asks a binary value for none of its keys, of which there is one for each byte', () => {
  const bytes = new Proxy(Buffer.from('bytes'), {
    ownKeys: () => {
      throw new Error('its keys were asked for');
    },
  });
  const values = [bytes];
  expect(meantBy(values)).toBe(values);
  expect(() => keyed(values, 'binary', escape)).not.toThrow('its keys were asked for');
});

it('names long lists by their digest', () => {
  const long = 'x'.repeat(2_000);
  expect(plainKey([long])).toBeNull();
  expect(plainKey([long, long])).toBeNull();
  expect(keyOf([long])?.length).toBeLessThan(64);
  expect(keyOf([long])).not.toBe(keyOf([`${long}x`]));
});

it('knows a parameter that binary statements have not', () => {
  expect(keyed([undefined], 'binary', escape)).toBeNull();
  expect(keyOf([undefined])).toBe(keyOf([null]));
});

it('is not mistaken for a key behind a prefix, of a session or of the other protocol', () => {
  const prefixes = (['s', 'r', 'd'] as const).map((kind) => prefixOf(kind, new Map([['a', 'b']])));
  prefixes.push(protocolPrefix('binary'));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 4 }), (values) => {
      for (const prefix of prefixes) expect(keyOf(values)?.startsWith(prefix.slice(0, 2))).toBe(false);
    }),
  );
  expect(protocolPrefix('text')).toBe('');
});
