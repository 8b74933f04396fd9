/** Decides union, intersection and difference of sets, answered, stored or counted. Knows no client state. */
import type { Bytes } from '../byte-string.js';
import { argumentAt, keyAt, SYNTAX_ERROR, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, keyArgument, multiple, optional } from '../command-arguments.js';
import { allKeys, countedKeys, keyAtIndex } from '../key-specs.js';
import type { SetValue } from '../keyspace/set-value.js';
import { integerFrom, positiveOf } from '../ranged-integers.js';
import { ErrorReply, fail, type Reply, SetReply } from '../resp/reply.js';
import { difference, intersection, setsToRead, storeSet, union } from '../set-operations.js';

type Operation = (sets: readonly (SetValue | undefined)[]) => string[];

export const setAlgebraCommands: readonly CommandDeclaration[] = [
  {
    name: 'sunion',
    arity: -2,
    flags: ['readonly'],
    categories: ['set'],
    tips: ['nondeterministic_output_order'],
    keys: allKeys(['RO', 'access']),
    summary: 'Add multiple sets',
    since: '1.0.0',
    group: 'set',
    complexity: 'O(N) where N is the total number of elements in all given sets.',
    arguments: [keyArgument(multiple)],
    run: (call) => answered(call, union),
  },
  {
    name: 'sinter',
    arity: -2,
    flags: ['readonly'],
    categories: ['set'],
    tips: ['nondeterministic_output_order'],
    keys: allKeys(['RO', 'access']),
    summary: 'Intersect multiple sets',
    since: '1.0.0',
    group: 'set',
    complexity:
      'O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.',
    arguments: [keyArgument(multiple)],
    run: (call) => answered(call, intersect),
  },
  {
    name: 'sdiff',
    arity: -2,
    flags: ['readonly'],
    categories: ['set'],
    tips: ['nondeterministic_output_order'],
    keys: allKeys(['RO', 'access']),
    summary: 'Subtract multiple sets',
    since: '1.0.0',
    group: 'set',
    complexity: 'O(N) where N is the total number of elements in all given sets.',
    arguments: [keyArgument(multiple)],
    run: (call) => answered(call, difference),
  },
  {
    name: 'sunionstore',
    arity: -3,
    flags: ['write', 'denyoom'],
    categories: ['set'],
    keys: [keyAtIndex(1, ['OW', 'update']), { flags: ['RO', 'access'], begin: 2, last: -1, step: 1 }],
    summary: 'Add multiple sets and store the resulting set in a key',
    since: '1.0.0',
    group: 'set',
    complexity: 'O(N) where N is the total number of elements in all given sets.',
    arguments: [
      argument('destination', 'key', { keySpecIndex: 0 }),
      keyArgument({ keySpecIndex: 1, ...multiple }),
    ],
    run: (call) => stored(call, union, 'sunionstore'),
  },
  {
    name: 'sinterstore',
    arity: -3,
    flags: ['write', 'denyoom'],
    categories: ['set'],
    keys: [keyAtIndex(1, ['RW', 'update']), { flags: ['RO', 'access'], begin: 2, last: -1, step: 1 }],
    summary: 'Intersect multiple sets and store the resulting set in a key',
    since: '1.0.0',
    group: 'set',
    complexity:
      'O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.',
    arguments: [
      argument('destination', 'key', { keySpecIndex: 0 }),
      keyArgument({ keySpecIndex: 1, ...multiple }),
    ],
    run: (call) => stored(call, intersect, 'sinterstore'),
  },
  {
    name: 'sdiffstore',
    arity: -3,
    flags: ['write', 'denyoom'],
    categories: ['set'],
    keys: [keyAtIndex(1, ['OW', 'update']), { flags: ['RO', 'access'], begin: 2, last: -1, step: 1 }],
    summary: 'Subtract multiple sets and store the resulting set in a key',
    since: '1.0.0',
    group: 'set',
    complexity: 'O(N) where N is the total number of elements in all given sets.',
    arguments: [
      argument('destination', 'key', { keySpecIndex: 0 }),
      keyArgument({ keySpecIndex: 1, ...multiple }),
    ],
    run: (call) => stored(call, difference, 'sdiffstore'),
  },
  {
    name: 'sintercard',
    arity: -3,
    flags: ['readonly'],
    categories: ['set'],
    keys: [countedKeys(1, ['RO', 'access'])],
    summary: 'Intersect multiple sets and return the cardinality of the result',
    since: '7.0.0',
    group: 'set',
    complexity:
      'O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.',
    arguments: [
      argument('numkeys', 'integer'),
      keyArgument(multiple),
      argument('limit', 'integer', { token: 'LIMIT', ...optional }),
    ],
    run: sintercard,
  },
];

function intersect(sets: readonly (SetValue | undefined)[]): string[] {
  return intersection(sets);
}

function answered(call: Call, operation: Operation): Reply {
  const sets = setsToRead(call, keysFrom(call.args, 1, call.args.length));
  return sets instanceof ErrorReply ? sets : new SetReply(operation(sets));
}

function stored(call: Call, operation: Operation, event: string): Reply {
  const sets = setsToRead(call, keysFrom(call.args, 2, call.args.length));
  return sets instanceof ErrorReply ? sets : storeSet(call, keyAt(call.args, 1), operation(sets), event);
}

function sintercard(call: Call): Reply {
  const { args } = call;
  const count = integerFrom(1, argumentAt(args, 1), 'numkeys should be greater than 0');
  if (count instanceof ErrorReply) return count;
  if (count > args.length - 2) return fail("Number of keys can't be greater than number of args");
  const limit = limitFrom(args, 2 + count);
  if (limit instanceof ErrorReply) return limit;
  const sets = setsToRead(call, keysFrom(args, 2, 2 + count));
  return sets instanceof ErrorReply ? sets : intersection(sets, limit).length;
}

function limitFrom(args: readonly Bytes[], start: number): number | ErrorReply {
  let limit = 0;
  for (let index = start; index < args.length; index += 2) {
    const value = args[index + 1];
    if (value === undefined || wordAt(args, index) !== 'LIMIT') return SYNTAX_ERROR;
    const parsed = positiveOf(value, "LIMIT can't be negative");
    if (parsed instanceof ErrorReply) return parsed;
    limit = parsed;
  }
  return limit;
}

function keysFrom(args: readonly Bytes[], first: number, end: number): string[] {
  const keys: string[] = [];
  for (let index = first; index < end; index++) keys.push(keyAt(args, index));
  return keys;
}
