/** Decides the hash commands. Knows the keyspace, no client state. */
import { argumentAt, keyAt, WRONG_TYPE } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, block, keyArgument, multiple } from '../command-arguments.js';
import { oneKey } from '../key-specs.js';
import { keepBytes, NEVER } from '../keyspace/entry.js';
import { HashValue } from '../keyspace/hash-value.js';
import { fail, MapReply, type Reply } from '../resp/reply.js';

export const hashCommands: readonly CommandDeclaration[] = [
  {
    name: 'hset',
    arity: -4,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['hash'],
    keys: oneKey(['RW', 'update']),
    summary: 'Set the string value of a hash field',
    since: '2.0.0',
    group: 'hash',
    complexity:
      'O(1) for each field/value pair added, so O(N) to add N field/value pairs when the command is called with multiple field/value pairs.',
    arguments: [
      keyArgument(),
      block('field_value', [argument('field', 'string'), argument('value', 'string')], multiple),
    ],
    run: hset,
  },
  {
    name: 'hsetnx',
    arity: 4,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['hash'],
    keys: oneKey(['RW', 'insert']),
    summary: 'Set the value of a hash field, only if the field does not exist',
    since: '2.0.0',
    group: 'hash',
    complexity: 'O(1)',
    arguments: [keyArgument(), argument('field', 'string'), argument('value', 'string')],
    run: hsetnx,
  },
  {
    name: 'hget',
    arity: 3,
    flags: ['readonly', 'fast'],
    categories: ['hash'],
    keys: oneKey(['RO', 'access']),
    summary: 'Get the value of a hash field',
    since: '2.0.0',
    group: 'hash',
    complexity: 'O(1)',
    arguments: [keyArgument(), argument('field', 'string')],
    run: hget,
  },
  {
    name: 'hmget',
    arity: -3,
    flags: ['readonly', 'fast'],
    categories: ['hash'],
    keys: oneKey(['RO', 'access']),
    summary: 'Get the values of all the given hash fields',
    since: '2.0.0',
    group: 'hash',
    complexity: 'O(N) where N is the number of fields being requested.',
    arguments: [keyArgument(), argument('field', 'string', multiple)],
    run: hmget,
  },
  {
    name: 'hgetall',
    arity: 2,
    flags: ['readonly'],
    categories: ['hash'],
    tips: ['nondeterministic_output_order'],
    keys: oneKey(['RO', 'access']),
    summary: 'Get all the fields and values in a hash',
    since: '2.0.0',
    group: 'hash',
    complexity: 'O(N) where N is the size of the hash.',
    arguments: [keyArgument()],
    run: hgetall,
  },
  {
    name: 'hdel',
    arity: -3,
    flags: ['write', 'fast'],
    categories: ['hash'],
    keys: oneKey(['RW', 'delete']),
    summary: 'Delete one or more hash fields',
    since: '2.0.0',
    group: 'hash',
    complexity: 'O(N) where N is the number of fields to be removed.',
    arguments: [keyArgument(), argument('field', 'string', multiple)],
    run: hdel,
  },
  {
    name: 'hlen',
    arity: 2,
    flags: ['readonly', 'fast'],
    categories: ['hash'],
    keys: oneKey(['RO']),
    summary: 'Get the number of fields in a hash',
    since: '2.0.0',
    group: 'hash',
    complexity: 'O(1)',
    arguments: [keyArgument()],
    run: hlen,
  },
];

function hset(call: Call): Reply {
  const { args, db } = call;
  if (args.length % 2 === 1) return fail("wrong number of arguments for 'hset' command");
  const key = keyAt(args, 1);
  const entry = db.write(key);
  const hash = entry === undefined ? new HashValue() : entry.value;
  if (!(hash instanceof HashValue)) return WRONG_TYPE;
  let added = 0;
  for (let index = 2; index < args.length; index += 2)
    if (hash.set(keyAt(args, index), keepBytes(argumentAt(args, index + 1)))) added++;
  if (entry === undefined) db.set(key, hash, NEVER);
  else db.changed(entry);
  return added;
}

function hsetnx(call: Call): Reply {
  const hash = call.db.write(keyAt(call.args, 1))?.value;
  if (hash !== undefined && !(hash instanceof HashValue)) return WRONG_TYPE;
  return hash?.fields.has(keyAt(call.args, 2)) ? 0 : hset(call);
}

function hget({ args, db }: Call): Reply {
  const hash = db.read(keyAt(args, 1))?.value;
  if (hash === undefined) return null;
  if (!(hash instanceof HashValue)) return WRONG_TYPE;
  return hash.fields.get(keyAt(args, 2)) ?? null;
}

function hmget({ args, db }: Call): Reply {
  const hash = db.read(keyAt(args, 1))?.value;
  if (hash !== undefined && !(hash instanceof HashValue)) return WRONG_TYPE;
  const values: Reply[] = [];
  for (let index = 2; index < args.length; index++) values.push(hash?.fields.get(keyAt(args, index)) ?? null);
  return values;
}

function hgetall({ args, db }: Call): Reply {
  const hash = db.read(keyAt(args, 1))?.value;
  if (hash !== undefined && !(hash instanceof HashValue)) return WRONG_TYPE;
  const flat: Reply[] = [];
  if (hash !== undefined) for (const [field, value] of hash.fields) flat.push(field, value);
  return new MapReply(flat);
}

function hdel({ args, db }: Call): Reply {
  const key = keyAt(args, 1);
  const entry = db.write(key);
  if (entry === undefined) return 0;
  if (!(entry.value instanceof HashValue)) return WRONG_TYPE;
  let removed = 0;
  for (let index = 2; index < args.length; index++) if (entry.value.delete(keyAt(args, index))) removed++;
  if (entry.value.fields.size === 0) db.delete(key);
  else if (removed > 0) db.changed(entry);
  return removed;
}

function hlen({ args, db }: Call): Reply {
  const hash = db.read(keyAt(args, 1))?.value;
  if (hash === undefined) return 0;
  return hash instanceof HashValue ? hash.fields.size : WRONG_TYPE;
}
