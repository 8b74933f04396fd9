/** Decides which sequences of stream commands the compat suite tries and what of their replies hangs on clocks. */
import fc from 'fast-check';
import type { CommandArgs } from './commands.js';
import { call, type GeneratedGroup, list, sometimes, withOddities, word } from './generated.js';
import type { Tree } from './wire.js';

const keys = ['x', 'y', 'z', 'l'];
const key = fc.constantFrom('x', 'x', 'x', 'y', 'y', 'z', 'l');
const group = fc.constantFrom('g', 'g', 'h', 'k');
const consumer = fc.constantFrom('a', 'a', 'b', 'c');
const id = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.nat(40), fc.nat(3)).map(([ms, sequence]) => `${ms}-${sequence}`) },
  { weight: 2, arbitrary: fc.nat(40).map(String) },
);
const oddId = fc.constantFrom(
  '0',
  '0-0',
  '0-1',
  '-',
  '+',
  '$',
  '>',
  '*',
  '5-*',
  '0-*',
  '(5',
  '(5-1',
  '((5',
  '(-',
  '(',
  '5-',
  '-5',
  '05-007',
  '+5-1',
  ' 5-1',
  '5-1-1',
  '1--05',
  '18446744073709551615-18446744073709551615',
  '(18446744073709551615-18446744073709551615',
  '(0-0',
  '18446744073709551615',
  '18446744073709551614-*',
  '18446744073709551616',
  '9007199254740993-9007199254740993',
  'x',
  '',
  '5-1\0',
);
const anyId = fc.oneof({ weight: 5, arbitrary: id }, { weight: 1, arbitrary: oddId });
const rising = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.tuple(fc.integer({ min: 1, max: 60 }), fc.nat(5)).map((parts) => parts.join('-')),
  },
  { weight: 6, arbitrary: fc.nat(60).map((ms) => `${ms}-*`) },
  { weight: 1, arbitrary: oddId.filter((text) => text !== '*') },
);
const field = fc.constantFrom('f', 'f', 'f', 'g', '', '12', 'longer field', '\xff');
const value = fc.oneof(
  fc.constantFrom(
    'v',
    '1',
    '-1',
    '127',
    '128',
    '4095',
    '4096',
    '-4097',
    '32768',
    '8388608',
    '2147483648',
    '',
  ),
  fc.constantFrom(
    '9223372036854775807',
    '-9223372036854775808',
    'w'.repeat(63),
    'w'.repeat(64),
    'w'.repeat(5000),
  ),
);
const pairs = fc.array(fc.tuple(field, value), { minLength: 1, maxLength: 3 }).map((all) => all.flat());
const small = fc.nat(12).map(String);
const count = fc.constantFrom('1', '2', '5', '0', '-1', 'x');
const limit = sometimes(['LIMIT', '0'], ['LIMIT', '3'], ['LIMIT', '-1'], ['limit', 'x']);
const sign = fc.constantFrom<string[]>([], ['~'], ['=']);
const trim = fc.oneof(
  fc
    .tuple(
      word('MAXLEN'),
      sign,
      small.map((text) => [text]),
      limit,
    )
    .map((parts) => parts.flat()),
  fc
    .tuple(
      word('minid'),
      sign,
      anyId.map((text) => [text]),
      limit,
    )
    .map((parts) => parts.flat()),
);
const maybeTrim = fc.oneof({ weight: 4, arbitrary: word() }, { weight: 1, arbitrary: trim });
const countOption = fc.oneof(
  word(),
  count.map((text) => ['COUNT', text]),
);

const entryCommands = [
  call('XADD', key, sometimes(['NOMKSTREAM']), maybeTrim, rising, pairs),
  call('XADD', key, rising, pairs),
  call('XADD', key, rising, pairs),
  call('XTRIM', key, trim),
  call('XDEL', key, list(anyId)),
  call('XLEN', key),
  call('XRANGE', key, anyId, anyId, countOption),
  call('XREVRANGE', key, anyId, anyId, countOption),
  call('XRANGE', key, word('-', '+')),
  call('XREVRANGE', key, word('+', '-'), countOption),
  call(
    'XSETID',
    key,
    anyId,
    sometimes(['ENTRIESADDED', '20'], ['MAXDELETEDID', '3-0'], ['ENTRIESADDED', '-1']),
  ),
  call('HSET', word('l', 'f', '1')),
  call('DEL', key),
  call('TYPE', key),
];
const streams = fc.oneof(
  fc.tuple(key, anyId).map((pair) => ['STREAMS', ...pair]),
  fc.tuple(key, key, anyId, anyId).map((all) => ['STREAMS', ...all]),
  fc.constantFrom(['STREAMS'], ['STREAMS', 'x'], ['FOO', 'STREAMS', 'x', '0']),
);
const unseen = fc.oneof(
  key.map((name) => ['STREAMS', name, '>']),
  word('STREAMS', 'x', 'y', '>', '>'),
  streams,
);
const groupCommands = [
  call('XREAD', countOption, streams),
  call('XREADGROUP GROUP', group, consumer, countOption, sometimes(['NOACK']), unseen),
  call('XREADGROUP GROUP', group, consumer, unseen),
  call(
    'XGROUP CREATE',
    key,
    group,
    fc.oneof(anyId, fc.constantFrom('0', '$')),
    sometimes(['MKSTREAM'], ['ENTRIESREAD', '3']),
  ),
  call('XGROUP CREATE', key, group, fc.constantFrom('0', '$'), word('MKSTREAM')),
  call(
    'XGROUP SETID',
    key,
    group,
    anyId,
    sometimes(['ENTRIESREAD', '2'], ['ENTRIESREAD', '-2'], ['MKSTREAM']),
  ),
  call('XGROUP', fc.constantFrom('DESTROY', 'destroy'), key, group),
  call('XGROUP CREATECONSUMER', key, group, consumer),
  call('XGROUP DELCONSUMER', key, group, consumer),
  call('XACK', key, group, list(anyId)),
  call('XPENDING', key, group),
  call(
    'XPENDING',
    key,
    group,
    sometimes(['IDLE', '50000'], ['IDLE', 'x']),
    anyId,
    anyId,
    count,
    sometimes(['a'], ['q']),
  ),
  call('XPENDING', key, group, word('-', '+', '10')),
  call(
    'XCLAIM',
    key,
    group,
    consumer,
    fc.constantFrom('0', '50000', '-1', 'x'),
    list(anyId),
    fc
      .array(
        fc.constantFrom(
          ['FORCE'],
          ['JUSTID'],
          ['IDLE', '100000'],
          ['TIME', '5'],
          ['RETRYCOUNT', '7'],
          ['RETRYCOUNT', 'x'],
          ['LASTID', '9-0'],
          ['foo'],
        ),
        { maxLength: 3 },
      )
      .map((all) => all.flat()),
  ),
  call(
    'XAUTOCLAIM',
    key,
    group,
    consumer,
    fc.constantFrom('0', '50000', '-1', 'x'),
    fc.oneof(
      anyId,
      word('0').map((words) => words[0] ?? ''),
    ),
    sometimes(['COUNT', '1'], ['COUNT', '2', 'JUSTID'], ['COUNT', '0'], ['foo']),
  ),
];
const infoCommands = [
  call('XINFO STREAM', key),
  call('XINFO STREAM', key, word('FULL'), countOption),
  call('XINFO GROUPS', key),
  call('XINFO CONSUMERS', key, group),
  call('CONFIG SET stream-node-max-entries', fc.constantFrom('2', '3', '100', '0')),
  call('CONFIG SET stream-node-max-bytes', fc.constantFrom('60', '4096', '0')),
  call('XGROUP HELP'),
  call('XINFO HELP'),
];

const commands = fc.oneof(
  { weight: 5, arbitrary: fc.oneof(...entryCommands) },
  { weight: 5, arbitrary: fc.oneof(...groupCommands) },
  { weight: 2, arbitrary: fc.oneof(...infoCommands) },
);

/** Words after which comes a time. */
const TIMES = ['idle', 'seen-time'];
/** Two servers are not asked at the same moment. */
const CLOCK_GRAIN_MS = 20_000;
const EPOCH_MS_MIN = 1_600_000_000_000;

/** Times made coarse: those since the epoch, and those that count from then. */
export function withoutTimes(tree: Tree): unknown {
  const [mark, content] = tree;
  if (!Array.isArray(content)) return mark === ':' && Number(content) > EPOCH_MS_MIN ? 'time' : tree;
  return [
    mark,
    content.map((item: Tree, index) =>
      TIMES.includes(String((content[index - 1] as Tree | undefined)?.[1])) ? 'time' : withoutTimes(item),
    ),
  ];
}

/** The third of an entry's four items is how long ago it was delivered. */
function withoutIdleness(tree: Tree): unknown {
  const [mark, content] = tree;
  if (!Array.isArray(content)) return tree;
  return [
    mark,
    content.map((entry: Tree) =>
      Array.isArray(entry[1])
        ? entry[1].map((item: Tree, index) =>
            index === 2 ? Math.round(Number(item[1]) / CLOCK_GRAIN_MS) : item,
          )
        : entry,
    ),
  ];
}

export const streamGroup: GeneratedGroup = {
  name: 'streams',
  runs: 300,
  longest: 40,
  // An ID by the clock is not the same on two servers.
  commands: withOddities(commands, ([name = '']) => name !== 'CONFIG').map((args) =>
    args.map((arg) => (arg === '*' ? '5-*' : arg)),
  ),
  finalState: [
    ...keys.flatMap((name): CommandArgs[] => [
      ['TYPE', name],
      ['XRANGE', name, '-', '+'],
      ['XREVRANGE', name, '+', '-'],
      ['XINFO', 'STREAM', name],
      ['XINFO', 'STREAM', name, 'FULL', 'COUNT', '0'],
      ['XINFO', 'GROUPS', name],
    ]),
    ['CONFIG', 'SET', 'stream-node-max-entries', '100'],
    ['CONFIG', 'SET', 'stream-node-max-bytes', '4096'],
  ],
  comparable: (args, mine, real) => {
    const isPending = args[0] === 'XPENDING' && args.length > 3;
    const coarse = isPending ? withoutIdleness : withoutTimes;
    return { mine: coarse(mine), real: coarse(real) };
  },
};
