/** Decides which sequences of the list commands the compat suite tries. Knows no server. */
import fc from 'fast-check';
import type { CommandArgs } from './commands.js';
import { call, type GeneratedGroup, list, sometimes, withOddities, word } from './generated.js';

const words = (text: string): string[] => text.split(' ');
const keys = ['l', 'm', 'n', 's'];
const key = fc.constantFrom(...words('l l l m m n s'));
const long = ['x'.repeat(100), 'y'.repeat(3000), 'z'.repeat(9000)];
const element = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('a', 'b', 'c', '1', '22', '-7', '', 'a\r\n$1\r\nb', '\0\xff') },
  { weight: 2, arbitrary: fc.constantFrom(...long) },
);
const index = fc.constantFrom(
  ...words('0 1 2 -1 -2 5 40 -40 300 -301 x 1.0 9223372036854775807 -9223372036854775808'),
  '',
);
const end = fc.constantFrom(...words('LEFT RIGHT left Right LEFT RIGHT up'));
const count = fc.constantFrom(...words('0 1 2 3 -1 -2 100 x -9223372036854775808'));
/** Nobody waits here: a time that has passed already when anybody looks, or one that is refused. */
const moment = fc.constantFrom(...words('0.001 0.001 1e-3 -1 x inf 1e400 9223372036854775807'), '');
const many = fc
  .tuple(fc.integer({ min: 100, max: 400 }), fc.constantFrom('e', 'abc', 'x'.repeat(40)))
  .map(([length, text]) => Array.from({ length }, (_, at) => `${text}${at % 7}`));
const numbered = fc.oneof(
  { weight: 6, arbitrary: list(key, 1, 3).map((names) => [String(names.length), ...names]) },
  fc.constantFrom(...['0 l', '-1 l', 'x l', '5 l', '9223372036854775807 l'].map(words)),
);
const popCount = sometimes(...['COUNT 2', 'count 100', 'COUNT 0', 'COUNT', 'COUNT 1 COUNT 1'].map(words));
const popped = fc.constantFrom([], [], ...['1', '2', '0', '-1', 'x', '100', '1 1'].map(words));
const lposOptions = fc
  .array(
    fc.constantFrom(
      ...words('RANK=1 RANK=2 RANK=-1 rank=-2 RANK=0 RANK=x RANK FOO=1 RANK=-9223372036854775808'),
      ...words('COUNT=0 COUNT=1 COUNT=2 COUNT=-1 MAXLEN=0 MAXLEN=3 MAXLEN=-1 MAXLEN=150'),
    ),
    { maxLength: 3 },
  )
  .map((options) => options.flatMap((option) => option.split('=')));

const commands = fc.oneof(
  call('LPUSH', key, list(element)),
  call('RPUSH', key, list(element)),
  call('RPUSH', key, list(element)),
  call('RPUSH', key, many),
  call('LPUSH', key, many),
  call('LPUSHX', key, list(element)),
  call('RPUSHX', key, list(element)),
  call('LPOP', key, popped),
  call('RPOP', key, popped),
  call('LLEN', key),
  call('LRANGE', key, index, index),
  call('LINDEX', key, index),
  call('LSET', key, index, element),
  call('LINSERT', key, fc.constantFrom('BEFORE', 'after', 'AFTER', 'foo'), element, element),
  call('LREM', key, count, element),
  call('LTRIM', key, index, index),
  call('LTRIM', key, fc.constantFrom('0', '1', '-200'), fc.constantFrom('-1', '-2', '150')),
  call('LPOS', key, element, lposOptions),
  call('LMOVE', key, key, end, end),
  call('RPOPLPUSH', key, key),
  call('LMPOP', numbered, end, popCount),
  call('BLPOP', list(key, 1, 3), moment),
  call('BRPOP', list(key, 1, 3), moment),
  call('BLMOVE', key, key, end, end, moment),
  call('BRPOPLPUSH', key, key, moment),
  call('BLMPOP', moment, numbered, end, popCount),
  call('TYPE', key),
  call('OBJECT', word('ENCODING'), key),
  call('SET', word('s', 'text')),
  call('DEL', key),
  call('MULTI'),
  call('EXEC'),
);

const finalState: readonly CommandArgs[] = keys.flatMap((name) => [
  ['TYPE', name],
  ['OBJECT', 'ENCODING', name],
  ['LLEN', name],
  ['LRANGE', name, '0', '-1'],
  ['LINDEX', name, '-1'],
]);

export const lists: GeneratedGroup = {
  name: 'lists',
  runs: 250,
  commands: withOddities(commands, (args) => args[0]?.startsWith('B') !== true),
  finalState,
};
