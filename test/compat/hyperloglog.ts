/** Decides which sequences of HyperLogLog commands the compat suite tries. Knows no server. */
import fc from 'fast-check';
import type { CommandArgs } from './commands.js';
import { call, type GeneratedGroup, list, withOddities, word } from './generated.js';

const keys = ['p', 'q', 'r', 'l', 's'];
const key = fc.constantFrom('p', 'p', 'q', 'q', 'r', 'l', 's');
const element = fc.oneof(
  fc.integer({ min: 0, max: 5000 }).map(String),
  fc.string({ maxLength: 30, unit: fc.constantFrom('a', '\0', '\xff', '7', '\x80') }),
);
/** Many elements at once, so that the sparse form grows out of itself. */
const many = fc
  .tuple(fc.nat(1000), fc.integer({ min: 1, max: 900 }))
  .map(([seed, count]) => Array.from({ length: count }, (_, index) => `${seed}:${index}`));
/** Headers that claim more than follows, runs that are too long or too short, values at the edges. */
const forged = fc.oneof(
  fc.constantFrom(
    'HYLL',
    `HYLL\0${'\0'.repeat(11)}`,
    `HYLL\x01${'\0'.repeat(11)}`,
    `HYLL\x02${'\0'.repeat(30)}`,
  ),
  fc
    .array(fc.constantFrom('\x7f\xff', '\x7f\xfe', '\x00', '\x3f', '\xff', '\x80', '\x84', '\x40'), {
      maxLength: 8,
    })
    .map((runs) => `HYLL\x01\0\0\0${'\0'.repeat(7)}\x80${runs.join('')}`),
  fc.constant(`HYLL\0${'\xaa'.repeat(12_299)}`),
);

/** Where nothing is forged: Redis keeps what it added before it came to what is corrupt, and answers with an error. */
const sound = fc.constantFrom('p', 'p', 'q', 'q', 'r', 'l');

const commands = fc.oneof(
  { weight: 6, arbitrary: call('PFADD', sound, list(element, 0, 6)) },
  { weight: 3, arbitrary: call('PFADD', sound, many) },
  { weight: 1, arbitrary: call('PFADD', fc.constant('s'), element) },
  { weight: 4, arbitrary: call('PFCOUNT', key) },
  { weight: 2, arbitrary: call('PFCOUNT', list(key, 2)) },
  { weight: 3, arbitrary: call('PFMERGE', key, list(key, 0)) },
  { weight: 3, arbitrary: call('GET', key) },
  { weight: 1, arbitrary: call('SET', fc.constant('s'), forged) },
  { weight: 1, arbitrary: call('SET', fc.constantFrom('s', 'p'), word('x')) },
  { weight: 1, arbitrary: call('HSET', word('l', 'f', '1')) },
  { weight: 1, arbitrary: call('DEL', key) },
  {
    weight: 3,
    arbitrary: call('PFDEBUG', fc.constantFrom('ENCODING', 'decode', 'TODENSE', 'GETREG', 'foo'), key),
  },
  {
    weight: 1,
    arbitrary: call('CONFIG SET hll-sparse-max-bytes', fc.constantFrom('3000', '100', '0', '12304')),
  },
);

export const hyperloglog: GeneratedGroup = {
  name: 'HyperLogLogs',
  runs: 120,
  longest: 20,
  commands: withOddities(commands, (args) => args[0] !== 'CONFIG'),
  finalState: [
    ...keys.flatMap((name): CommandArgs[] => [
      ['GET', name],
      ['PFCOUNT', name],
      ['GET', name],
    ]),
    ['CONFIG', 'SET', 'hll-sparse-max-bytes', '3000'],
  ],
};
