/** Decides which values are dumped and restored: each made by commands on the key `k`. Knows no server. */
import fc from 'fast-check';
import type { CommandArgs } from './commands.js';

const number = fc.oneof(
  fc.constantFrom(
    '0',
    '-1',
    '12',
    '127',
    '128',
    '-128',
    '-129',
    '32767',
    '32768',
    '-32769',
    '65535',
    '8388607',
  ),
  fc.constantFrom(
    '8388608',
    '2147483647',
    '2147483648',
    '-2147483649',
    '9223372036854775807',
    '-9223372036854775808',
  ),
  fc.integer().map(String),
);
const text = fc.oneof(
  fc.constantFrom('', 'a', 'field', '\0\xff', '007', '1.5', 'x'.repeat(20), 'x'.repeat(21), 'ab'.repeat(40)),
  fc.constantFrom(
    'y'.repeat(63),
    'y'.repeat(64),
    'y'.repeat(65),
    'z'.repeat(4095),
    'abc'.repeat(2000),
    'q'.repeat(20_000),
  ),
  fc.string({ unit: fc.constantFrom('a', 'b', '\xe9', ' '), maxLength: 90 }),
);
const element = fc.oneof(number, text);
const elements = fc.array(element, { minLength: 1, maxLength: 30 });
const many = fc
  .tuple(fc.integer({ min: 100, max: 700 }), fc.constantFrom('', 'e', 'element '))
  .map(([count, prefix]) => Array.from({ length: count }, (_, index) => `${prefix}${index}`));
const score = fc.oneof(
  number,
  fc.constantFrom('1.5', '-0.1', '3.0000000001', 'inf', '-inf', '1e300', '-1e-300', '0.1'),
  fc.double({ noNaN: true }).map(String),
);
const scored = fc
  .array(fc.tuple(score, element), { minLength: 1, maxLength: 20 })
  .map((pairs) => pairs.flat());
const pairs = fc.array(fc.tuple(element, element), { minLength: 1, maxLength: 12 }).map((all) => all.flat());
const manyPairs = many.map((all) => all.flatMap((name, index) => [String(index), name]));

const entry = fc.tuple(fc.integer({ min: 1, max: 400 }), fc.constantFrom('f', 'g'), element);
const stream = fc
  .tuple(
    fc.array(entry, { minLength: 1, maxLength: 40 }),
    fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 6 }),
    fc.boolean(),
  )
  .map(([entries, deleted, hasGroups]): CommandArgs[] => [
    ...entries
      .sort(([left], [right]) => left - right)
      .map(([ms, field, value]) => ['XADD', 'k', `${ms}-*`, field, value]),
    ['XDEL', 'k', ...deleted.map((ms) => `${ms}-0`), '1-1'],
    ...(hasGroups
      ? [
          ['XGROUP', 'CREATE', 'k', 'g', '0'],
          ['XGROUP', 'CREATE', 'k', '12', '50-0', 'ENTRIESREAD', '3'],
          ['XGROUP', 'CREATECONSUMER', 'k', '12', 'idle'],
        ]
      : []),
  ]);

const one = (...args: string[]): CommandArgs[] => [args];

/** The commands that make the value. */
export const values: fc.Arbitrary<CommandArgs[]> = fc.oneof(
  element.map((value) => one('SET', 'k', value)),
  fc.oneof(elements, many).map((all) => one('RPUSH', 'k', ...all)),
  fc.oneof(elements, many, fc.array(number, { minLength: 1 })).map((all) => one('SADD', 'k', ...all)),
  fc.oneof(scored, manyPairs).map((all) => one('ZADD', 'k', ...all)),
  fc.oneof(pairs, manyPairs).map((all) => one('HSET', 'k', ...all)),
  fc.array(element, { minLength: 1, maxLength: 20 }).map((all) => one('PFADD', 'k', ...all)),
  stream,
);
