/** Decides the list commands that take from one of several lists or give to another, and that wait until they can. */
import { argumentAt, keyAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, keyArgument, multiple, oneOf, optional, token } from '../command-arguments.js';
import {
  poppedOne,
  poppedOneEffects,
  poppedSeveral,
  poppedSeveralEffects,
  withoutWaiting,
} from '../effects.js';
import { countedKeys, keyAtIndex } from '../key-specs.js';
import type { ListEnd } from '../keyspace/list-value.js';
import {
  endAt,
  type FoundList,
  firstList,
  listToWrite,
  type Move,
  moveElement,
  popOne,
  popSeveral,
} from '../list-operations.js';
import { parseMultiplePop } from '../multiple-pop.js';
import type { Effect } from '../propagation.js';
import { ErrorReply, NULL_ARRAY, type Reply } from '../resp/reply.js';
import { secondsTimeout } from '../timeouts.js';

const listEnds = { LEFT: 'LPOP', RIGHT: 'RPOP' };

export const listMoveCommands: readonly CommandDeclaration[] = [
  {
    name: 'lmove',
    arity: 5,
    flags: ['write', 'denyoom'],
    categories: ['list'],
    keys: [keyAtIndex(1, ['RW', 'access', 'delete']), keyAtIndex(2, ['RW', 'insert'])],
    summary: 'Pop an element from a list, push it to another list and return it',
    since: '6.2.0',
    group: 'list',
    complexity: 'O(1)',
    arguments: [
      argument('source', 'key', { keySpecIndex: 0 }),
      argument('destination', 'key', { keySpecIndex: 1 }),
      oneOf('wherefrom', [token('LEFT'), token('RIGHT')]),
      oneOf('whereto', [token('LEFT'), token('RIGHT')]),
    ],
    run: lmove,
  },
  {
    name: 'rpoplpush',
    arity: 3,
    flags: ['write', 'denyoom'],
    categories: ['list'],
    keys: [keyAtIndex(1, ['RW', 'access', 'delete']), keyAtIndex(2, ['RW', 'insert'])],
    summary: 'Remove the last element in a list, prepend it to another list and return it',
    since: '1.2.0',
    group: 'list',
    complexity: 'O(1)',
    deprecated: { since: '6.2.0', replacedBy: '`LMOVE` with the `RIGHT` and `LEFT` arguments' },
    arguments: [
      argument('source', 'key', { keySpecIndex: 0 }),
      argument('destination', 'key', { keySpecIndex: 1 }),
    ],
    run: rpoplpush,
  },
  {
    name: 'lmpop',
    arity: -4,
    flags: ['write'],
    categories: ['list'],
    keys: [countedKeys(1, ['RW', 'access', 'delete'])],
    summary: 'Pop elements from a list',
    since: '7.0.0',
    group: 'list',
    complexity: 'O(N+M) where N is the number of provided keys and M is the number of elements returned.',
    arguments: [
      argument('numkeys', 'integer'),
      keyArgument(multiple),
      oneOf('where', [token('LEFT'), token('RIGHT')]),
      argument('count', 'integer', { token: 'COUNT', ...optional }),
    ],
    run: lmpop,
    propagate: poppedSeveralEffects(1, listEnds),
  },
  {
    name: 'blpop',
    arity: -3,
    flags: ['write', 'noscript', 'blocking'],
    categories: ['list'],
    keys: [{ flags: ['RW', 'access', 'delete'], begin: 1, last: -2, step: 1 }],
    summary: 'Remove and get the first element in a list, or block until one is available',
    since: '2.0.0',
    group: 'list',
    complexity: 'O(N) where N is the number of provided keys.',
    arguments: [keyArgument(multiple), argument('timeout', 'double')],
    run: (call) => blockingPop(call, 'front'),
    propagate: poppedOneEffects('LPOP'),
  },
  {
    name: 'brpop',
    arity: -3,
    flags: ['write', 'noscript', 'blocking'],
    categories: ['list'],
    keys: [{ flags: ['RW', 'access', 'delete'], begin: 1, last: -2, step: 1 }],
    summary: 'Remove and get the last element in a list, or block until one is available',
    since: '2.0.0',
    group: 'list',
    complexity: 'O(N) where N is the number of provided keys.',
    arguments: [keyArgument(multiple), argument('timeout', 'double')],
    run: (call) => blockingPop(call, 'back'),
    propagate: poppedOneEffects('RPOP'),
  },
  {
    name: 'blmove',
    arity: 6,
    flags: ['write', 'denyoom', 'noscript', 'blocking'],
    categories: ['list'],
    keys: [keyAtIndex(1, ['RW', 'access', 'delete']), keyAtIndex(2, ['RW', 'insert'])],
    summary:
      'Pop an element from a list, push it to another list and return it; or block until one is available',
    since: '6.2.0',
    group: 'list',
    complexity: 'O(1)',
    arguments: [
      argument('source', 'key', { keySpecIndex: 0 }),
      argument('destination', 'key', { keySpecIndex: 1 }),
      oneOf('wherefrom', [token('LEFT'), token('RIGHT')]),
      oneOf('whereto', [token('LEFT'), token('RIGHT')]),
      argument('timeout', 'double'),
    ],
    run: blmove,
    propagate: withoutWaiting('LMOVE'),
  },
  {
    name: 'brpoplpush',
    arity: 4,
    flags: ['write', 'denyoom', 'noscript', 'blocking'],
    categories: ['list'],
    keys: [keyAtIndex(1, ['RW', 'access', 'delete']), keyAtIndex(2, ['RW', 'insert'])],
    summary:
      'Pop an element from a list, push it to another list and return it; or block until one is available',
    since: '2.2.0',
    group: 'list',
    complexity: 'O(1)',
    deprecated: { since: '6.2.0', replacedBy: '`BLMOVE` with the `RIGHT` and `LEFT` arguments' },
    arguments: [
      argument('source', 'key', { keySpecIndex: 0 }),
      argument('destination', 'key', { keySpecIndex: 1 }),
      argument('timeout', 'double'),
    ],
    run: brpoplpush,
    propagate: withoutWaiting('RPOPLPUSH'),
  },
  {
    name: 'blmpop',
    arity: -5,
    flags: ['write', 'blocking'],
    categories: ['list'],
    keys: [countedKeys(2, ['RW', 'access', 'delete'])],
    summary: 'Pop elements from a list, or block until one is available',
    since: '7.0.0',
    group: 'list',
    complexity: 'O(N+M) where N is the number of provided keys and M is the number of elements returned.',
    arguments: [
      argument('timeout', 'double'),
      argument('numkeys', 'integer'),
      keyArgument(multiple),
      oneOf('where', [token('LEFT'), token('RIGHT')]),
      argument('count', 'integer', { token: 'COUNT', ...optional }),
    ],
    run: blmpop,
    propagate: poppedSeveralEffects(2, listEnds),
  },
];

function lmove(call: Call): Reply {
  const move = moveOf(call);
  return move instanceof ErrorReply ? move : (moveElement(call, move) ?? null);
}

function rpoplpush(call: Call): Reply {
  return moveElement(call, rotation(call)) ?? null;
}

function blmove(call: Call): Reply {
  const move = moveOf(call);
  return move instanceof ErrorReply ? move : blockingMove(call, move, 5);
}

function brpoplpush(call: Call): Reply {
  return blockingMove(call, rotation(call), 3);
}

/** LMOVE's and BLMOVE's arguments. */
function moveOf({ args }: Call): Move | ErrorReply {
  const from = endAt(args, 3);
  if (from instanceof ErrorReply) return from;
  const to = endAt(args, 4);
  if (to instanceof ErrorReply) return to;
  return { source: keyAt(args, 1), from, destination: keyAt(args, 2), to };
}

/** RPOPLPUSH's. */
function rotation({ args }: Call): Move {
  return { source: keyAt(args, 1), from: 'back', destination: keyAt(args, 2), to: 'front' };
}

function blockingMove(call: Call, move: Move, timeoutIndex: number): Reply {
  const { server, client, db } = call;
  const timeoutMs = secondsTimeout(argumentAt(call.args, timeoutIndex));
  if (timeoutMs instanceof ErrorReply) return timeoutMs;
  const moved = moveElement(call, move);
  if (moved !== undefined) return moved;
  return server.blocking.wait(client, db, {
    keys: [move.source],
    type: 'list',
    timeoutMs,
    timedOut: NULL_ARRAY,
    refused: null,
    retry: () => moveElement(call, move),
    effects: () => [['LMOVE', move.source, move.destination, listEndWord(move.from), listEndWord(move.to)]],
  });
}

function blockingPop(call: Call, end: ListEnd): Reply {
  const { args } = call;
  const keys: string[] = [];
  for (let index = 1; index < args.length - 1; index++) keys.push(keyAt(args, index));
  return popOrWait(
    call,
    { keys, timeoutIndex: args.length - 1 },
    (found) => [found.key, popOne(call, found, end)],
    (reply) => poppedOne(popCommand(end), reply),
  );
}

function lmpop(call: Call): Reply {
  const pop = parseMultiplePop(call.args, 1, endAt);
  if (pop instanceof ErrorReply) return pop;
  const found = firstList(call, pop.keys);
  if (found === undefined) return NULL_ARRAY;
  return found instanceof ErrorReply ? found : [found.key, popSeveral(call, found, pop.where, pop.count)];
}

function blmpop(call: Call): Reply {
  const pop = parseMultiplePop(call.args, 2, endAt);
  if (pop instanceof ErrorReply) return pop;
  const { keys, where, count } = pop;
  return popOrWait(
    call,
    { keys, timeoutIndex: 1 },
    (found) => [found.key, popSeveral(call, found, where, count)],
    (reply) => poppedSeveral(popCommand(where), reply),
  );
}

function popCommand(end: ListEnd): string {
  return end === 'front' ? 'LPOP' : 'RPOP';
}

function listEndWord(end: ListEnd): string {
  return end === 'front' ? 'LEFT' : 'RIGHT';
}

/** Takes from the first list that has something, now or later. */
function popOrWait(
  call: Call,
  { keys, timeoutIndex }: { readonly keys: readonly string[]; readonly timeoutIndex: number },
  pop: (found: FoundList) => Reply,
  effects: (reply: Reply) => readonly Effect[],
): Reply {
  const { server, client, db } = call;
  const timeoutMs = secondsTimeout(argumentAt(call.args, timeoutIndex));
  if (timeoutMs instanceof ErrorReply) return timeoutMs;
  const found = firstList(call, keys);
  if (found !== undefined) return found instanceof ErrorReply ? found : pop(found);
  return server.blocking.wait(client, db, {
    keys,
    type: 'list',
    timeoutMs,
    timedOut: NULL_ARRAY,
    retry: (key) => {
      const list = listToWrite(call, key);
      return list === undefined || list instanceof ErrorReply ? undefined : pop(list);
    },
    effects,
  });
}
