/** Decides the list commands that work in the middle: set, insert, remove, trim, find. Knows the keyspace, no client state. */
import type { Bytes } from '../byte-string.js';
import { argumentAt, keyAt, NOT_AN_INTEGER, SYNTAX_ERROR, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, keyArgument, oneOf, optional, token } from '../command-arguments.js';
import { integerOf } from '../integers.js';
import { oneKey } from '../key-specs.js';
import { listToRead, listToWrite, shrunk } from '../list-operations.js';
import { positiveOf } from '../ranged-integers.js';
import { indexOf, rangeOf } from '../ranges.js';
import { ErrorReply, fail, OK, type Reply } from '../resp/reply.js';

export const listEditCommands: readonly CommandDeclaration[] = [
  {
    name: 'lset',
    arity: 4,
    flags: ['write', 'denyoom'],
    categories: ['list'],
    keys: oneKey(['RW', 'update']),
    summary: 'Set the value of an element in a list by its index',
    since: '1.0.0',
    group: 'list',
    complexity:
      'O(N) where N is the length of the list. Setting either the first or the last element of the list is O(1).',
    arguments: [keyArgument(), argument('index', 'integer'), argument('element', 'string')],
    run: lset,
  },
  {
    name: 'linsert',
    arity: 5,
    flags: ['write', 'denyoom'],
    categories: ['list'],
    keys: oneKey(['RW', 'insert']),
    summary: 'Insert an element before or after another element in a list',
    since: '2.2.0',
    group: 'list',
    complexity:
      'O(N) where N is the number of elements to traverse before seeing the value pivot. This means that inserting somewhere on the left end on the list (head) can be considered O(1) and inserting somewhere on the right end (tail) is O(N).',
    arguments: [
      keyArgument(),
      oneOf('where', [token('BEFORE'), token('AFTER')]),
      argument('pivot', 'string'),
      argument('element', 'string'),
    ],
    run: linsert,
  },
  {
    name: 'lrem',
    arity: 4,
    flags: ['write'],
    categories: ['list'],
    keys: oneKey(['RW', 'delete']),
    summary: 'Remove elements from a list',
    since: '1.0.0',
    group: 'list',
    complexity: 'O(N+M) where N is the length of the list and M is the number of elements removed.',
    arguments: [keyArgument(), argument('count', 'integer'), argument('element', 'string')],
    run: lrem,
  },
  {
    name: 'ltrim',
    arity: 4,
    flags: ['write'],
    categories: ['list'],
    keys: oneKey(['RW', 'delete']),
    summary: 'Trim a list to the specified range',
    since: '1.0.0',
    group: 'list',
    complexity: 'O(N) where N is the number of elements to be removed by the operation.',
    arguments: [keyArgument(), argument('start', 'integer'), argument('stop', 'integer')],
    run: ltrim,
  },
  {
    name: 'lpos',
    arity: -3,
    flags: ['readonly'],
    categories: ['list'],
    keys: oneKey(['RO', 'access']),
    summary: 'Return the index of matching elements on a list',
    since: '6.0.6',
    group: 'list',
    complexity:
      'O(N) where N is the number of elements in the list, for the average case. When searching for elements near the head or the tail of the list, or when the MAXLEN option is provided, the command may run in constant time.',
    arguments: [
      keyArgument(),
      argument('element', 'string'),
      argument('rank', 'integer', { token: 'RANK', ...optional }),
      argument('num-matches', 'integer', { token: 'COUNT', ...optional }),
      argument('len', 'integer', { token: 'MAXLEN', ...optional }),
    ],
    run: lpos,
  },
];

const FORWARD = { isBackward: false, lookedAtMax: 0 } as const;

function lset(call: Call): Reply {
  const { args } = call;
  const key = keyAt(args, 1);
  const found = listToWrite(call, key);
  if (found === undefined) return fail('no such key');
  if (found instanceof ErrorReply) return found;
  const index = integerOf(argumentAt(args, 2));
  if (index === null) return NOT_AN_INTEGER;
  if (!found.list.set(indexOf(index, found.list.size), argumentAt(args, 3)))
    return fail('index out of range');
  call.db.changed(found.entry);
  call.notify('list', 'lset', key);
  return OK;
}

function linsert(call: Call): Reply {
  const { args } = call;
  const where = wordAt(args, 2);
  if (where !== 'BEFORE' && where !== 'AFTER') return SYNTAX_ERROR;
  const key = keyAt(args, 1);
  const found = listToWrite(call, key);
  if (found === undefined) return 0;
  if (found instanceof ErrorReply) return found;
  const { list } = found;
  const pivot = list.search(argumentAt(args, 3), FORWARD).next();
  if (pivot.done === true) return -1;
  list.insert(where === 'BEFORE' ? pivot.value : pivot.value + 1, argumentAt(args, 4));
  call.db.changed(found.entry);
  call.notify('list', 'linsert', key);
  return list.size;
}

function lrem(call: Call): Reply {
  const { args } = call;
  const count = integerOf(argumentAt(args, 2));
  if (count === null) return NOT_AN_INTEGER;
  const found = listToWrite(call, keyAt(args, 1));
  if (found === undefined) return 0;
  if (found instanceof ErrorReply) return found;
  const most = count === 0 ? Number.POSITIVE_INFINITY : Math.abs(Number(count));
  const removed = found.list.removeEqual(argumentAt(args, 3), count < 0 ? 'back' : 'front', most);
  if (removed > 0) shrunk(call, found, 'lrem');
  return removed;
}

function ltrim(call: Call): Reply {
  const { args } = call;
  const start = integerOf(argumentAt(args, 2));
  const stop = integerOf(argumentAt(args, 3));
  if (start === null || stop === null) return NOT_AN_INTEGER;
  const found = listToWrite(call, keyAt(args, 1));
  if (found === undefined) return OK;
  if (found instanceof ErrorReply) return found;
  const range = rangeOf(start, stop, found.list.size);
  found.list.trim(range?.first ?? 0, range?.count ?? 0);
  shrunk(call, found, 'ltrim');
  return OK;
}

interface LposOptions {
  /** Which match is the first one wanted; negative: from behind. */
  rank: number;
  /** Null: one, not in an array. 0: all. */
  count: number | null;
  lookedAtMax: number;
}

function lpos(call: Call): Reply {
  const { args } = call;
  const options = lposOptions(args);
  if (options instanceof ErrorReply) return options;
  const { rank, count, lookedAtMax } = options;
  const list = listToRead(call, keyAt(args, 1));
  if (list instanceof ErrorReply) return list;
  const found: number[] = [];
  if (list !== undefined) {
    let skipped = Math.abs(rank) - 1;
    for (const index of list.search(argumentAt(args, 2), { isBackward: rank < 0, lookedAtMax })) {
      if (skipped-- > 0) continue;
      found.push(index);
      if (found.length === (count ?? 1)) break;
    }
  }
  return count === null ? (found[0] ?? null) : found;
}

function lposOptions(args: readonly Bytes[]): LposOptions | ErrorReply {
  const options: LposOptions = { rank: 1, count: null, lookedAtMax: 0 };
  for (let index = 3; index < args.length; index += 2) {
    const word = wordAt(args, index);
    const value = args[index + 1];
    if (value === undefined) return SYNTAX_ERROR;
    if (word === 'RANK') {
      const rank = integerOf(value);
      if (rank === null) return NOT_AN_INTEGER;
      if (rank === 0)
        return fail(
          "RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
        );
      options.rank = Number(rank);
    } else if (word === 'COUNT' || word === 'MAXLEN') {
      const number = positiveOf(value, `${word} can't be negative`);
      if (number instanceof ErrorReply) return number;
      if (word === 'COUNT') options.count = number;
      else options.lookedAtMax = number;
    } else return SYNTAX_ERROR;
  }
  // The one number that has no negative: Redis counts from it without end.
  if (options.rank === -(2 ** 63)) return { ...options, rank: -1, count: options.count === null ? null : 0 };
  return options;
}
