/** Decides which sequences of the sorted set commands the compat suite tries. Knows no server. */
import fc from 'fast-check';
import type { CommandArgs } from './commands.js';
import { call, type GeneratedGroup, list, sometimes, withOddities, word } from './generated.js';

const words = (text: string): string[] => text.split(' ');
const keys = ['z', 'y', 'x', 'lex', 's', 'str'];
/** Not `lex`, whose members have one score: else what is between two of them is for nobody to say. */
const key = fc.constantFrom(...words('z z z z y y x x s str'));
const member = fc.constantFrom(...words('a b c d aa ab 1 2 -7'), '', '\0\xff', 'm'.repeat(70));
const score = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      ...words('0 1 1 2 3 -1 -0 0.1 1.5 2.5 3.0e3 1e17 1e20 123456789.123456789 inf -inf +inf 1e-7 0x10'),
      ...words('9007199254740993 0.30000000000000004 5e-324 1.7976931348623157e308 1e22 0.0001 0.00001'),
    ),
  },
  { weight: 2, arbitrary: fc.double({ noNaN: true }).map(String) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('nan', 'x', '', ' 1', '1 ', '1e400', '-1e400', '1e-400', '.', '0x'),
  },
);
const pairs = fc.array(fc.tuple(score, member), { minLength: 1, maxLength: 4 }).map((all) => all.flat());
const oneScore = list(member, 1, 5).map((all) => all.flatMap((name) => ['0', name]));
const many = fc
  .tuple(fc.integer({ min: 60, max: 400 }), fc.integer({ min: 1, max: 50 }))
  .map(([length, step]) => Array.from({ length }, (_, at) => [String((at * step) % 97), `e${at}`]).flat());
const zaddOptions = fc.array(fc.constantFrom(...words('NX XX GT LT CH nx xx gt lt ch INCR')), {
  maxLength: 3,
});
const rank = fc.constantFrom(
  ...words('0 1 2 -1 -2 5 -40 40 100 x 1.5 9223372036854775807 -9223372036854775808'),
);
const bound = fc.constantFrom(
  ...words('-inf +inf (1 1 2 (2 (-inf 0 -1 0.1 (0.1 x ( ((1 1e17 nan 1e400 (1x 0x10'),
  '',
  ' 1',
  '1 ',
  '( 1',
  '1\0x',
);
const lexBound = fc.constantFrom(...words('- + [a (a [b (b [c (aa [ ( a [\xff -a ++ [e5 (e70'), '');
const limit = sometimes(...['LIMIT 0 2', 'limit 1 1', 'LIMIT 0 -1', 'LIMIT -1 5', 'LIMIT 1'].map(words));
const rangeOptions = fc
  .array(
    fc.constantFrom('REV', 'WITHSCORES', 'rev', 'LIMIT 0 2', 'LIMIT 1 -1', 'LIMIT 0 0', 'LIMIT x 1', 'foo'),
    {
      maxLength: 3,
    },
  )
  .map((options) => options.flatMap(words));
const numbered = fc.oneof(
  { weight: 8, arbitrary: list(key, 1, 3).map((names) => [String(names.length), ...names]) },
  fc.constantFrom(...['0 z', '-1 z', 'x z', '5 z', '9223372036854775807 z', '2 z y'].map(words)),
);
const weights = fc.oneof(
  fc.constant<string[]>([]),
  fc.constantFrom(
    ...['WEIGHTS 2', 'WEIGHTS 2 0.5', 'weights 1 inf 3', 'WEIGHTS x', 'WEIGHTS 0 -1'].map(words),
  ),
);
const aggregate = sometimes(
  ...['AGGREGATE SUM', 'aggregate min', 'AGGREGATE MAX', 'AGGREGATE foo'].map(words),
);
const withScores = sometimes(['WITHSCORES'], ['withscores'], ['foo']);
const cardLimit = sometimes(...['LIMIT 1', 'LIMIT 0', 'LIMIT -1', 'limit x', 'LIMIT'].map(words));
const popCount = sometimes(...['COUNT 2', 'count 100', 'COUNT 0', 'COUNT', 'COUNT 1 COUNT 1'].map(words));
const popped = fc.constantFrom([], [], ...['1', '2', '0', '-1', 'x', '100', '1 1'].map(words));
const scoreEnd = fc.constantFrom(...words('MIN MAX min max up'));
const moment = fc.constantFrom(...words('0.001 0.001 -1 x'));
const scanned = fc.constantFrom(
  ...['0 COUNT 9000', 'x', '0 COUNT 9000 MATCH a*', '0 COUNT 0', '0 COUNT', '0 TYPE zset COUNT 9000'].map(
    words,
  ),
);

const commands = fc.oneof(
  call('ZADD', key, zaddOptions, pairs),
  call('ZADD', key, pairs),
  call('ZADD', key, pairs),
  call('ZADD', key, many),
  call('ZADD', word('lex'), oneScore),
  call('ZINCRBY', key, score, member),
  call('ZREM', key, list(member)),
  call('ZREM', word('lex'), list(member)),
  call('ZCARD', key),
  call('ZSCORE', key, member),
  call('ZMSCORE', key, list(member)),
  call('ZRANK', key, member),
  call('ZREVRANK', key, member),
  call('ZRANGE', key, rank, rank, rangeOptions),
  call('ZRANGE', key, bound, bound, word('BYSCORE'), rangeOptions),
  call('ZRANGE', word('lex'), lexBound, lexBound, word('BYLEX'), rangeOptions),
  call('ZREVRANGE', key, rank, rank, withScores),
  call('ZRANGEBYSCORE', key, bound, bound, withScores, limit),
  call('ZREVRANGEBYSCORE', key, bound, bound, withScores, limit),
  call('ZRANGEBYLEX', word('lex'), lexBound, lexBound, limit),
  call('ZREVRANGEBYLEX', word('lex'), lexBound, lexBound, limit),
  call('ZRANGESTORE', key, key, rank, rank, rangeOptions),
  call('ZRANGESTORE', key, key, bound, bound, word('BYSCORE'), rangeOptions),
  call('ZCOUNT', key, bound, bound),
  call('ZLEXCOUNT', word('lex'), lexBound, lexBound),
  call('ZREMRANGEBYRANK', key, rank, rank),
  call('ZREMRANGEBYSCORE', key, bound, bound),
  call('ZREMRANGEBYLEX', word('lex'), lexBound, lexBound),
  call('ZUNION', numbered, weights, aggregate, withScores),
  call('ZINTER', numbered, weights, aggregate, withScores),
  call('ZDIFF', numbered, withScores),
  call('ZUNIONSTORE', key, numbered, weights, aggregate),
  call('ZINTERSTORE', key, numbered, weights, aggregate),
  call('ZDIFFSTORE', key, numbered),
  call('ZINTERCARD', numbered, cardLimit),
  call('ZPOPMIN', key, popped),
  call('ZPOPMAX', key, popped),
  call('ZMPOP', numbered, scoreEnd, popCount),
  call('BZPOPMIN', list(key, 1, 3), moment),
  call('BZPOPMAX', list(key, 1, 3), moment),
  call('BZMPOP', moment, numbered, scoreEnd, popCount),
  call('ZSCAN', key, scanned),
  call(
    'ZRANDMEMBER',
    key,
    fc.constantFrom(...['0', '1000', '1000 WITHSCORES', 'x', '-1x', '1 foo', '1 a b'].map(words)),
  ),
  call(
    'ZRANDMEMBER',
    key,
    fc.constantFrom(...['-9223372036854775808', '-9223372036854775807 WITHSCORES'].map(words)),
  ),
  call('TYPE', key),
  call('OBJECT', word('ENCODING'), key),
  call('SADD', word('s'), list(member)),
  call('SET', word('str', 'text')),
  call('DEL', key),
);

const finalState: readonly CommandArgs[] = keys.flatMap((name) => [
  ['TYPE', name],
  ['OBJECT', 'ENCODING', name],
  ['ZCARD', name],
  ['ZRANGE', name, '0', '-1', 'WITHSCORES'],
]);

export const sortedSets: GeneratedGroup = {
  name: 'sorted sets',
  runs: 250,
  commands: withOddities(
    commands,
    ([name = '', first]) => !/^(B|ZRAND|ZSCAN)/.test(name) && (name !== 'ZADD' || first !== 'lex'),
  ),
  finalState,
};
