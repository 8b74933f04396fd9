/** Decides which sequences of commands on keys of any type the compat suite tries. Knows no server. */
import fc from 'fast-check';
import type { CommandArgs } from './commands.js';
import { comparable } from './compare.js';
import { call, type GeneratedGroup, list, sometimes, withOddities, word } from './generated.js';

const keys = ['s', 't', 'l', 'h', 'z', 'x', 'u'];
const key = fc.constantFrom(...keys);
const database = fc.constantFrom('0', '1', '1', '2', '16', '-1', 'x');

/** Something of each type. */
export const fill = fc.oneof(
  call(
    'SET',
    key,
    fc.constantFrom('v', '12', '10000', '-5', 'w'.repeat(44), 'w'.repeat(45), '9223372036854775807'),
  ),
  call('APPEND', key, word('1')),
  call('RPUSH', key, fc.constantFrom(['a', '1', 'b'], ['3', '1', '2'], ['x'.repeat(9000)])),
  call('SADD', key, fc.constantFrom(['1', '2', '3'], ['a', '5'], ['10'])),
  call('ZADD', key, fc.constantFrom(['1', 'a', '2.5', 'b'], ['1', 'y'.repeat(70)], ['-inf', '3'])),
  call('HSET', key, fc.constantFrom(['f', 'v', 'g', '1'], ['f', 'y'.repeat(70)])),
  call('XADD', key, word('5-1', 'f', 'v')),
  call('PFADD', key, word('a', 'b')),
);

const commands = fc.oneof(
  { weight: 6, arbitrary: fill },
  {
    weight: 12,
    arbitrary: fc.oneof(
      call(
        'COPY',
        key,
        key,
        sometimes(['REPLACE'], ['DB', '1'], ['DB', '1', 'REPLACE'], ['DB', '16'], ['DB', 'x'], ['foo']),
      ),
      call('COPY', key, key, sometimes(['REPLACE'])),
      call('RENAME', key, key),
      call('RENAMENX', key, key),
      call('MOVE', key, database),
      call('SWAPDB', database, database),
      call('SELECT', fc.constantFrom('0', '0', '1', '2')),
      call('TOUCH', list(key)),
      call('EXPIRE', key, word('10000')),
      call('PEXPIREAT', key, word('33177117420000')),
      call('EXPIRETIME', key),
      call('PEXPIRETIME', key),
      call('OBJECT ENCODING', key),
      call('OBJECT REFCOUNT', key),
      call('OBJECT IDLETIME', key),
      call('OBJECT FREQ', key),
      call('OBJECT HELP'),
      call('TYPE', key),
      call(
        'SCAN 0 COUNT 1000 TYPE',
        fc.constantFrom('string', 'LIST', 'set', 'zset', 'hash', 'stream', 'nope'),
      ),
      call('WAIT', fc.constantFrom('0', '-1', 'x'), fc.constantFrom('0', '5', '-1', 'x')),
      call('DBSIZE'),
      call('DEL', key),
      call('WATCH', key),
      call('MULTI'),
      call('EXEC'),
    ),
  },
);

/** All there is of a key, whatever it is: the commands of other types answer with an error on both servers. */
export const everythingOf = (name: string): CommandArgs[] => [
  ['TYPE', name],
  ['OBJECT', 'ENCODING', name],
  ['GET', name],
  ['LRANGE', name, '0', '-1'],
  ['SMEMBERS', name],
  ['ZRANGE', name, '0', '-1', 'WITHSCORES'],
  ['HGETALL', name],
  ['XRANGE', name, '-', '+'],
  ['PEXPIRETIME', name],
];

/** Small integers are told as shared, which nothing is; that Redis does not share the copy of one is not told apart. */
const isCopyOfShared = ([name, part]: CommandArgs, mine: unknown, real: unknown): boolean =>
  name === 'OBJECT' &&
  part === 'REFCOUNT' &&
  JSON.stringify(mine) === '[":","2147483647"]' &&
  JSON.stringify(real) === '[":","1"]';

const UNORDERED = ['SMEMBERS', 'HGETALL'];

export const generic: GeneratedGroup = {
  name: 'keys of any type',
  runs: 250,
  commands: withOddities(
    commands,
    // Neither a time that passes at once nor a wait for nobody.
    ([name = '']) => !['EXPIRE', 'PEXPIREAT', 'WAIT', 'MULTI', 'EXEC'].includes(name),
    // An ID by the clock is not the same on two servers.
  ).filter(([name, ...args]) => name !== 'XADD' || !args.includes('*')),
  finalState: ['0', '1', '2'].flatMap((index) => [
    ['SELECT', index],
    ['DBSIZE'],
    ...keys.flatMap(everythingOf),
  ]),
  comparable: (args, mine, real) =>
    isCopyOfShared(args, mine, real)
      ? { mine: null, real: null }
      : comparable(UNORDERED.includes(args[0] ?? '') ? ['KEYS'] : args, mine, real),
};
