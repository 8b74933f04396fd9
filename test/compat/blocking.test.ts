/** Commands that wait for keys are answered in the same order and with the same words as by a real redis-server. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithRedis } from '../support/servers.js';
import { converseInTurns, type Turn } from './blocking.js';
import { serverPair } from './pair.js';

const RUNS = Number(process.env['LOOKASIDE_COMPAT_RUNS'] ?? 60);
const CLIENTS = 4;

const words = (text: string): string[] => text.split(' ');
const keys = ['a', 'b', 'z'];
const key = fc.constantFrom(...words('a a b b z'));
const end = fc.constantFrom('LEFT', 'RIGHT');
const several = fc.array(key, { minLength: 1, maxLength: 3 });
const element = fc.constantFrom(...words('1 2 3 4 5'));
const elements = fc.array(element, { minLength: 1, maxLength: 3 });
const numbered = several.map((names) => [String(names.length), ...names]);
const command = (...parts: (string | fc.Arbitrary<string | string[]>)[]): fc.Arbitrary<string[]> =>
  fc
    .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
    .map((all) => all.flat());

const waiting = fc.oneof(
  command('BLPOP', several, '0'),
  command('BRPOP', several, '0'),
  command('BLMOVE', key, key, end, end, '0'),
  command('BRPOPLPUSH', key, key, '0'),
  command('BLMPOP', '0', numbered, end),
  command('BLMPOP', '0', numbered, end, 'COUNT', '2'),
  command('BZPOPMIN', several, '0'),
  command('BZPOPMAX', several, '0'),
  command('BZMPOP', '0', numbered, fc.constantFrom('MIN', 'MAX'), 'COUNT', '2'),
);
const writing = fc.oneof(
  command('LPUSH', key, elements),
  command('RPUSH', key, elements),
  command('ZADD', 'z', element, element),
  command('ZADD', key, element, element, element, element),
  command('LMOVE', key, key, end, end),
  command('SET', key, 'text'),
  command('DEL', key),
  command('LPOP', key),
  command('ZPOPMIN', key),
  command('ZUNIONSTORE', key, '1', 'z'),
  command('FLUSHALL'),
);
const others = fc.oneof(
  command('CLIENT', 'UNBLOCK', fc.constantFrom('{id:0}', '{id:1}', '{id:2}', '{id:3}')),
  command('CLIENT', 'UNBLOCK', fc.constantFrom('{id:0}', '{id:1}'), fc.constantFrom('ERROR', 'TIMEOUT')),
  command('PING'),
);
const either = fc.oneof({ weight: 4, arbitrary: writing }, { weight: 2, arbitrary: waiting });
const transaction = fc
  .array(either, { minLength: 1, maxLength: 4 })
  .map((queued) => [['MULTI'], ...queued, ['EXEC']]);
const commands = fc.oneof(
  { weight: 6, arbitrary: waiting.map((one) => [one]) },
  { weight: 2, arbitrary: fc.tuple(waiting, fc.oneof(waiting, writing)) },
  { weight: 6, arbitrary: writing.map((one) => [one]) },
  { weight: 3, arbitrary: transaction },
  { weight: 2, arbitrary: others.map((one) => [one]) },
);
const turns: fc.Arbitrary<Turn[]> = fc.array(fc.record({ client: fc.nat(CLIENTS - 1), commands }), {
  minLength: 2,
  maxLength: 25,
});

const finalState = keys.flatMap((name) => [
  ['TYPE', name],
  ['LRANGE', name, '0', '-1'],
  ['ZRANGE', name, '0', '-1', 'WITHSCORES'],
]);

/** One command for each turn: `0 BLPOP a 0`. */
const script = (...lines: string[]): Turn[] =>
  lines.map((line) => {
    const [client, ...rest] = words(line);
    return { client: Number(client), commands: [rest] };
  });

/** Commands sent in one piece: `BLPOP a 0; PING`. */
const piece = (client: number, text: string): Turn => ({ client, commands: text.split('; ').map(words) });

const cases: readonly (readonly [string, readonly Turn[]])[] = [
  [
    'serve who came first, and several with one push',
    script('0 BLPOP a 0', '1 BLPOP a 0', '2 BRPOP a 0', '3 RPUSH a 1 2 3 4'),
  ],
  [
    'serve the key that was pushed to first, not the one named first',
    [...script('0 BLPOP a b 0'), piece(1, 'MULTI; RPUSH b 1; RPUSH a 2; EXEC')],
  ],
  [
    'see nothing of a list that came and went within EXEC',
    [...script('0 BLPOP a 0'), piece(1, 'MULTI; RPUSH a 1; DEL a; EXEC'), ...script('1 RPUSH a 2')],
  ],
  [
    'wait on while the key holds another type',
    script('0 BLPOP a 0', '1 ZADD a 1 x', '1 DEL a', '1 SET a text', '1 DEL a', '1 LPUSH a 5'),
  ],
  [
    'pass on what one takes to another who waits for its destination',
    script('0 BLPOP b 0', '1 BLMOVE a b LEFT LEFT 0', '2 RPUSH a 1'),
  ],
  [
    'give an error to who cannot push to the destination, and go on',
    script('0 SET b text', '1 BLMOVE a b LEFT LEFT 0', '2 BLPOP a 0', '0 RPUSH a 1', '0 DEL a'),
  ],
  [
    'turn round and round a circle of two who wait for each other',
    script('0 BRPOPLPUSH a b 0', '1 BRPOPLPUSH b a 0', '2 RPUSH a 1', '2 LPOP a', '2 LPOP b'),
  ],
  [
    'are unblocked by hand, with a timeout or an error',
    script(
      '0 BLPOP a 0',
      '1 CLIENT UNBLOCK {id:0}',
      '0 BLMOVE a b LEFT LEFT 0',
      '1 CLIENT UNBLOCK {id:0} ERROR',
      '1 CLIENT UNBLOCK {id:0} TIMEOUT',
      '0 BZPOPMIN z 0',
      '1 CLIENT UNBLOCK {id:0} nope',
      '1 CLIENT UNBLOCK {id:0} TIMEOUT',
    ),
  ],
  [
    'keep what a client sent behind them for later',
    [piece(0, 'BLPOP a 0; RPUSH b 1; BLPOP b a 0; PING'), ...script('1 LLEN b', '1 RPUSH a 1', '1 LLEN b')],
  ],
  [
    'answer at once inside MULTI',
    [
      piece(
        0,
        'MULTI; BLPOP a 0; BLMOVE a b LEFT LEFT 0; BRPOPLPUSH a b 0; BLMPOP 0 1 a LEFT; BZPOPMIN z 0; BZMPOP 0 1 z MIN; EXEC',
      ),
    ],
  ],
];

describeWithRedis('commands that wait', () => {
  const { endpoint, real } = serverPair();

  const outcomes = (list: readonly Turn[]): Promise<unknown[]> =>
    Promise.all([endpoint, real].map((server) => converseInTurns(server, CLIENTS, list, finalState)));

  it('answer the same whoever waits and writes', { timeout: 900_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(turns, async (list) => {
        const [ours, theirs] = await outcomes(list);
        expect(ours).toEqual(theirs);
      }),
      { numRuns: RUNS },
    );
  });

  it.each(cases)('%s', async (_name, list) => {
    const [ours, theirs] = await outcomes(list);
    expect(ours).toEqual(theirs);
  });
});
