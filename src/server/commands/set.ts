/** Decides the set commands about members of one set: add, remove, move, look, choose, scan. Knows no client state. */
import { argumentAt, keyAt, SYNTAX_ERROR, WRONG_TYPE } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, keyArgument, multiple, optional } from '../command-arguments.js';
import { takenMembersEffects } from '../effects.js';
import { keyAtIndex, oneKey } from '../key-specs.js';
import { NEVER } from '../keyspace/entry.js';
import { SetValue } from '../keyspace/set-value.js';
import { CHOSEN_MAX, chooseDifferent, chooseRepeatedly } from '../random-choice.js';
import { positiveOf, signedCountOf } from '../ranged-integers.js';
import { ErrorReply, fail, type Reply, SetReply } from '../resp/reply.js';
import { parseScanCursor, parseScanOptions } from '../scan-arguments.js';
import { type FoundSet, setShrunk, setToRead, setToWrite } from '../set-operations.js';
import { saddShortcut, sismemberShortcut } from '../shortcuts/collections.js';

export const setCommands: readonly CommandDeclaration[] = [
  {
    name: 'sadd',
    arity: -3,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['set'],
    keys: oneKey(['RW', 'insert']),
    summary: 'Add one or more members to a set',
    since: '1.0.0',
    group: 'set',
    complexity:
      'O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.',
    arguments: [keyArgument(), argument('member', 'string', multiple)],
    run: sadd,
    shortcut: saddShortcut,
  },
  {
    name: 'srem',
    arity: -3,
    flags: ['write', 'fast'],
    categories: ['set'],
    keys: oneKey(['RW', 'delete']),
    summary: 'Remove one or more members from a set',
    since: '1.0.0',
    group: 'set',
    complexity: 'O(N) where N is the number of members to be removed.',
    arguments: [keyArgument(), argument('member', 'string', multiple)],
    run: srem,
  },
  {
    name: 'smove',
    arity: 4,
    flags: ['write', 'fast'],
    categories: ['set'],
    keys: [keyAtIndex(1, ['RW', 'access', 'delete']), keyAtIndex(2, ['RW', 'insert'])],
    summary: 'Move a member from one set to another',
    since: '1.0.0',
    group: 'set',
    complexity: 'O(1)',
    arguments: [
      argument('source', 'key', { keySpecIndex: 0 }),
      argument('destination', 'key', { keySpecIndex: 1 }),
      argument('member', 'string'),
    ],
    run: smove,
  },
  {
    name: 'sismember',
    arity: 3,
    flags: ['readonly', 'fast'],
    categories: ['set'],
    keys: oneKey(['RO']),
    summary: 'Determine if a given value is a member of a set',
    since: '1.0.0',
    group: 'set',
    complexity: 'O(1)',
    arguments: [keyArgument(), argument('member', 'string')],
    run: sismember,
    shortcut: sismemberShortcut,
  },
  {
    name: 'smismember',
    arity: -3,
    flags: ['readonly', 'fast'],
    categories: ['set'],
    keys: oneKey(['RO', 'access']),
    summary: 'Returns the membership associated with the given elements for a set',
    since: '6.2.0',
    group: 'set',
    complexity: 'O(N) where N is the number of elements being checked for membership',
    arguments: [keyArgument(), argument('member', 'string', multiple)],
    run: smismember,
  },
  {
    name: 'scard',
    arity: 2,
    flags: ['readonly', 'fast'],
    categories: ['set'],
    keys: oneKey(['RO']),
    summary: 'Get the number of members in a set',
    since: '1.0.0',
    group: 'set',
    complexity: 'O(1)',
    arguments: [keyArgument()],
    run: scard,
  },
  {
    name: 'smembers',
    arity: 2,
    flags: ['readonly'],
    categories: ['set'],
    tips: ['nondeterministic_output_order'],
    keys: oneKey(['RO', 'access']),
    summary: 'Get all the members in a set',
    since: '1.0.0',
    group: 'set',
    complexity: 'O(N) where N is the set cardinality.',
    arguments: [keyArgument()],
    run: smembers,
  },
  {
    name: 'spop',
    arity: -2,
    flags: ['write', 'fast'],
    categories: ['set'],
    tips: ['nondeterministic_output'],
    keys: oneKey(['RW', 'access', 'delete']),
    summary: 'Remove and return one or multiple random members from a set',
    since: '1.0.0',
    group: 'set',
    complexity: 'Without the count argument O(1), otherwise O(N) where N is the value of the passed count.',
    arguments: [keyArgument(), argument('count', 'integer', { since: '3.2.0', ...optional })],
    run: spop,
    propagate: takenMembersEffects,
  },
  {
    name: 'srandmember',
    arity: -2,
    flags: ['readonly'],
    categories: ['set'],
    tips: ['nondeterministic_output'],
    keys: oneKey(['RO', 'access']),
    summary: 'Get one or multiple random members from a set',
    since: '1.0.0',
    group: 'set',
    complexity:
      'Without the count argument O(1), otherwise O(N) where N is the absolute value of the passed count.',
    arguments: [keyArgument(), argument('count', 'integer', { since: '2.6.0', ...optional })],
    run: srandmember,
  },
  {
    name: 'sscan',
    arity: -3,
    flags: ['readonly'],
    categories: ['set'],
    tips: ['nondeterministic_output'],
    keys: oneKey(['RO', 'access']),
    summary: 'Incrementally iterate Set elements',
    since: '2.8.0',
    group: 'set',
    complexity:
      'O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection..',
    arguments: [
      keyArgument(),
      argument('cursor', 'integer'),
      argument('pattern', 'pattern', { token: 'MATCH', ...optional }),
      argument('count', 'integer', { token: 'COUNT', ...optional }),
    ],
    run: sscan,
  },
];

/** With less than this share left, the few that stay are copied rather than the many that go removed. */
const LEFT_SHARE = 5;

function sadd(call: Call): Reply {
  const { db, server } = call;
  const entry = call.db.write(argumentAt(call.args, 1));
  const set = entry === undefined ? new SetValue() : entry.value;
  if (!(set instanceof SetValue)) return WRONG_TYPE;
  const limits = server.settings.encodings;
  const count = call.args.length;
  let added = 0;
  for (let index = 2; index < count; index++) if (set.add(keyAt(call.args, index), limits)) added++;
  if (entry === undefined) db.set(keyAt(call.args, 1), set, NEVER);
  else if (added > 0) db.changed(entry);
  if (added > 0) call.notify('set', 'sadd', keyAt(call.args, 1));
  return added;
}

function srem(call: Call): Reply {
  const { args } = call;
  const found = setToWrite(call, keyAt(args, 1));
  if (found === undefined) return 0;
  if (found instanceof ErrorReply) return found;
  let removed = 0;
  for (let index = 2; index < args.length; index++) if (found.set.delete(keyAt(args, index))) removed++;
  if (removed > 0) setShrunk(call, found, 'srem');
  return removed;
}

function smove(call: Call): Reply {
  const { args, db, server } = call;
  const source = setToWrite(call, keyAt(args, 1));
  if (source === undefined) return 0;
  if (source instanceof ErrorReply) return source;
  const key = keyAt(args, 2);
  const target = setToWrite(call, key);
  if (target instanceof ErrorReply) return target;
  const member = keyAt(args, 3);
  if (source.set === target?.set) return source.set.has(member) ? 1 : 0;
  if (!source.set.delete(member)) return 0;
  setShrunk(call, source, 'srem');
  const set = target?.set ?? new SetValue();
  const isNew = set.add(member, server.settings.encodings);
  if (target === undefined) db.set(key, set, NEVER);
  else db.changed(target.entry);
  if (isNew) call.notify('set', 'sadd', key);
  return 1;
}

function sismember(call: Call): Reply {
  const set = call.db.read(argumentAt(call.args, 1))?.value;
  if (set === undefined) return 0;
  return set instanceof SetValue ? (set.has(keyAt(call.args, 2)) ? 1 : 0) : WRONG_TYPE;
}

function smismember(call: Call): Reply {
  const { args } = call;
  const set = setToRead(call, keyAt(args, 1));
  if (set instanceof ErrorReply) return set;
  const replies: number[] = [];
  for (let index = 2; index < args.length; index++)
    replies.push(set?.has(keyAt(args, index)) === true ? 1 : 0);
  return replies;
}

function scard(call: Call): Reply {
  const set = setToRead(call, keyAt(call.args, 1));
  return set instanceof ErrorReply ? set : (set?.size ?? 0);
}

function smembers(call: Call): Reply {
  const set = setToRead(call, keyAt(call.args, 1));
  if (set instanceof ErrorReply) return set;
  // A copy: within EXEC the set may change before the reply is written.
  return new SetReply([...(set?.members() ?? [])]);
}

function spop(call: Call): Reply {
  const { args } = call;
  if (args.length > 3) return SYNTAX_ERROR;
  const count = args.length === 3 ? positiveOf(argumentAt(args, 2)) : null;
  if (count instanceof ErrorReply) return count;
  const found = setToWrite(call, keyAt(args, 1));
  if (found instanceof ErrorReply) return found;
  if (found === undefined) return count === null ? null : new SetReply([]);
  if (count === null) return popMembers(call, found, 1)[0] ?? null;
  return new SetReply(count === 0 ? [] : popMembers(call, found, count));
}

function popMembers(call: Call, found: FoundSet, count: number): string[] {
  const { set } = found;
  const { server } = call;
  const popped = chooseDifferent(server.random, set.size, count).map((number) => set.memberAt(number));
  const left = set.size - popped.length;
  if (left > 0 && left * LEFT_SHARE <= count) {
    const gone = new Set(popped);
    const rest = set.members().filter((member) => !gone.has(member));
    set.replaceAll(rest, server.settings.encodings);
  } else for (const member of popped) set.delete(member);
  setShrunk(call, found, 'spop');
  return popped;
}

function srandmember(call: Call): Reply {
  const { args, server } = call;
  if (args.length > 3) return SYNTAX_ERROR;
  const count = args.length === 3 ? signedCountOf(argumentAt(args, 2)) : null;
  if (count instanceof ErrorReply) return count;
  const set = setToRead(call, keyAt(args, 1));
  if (set instanceof ErrorReply) return set;
  const { random } = server;
  if (count === null)
    return set === undefined ? null : set.memberAt(Math.floor(random.fraction() * set.size));
  if (set === undefined || count === 0) return [];
  if (count < -CHOSEN_MAX) return fail('value is out of range');
  const choose = count < 0 ? chooseRepeatedly : chooseDifferent;
  return choose(random, set.size, Math.abs(count)).map((number) => set.memberAt(number));
}

function sscan(call: Call): Reply {
  const { args } = call;
  const cursor = parseScanCursor(argumentAt(args, 2));
  if (cursor instanceof ErrorReply) return cursor;
  const set = setToRead(call, keyAt(args, 1));
  if (set === undefined) return ['0', []];
  if (set instanceof ErrorReply) return set;
  const options = parseScanOptions(args, 3);
  if (options instanceof ErrorReply) return options;
  const found: string[] = [];
  const next = set.scan(cursor, options.count, (member) => {
    if (options.matches(member)) found.push(member);
  });
  return [String(next), found];
}
