/** Decides the list commands that work at the ends and read: push, pop, length, range. Knows the keyspace, no client state. */
import { argumentAt, keyAt, NOT_AN_INTEGER } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, keyArgument, multiple, optional } from '../command-arguments.js';
import { integerOf } from '../integers.js';
import { oneKey } from '../key-specs.js';
import { NEVER } from '../keyspace/entry.js';
import { type ListEnd, ListValue } from '../keyspace/list-value.js';
import { firstListToWrite, listToRead, listToWrite, popOne, popSeveral } from '../list-operations.js';
import { positiveOf } from '../ranged-integers.js';
import { indexOf, rangeOf } from '../ranges.js';
import { ErrorReply, fail, NULL_ARRAY, PackedArrayReply, type Reply } from '../resp/reply.js';
import { lrangeShortcut, popShortcut, pushShortcut } from '../shortcuts/lists.js';

export const listCommands: readonly CommandDeclaration[] = [
  {
    name: 'lpush',
    arity: -3,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['list'],
    keys: oneKey(['RW', 'insert']),
    summary: 'Prepend one or multiple elements to a list',
    since: '1.0.0',
    group: 'list',
    complexity:
      'O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.',
    arguments: [keyArgument(), argument('element', 'string', multiple)],
    run: (call) => push(call, 'front', 'lpush'),
    shortcut: pushShortcut('front'),
  },
  {
    name: 'rpush',
    arity: -3,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['list'],
    keys: oneKey(['RW', 'insert']),
    summary: 'Append one or multiple elements to a list',
    since: '1.0.0',
    group: 'list',
    complexity:
      'O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.',
    arguments: [keyArgument(), argument('element', 'string', multiple)],
    run: (call) => push(call, 'back', 'rpush'),
    shortcut: pushShortcut('back'),
  },
  {
    name: 'lpushx',
    arity: -3,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['list'],
    keys: oneKey(['RW', 'insert']),
    summary: 'Prepend an element to a list, only if the list exists',
    since: '2.2.0',
    group: 'list',
    complexity:
      'O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.',
    arguments: [keyArgument(), argument('element', 'string', multiple)],
    run: (call) => pushIfThere(call, 'front', 'lpush'),
  },
  {
    name: 'rpushx',
    arity: -3,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['list'],
    keys: oneKey(['RW', 'insert']),
    summary: 'Append an element to a list, only if the list exists',
    since: '2.2.0',
    group: 'list',
    complexity:
      'O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.',
    arguments: [keyArgument(), argument('element', 'string', multiple)],
    run: (call) => pushIfThere(call, 'back', 'rpush'),
  },
  {
    name: 'lpop',
    arity: -2,
    flags: ['write', 'fast'],
    categories: ['list'],
    keys: oneKey(['RW', 'access', 'delete']),
    summary: 'Remove and get the first elements in a list',
    since: '1.0.0',
    group: 'list',
    complexity: 'O(N) where N is the number of elements returned',
    arguments: [keyArgument(), argument('count', 'integer', { since: '6.2.0', ...optional })],
    run: (call) => pop(call, 'front', 'lpop'),
    shortcut: popShortcut('front'),
  },
  {
    name: 'rpop',
    arity: -2,
    flags: ['write', 'fast'],
    categories: ['list'],
    keys: oneKey(['RW', 'access', 'delete']),
    summary: 'Remove and get the last elements in a list',
    since: '1.0.0',
    group: 'list',
    complexity: 'O(N) where N is the number of elements returned',
    arguments: [keyArgument(), argument('count', 'integer', { since: '6.2.0', ...optional })],
    run: (call) => pop(call, 'back', 'rpop'),
    shortcut: popShortcut('back'),
  },
  {
    name: 'llen',
    arity: 2,
    flags: ['readonly', 'fast'],
    categories: ['list'],
    keys: oneKey(['RO']),
    summary: 'Get the length of a list',
    since: '1.0.0',
    group: 'list',
    complexity: 'O(1)',
    arguments: [keyArgument()],
    run: llen,
  },
  {
    name: 'lrange',
    arity: 4,
    flags: ['readonly'],
    categories: ['list'],
    keys: oneKey(['RO', 'access']),
    summary: 'Get a range of elements from a list',
    since: '1.0.0',
    group: 'list',
    complexity:
      'O(S+N) where S is the distance of start offset from HEAD for small lists, from nearest end (HEAD or TAIL) for large lists; and N is the number of elements in the specified range.',
    arguments: [keyArgument(), argument('start', 'integer'), argument('stop', 'integer')],
    run: lrange,
    shortcut: lrangeShortcut,
  },
  {
    name: 'lindex',
    arity: 3,
    flags: ['readonly'],
    categories: ['list'],
    keys: oneKey(['RO', 'access']),
    summary: 'Get an element from a list by its index',
    since: '1.0.0',
    group: 'list',
    complexity:
      'O(N) where N is the number of elements to traverse to get to the element at index. This makes asking for the first or the last element of the list O(1).',
    arguments: [keyArgument(), argument('index', 'integer')],
    run: lindex,
  },
];

function push(call: Call, end: ListEnd, event: string): Reply {
  const found = firstListToWrite(call);
  if (found instanceof ErrorReply) return found;
  const list = found?.list ?? new ListValue();
  const { args } = call;
  for (let index = 2; index < args.length; index++) list.push(end, argumentAt(args, index));
  if (found === undefined) call.db.set(keyAt(call.args, 1), list, NEVER);
  else call.db.changed(found.entry);
  call.notify('list', event, keyAt(call.args, 1));
  return list.size;
}

function pushIfThere(call: Call, end: ListEnd, event: string): Reply {
  const found = listToWrite(call, keyAt(call.args, 1));
  if (found === undefined) return 0;
  return found instanceof ErrorReply ? found : push(call, end, event);
}

function pop(call: Call, end: ListEnd, name: string): Reply {
  const given = call.args.length;
  if (given > 3) return fail(`wrong number of arguments for '${name}' command`);
  const hasCount = given === 3;
  const count = hasCount ? positiveOf(argumentAt(call.args, 2)) : 1;
  if (count instanceof ErrorReply) return count;
  const found = firstListToWrite(call);
  if (found instanceof ErrorReply) return found;
  if (!hasCount) return found === undefined ? null : popOne(call, found, end);
  if (found === undefined) return NULL_ARRAY;
  return count === 0 ? [] : popSeveral(call, found, end, count);
}

function llen(call: Call): Reply {
  const list = listToRead(call, keyAt(call.args, 1));
  return list instanceof ErrorReply ? list : (list?.size ?? 0);
}

function lrange(call: Call): Reply {
  const { args } = call;
  const start = integerOf(argumentAt(args, 2));
  const stop = integerOf(argumentAt(args, 3));
  if (start === null || stop === null) return NOT_AN_INTEGER;
  const list = listToRead(call, keyAt(args, 1));
  if (list === undefined) return [];
  if (list instanceof ErrorReply) return list;
  const range = rangeOf(start, stop, list.size);
  if (range === null) return [];
  return new PackedArrayReply(range.count, list.packedRange(range.first, range.count));
}

function lindex(call: Call): Reply {
  const { args } = call;
  const list = listToRead(call, keyAt(args, 1));
  if (list === undefined) return null;
  if (list instanceof ErrorReply) return list;
  const index = integerOf(argumentAt(args, 2));
  if (index === null) return NOT_AN_INTEGER;
  return list.at(indexOf(index, list.size)) ?? null;
}
