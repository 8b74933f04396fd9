/** Decides what moves and copies keys whatever their type, within a database and between two; and WAIT. */
import type { Bytes } from '../byte-string.js';
import { argumentAt, int32Of, keyAt, NOT_AN_INTEGER, SYNTAX_ERROR, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, keyArgument, multiple, optional, token } from '../command-arguments.js';
import { integerOf } from '../integers.js';
import { allKeys, keyAtIndex, oneKey } from '../key-specs.js';
import type { Database } from '../keyspace/database.js';
import { copyOfValue } from '../persistence/rdb/dump.js';
import { ErrorReply, fail, OK, type Reply } from '../resp/reply.js';
import { millisecondsTimeout } from '../timeouts.js';

export const genericCommands: readonly CommandDeclaration[] = [
  {
    name: 'copy',
    arity: -3,
    flags: ['write', 'denyoom'],
    categories: ['keyspace'],
    keys: [keyAtIndex(1, ['RO', 'access']), keyAtIndex(2, ['OW', 'update'])],
    summary: 'Copy a key',
    since: '6.2.0',
    group: 'generic',
    complexity:
      'O(N) worst case for collections, where N is the number of nested items. O(1) for string values.',
    arguments: [
      argument('source', 'key', { keySpecIndex: 0 }),
      argument('destination', 'key', { keySpecIndex: 1 }),
      argument('destination-db', 'integer', { token: 'DB', ...optional }),
      token('REPLACE', optional),
    ],
    run: copy,
  },
  {
    name: 'rename',
    arity: 3,
    flags: ['write'],
    categories: ['keyspace'],
    keys: [keyAtIndex(1, ['RW', 'access', 'delete']), keyAtIndex(2, ['OW', 'update'])],
    summary: 'Rename a key',
    since: '1.0.0',
    group: 'generic',
    complexity: 'O(1)',
    arguments: [keyArgument(), argument('newkey', 'key', { keySpecIndex: 1 })],
    run: (call) => rename(call, false),
  },
  {
    name: 'renamenx',
    arity: 3,
    flags: ['write', 'fast'],
    categories: ['keyspace'],
    keys: [keyAtIndex(1, ['RW', 'access', 'delete']), keyAtIndex(2, ['OW', 'insert'])],
    summary: 'Rename a key, only if the new key does not exist',
    since: '1.0.0',
    group: 'generic',
    complexity: 'O(1)',
    arguments: [keyArgument(), argument('newkey', 'key', { keySpecIndex: 1 })],
    run: (call) => rename(call, true),
  },
  {
    name: 'move',
    arity: 3,
    flags: ['write', 'fast'],
    categories: ['keyspace'],
    keys: oneKey(['RW', 'access', 'update']),
    summary: 'Move a key to another database',
    since: '1.0.0',
    group: 'generic',
    complexity: 'O(1)',
    arguments: [keyArgument(), argument('db', 'integer')],
    run: move,
  },
  {
    name: 'swapdb',
    arity: 3,
    flags: ['write', 'fast'],
    categories: ['keyspace', 'dangerous'],
    summary: 'Swaps two Redis databases',
    since: '4.0.0',
    group: 'server',
    complexity: 'O(N) where N is the count of clients watching or blocking on keys from both databases.',
    arguments: [argument('index1', 'integer'), argument('index2', 'integer')],
    run: swapdb,
  },
  {
    name: 'randomkey',
    arity: 1,
    flags: ['readonly'],
    categories: ['keyspace'],
    tips: ['request_policy:all_shards', 'nondeterministic_output'],
    summary: 'Return a random key from the keyspace',
    since: '1.0.0',
    group: 'generic',
    complexity: 'O(1)',
    run: randomkey,
  },
  {
    name: 'touch',
    arity: -2,
    flags: ['readonly', 'fast'],
    categories: ['keyspace'],
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    keys: allKeys(['RO']),
    summary: 'Alters the last access time of a key(s). Returns the number of existing keys specified.',
    since: '3.2.1',
    group: 'generic',
    complexity: 'O(N) where N is the number of keys that will be touched.',
    arguments: [keyArgument(multiple)],
    run: touch,
  },
  {
    name: 'wait',
    arity: 3,
    flags: ['noscript'],
    categories: ['connection'],
    tips: ['request_policy:all_shards', 'response_policy:agg_min'],
    summary:
      'Wait for the synchronous replication of all the write commands sent in the context of the current connection',
    since: '3.0.0',
    group: 'generic',
    complexity: 'O(1)',
    arguments: [argument('numreplicas', 'integer'), argument('timeout', 'integer')],
    run: wait,
  },
];

const NO_KEY = fail('no such key');
const SAME_OBJECT = fail('source and destination objects are the same');
const DATABASE_INVALID = fail('DB index is out of range');

function databaseAt({ server }: Call, bytes: Bytes): Database | ErrorReply {
  const index = int32Of(bytes);
  if (index instanceof ErrorReply) return index;
  return server.keyspace.databases[index] ?? DATABASE_INVALID;
}

function copy(call: Call): Reply {
  const { args, db } = call;
  const [from, to] = [keyAt(args, 1), keyAt(args, 2)];
  let target: Database = db;
  let replaces = false;
  for (let index = 3; index < args.length; index++) {
    const word = wordAt(args, index);
    if (word === 'REPLACE') replaces = true;
    else if (word === 'DB' && index + 1 < args.length) {
      const found = databaseAt(call, argumentAt(args, ++index));
      if (found instanceof ErrorReply) return found;
      target = found;
    } else return SYNTAX_ERROR;
  }
  if (target === db && from === to) return SAME_OBJECT;
  const entry = db.read(from);
  if (entry === undefined) return 0;
  const { value, expireAtMs } = entry;
  if (target.write(to) !== undefined) {
    if (!replaces) return 0;
    target.delete(to);
  }
  target.set(to, copyOfValue(value, call.server.settings.encodings), expireAtMs);
  call.notify('generic', 'copy_to', to, target);
  return 1;
}

function rename(call: Call, isOnlyNew: boolean): Reply {
  const { args, db } = call;
  const [from, to] = [keyAt(args, 1), keyAt(args, 2)];
  const entry = db.write(from);
  if (entry === undefined) return NO_KEY;
  if (from === to) return isOnlyNew ? 0 : OK;
  const { value, expireAtMs } = entry;
  if (db.write(to) !== undefined) {
    if (isOnlyNew) return 0;
    db.delete(to);
  }
  db.set(to, value, expireAtMs);
  db.delete(from);
  call.notify('generic', 'rename_from', from);
  call.notify('generic', 'rename_to', to);
  return isOnlyNew ? 1 : OK;
}

function move(call: Call): Reply {
  const { args, db } = call;
  const key = keyAt(args, 1);
  const target = databaseAt(call, argumentAt(args, 2));
  if (target instanceof ErrorReply) return target;
  if (target === db) return SAME_OBJECT;
  const entry = db.write(key);
  if (entry === undefined || target.write(key) !== undefined) return 0;
  const { value, expireAtMs } = entry;
  target.set(key, value, expireAtMs);
  db.delete(key);
  call.notify('generic', 'move_from', key);
  call.notify('generic', 'move_to', key, target);
  return 1;
}

function swapdb({ args, server }: Call): Reply {
  const first = int32Of(argumentAt(args, 1));
  if (first instanceof ErrorReply) return fail('invalid first DB index');
  const second = int32Of(argumentAt(args, 2));
  if (second instanceof ErrorReply) return fail('invalid second DB index');
  return server.keyspace.swap(first, second) ? OK : DATABASE_INVALID;
}

function randomkey({ db }: Call): Reply {
  for (let entry = db.randomEntry(); entry !== undefined; entry = db.randomEntry()) {
    if (!db.isExpired(entry)) return entry.key;
    db.removeAt(entry.place, 'expired');
  }
  return null;
}

function touch({ args, db }: Call): Reply {
  let count = 0;
  for (let index = 1; index < args.length; index++) if (db.read(keyAt(args, index)) !== undefined) count++;
  return count;
}

/** There are no replicas, so either there are enough of them or nothing but the timeout will end the waiting. */
function wait({ args, client, db, server }: Call): Reply {
  const replicas = integerOf(argumentAt(args, 1));
  if (replicas === null) return NOT_AN_INTEGER;
  const timeoutMs = millisecondsTimeout(argumentAt(args, 2));
  if (timeoutMs instanceof ErrorReply) return timeoutMs;
  if (replicas <= 0) return 0;
  return server.blocking.wait(client, db, {
    keys: [],
    type: 'string',
    timeoutMs,
    timedOut: 0,
    retry: () => undefined,
    effects: () => [],
  });
}
