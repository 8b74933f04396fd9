/** Decides which sequences of the set commands the compat suite tries. Knows no server. */
import fc from 'fast-check';
import type { CommandArgs } from './commands.js';
import { call, type GeneratedGroup, list, sometimes, withOddities, word } from './generated.js';

const words = (text: string): string[] => text.split(' ');
const keys = ['s', 't', 'u', 'str'];
const key = fc.constantFrom(...words('s s s t t u str'));
const member = fc.constantFrom(
  ...words('a b c aa 1 2 3 10 -7 -0 01 +1 9223372036854775807 -9223372036854775808 9223372036854775808 1.5'),
  '',
  '\0\xff',
  'm'.repeat(70),
  ' 1',
);
const integer = fc.integer({ min: -40, max: 40 }).map(String);
const manyIntegers = fc
  .tuple(fc.integer({ min: 100, max: 600 }), fc.integer({ min: 1, max: 50 }))
  .map(([length, step]) => Array.from({ length }, (_, at) => String((at * step) % 997)));
const numbered = fc.oneof(
  { weight: 8, arbitrary: list(key, 1, 3).map((names) => [String(names.length), ...names]) },
  fc.constantFrom(...['0 s', '-1 s', 'x s', '5 s', '9223372036854775807 s', '2 s t'].map(words)),
);
const limit = sometimes(
  ...['LIMIT 1', 'LIMIT 0', 'LIMIT -1', 'limit x', 'LIMIT', 'LIMIT 1 LIMIT 2'].map(words),
);
const scanned = fc.constantFrom(
  ...['0 COUNT 9000', 'x', '0 COUNT 9000 MATCH a*', '0 COUNT 0', '0 COUNT', '0 TYPE set COUNT 9000'].map(
    words,
  ),
);
/** Counts for which there is no choice. */
const sureCount = fc.constantFrom(
  ...['0', '1000', '5000', 'x', '-1x', '-9223372036854775808', '1 2', '9223372036854775808'].map(words),
);

const commands = fc.oneof(
  call('SADD', key, list(member)),
  call('SADD', key, list(member)),
  call('SADD', key, list(integer, 1, 8)),
  call('SADD', key, manyIntegers),
  call('SREM', key, list(fc.oneof(member, integer))),
  call('SREM', key, manyIntegers),
  call('SMOVE', key, key, member),
  call('SISMEMBER', key, member),
  call('SMISMEMBER', key, list(fc.oneof(member, integer))),
  call('SCARD', key),
  call('SMEMBERS', key),
  call('SPOP', key, sureCount),
  call('SRANDMEMBER', key, sureCount),
  call('SINTER', list(key)),
  call('SUNION', list(key)),
  call('SDIFF', list(key)),
  call('SINTERSTORE', key, list(key)),
  call('SUNIONSTORE', key, list(key)),
  call('SDIFFSTORE', key, list(key)),
  call('SINTERCARD', numbered, limit),
  call('SSCAN', key, scanned),
  call('TYPE', key),
  call('OBJECT', word('ENCODING'), key),
  call('SET', word('str', 'text')),
  call('DEL', key),
);

const finalState: readonly CommandArgs[] = keys.flatMap((name) => [
  ['TYPE', name],
  ['OBJECT', 'ENCODING', name],
  ['SCARD', name],
  ['SMEMBERS', name],
]);

export const sets: GeneratedGroup = {
  name: 'sets',
  runs: 250,
  commands: withOddities(commands, ([name = '']) => !/^(SPOP|SRAND|SSCAN)/.test(name)),
  finalState,
};
