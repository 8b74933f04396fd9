/** Decides the sorted set commands about ranges: by rank, score or member; read, counted, stored, removed. */
import { argumentAt, keyAt, NOT_AN_INTEGER, SYNTAX_ERROR, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, block, keyArgument, oneOf, optional, token } from '../command-arguments.js';
import { integerOf } from '../integers.js';
import { keyAtIndex, oneKey } from '../key-specs.js';
import { SortedSetValue } from '../keyspace/sorted-set-value.js';
import { type IndexRange, rangeOf } from '../ranges.js';
import { ErrorReply, fail, type Reply } from '../resp/reply.js';
import { parseLexRange, parseScoreRange, ranksOfMembers, ranksOfScores } from '../score-ranges.js';
import { zrangeShortcut } from '../shortcuts/collections.js';
import {
  rangeReply,
  sortedSetShrunk,
  sortedSetToRead,
  sortedSetToWrite,
  storeSortedSet,
} from '../sorted-set-operations.js';

type RangeKind = 'rank' | 'score' | 'lex';

export const sortedSetRangeCommands: readonly CommandDeclaration[] = [
  {
    name: 'zrange',
    arity: -4,
    flags: ['readonly'],
    categories: ['sortedset'],
    keys: oneKey(['RO', 'access']),
    summary: 'Return a range of members in a sorted set',
    since: '1.2.0',
    group: 'sorted-set',
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements returned.',
    arguments: [
      keyArgument(),
      argument('start', 'string'),
      argument('stop', 'string'),
      oneOf('sortby', [token('BYSCORE'), token('BYLEX')], { since: '6.2.0', ...optional }),
      token('REV', { since: '6.2.0', ...optional }),
      block('offset_count', [argument('offset', 'integer'), argument('count', 'integer')], {
        token: 'LIMIT',
        since: '6.2.0',
        ...optional,
      }),
      token('WITHSCORES', optional),
    ],
    run: (call) => range(call, {}),
    shortcut: zrangeShortcut,
  },
  {
    name: 'zrevrange',
    arity: -4,
    flags: ['readonly'],
    categories: ['sortedset'],
    keys: oneKey(['RO', 'access']),
    summary: 'Return a range of members in a sorted set, by index, with scores ordered from high to low',
    since: '1.2.0',
    group: 'sorted-set',
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements returned.',
    deprecated: { since: '6.2.0', replacedBy: '`ZRANGE` with the `REV` argument' },
    arguments: [
      keyArgument(),
      argument('start', 'integer'),
      argument('stop', 'integer'),
      token('WITHSCORES', optional),
    ],
    run: (call) => range(call, { kind: 'rank', isReversed: true }),
  },
  {
    name: 'zrangebyscore',
    arity: -4,
    flags: ['readonly'],
    categories: ['sortedset'],
    keys: oneKey(['RO', 'access']),
    summary: 'Return a range of members in a sorted set, by score',
    since: '1.0.5',
    group: 'sorted-set',
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).',
    deprecated: { since: '6.2.0', replacedBy: '`ZRANGE` with the `BYSCORE` argument' },
    arguments: [
      keyArgument(),
      argument('min', 'double'),
      argument('max', 'double'),
      token('WITHSCORES', { since: '2.0.0', ...optional }),
      block('offset_count', [argument('offset', 'integer'), argument('count', 'integer')], {
        token: 'LIMIT',
        ...optional,
      }),
    ],
    run: (call) => range(call, { kind: 'score', isReversed: false }),
  },
  {
    name: 'zrevrangebyscore',
    arity: -4,
    flags: ['readonly'],
    categories: ['sortedset'],
    keys: oneKey(['RO', 'access']),
    summary: 'Return a range of members in a sorted set, by score, with scores ordered from high to low',
    since: '2.2.0',
    group: 'sorted-set',
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).',
    deprecated: { since: '6.2.0', replacedBy: '`ZRANGE` with the `REV` and `BYSCORE` arguments' },
    arguments: [
      keyArgument(),
      argument('max', 'double'),
      argument('min', 'double'),
      token('WITHSCORES', optional),
      block('offset_count', [argument('offset', 'integer'), argument('count', 'integer')], {
        token: 'LIMIT',
        ...optional,
      }),
    ],
    run: (call) => range(call, { kind: 'score', isReversed: true }),
  },
  {
    name: 'zrangebylex',
    arity: -4,
    flags: ['readonly'],
    categories: ['sortedset'],
    keys: oneKey(['RO', 'access']),
    summary: 'Return a range of members in a sorted set, by lexicographical range',
    since: '2.8.9',
    group: 'sorted-set',
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).',
    deprecated: { since: '6.2.0', replacedBy: '`ZRANGE` with the `BYLEX` argument' },
    arguments: [
      keyArgument(),
      argument('min', 'string'),
      argument('max', 'string'),
      block('offset_count', [argument('offset', 'integer'), argument('count', 'integer')], {
        token: 'LIMIT',
        ...optional,
      }),
    ],
    run: (call) => range(call, { kind: 'lex', isReversed: false }),
  },
  {
    name: 'zrevrangebylex',
    arity: -4,
    flags: ['readonly'],
    categories: ['sortedset'],
    keys: oneKey(['RO', 'access']),
    summary:
      'Return a range of members in a sorted set, by lexicographical range, ordered from higher to lower strings.',
    since: '2.8.9',
    group: 'sorted-set',
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).',
    deprecated: { since: '6.2.0', replacedBy: '`ZRANGE` with the `REV` and `BYLEX` arguments' },
    arguments: [
      keyArgument(),
      argument('max', 'string'),
      argument('min', 'string'),
      block('offset_count', [argument('offset', 'integer'), argument('count', 'integer')], {
        token: 'LIMIT',
        ...optional,
      }),
    ],
    run: (call) => range(call, { kind: 'lex', isReversed: true }),
  },
  {
    name: 'zrangestore',
    arity: -5,
    flags: ['write', 'denyoom'],
    categories: ['sortedset'],
    keys: [keyAtIndex(1, ['OW', 'update']), keyAtIndex(2, ['RO', 'access'])],
    summary: 'Store a range of members from sorted set into another key',
    since: '6.2.0',
    group: 'sorted-set',
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements stored into the destination key.',
    arguments: [
      argument('dst', 'key', { keySpecIndex: 0 }),
      argument('src', 'key', { keySpecIndex: 1 }),
      argument('min', 'string'),
      argument('max', 'string'),
      oneOf('sortby', [token('BYSCORE'), token('BYLEX')], optional),
      token('REV', optional),
      block('offset_count', [argument('offset', 'integer'), argument('count', 'integer')], {
        token: 'LIMIT',
        ...optional,
      }),
    ],
    run: zrangestore,
  },
  {
    name: 'zcount',
    arity: 4,
    flags: ['readonly', 'fast'],
    categories: ['sortedset'],
    keys: oneKey(['RO', 'access']),
    summary: 'Count the members in a sorted set with scores within the given values',
    since: '2.0.0',
    group: 'sorted-set',
    complexity: 'O(log(N)) with N being the number of elements in the sorted set.',
    arguments: [keyArgument(), argument('min', 'double'), argument('max', 'double')],
    run: (call) => count(call, 'score'),
  },
  {
    name: 'zlexcount',
    arity: 4,
    flags: ['readonly', 'fast'],
    categories: ['sortedset'],
    keys: oneKey(['RO', 'access']),
    summary: 'Count the number of members in a sorted set between a given lexicographical range',
    since: '2.8.9',
    group: 'sorted-set',
    complexity: 'O(log(N)) with N being the number of elements in the sorted set.',
    arguments: [keyArgument(), argument('min', 'string'), argument('max', 'string')],
    run: (call) => count(call, 'lex'),
  },
  {
    name: 'zremrangebyrank',
    arity: 4,
    flags: ['write'],
    categories: ['sortedset'],
    keys: oneKey(['RW', 'delete']),
    summary: 'Remove all members in a sorted set within the given indexes',
    since: '2.0.0',
    group: 'sorted-set',
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation.',
    arguments: [keyArgument(), argument('start', 'integer'), argument('stop', 'integer')],
    run: (call) => remove(call, 'rank'),
  },
  {
    name: 'zremrangebyscore',
    arity: 4,
    flags: ['write'],
    categories: ['sortedset'],
    keys: oneKey(['RW', 'delete']),
    summary: 'Remove all members in a sorted set within the given scores',
    since: '1.2.0',
    group: 'sorted-set',
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation.',
    arguments: [keyArgument(), argument('min', 'double'), argument('max', 'double')],
    run: (call) => remove(call, 'score'),
  },
  {
    name: 'zremrangebylex',
    arity: 4,
    flags: ['write'],
    categories: ['sortedset'],
    keys: oneKey(['RW', 'delete']),
    summary: 'Remove all members in a sorted set between the given lexicographical range',
    since: '2.8.9',
    group: 'sorted-set',
    complexity:
      'O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation.',
    arguments: [keyArgument(), argument('min', 'string'), argument('max', 'string')],
    run: (call) => remove(call, 'lex'),
  },
];

const NOTHING: IndexRange = { first: 0, count: 0 };

/** What a command has decided already; what it has not, its options may. */
interface Fixed {
  readonly kind?: RangeKind;
  readonly isReversed?: boolean;
  readonly isStored?: boolean;
}

interface RangeQuery {
  readonly kind: RangeKind;
  readonly isReversed: boolean;
  readonly withScores: boolean;
  readonly offset: number;
  /** Negative: no limit. */
  readonly limit: number;
  /** The ranks in a set, before offset and limit. */
  readonly ranks: (set: SortedSetValue) => IndexRange;
}

function range(call: Call, fixed: Fixed): Reply {
  const query = parseQuery(call, 2, fixed);
  if (query instanceof ErrorReply) return query;
  const set = sortedSetToRead(call, keyAt(call.args, 1));
  if (set === undefined) return [];
  return set instanceof ErrorReply ? set : rangeReply(call, set, limited(query, set), query);
}

function zrangestore(call: Call): Reply {
  const { args, server } = call;
  const query = parseQuery(call, 3, { isStored: true });
  if (query instanceof ErrorReply) return query;
  const source = sortedSetToRead(call, keyAt(args, 2));
  if (source instanceof ErrorReply) return source;
  const result = new SortedSetValue();
  const limits = server.settings.encodings;
  if (source !== undefined) {
    const { first, count: size } = limited(query, source);
    source.visit(first, size, (member, score) => result.set(member, score, limits));
  }
  return storeSortedSet(call, keyAt(args, 1), result, 'zrangestore');
}

/** `first` is where the range's two ends are. */
function parseQuery(call: Call, first: number, fixed: Fixed): RangeQuery | ErrorReply {
  const { args } = call;
  let { kind, isReversed } = fixed;
  let [withScores, offset, limit] = [false, 0, -1];
  for (let index = first + 2; index < args.length; index++) {
    const word = wordAt(args, index);
    if (word === 'WITHSCORES' && fixed.isStored !== true) withScores = true;
    else if (word === 'LIMIT' && index + 2 < args.length) {
      const numbers = [integerOf(argumentAt(args, index + 1)), integerOf(argumentAt(args, index + 2))];
      if (numbers.includes(null)) return NOT_AN_INTEGER;
      [offset = 0, limit = -1] = numbers.map(Number);
      index += 2;
    } else if (word === 'REV' && isReversed === undefined) isReversed = true;
    else if (word === 'BYLEX' && kind === undefined) kind = 'lex';
    else if (word === 'BYSCORE' && kind === undefined) kind = 'score';
    else return SYNTAX_ERROR;
  }
  kind ??= 'rank';
  isReversed ??= false;
  if (limit !== -1 && kind === 'rank')
    return fail('syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX');
  if (withScores && kind === 'lex')
    return fail('syntax error, WITHSCORES not supported in combination with BYLEX');
  const ranks = parseRange(call, first, kind, isReversed);
  return ranks instanceof ErrorReply ? ranks : { kind, isReversed, withScores, offset, limit, ranks };
}

function parseRange(
  { args }: Call,
  first: number,
  kind: RangeKind,
  isReversed: boolean,
): RangeQuery['ranks'] | ErrorReply {
  const [start, stop] = [argumentAt(args, first), argumentAt(args, first + 1)];
  if (kind === 'rank') {
    const [from, to] = [integerOf(start), integerOf(stop)];
    if (from === null || to === null) return NOT_AN_INTEGER;
    return (set) => {
      const found = rangeOf(from, to, set.size) ?? NOTHING;
      return isReversed ? { first: set.size - found.first - found.count, count: found.count } : found;
    };
  }
  const [min, max] = isReversed ? [stop, start] : [start, stop];
  if (kind === 'score') {
    const scores = parseScoreRange(min, max);
    return scores instanceof ErrorReply ? scores : (set) => ranksOfScores(set, scores);
  }
  const members = parseLexRange(min, max);
  return members instanceof ErrorReply ? members : (set) => ranksOfMembers(set, members);
}

/** The ranks that offset and limit leave, which are counted from where the range is read. */
function limited({ ranks, offset, limit, isReversed, kind }: RangeQuery, set: SortedSetValue): IndexRange {
  const { first, count: size } = ranks(set);
  if (kind === 'rank') return { first, count: size };
  if (offset < 0) return NOTHING;
  const rest = Math.max(0, size - offset);
  const taken = limit < 0 ? rest : Math.min(rest, limit);
  return { first: isReversed ? first + rest - taken : first + size - rest, count: taken };
}

function count(call: Call, kind: 'score' | 'lex'): Reply {
  const ranks = parseRange(call, 2, kind, false);
  if (ranks instanceof ErrorReply) return ranks;
  const set = sortedSetToRead(call, keyAt(call.args, 1));
  if (set === undefined) return 0;
  return set instanceof ErrorReply ? set : ranks(set).count;
}

function remove(call: Call, kind: RangeKind): Reply {
  const ranks = parseRange(call, 2, kind, false);
  if (ranks instanceof ErrorReply) return ranks;
  const found = sortedSetToWrite(call, keyAt(call.args, 1));
  if (found === undefined) return 0;
  if (found instanceof ErrorReply) return found;
  const { first, count: size } = ranks(found.set);
  if (size === 0) return 0;
  found.set.deleteRange(first, size);
  sortedSetShrunk(call, found, `zremrangeby${kind}`);
  return size;
}
