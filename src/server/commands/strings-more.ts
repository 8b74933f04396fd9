/** Decides the string commands beyond GET and SET: parts of strings, and the older ways to set and take them. */
import { bufferOf } from '../byte-string.js';
import { argumentAt, keyAt, NOT_AN_INTEGER } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, block, keyArgument, multiple } from '../command-arguments.js';
import { getDelEffects, getSetEffects, setWithExpiryEffects } from '../effects.js';
import { absoluteMs } from '../expire-time.js';
import { integerOf } from '../integers.js';
import { allKeys, oneKey } from '../key-specs.js';
import { keepBytes, NEVER } from '../keyspace/entry.js';
import { ErrorReply, fail, OK, type Reply } from '../resp/reply.js';
import {
  editableString,
  grownCopy,
  isReversed,
  lentStringOf,
  sliceOf,
  stringOf,
  tooLong,
} from '../string-values.js';

export const moreStringCommands: readonly CommandDeclaration[] = [
  {
    name: 'append',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['string'],
    keys: oneKey(['RW', 'insert']),
    summary: 'Append a value to a key',
    since: '2.0.0',
    group: 'string',
    complexity:
      'O(1). The amortized time complexity is O(1) assuming the appended value is small and the already present value is of any size, since the dynamic string library used by Redis will double the free space available on every reallocation.',
    arguments: [keyArgument(), argument('value', 'string')],
    run: append,
  },
  {
    name: 'strlen',
    arity: 2,
    flags: ['readonly', 'fast'],
    categories: ['string'],
    keys: oneKey(['RO']),
    summary: 'Get the length of the value stored in a key',
    since: '2.2.0',
    group: 'string',
    complexity: 'O(1)',
    arguments: [keyArgument()],
    run: strlen,
  },
  {
    name: 'getrange',
    arity: 4,
    flags: ['readonly'],
    categories: ['string'],
    keys: oneKey(['RO', 'access']),
    summary: 'Get a substring of the string stored at a key',
    since: '2.4.0',
    group: 'string',
    complexity:
      'O(N) where N is the length of the returned string. The complexity is ultimately determined by the returned length, but because creating a substring from an existing string is very cheap, it can be considered O(1) for small strings.',
    arguments: [keyArgument(), argument('start', 'integer'), argument('end', 'integer')],
    run: getrange,
  },
  {
    name: 'substr',
    arity: 4,
    flags: ['readonly'],
    categories: ['string'],
    keys: oneKey(['RO', 'access']),
    summary: 'Get a substring of the string stored at a key',
    since: '1.0.0',
    group: 'string',
    complexity:
      'O(N) where N is the length of the returned string. The complexity is ultimately determined by the returned length, but because creating a substring from an existing string is very cheap, it can be considered O(1) for small strings.',
    deprecated: { since: '2.0.0', replacedBy: '`GETRANGE`' },
    arguments: [keyArgument(), argument('start', 'integer'), argument('end', 'integer')],
    run: getrange,
  },
  {
    name: 'setrange',
    arity: 4,
    flags: ['write', 'denyoom'],
    categories: ['string'],
    keys: oneKey(['RW', 'update']),
    summary: 'Overwrite part of a string at key starting at the specified offset',
    since: '2.2.0',
    group: 'string',
    complexity:
      'O(1), not counting the time taken to copy the new string in place. Usually, this string is very small so the amortized complexity is O(1). Otherwise, complexity is O(M) with M being the length of the value argument.',
    arguments: [keyArgument(), argument('offset', 'integer'), argument('value', 'string')],
    run: setrange,
  },
  {
    name: 'getset',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['string'],
    keys: oneKey(['RW', 'access', 'update']),
    summary: 'Set the string value of a key and return its old value',
    since: '1.0.0',
    group: 'string',
    complexity: 'O(1)',
    deprecated: { since: '6.2.0', replacedBy: '`SET` with the `!GET` argument' },
    arguments: [keyArgument(), argument('value', 'string')],
    run: getset,
    propagate: getSetEffects,
  },
  {
    name: 'getdel',
    arity: 2,
    flags: ['write', 'fast'],
    categories: ['string'],
    keys: oneKey(['RW', 'access', 'delete']),
    summary: 'Get the value of a key and delete the key',
    since: '6.2.0',
    group: 'string',
    complexity: 'O(1)',
    arguments: [keyArgument()],
    run: getdel,
    propagate: getDelEffects,
  },
  {
    name: 'setex',
    arity: 4,
    flags: ['write', 'denyoom'],
    categories: ['string'],
    keys: oneKey(['OW', 'update']),
    summary: 'Set the value and expiration of a key',
    since: '2.0.0',
    group: 'string',
    complexity: 'O(1)',
    arguments: [keyArgument(), argument('seconds', 'integer'), argument('value', 'string')],
    run: (call) => setWithExpiry(call, 'setex', 1000),
    propagate: setWithExpiryEffects,
  },
  {
    name: 'psetex',
    arity: 4,
    flags: ['write', 'denyoom'],
    categories: ['string'],
    keys: oneKey(['OW', 'update']),
    summary: 'Set the value and expiration in milliseconds of a key',
    since: '2.6.0',
    group: 'string',
    complexity: 'O(1)',
    arguments: [keyArgument(), argument('milliseconds', 'integer'), argument('value', 'string')],
    run: (call) => setWithExpiry(call, 'psetex', 1),
    propagate: setWithExpiryEffects,
  },
  {
    name: 'setnx',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['string'],
    keys: oneKey(['OW', 'insert']),
    summary: 'Set the value of a key, only if the key does not exist',
    since: '1.0.0',
    group: 'string',
    complexity: 'O(1)',
    arguments: [keyArgument(), argument('value', 'string')],
    run: setnx,
  },
  {
    name: 'msetnx',
    arity: -3,
    flags: ['write', 'denyoom'],
    categories: ['string'],
    tips: ['request_policy:multi_shard', 'response_policy:agg_min'],
    keys: allKeys(['OW', 'insert'], 2),
    summary: 'Set multiple keys to multiple values, only if none of the keys exist',
    since: '1.0.1',
    group: 'string',
    complexity: 'O(N) where N is the number of keys to set.',
    arguments: [block('key_value', [keyArgument(), argument('value', 'string')], multiple)],
    run: msetnx,
  },
];

/** A longer part of a string is not copied for a reply. */
const COPIED_BYTES_MAX = 16 * 1024;

function append(call: Call): Reply {
  const { args, db } = call;
  const key = keyAt(args, 1);
  const added = argumentAt(args, 2);
  const entry = db.write(key);
  const old = lentStringOf(entry);
  if (old instanceof ErrorReply) return old;
  const oldLength = old?.length ?? 0;
  const length = oldLength + added.length;
  const refusal = tooLong(length, call.server.settings.limits.bulkBytesMax);
  if (old !== undefined && refusal !== null) return refusal;
  const own = editableString(db, entry, length);
  if (entry === undefined || old === undefined) db.set(key, keepBytes(added), NEVER);
  else if (own !== null) {
    bufferOf(added).copy(own, oldLength);
    db.changed(entry);
  } else db.set(key, Buffer.concat([bufferOf(old), bufferOf(added)], length), entry.expireAtMs);
  call.notify('string', 'append', key);
  return length;
}

function strlen({ args, db }: Call): Reply {
  const value = lentStringOf(db.read(keyAt(args, 1)));
  return value instanceof ErrorReply ? value : (value?.length ?? 0);
}

/** GETRANGE and its first name, SUBSTR. */
function getrange({ args, db }: Call): Reply {
  const start = integerOf(argumentAt(args, 2));
  const end = integerOf(argumentAt(args, 3));
  if (start === null || end === null) return NOT_AN_INTEGER;
  const entry = db.read(keyAt(args, 1));
  const value = lentStringOf(entry);
  if (value === undefined) return '';
  if (value instanceof ErrorReply) return value;
  const slice = sliceOf(Number(start), Number(end), value.length);
  if (slice === null || isReversed(Number(start), Number(end))) return '';
  const { first, last } = slice;
  if (typeof value === 'string') return value.slice(first, last + 1);
  if (last - first < COPIED_BYTES_MAX) return Buffer.from(value.subarray(first, last + 1));
  const whole = stringOf(entry);
  return Buffer.isBuffer(whole) ? whole.subarray(first, last + 1) : '';
}

function setrange(call: Call): Reply {
  const { args, db } = call;
  const key = keyAt(args, 1);
  const offset = integerOf(argumentAt(args, 2));
  const part = argumentAt(args, 3);
  if (offset === null) return NOT_AN_INTEGER;
  if (offset < 0) return fail('offset is out of range');
  const entry = db.write(key);
  const old = lentStringOf(entry);
  if (old instanceof ErrorReply) return old;
  const oldLength = old?.length ?? 0;
  if (part.length === 0) return oldLength;
  const end = Number(offset) + part.length;
  const refusal = tooLong(end, call.server.settings.limits.bulkBytesMax);
  if (refusal !== null) return refusal;
  const own = editableString(db, entry, end);
  const bytes = own ?? grownCopy(old ?? '', end);
  bufferOf(part).copy(bytes, Number(offset));
  if (entry !== undefined && own !== null) db.changed(entry);
  else db.set(key, bytes, entry?.expireAtMs ?? NEVER);
  call.notify('string', 'setrange', key);
  return Math.max(end, oldLength);
}

function getset(call: Call): Reply {
  const { args, db } = call;
  const key = keyAt(args, 1);
  const old = stringOf(db.read(key));
  if (old instanceof ErrorReply) return old;
  db.set(key, keepBytes(argumentAt(args, 2)), NEVER);
  call.notify('string', 'set', key);
  return old ?? null;
}

function getdel(call: Call): Reply {
  const { args, db } = call;
  const key = keyAt(args, 1);
  const old = stringOf(db.read(key));
  if (old === undefined) return null;
  if (old instanceof ErrorReply) return old;
  db.delete(key);
  call.notify('generic', 'del', key);
  return old;
}

function setWithExpiry(call: Call, name: string, msPerUnit: 1 | 1000): Reply {
  const { args, db, server } = call;
  const key = keyAt(args, 1);
  const value = integerOf(argumentAt(args, 2));
  if (value === null) return NOT_AN_INTEGER;
  const unit = { msPerUnit, isRelative: true };
  const atMs = value > 0 ? absoluteMs(value, unit, server.keyspace.nowMs()) : null;
  if (atMs === null) return fail(`invalid expire time in '${name}' command`);
  db.set(key, keepBytes(argumentAt(args, 3)), atMs);
  call.notify('string', 'set', key);
  call.notify('generic', 'expire', key);
  return OK;
}

function setnx(call: Call): Reply {
  const { args, db } = call;
  const key = keyAt(args, 1);
  if (db.write(key) !== undefined) return 0;
  db.set(key, keepBytes(argumentAt(args, 2)), NEVER);
  call.notify('string', 'set', key);
  return 1;
}

function msetnx(call: Call): Reply {
  const { args, db } = call;
  if (args.length % 2 === 0) return fail("wrong number of arguments for 'msetnx' command");
  for (let index = 1; index < args.length; index += 2)
    if (db.write(keyAt(args, index)) !== undefined) return 0;
  for (let index = 1; index < args.length; index += 2) {
    const key = keyAt(args, index);
    db.set(key, keepBytes(argumentAt(args, index + 1)), NEVER);
    call.notify('string', 'set', key);
  }
  return 1;
}
