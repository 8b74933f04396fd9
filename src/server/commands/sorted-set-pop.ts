/** Decides the sorted set commands that take the lowest, the highest or any members, now or when there are some. */
import type { Bytes } from '../byte-string.js';
import { argumentAt, keyAt, SYNTAX_ERROR } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, block, keyArgument, multiple, oneOf, optional, token } from '../command-arguments.js';
import { poppedOne, poppedOneEffects, poppedSeveral, poppedSeveralEffects } from '../effects.js';
import { countedKeys, oneKey } from '../key-specs.js';
import { parseMultiplePop } from '../multiple-pop.js';
import type { Effect } from '../propagation.js';
import { parseRandomQuery } from '../random-arguments.js';
import { chooseDifferent, chooseRepeatedly } from '../random-choice.js';
import { positiveOf } from '../ranged-integers.js';
import { DoubleReply, ErrorReply, NULL_ARRAY, type Reply } from '../resp/reply.js';
import {
  type FoundSortedSet,
  firstSortedSet,
  MemberReplies,
  popMembers,
  type ScoreEnd,
  scoreEndAt,
  sortedSetToRead,
  sortedSetToWrite,
} from '../sorted-set-operations.js';
import { secondsTimeout } from '../timeouts.js';

const scoreEnds = { MIN: 'ZPOPMIN', MAX: 'ZPOPMAX' };

export const sortedSetPopCommands: readonly CommandDeclaration[] = [
  {
    name: 'zpopmin',
    arity: -2,
    flags: ['write', 'fast'],
    categories: ['sortedset'],
    keys: oneKey(['RW', 'access', 'delete']),
    summary: 'Remove and return members with the lowest scores in a sorted set',
    since: '5.0.0',
    group: 'sorted-set',
    complexity:
      'O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of elements popped.',
    arguments: [keyArgument(), argument('count', 'integer', optional)],
    run: (call) => pop(call, 'min'),
  },
  {
    name: 'zpopmax',
    arity: -2,
    flags: ['write', 'fast'],
    categories: ['sortedset'],
    keys: oneKey(['RW', 'access', 'delete']),
    summary: 'Remove and return members with the highest scores in a sorted set',
    since: '5.0.0',
    group: 'sorted-set',
    complexity:
      'O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of elements popped.',
    arguments: [keyArgument(), argument('count', 'integer', optional)],
    run: (call) => pop(call, 'max'),
  },
  {
    name: 'zmpop',
    arity: -4,
    flags: ['write'],
    categories: ['sortedset'],
    keys: [countedKeys(1, ['RW', 'access', 'delete'])],
    summary: 'Remove and return members with scores in a sorted set',
    since: '7.0.0',
    group: 'sorted-set',
    complexity:
      'O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements in the sorted set, and M being the number of elements popped.',
    arguments: [
      argument('numkeys', 'integer'),
      keyArgument(multiple),
      oneOf('where', [token('MIN'), token('MAX')]),
      argument('count', 'integer', { token: 'COUNT', ...optional }),
    ],
    run: zmpop,
    propagate: poppedSeveralEffects(1, scoreEnds),
  },
  {
    name: 'bzpopmin',
    arity: -3,
    flags: ['write', 'noscript', 'blocking', 'fast'],
    categories: ['sortedset'],
    keys: [{ flags: ['RW', 'access', 'delete'], begin: 1, last: -2, step: 1 }],
    summary:
      'Remove and return the member with the lowest score from one or more sorted sets, or block until one is available',
    since: '5.0.0',
    group: 'sorted-set',
    complexity: 'O(log(N)) with N being the number of elements in the sorted set.',
    arguments: [keyArgument(multiple), argument('timeout', 'double')],
    run: (call) => blockingPop(call, 'min'),
    propagate: poppedOneEffects('ZPOPMIN'),
  },
  {
    name: 'bzpopmax',
    arity: -3,
    flags: ['write', 'noscript', 'blocking', 'fast'],
    categories: ['sortedset'],
    keys: [{ flags: ['RW', 'access', 'delete'], begin: 1, last: -2, step: 1 }],
    summary:
      'Remove and return the member with the highest score from one or more sorted sets, or block until one is available',
    since: '5.0.0',
    group: 'sorted-set',
    complexity: 'O(log(N)) with N being the number of elements in the sorted set.',
    arguments: [keyArgument(multiple), argument('timeout', 'double')],
    run: (call) => blockingPop(call, 'max'),
    propagate: poppedOneEffects('ZPOPMAX'),
  },
  {
    name: 'bzmpop',
    arity: -5,
    flags: ['write', 'blocking'],
    categories: ['sortedset'],
    keys: [countedKeys(2, ['RW', 'access', 'delete'])],
    summary: 'Remove and return members with scores in a sorted set or block until one is available',
    since: '7.0.0',
    group: 'sorted-set',
    complexity:
      'O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements in the sorted set, and M being the number of elements popped.',
    arguments: [
      argument('timeout', 'double'),
      argument('numkeys', 'integer'),
      keyArgument(multiple),
      oneOf('where', [token('MIN'), token('MAX')]),
      argument('count', 'integer', { token: 'COUNT', ...optional }),
    ],
    run: bzmpop,
    propagate: poppedSeveralEffects(2, scoreEnds),
  },
  {
    name: 'zrandmember',
    arity: -2,
    flags: ['readonly'],
    categories: ['sortedset'],
    tips: ['nondeterministic_output'],
    keys: oneKey(['RO', 'access']),
    summary: 'Get one or multiple random elements from a sorted set',
    since: '6.2.0',
    group: 'sorted-set',
    complexity: 'O(N) where N is the number of elements returned',
    arguments: [
      keyArgument(),
      block('options', [argument('count', 'integer'), token('WITHSCORES', optional)], optional),
    ],
    run: zrandmember,
  },
];

function pop(call: Call, end: ScoreEnd): Reply {
  const { args } = call;
  if (args.length > 3) return SYNTAX_ERROR;
  const hasCount = args.length === 3;
  const count = hasCount ? positiveOf(argumentAt(args, 2)) : 1;
  if (count instanceof ErrorReply) return count;
  const found = sortedSetToWrite(call, keyAt(args, 1));
  if (found === undefined) return [];
  if (found instanceof ErrorReply) return found;
  if (count === 0) return [];
  const replies = new MemberReplies(true, hasCount && call.client.respVersion === 3);
  for (const [member, score] of popMembers(call, found, end, count)) replies.add(member, score);
  return replies.replies;
}

function zmpop(call: Call): Reply {
  const query = parseMultiplePop(call.args, 1, scoreEndAt);
  if (query instanceof ErrorReply) return query;
  const found = firstSortedSet(call, query.keys);
  if (found === undefined) return NULL_ARRAY;
  return found instanceof ErrorReply ? found : popPairs(call, found, query.where, query.count);
}

function bzmpop(call: Call): Reply {
  const query = parseMultiplePop(call.args, 2, scoreEndAt);
  if (query instanceof ErrorReply) return query;
  const { keys, where, count } = query;
  return popOrWait(
    call,
    { keys, timeout: argumentAt(call.args, 1) },
    (found) => popPairs(call, found, where, count),
    (reply) => poppedSeveral(popCommand(where), reply),
  );
}

/** As ZMPOP answers: the key, and pairs of member and score. */
function popPairs(call: Call, found: FoundSortedSet, end: ScoreEnd, count: number): Reply {
  const pairs = popMembers(call, found, end, count);
  return [found.key, pairs.map(([member, score]) => [member, new DoubleReply(score)])];
}

function blockingPop(call: Call, end: ScoreEnd): Reply {
  const { args } = call;
  const keys: string[] = [];
  for (let index = 1; index < args.length - 1; index++) keys.push(keyAt(args, index));
  const take = (found: FoundSortedSet): Reply => {
    const [[member, score] = ['', 0]] = popMembers(call, found, end, 1);
    return [found.key, member, new DoubleReply(score)];
  };
  return popOrWait(call, { keys, timeout: argumentAt(args, args.length - 1) }, take, (reply) =>
    poppedOne(popCommand(end), reply),
  );
}

function popCommand(end: ScoreEnd): string {
  return end === 'min' ? 'ZPOPMIN' : 'ZPOPMAX';
}

/** Takes from the first sorted set that has members, now or later. */
function popOrWait(
  call: Call,
  { keys, timeout }: { readonly keys: readonly string[]; readonly timeout: Bytes },
  take: (found: FoundSortedSet) => Reply,
  effects: (reply: Reply) => readonly Effect[],
): Reply {
  const { server, client, db } = call;
  const timeoutMs = secondsTimeout(timeout);
  if (timeoutMs instanceof ErrorReply) return timeoutMs;
  const found = firstSortedSet(call, keys);
  if (found !== undefined) return found instanceof ErrorReply ? found : take(found);
  return server.blocking.wait(client, db, {
    keys,
    type: 'zset',
    timeoutMs,
    timedOut: NULL_ARRAY,
    retry: (key) => {
      const set = sortedSetToWrite(call, key);
      return set === undefined || set instanceof ErrorReply ? undefined : take(set);
    },
    effects,
  });
}

function zrandmember(call: Call): Reply {
  const { args, server } = call;
  const query = parseRandomQuery(args, 'WITHSCORES');
  if (query instanceof ErrorReply) return query;
  const set = sortedSetToRead(call, keyAt(args, 1));
  if (set instanceof ErrorReply) return set;
  const { random } = server;
  const { count } = query;
  if (count === null)
    return set === undefined ? null : set.memberAt(Math.floor(random.fraction() * set.size)).member;
  if (set === undefined || count === 0) return [];
  const replies = MemberReplies.for(call, query.isPaired);
  const choose = count < 0 ? chooseRepeatedly : chooseDifferent;
  for (const number of choose(random, set.size, Math.abs(count))) {
    const { member, score } = set.memberAt(number);
    replies.add(member, score);
  }
  return replies.replies;
}
