/** Decides the hash commands. Knows the keyspace, no client state. */
import { argumentAt, keyAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, block, keyArgument, multiple } from '../command-arguments.js';
import { hashChanged, hashToChange, hashToRead } from '../hash-operations.js';
import { oneKey } from '../key-specs.js';
import { keepBytes } from '../keyspace/entry.js';
import { ErrorReply, fail, MapReply, OK, type Reply } from '../resp/reply.js';
import { hgetShortcut, hsetShortcut } from '../shortcuts/collections.js';

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
    shortcut: hsetShortcut,
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
    name: 'hmset',
    arity: -4,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['hash'],
    keys: oneKey(['RW', 'update']),
    summary: 'Set multiple hash fields to multiple values',
    since: '2.0.0',
    group: 'hash',
    complexity: 'O(N) where N is the number of fields being set.',
    deprecated: { since: '4.0.0', replacedBy: '`HSET` with multiple field-value pairs' },
    arguments: [
      keyArgument(),
      block('field_value', [argument('field', 'string'), argument('value', 'string')], multiple),
    ],
    run: hmset,
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
    shortcut: hgetShortcut,
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
  return setFields(call, 'hset');
}

function hmset(call: Call): Reply {
  const added = setFields(call, 'hmset');
  return added instanceof ErrorReply ? added : OK;
}

/** How many fields are new. */
function setFields(call: Call, name: string): number | ErrorReply {
  const count = call.args.length;
  if (count % 2 === 1) return fail(`wrong number of arguments for '${name}' command`);
  const change = hashToChange(call);
  if (change instanceof ErrorReply) return change;
  const limits = call.server.settings.encodings;
  let added = 0;
  for (let index = 2; index < count; index += 2)
    if (change.hash.set(keyAt(call.args, index), keepBytes(argumentAt(call.args, index + 1)), limits))
      added++;
  hashChanged(call, change, 'hset');
  return added;
}

function hsetnx(call: Call): Reply {
  const { args, server } = call;
  const change = hashToChange(call);
  if (change instanceof ErrorReply) return change;
  const field = keyAt(args, 2);
  if (change.hash.has(field)) return 0;
  change.hash.set(field, keepBytes(argumentAt(args, 3)), server.settings.encodings);
  hashChanged(call, change, 'hset');
  return 1;
}

function hget(call: Call): Reply {
  const hash = hashToRead(call);
  return hash instanceof ErrorReply ? hash : (hash?.get(keyAt(call.args, 2)) ?? null);
}

function hmget(call: Call): Reply {
  const { args } = call;
  const hash = hashToRead(call);
  if (hash instanceof ErrorReply) return hash;
  const values: Reply[] = [];
  for (let index = 2; index < args.length; index++) values.push(hash?.get(keyAt(args, index)) ?? null);
  return values;
}

function hgetall(call: Call): Reply {
  const hash = hashToRead(call);
  if (hash instanceof ErrorReply) return hash;
  const flat: Reply[] = [];
  hash?.visit((field, value) => flat.push(field, value));
  return new MapReply(flat);
}

function hdel(call: Call): Reply {
  const { args, db } = call;
  const key = keyAt(args, 1);
  const change = hashToChange(call);
  if (change instanceof ErrorReply) return change;
  const { entry, hash } = change;
  let removed = 0;
  for (let index = 2; index < args.length; index++) if (hash.delete(keyAt(args, index))) removed++;
  if (entry === undefined || removed === 0) return 0;
  call.notify('hash', 'hdel', key);
  if (hash.size > 0) db.changed(entry);
  else {
    db.delete(key);
    call.notify('generic', 'del', key);
  }
  return removed;
}

function hlen(call: Call): Reply {
  const hash = hashToRead(call);
  return hash instanceof ErrorReply ? hash : (hash?.size ?? 0);
}
