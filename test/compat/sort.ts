/** Decides which sequences of SORT the compat suite tries. Knows no server. */
import fc from 'fast-check';
import type { CommandArgs } from './commands.js';
import { call, type GeneratedGroup, list, sometimes, withOddities, word } from './generated.js';

const sources = ['l', 's', 'z', 'v'];
const source = fc.constantFrom('l', 'l', 's', 'z', 'v', 'none');
const element = fc.oneof(
  fc.nat(12).map(String),
  fc.constantFrom('a', 'b', 'B', '1.5', '-3', '1e2', ' 7', '', 'inf', 'nan', '0x10', '7\0x', 'é'),
);
/** No two of them are equal up to a zero byte. */
const distinct = element.filter((text) => !text.includes('\0'));
const number = fc.nat(12).map(String);
const pattern = fc.constantFrom(
  'w_*',
  'w_*',
  'o_*',
  'h_*->f',
  'h_*->',
  'h_*->g',
  'none_*',
  '*',
  'constant',
  '#',
  '',
  'w_*->x',
);
const options = fc
  .array(
    fc.oneof(
      pattern.map((text) => ['BY', text]),
      pattern.map((text) => ['GET', text]),
      fc
        .tuple(fc.integer({ min: -3, max: 12 }), fc.integer({ min: -2, max: 12 }))
        .map(([first, count]) => ['LIMIT', String(first), String(count)]),
      fc.constantFrom(
        ['ASC'],
        ['DESC'],
        ['desc'],
        ['ALPHA'],
        ['ALPHA'],
        ['LIMIT', 'x', '1'],
        ['foo'],
        ['BY', 'nosort'],
      ),
    ),
    { maxLength: 4 },
  )
  .map((all) => all.flat());

const commands = fc.oneof(
  call('RPUSH', word('l'), list(number, 1, 12)),
  call('RPUSH', word('l'), list(element)),
  call('SADD', word('s'), list(number, 1, 12)),
  call('SADD', word('s'), list(distinct)),
  call('ZADD z', number, number),
  call('ZADD z', number, distinct),
  call(
    'SET',
    number.map((index) => `w_${index}`),
    fc.oneof(number, element),
  ),
  call(
    'SET',
    number.map((index) => `o_${index}`),
    fc.constantFrom('x', 'y', 'x\0b', 'x\0a'),
  ),
  call(
    'HSET',
    number.map((index) => `h_${index}`),
    fc.constantFrom('f', 'g'),
    fc.oneof(number, element),
  ),
  call('SET v 1'),
  call('SORT', source, options),
  call('SORT', source, options),
  call('SORT', source, options, sometimes(['STORE', 'd'], ['STORE', 'l'])),
  call('SORT_RO', source, options),
  call('DEL', source),
  call('LRANGE d 0 -1'),
);

/**
 * A hash table has its own order on each server, which shows where elements of a set, or of a sorted set, are equal to
 * each other: by what a pattern finds, which is what only ALPHA leaves at that, or up to a zero byte.
 */
const isOrdered = (args: readonly string[]): boolean => {
  const has = (word: string): boolean => args.some((arg) => arg.toUpperCase() === word);
  if (args[0]?.startsWith('SORT') !== true) return true;
  if (args[1] === 's') return !has('BY') && !args.some((arg) => arg.includes('\0'));
  return args[1] !== 'z' || !has('BY') || !has('ALPHA');
};

export const sorting: GeneratedGroup = {
  name: 'SORT',
  runs: 250,
  longest: 40,
  commands: withOddities(commands, ([name = '']) => name.startsWith('SORT')).filter(isOrdered),
  finalState: [
    ['LRANGE', 'd', '0', '-1'],
    // After a number out of range Redis takes others for such as well, until a command that clears C's errno.
    ...['1e400', '1e-400', '1e300'].flatMap((number): CommandArgs[] => [
      ['DEL', 'e'],
      ['RPUSH', 'e', number],
      ['SORT', 'e'],
      ['SORT', 'e', 'ALPHA'],
      ['ZADD', 'e2', '0.5', 'm'],
    ]),
    ...sources.flatMap((name): CommandArgs[] => [
      ['TYPE', name],
      ['LRANGE', name, '0', '-1'],
    ]),
    ['COMMAND', 'GETKEYSANDFLAGS', 'SORT', 'a', 'BY', 'store', 'GET', 'store', 'STORE', 'c', 'STORE', 'd'],
    ['COMMAND', 'GETKEYSANDFLAGS', 'SORT_RO', 'a', 'BY', 'b'],
  ],
};
