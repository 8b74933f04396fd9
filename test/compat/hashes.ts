/** Decides which sequences of the hash commands the compat suite tries. Knows no server. */
import fc from 'fast-check';
import type { CommandArgs } from './commands.js';
import { call, type GeneratedGroup, list, sometimes, withOddities, word } from './generated.js';

const words = (text: string): string[] => text.split(' ');
const keys = ['h', 'i', 'j', 'str'];
const key = fc.constantFrom(...words('h h h i i j str'));
const field = fc.constantFrom(...words('f g n m 1'), '', '\0\xff', 'f'.repeat(70));
const integer = fc.constantFrom(
  ...words('0 1 -1 10 5000 01 +5 1.5 x 9223372036854775807 -9223372036854775808 9223372036854775808'),
);
const float = fc.constantFrom(
  ...words('0.1 1.5 -0.1 3.0e3 1e17 1e400 1e5000 0x10 inf -inf nan .5 5. x 123456789.123456789'),
  '',
);
const value = fc.oneof(
  integer,
  float,
  fc.constantFrom('', 'abc', 'x'.repeat(70), 'y'.repeat(3000), 'a\r\nb'),
);
const pairs = fc.array(fc.tuple(field, value), { minLength: 1, maxLength: 4 }).map((all) => all.flat());
const many = fc
  .integer({ min: 100, max: 600 })
  .map((length) => Array.from({ length }, (_, at) => [`e${at}`, String(at)]).flat());
const fewFields = list(
  fc.oneof(
    field,
    fc.integer({ min: 0, max: 600 }).map((at) => `e${at}`),
  ),
);
/** Counts for which there is no choice. */
const sureCount = fc.constantFrom(
  ...['0', '1000', '1000 WITHVALUES', '1000 withvalues', 'x', '-1x', '1 foo', '1 a b'].map(words),
  ...['-9223372036854775808', '-9223372036854775807 WITHVALUES', '9223372036854775807 WITHVALUES'].map(words),
);
const scanned = fc.constantFrom(
  ...['0 COUNT 9000', 'x', '0 COUNT 9000 MATCH f*', '0 COUNT 0', '0 COUNT', '0 TYPE hash COUNT 9000'].map(
    words,
  ),
);

const commands = fc.oneof(
  call('HSET', key, pairs),
  call('HSET', key, pairs),
  call('HSET', key, many),
  call('HMSET', key, pairs),
  call('HSETNX', key, field, value),
  call('HGET', key, field),
  call('HMGET', key, fewFields),
  call('HGETALL', key),
  call('HKEYS', key),
  call('HVALS', key),
  call('HDEL', key, fewFields),
  call('HLEN', key),
  call('HEXISTS', key, field),
  call('HSTRLEN', key, field),
  call('HINCRBY', key, field, integer),
  call('HINCRBYFLOAT', key, field, fc.oneof(float, integer)),
  call('HRANDFIELD', key, sureCount),
  call('HSCAN', key, scanned),
  call('TYPE', key),
  call('OBJECT', word('ENCODING'), key),
  call('SET', word('str', 'text')),
  call('DEL', key, sometimes(['i'])),
);

const finalState: readonly CommandArgs[] = keys.flatMap((name) => [
  ['TYPE', name],
  ['OBJECT', 'ENCODING', name],
  ['HLEN', name],
  ['HGETALL', name],
]);

export const hashes: GeneratedGroup = {
  name: 'hashes',
  runs: 250,
  commands: withOddities(commands, ([name = '']) => !/^(HRAND|HSCAN)/.test(name)),
  finalState,
};
