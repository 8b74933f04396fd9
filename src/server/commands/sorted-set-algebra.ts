/** Decides union, intersection and difference of sorted sets, with weights, answered or stored. Plain sets count as scores of one. */
import { type Bytes, byteString } from '../byte-string.js';
import { argumentAt, keyAt, NOT_AN_INTEGER, SYNTAX_ERROR, WRONG_TYPE, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, keyArgument, multiple, oneOf, optional, token } from '../command-arguments.js';
import { parseDouble } from '../double-text.js';
import { type EncodingLimits, encodingLimitDefaults } from '../encoding-limits.js';
import { integerOf } from '../integers.js';
import { countedKeys, keyAtIndex } from '../key-specs.js';
import { SetValue } from '../keyspace/set-value.js';
import { SortedSetValue } from '../keyspace/sorted-set-value.js';
import { positiveOf } from '../ranged-integers.js';
import { ErrorReply, fail, type Reply } from '../resp/reply.js';
import { rangeReply, storeSortedSet } from '../sorted-set-operations.js';

type Operation = 'union' | 'inter' | 'diff';

export const sortedSetAlgebraCommands: readonly CommandDeclaration[] = [
  {
    name: 'zunion',
    arity: -3,
    flags: ['readonly'],
    categories: ['sortedset'],
    keys: [countedKeys(1, ['RO', 'access'])],
    summary: 'Add multiple sorted sets',
    since: '6.2.0',
    group: 'sorted-set',
    complexity:
      'O(N)+O(M*log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of elements in the resulting sorted set.',
    arguments: [
      argument('numkeys', 'integer'),
      keyArgument(multiple),
      argument('weight', 'integer', { token: 'WEIGHTS', ...optional, ...multiple }),
      oneOf('aggregate', [token('SUM'), token('MIN'), token('MAX')], { token: 'AGGREGATE', ...optional }),
      token('WITHSCORES', optional),
    ],
    run: (call) => answered(call, 'union'),
  },
  {
    name: 'zinter',
    arity: -3,
    flags: ['readonly'],
    categories: ['sortedset'],
    keys: [countedKeys(1, ['RO', 'access'])],
    summary: 'Intersect multiple sorted sets',
    since: '6.2.0',
    group: 'sorted-set',
    complexity:
      'O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number of input sorted sets and M being the number of elements in the resulting sorted set.',
    arguments: [
      argument('numkeys', 'integer'),
      keyArgument(multiple),
      argument('weight', 'integer', { token: 'WEIGHTS', ...optional, ...multiple }),
      oneOf('aggregate', [token('SUM'), token('MIN'), token('MAX')], { token: 'AGGREGATE', ...optional }),
      token('WITHSCORES', optional),
    ],
    run: (call) => answered(call, 'inter'),
  },
  {
    name: 'zdiff',
    arity: -3,
    flags: ['readonly'],
    categories: ['sortedset'],
    keys: [countedKeys(1, ['RO', 'access'])],
    summary: 'Subtract multiple sorted sets',
    since: '6.2.0',
    group: 'sorted-set',
    complexity:
      'O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N is the size of the first set, and K is the size of the result set.',
    arguments: [argument('numkeys', 'integer'), keyArgument(multiple), token('WITHSCORES', optional)],
    run: (call) => answered(call, 'diff'),
  },
  {
    name: 'zunionstore',
    arity: -4,
    flags: ['write', 'denyoom'],
    categories: ['sortedset'],
    keys: [keyAtIndex(1, ['OW', 'update']), countedKeys(2, ['RO', 'access'])],
    summary: 'Add multiple sorted sets and store the resulting sorted set in a new key',
    since: '2.0.0',
    group: 'sorted-set',
    complexity:
      'O(N)+O(M log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of elements in the resulting sorted set.',
    arguments: [
      argument('destination', 'key', { keySpecIndex: 0 }),
      argument('numkeys', 'integer'),
      keyArgument({ keySpecIndex: 1, ...multiple }),
      argument('weight', 'integer', { token: 'WEIGHTS', ...optional, ...multiple }),
      oneOf('aggregate', [token('SUM'), token('MIN'), token('MAX')], { token: 'AGGREGATE', ...optional }),
    ],
    run: (call) => stored(call, 'union'),
  },
  {
    name: 'zinterstore',
    arity: -4,
    flags: ['write', 'denyoom'],
    categories: ['sortedset'],
    keys: [keyAtIndex(1, ['OW', 'update']), countedKeys(2, ['RO', 'access'])],
    summary: 'Intersect multiple sorted sets and store the resulting sorted set in a new key',
    since: '2.0.0',
    group: 'sorted-set',
    complexity:
      'O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number of input sorted sets and M being the number of elements in the resulting sorted set.',
    arguments: [
      argument('destination', 'key', { keySpecIndex: 0 }),
      argument('numkeys', 'integer'),
      keyArgument({ keySpecIndex: 1, ...multiple }),
      argument('weight', 'integer', { token: 'WEIGHTS', ...optional, ...multiple }),
      oneOf('aggregate', [token('SUM'), token('MIN'), token('MAX')], { token: 'AGGREGATE', ...optional }),
    ],
    run: (call) => stored(call, 'inter'),
  },
  {
    name: 'zdiffstore',
    arity: -4,
    flags: ['write', 'denyoom'],
    categories: ['sortedset'],
    keys: [keyAtIndex(1, ['OW', 'update']), countedKeys(2, ['RO', 'access'])],
    summary: 'Subtract multiple sorted sets and store the resulting sorted set in a new key',
    since: '6.2.0',
    group: 'sorted-set',
    complexity:
      'O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N is the size of the first set, and K is the size of the result set.',
    arguments: [
      argument('destination', 'key', { keySpecIndex: 0 }),
      argument('numkeys', 'integer'),
      keyArgument({ keySpecIndex: 1, ...multiple }),
    ],
    run: (call) => stored(call, 'diff'),
  },
  {
    name: 'zintercard',
    arity: -3,
    flags: ['readonly'],
    categories: ['sortedset'],
    keys: [countedKeys(1, ['RO', 'access'])],
    summary: 'Intersect multiple sorted sets and return the cardinality of the result',
    since: '7.0.0',
    group: 'sorted-set',
    complexity:
      'O(N*K) worst case with N being the smallest input sorted set, K being the number of input sorted sets.',
    arguments: [
      argument('numkeys', 'integer'),
      keyArgument(multiple),
      argument('limit', 'integer', { token: 'LIMIT', ...optional }),
    ],
    run: zintercard,
  },
];

/** What is not stored is never packed, in which a negative zero would lose its sign. */
const NEVER_PACKED: EncodingLimits = { ...encodingLimitDefaults, zsetListpackEntriesMax: 0 };

type Aggregate = (left: number, right: number) => number;

const sum: Aggregate = (left, right) => withoutNan(left + right);
const aggregates: ReadonlyMap<string, Aggregate> = new Map([
  ['SUM', sum],
  ['MIN', (left, right) => (right < left ? right : left)],
  ['MAX', (left, right) => (right > left ? right : left)],
]);

type Source = SortedSetValue | SetValue | undefined;

interface Input {
  readonly source: Source;
  readonly weight: number;
}

interface Query {
  readonly inputs: readonly Input[];
  readonly aggregate: Aggregate;
  readonly withScores: boolean;
  /** 0: all. */
  readonly limit: number;
}

type Form = 'answered' | 'stored' | 'counted';

function answered(call: Call, operation: Operation): Reply {
  const query = parseQuery(call, 1, operation, 'answered');
  if (query instanceof ErrorReply) return query;
  const result = resultOf(operation, query, NEVER_PACKED);
  const all = { first: 0, count: result.size };
  return rangeReply(call, result, all, { isReversed: false, withScores: query.withScores });
}

function stored(call: Call, operation: Operation): Reply {
  const query = parseQuery(call, 2, operation, 'stored');
  if (query instanceof ErrorReply) return query;
  const result = resultOf(operation, query, call.server.settings.encodings);
  return storeSortedSet(call, keyAt(call.args, 1), result, `z${operation}store`);
}

function zintercard(call: Call): Reply {
  const query = parseQuery(call, 1, 'inter', 'counted');
  if (query instanceof ErrorReply) return query;
  const [smallest, ...others] = bySize(query.inputs);
  let count = 0;
  for (const [member] of membersOf(smallest?.source))
    if (others.every(({ source }) => scoreIn(source, member) !== undefined) && ++count === query.limit) break;
  return count;
}

function resultOf(
  operation: Operation,
  { inputs, aggregate }: Query,
  limits: EncodingLimits,
): SortedSetValue {
  const scores =
    operation === 'diff'
      ? difference(inputs)
      : operation === 'inter'
        ? intersection(bySize(inputs), aggregate)
        : union(bySize(inputs), aggregate);
  return SortedSetValue.of([...scores], limits);
}

function union(inputs: readonly Input[], aggregate: Aggregate): Map<string, number> {
  const scores = new Map<string, number>();
  for (const { source, weight } of inputs)
    for (const [member, score] of membersOf(source)) {
      const value = withoutNan(score * weight);
      const old = scores.get(member);
      scores.set(member, old === undefined ? value : aggregate(old, value));
    }
  return scores;
}

function intersection(
  [smallest, ...others]: readonly Input[],
  aggregate: Aggregate,
): readonly (readonly [string, number])[] {
  const scores: [string, number][] = [];
  for (const [member, score] of membersOf(smallest?.source)) {
    let value: number | undefined = withoutNan(score * (smallest?.weight ?? 1));
    for (const { source, weight } of others) {
      const other = scoreIn(source, member);
      value = other === undefined || value === undefined ? undefined : aggregate(value, other * weight);
      if (value === undefined) break;
    }
    if (value !== undefined) scores.push([member, value]);
  }
  return scores;
}

function difference([first, ...others]: readonly Input[]): readonly (readonly [string, number])[] {
  return membersOf(first?.source).filter(([member]) =>
    others.every(({ source }) => scoreIn(source, member) === undefined),
  );
}

/** Sums hang on the order in which they are made: the smallest set comes first, as in Redis. */
function bySize(inputs: readonly Input[]): readonly Input[] {
  return [...inputs].sort((left, right) => (left.source?.size ?? 0) - (right.source?.size ?? 0));
}

function membersOf(source: Source): readonly (readonly [string, number])[] {
  if (source === undefined) return [];
  if (source instanceof SetValue) return source.members().map((member) => [member, 1] as const);
  const members: [string, number][] = [];
  source.visit(0, source.size, (member, score) => members.push([member, score]));
  return members;
}

function scoreIn(source: Source, member: string): number | undefined {
  return source instanceof SetValue ? (source.has(member) ? 1 : undefined) : source?.scoreOf(member);
}

function withoutNan(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}

/** `numberIndex` is where the number of keys stands. */
function parseQuery(
  { args, db }: Call,
  numberIndex: number,
  operation: Operation,
  form: Form,
): Query | ErrorReply {
  const count = integerOf(argumentAt(args, numberIndex));
  if (count === null) return NOT_AN_INTEGER;
  const name = `z${operation}${{ answered: '', stored: 'store', counted: 'card' }[form]}`;
  if (count < 1) return fail(`at least 1 input key is needed for '${name}' command`);
  const first = numberIndex + 1;
  if (count > args.length - first) return SYNTAX_ERROR;
  const sources: Source[] = [];
  for (let index = first; index < first + Number(count); index++) {
    const source = db.read(keyAt(args, index))?.value;
    if (source !== undefined && !(source instanceof SortedSetValue || source instanceof SetValue))
      return WRONG_TYPE;
    sources.push(source);
  }
  return parseOptions(args, first + sources.length, sources, { operation, form });
}

function parseOptions(
  args: readonly Bytes[],
  start: number,
  sources: readonly Source[],
  { operation, form }: { operation: Operation; form: Form },
): Query | ErrorReply {
  const isAggregated = operation !== 'diff' && form !== 'counted';
  let weights: readonly number[] = [];
  let aggregate = sum;
  let [withScores, limit] = [false, 0];
  for (let index = start; index < args.length; index++) {
    const word = wordAt(args, index);
    const left = args.length - index;
    if (isAggregated && word === 'WEIGHTS' && left > sources.length) {
      const parsed = args
        .slice(index + 1, index + 1 + sources.length)
        .map((arg) => parseDouble(byteString(arg)));
      if (parsed.includes(null)) return fail('weight value is not a float');
      weights = parsed.map(Number);
      index += sources.length;
    } else if (isAggregated && word === 'AGGREGATE' && left >= 2) {
      const named = aggregates.get(wordAt(args, ++index));
      if (named === undefined) return SYNTAX_ERROR;
      aggregate = named;
    } else if (form === 'answered' && word === 'WITHSCORES') withScores = true;
    else if (form === 'counted' && word === 'LIMIT' && left >= 2) {
      const parsed = positiveOf(argumentAt(args, ++index), "LIMIT can't be negative");
      if (parsed instanceof ErrorReply) return parsed;
      limit = parsed;
    } else return SYNTAX_ERROR;
  }
  const inputs = sources.map((source, index) => ({ source, weight: weights[index] ?? 1 }));
  return { inputs, aggregate, withScores, limit };
}
