/** Decides which sequences of the string commands beyond GET and SET the compat suite tries. Knows no server. */
import fc from 'fast-check';
import type { CommandArgs } from './commands.js';
import { call, type GeneratedGroup, list, sometimes, withOddities, word } from './generated.js';

const keys = ['s', 't', 'n', 'l'];
const key = fc.constantFrom('s', 's', 't', 't', 'n', 'l');
const offset = fc.constantFrom(
  '0',
  '1',
  '2',
  '5',
  '20',
  '-1',
  '-2',
  '-6',
  '-100',
  '3000',
  '536870912',
  'x',
  '',
);
const value = fc.oneof(
  fc.constantFrom('', '12', 'hello', 'mynewtext', 'ohmytext', 'x'.repeat(50), 'y'.repeat(3000), '\0\xff'),
  fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 40 }),
);
const far = fc.constantFrom('10000', '20000', '0', '-1', 'x', '9223372036854775807');
const pairs = fc.array(fc.tuple(key, value), { minLength: 1, maxLength: 3 }).map((all) => all.flat());

const commands = fc.oneof(
  call('SET', key, value),
  call('HSET', word('l', 'f', '1')),
  call('APPEND', key, value),
  call('STRLEN', key),
  call('GETRANGE', key, offset, offset),
  call('SUBSTR', key, offset, offset),
  call('SETRANGE', key, fc.constantFrom('0', '1', '5', '30', '-1', '536870912', 'x'), value),
  call('GETSET', key, value),
  call('GETDEL', key),
  call('INCR', key),
  call(
    'GETEX',
    key,
    fc.constantFrom(
      [],
      ['EX', '10000'],
      ['px', '10000000'],
      ['EXAT', '33177117420'],
      ['PXAT', '33177117420000'],
      ['EXAT', '5'],
      ['PERSIST'],
      ['EX', '0'],
      ['EX', 'x'],
      ['EX'],
      ['PERSIST', 'EX', '10'],
      ['EX', '10000', 'EX', '20000'],
      ['EX', '1', 'PX', '1'],
      ['KEEPTTL'],
      ['PX', '9223372036854775807'],
    ),
  ),
  call('SETEX', key, far, value),
  call('PSETEX', key, fc.constantFrom('10000000', '0', '-5', 'x'), value),
  call('SETNX', key, value),
  call('MSETNX', pairs),
  call(
    'LCS',
    key,
    key,
    fc.constantFrom(
      [],
      ['LEN'],
      ['IDX'],
      ['IDX', 'WITHMATCHLEN'],
      ['IDX', 'MINMATCHLEN', '2'],
      ['IDX', 'MINMATCHLEN', '-1', 'WITHMATCHLEN'],
      ['LEN', 'IDX'],
      ['MINMATCHLEN', 'x'],
      ['foo'],
    ),
  ),
  call('DEL', key),
  call('TTL', key),
  call('MULTI'),
  call('EXEC'),
);

export const stringsMore: GeneratedGroup = {
  name: 'strings',
  runs: 250,
  commands: withOddities(commands, (args) => !args.some((arg) => /^(EX|PX|SETEX|PSETEX)/i.test(arg))),
  finalState: keys.flatMap((name): CommandArgs[] => [
    ['TYPE', name],
    ['GET', name],
    ['OBJECT', 'ENCODING', name],
    ['PEXPIRETIME', name],
  ]),
};

const bitKeys = ['b', 'c', 'd', 'l'];
const bitKey = fc.constantFrom('b', 'b', 'c', 'd', 'l');
const bytes = fc
  .array(fc.constantFrom('\0', '\xff', '\x0f', '\x80', '\x01', '\x5a'), { maxLength: 20 })
  .map((all) => all.join(''));
const bit = fc.constantFrom('0', '1', '1', '2', '-1', 'x', '10');
const at = fc.oneof(
  fc.integer({ min: -20, max: 170 }).map(String),
  fc.constantFrom('4294967295', '4294967296', 'x', '', '9223372036854775807', '-9223372036854775808'),
);
const near = fc.integer({ min: 0, max: 200 }).map(String);
const unit = sometimes(['BIT'], ['BYTE'], ['bit'], ['foo'], ['BIT', 'x']);
const type = fc.oneof(
  fc
    .tuple(fc.constantFrom('i', 'u'), fc.integer({ min: 0, max: 65 }))
    .map(([sign, width]) => `${sign}${width}`),
  fc.constantFrom('u8', 'i8', 'i5', 'x8', 'u', 'i', '', 'i08', 'I8', 'u8x'),
);
const place = fc.oneof(
  near,
  fc.integer({ min: 0, max: 10 }).map((index) => `#${index}`),
  fc.constantFrom('#', '-1', '#-1', '#9223372036854775807'),
);
const amount = fc.oneof(
  fc.integer({ min: -300, max: 300 }).map(String),
  fc.constantFrom('9223372036854775807', '-9223372036854775808', 'x', '4611686018427387904'),
);
const operation = fc.oneof(
  call('GET', type, place),
  call('SET', type, place, amount),
  call('INCRBY', type, place, amount),
  call('OVERFLOW', fc.constantFrom('WRAP', 'sat', 'FAIL', 'FAIL', 'SAT')),
);

const bitCommands = fc.oneof(
  call('SET', bitKey, bytes),
  call('HSET', word('l', 'f', '1')),
  call('SETBIT', bitKey, fc.oneof(near, near, fc.constantFrom('-1', 'x', '4294967296', '')), bit),
  call('GETBIT', bitKey, at),
  call('BITCOUNT', bitKey),
  call('BITCOUNT', bitKey, at, at, unit),
  call(
    'BITPOS',
    bitKey,
    bit,
    fc.oneof(
      word(),
      at.map((text) => [text]),
      fc.tuple(at, at),
    ),
    word(),
  ),
  call('BITPOS', bitKey, bit, at, at, unit),
  call('BITOP', fc.constantFrom('AND', 'OR', 'xor', 'NOT', 'DIFF'), bitKey, list(bitKey)),
  call('BITOP NOT', bitKey, bitKey),
  call(
    'BITFIELD',
    bitKey,
    fc.array(operation, { maxLength: 4 }).map((all) => all.flat()),
  ),
  call(
    'BITFIELD_RO',
    bitKey,
    fc.array(call('GET', type, place), { maxLength: 3 }).map((all) => all.flat()),
  ),
  call('BITFIELD_RO', bitKey, operation),
  call('DEL', bitKey),
);

export const bitmaps: GeneratedGroup = {
  name: 'bitmaps',
  runs: 250,
  commands: withOddities(bitCommands),
  finalState: bitKeys.flatMap((name): CommandArgs[] => [
    ['TYPE', name],
    ['GET', name],
  ]),
};
