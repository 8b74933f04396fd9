/** Decides the sorted set commands about single members: add, remove, score, rank, scan. Knows the keyspace, no client state. */
import { byteString } from '../byte-string.js';
import { argumentAt, keyAt, SYNTAX_ERROR, WRONG_TYPE, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, block, keyArgument, multiple, oneOf, optional, token } from '../command-arguments.js';
import { doubleText, packedDoubleText, parseDouble } from '../double-text.js';
import { oneKey } from '../key-specs.js';
import { NEVER } from '../keyspace/entry.js';
import { SortedSetValue } from '../keyspace/sorted-set-value.js';
import { DoubleReply, ErrorReply, fail, type Reply } from '../resp/reply.js';
import { parseScanCursor, parseScanOptions } from '../scan-arguments.js';
import { zaddShortcut, zscoreShortcut } from '../shortcuts/collections.js';
import { sortedSetShrunk, sortedSetToRead, sortedSetToWrite } from '../sorted-set-operations.js';

export const sortedSetCommands: readonly CommandDeclaration[] = [
  {
    name: 'zadd',
    arity: -4,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['sortedset'],
    keys: oneKey(['RW', 'update']),
    summary: 'Add one or more members to a sorted set, or update its score if it already exists',
    since: '1.2.0',
    group: 'sorted-set',
    complexity: 'O(log(N)) for each item added, where N is the number of elements in the sorted set.',
    arguments: [
      keyArgument(),
      oneOf('condition', [token('NX'), token('XX')], { since: '3.0.2', ...optional }),
      oneOf('comparison', [token('GT'), token('LT')], { since: '6.2.0', ...optional }),
      argument('change', 'pure-token', { token: 'CH', since: '3.0.2', ...optional }),
      argument('increment', 'pure-token', { token: 'INCR', since: '3.0.2', ...optional }),
      block('score_member', [argument('score', 'double'), argument('member', 'string')], multiple),
    ],
    run: zadd,
    shortcut: zaddShortcut,
  },
  {
    name: 'zincrby',
    arity: 4,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['sortedset'],
    keys: oneKey(['RW', 'access', 'update']),
    summary: 'Increment the score of a member in a sorted set',
    since: '1.2.0',
    group: 'sorted-set',
    complexity: 'O(log(N)) where N is the number of elements in the sorted set.',
    arguments: [keyArgument(), argument('increment', 'integer'), argument('member', 'string')],
    run: zincrby,
  },
  {
    name: 'zrem',
    arity: -3,
    flags: ['write', 'fast'],
    categories: ['sortedset'],
    keys: oneKey(['RW', 'delete']),
    summary: 'Remove one or more members from a sorted set',
    since: '1.2.0',
    group: 'sorted-set',
    complexity:
      'O(M*log(N)) with N being the number of elements in the sorted set and M the number of elements to be removed.',
    arguments: [keyArgument(), argument('member', 'string', multiple)],
    run: zrem,
  },
  {
    name: 'zcard',
    arity: 2,
    flags: ['readonly', 'fast'],
    categories: ['sortedset'],
    keys: oneKey(['RO']),
    summary: 'Get the number of members in a sorted set',
    since: '1.2.0',
    group: 'sorted-set',
    complexity: 'O(1)',
    arguments: [keyArgument()],
    run: zcard,
  },
  {
    name: 'zscore',
    arity: 3,
    flags: ['readonly', 'fast'],
    categories: ['sortedset'],
    keys: oneKey(['RO', 'access']),
    summary: 'Get the score associated with the given member in a sorted set',
    since: '1.2.0',
    group: 'sorted-set',
    complexity: 'O(1)',
    arguments: [keyArgument(), argument('member', 'string')],
    run: zscore,
    shortcut: zscoreShortcut,
  },
  {
    name: 'zmscore',
    arity: -3,
    flags: ['readonly', 'fast'],
    categories: ['sortedset'],
    keys: oneKey(['RO', 'access']),
    summary: 'Get the score associated with the given members in a sorted set',
    since: '6.2.0',
    group: 'sorted-set',
    complexity: 'O(N) where N is the number of members being requested.',
    arguments: [keyArgument(), argument('member', 'string', multiple)],
    run: zmscore,
  },
  {
    name: 'zrank',
    arity: 3,
    flags: ['readonly', 'fast'],
    categories: ['sortedset'],
    keys: oneKey(['RO', 'access']),
    summary: 'Determine the index of a member in a sorted set',
    since: '2.0.0',
    group: 'sorted-set',
    complexity: 'O(log(N))',
    arguments: [keyArgument(), argument('member', 'string')],
    run: (call) => rank(call, 'up'),
  },
  {
    name: 'zrevrank',
    arity: 3,
    flags: ['readonly', 'fast'],
    categories: ['sortedset'],
    keys: oneKey(['RO', 'access']),
    summary: 'Determine the index of a member in a sorted set, with scores ordered from high to low',
    since: '2.0.0',
    group: 'sorted-set',
    complexity: 'O(log(N))',
    arguments: [keyArgument(), argument('member', 'string')],
    run: (call) => rank(call, 'down'),
  },
  {
    name: 'zscan',
    arity: -3,
    flags: ['readonly'],
    categories: ['sortedset'],
    tips: ['nondeterministic_output'],
    keys: oneKey(['RO', 'access']),
    summary: 'Incrementally iterate sorted sets elements and associated scores',
    since: '2.8.0',
    group: 'sorted-set',
    complexity:
      'O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection..',
    arguments: [
      keyArgument(),
      argument('cursor', 'integer'),
      argument('pattern', 'pattern', { token: 'MATCH', ...optional }),
      argument('count', 'integer', { token: 'COUNT', ...optional }),
    ],
    run: zscan,
  },
];

const NOT_A_FLOAT = fail('value is not a valid float');
const RESULT_IS_NAN = fail('resulting score is not a number (NaN)');

interface ZaddOptions {
  nx: boolean;
  xx: boolean;
  gt: boolean;
  lt: boolean;
  ch: boolean;
  incr: boolean;
}

function zadd(call: Call): Reply {
  const options: ZaddOptions = { nx: false, xx: false, gt: false, lt: false, ch: false, incr: false };
  const { args } = call;
  let index = 2;
  for (; index < args.length; index++) {
    // No option is longer, and a score is looked at only once.
    if (argumentAt(args, index).length > 4) break;
    const word = wordAt(args, index).toLowerCase();
    if (!(word in options)) break;
    options[word as keyof ZaddOptions] = true;
  }
  return addScores(call, index, options);
}

function zincrby(call: Call): Reply {
  return addScores(call, 2, { nx: false, xx: false, gt: false, lt: false, ch: false, incr: true });
}

/** `first` is where the pairs of score and member begin. */
function addScores(call: Call, first: number, options: ZaddOptions): Reply {
  const { args, db } = call;
  const pairs = (args.length - first) / 2;
  if (pairs === 0 || !Number.isInteger(pairs)) return SYNTAX_ERROR;
  const conflict = conflictOf(options, pairs);
  if (conflict !== null) return conflict;
  const scores: number[] = [];
  for (let index = first; index < args.length; index += 2) {
    const score = parseDouble(byteString(argumentAt(args, index)));
    if (score === null) return NOT_A_FLOAT;
    scores.push(score);
  }
  const key = keyAt(args, 1);
  const found = sortedSetToWrite(call, key);
  if (found instanceof ErrorReply) return found;
  if (found === undefined && options.xx) return options.incr ? null : 0;
  const set = found?.set ?? new SortedSetValue();
  const limits = call.server.settings.encodings;
  let [added, updated] = [0, 0];
  let last: number | null = null;
  let error: ErrorReply | null = null;
  for (let at = 0; at < pairs; at++) {
    const member = keyAt(args, first + at * 2 + 1);
    const old = set.scoreOf(member);
    const score = newScore(old, scores[at] ?? 0, options);
    last = score;
    if (score === null) continue;
    if (Number.isNaN(score)) {
      error = RESULT_IS_NAN;
      break;
    }
    if (old === undefined) added++;
    else if (old !== score) updated++;
    else continue;
    set.set(member, score, limits);
  }
  if (added + updated > 0) {
    if (found === undefined) db.set(key, set, NEVER);
    else db.changed(found.entry);
    call.notify('zset', options.incr ? 'zincr' : 'zadd', key);
  }
  if (error !== null) return error;
  if (options.incr) return last === null ? null : new DoubleReply(last);
  return options.ch ? added + updated : added;
}

function conflictOf({ nx, xx, gt, lt, incr }: ZaddOptions, pairs: number): ErrorReply | null {
  if (nx && xx) return fail('XX and NX options at the same time are not compatible');
  if ((gt && nx) || (lt && nx) || (gt && lt))
    return fail('GT, LT, and/or NX options at the same time are not compatible');
  return incr && pairs > 1 ? fail('INCR option supports a single increment-element pair') : null;
}

/** The score a member is to have; null when it stays as it is, NaN when there is none. */
function newScore(old: number | undefined, given: number, options: ZaddOptions): number | null {
  if (old === undefined) return options.xx ? null : given;
  if (options.nx) return null;
  const score = options.incr ? old + given : given;
  if ((options.lt && score >= old) || (options.gt && score <= old)) return null;
  return score;
}

function zrem(call: Call): Reply {
  const { args } = call;
  const found = sortedSetToWrite(call, keyAt(args, 1));
  if (found === undefined) return 0;
  if (found instanceof ErrorReply) return found;
  let removed = 0;
  for (let index = 2; index < args.length; index++) if (found.set.delete(keyAt(args, index))) removed++;
  if (removed > 0) sortedSetShrunk(call, found, 'zrem');
  return removed;
}

function zcard(call: Call): Reply {
  const set = sortedSetToRead(call, keyAt(call.args, 1));
  return set instanceof ErrorReply ? set : (set?.size ?? 0);
}

function zscore(call: Call): Reply {
  const set = call.db.read(argumentAt(call.args, 1))?.value;
  if (set === undefined) return null;
  return set instanceof SortedSetValue ? scoreReply(set.scoreOf(keyAt(call.args, 2))) : WRONG_TYPE;
}

function zmscore(call: Call): Reply {
  const { args } = call;
  const set = sortedSetToRead(call, keyAt(args, 1));
  if (set instanceof ErrorReply) return set;
  const replies: Reply[] = [];
  for (let index = 2; index < args.length; index++)
    replies.push(scoreReply(set?.scoreOf(keyAt(args, index))));
  return replies;
}

function scoreReply(score: number | undefined): Reply {
  return score === undefined ? null : new DoubleReply(score);
}

function rank(call: Call, direction: 'up' | 'down'): Reply {
  const set = sortedSetToRead(call, keyAt(call.args, 1));
  if (set === undefined) return null;
  if (set instanceof ErrorReply) return set;
  const member = keyAt(call.args, 2);
  const score = set.scoreOf(member);
  if (score === undefined) return null;
  const below = set.rankOf(member, score);
  return direction === 'up' ? below : set.size - 1 - below;
}

function zscan(call: Call): Reply {
  const { args } = call;
  const cursor = parseScanCursor(argumentAt(args, 2));
  if (cursor instanceof ErrorReply) return cursor;
  const set = sortedSetToRead(call, keyAt(args, 1));
  if (set === undefined) return ['0', []];
  if (set instanceof ErrorReply) return set;
  const options = parseScanOptions(args, 3);
  if (options instanceof ErrorReply) return options;
  const found: string[] = [];
  const text = set.encoding === 'listpack' ? packedDoubleText : doubleText;
  const next = set.scan(cursor, options.count, (member, score) => {
    if (options.matches(member)) found.push(member, text(score));
  });
  return [String(next), found];
}
