/** Decides GET, SET, MGET and MSET. Knows the keyspace, no client state. */
import type { Bytes } from '../byte-string.js';
import { argumentAt, keyAt, NOT_AN_INTEGER, SYNTAX_ERROR, WRONG_TYPE, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, block, keyArgument, multiple, oneOf, optional, token } from '../command-arguments.js';
import { absoluteMs, type TimeUnit } from '../expire-time.js';
import { integerOf } from '../integers.js';
import { allKeys, oneKey } from '../key-specs.js';
import { Container } from '../keyspace/container.js';
import { type ExpireAtMs, keepBytes, NEVER } from '../keyspace/entry.js';
import { ErrorReply, fail, OK, type Reply } from '../resp/reply.js';

export const stringCommands: readonly CommandDeclaration[] = [
  {
    name: 'get',
    arity: 2,
    flags: ['readonly', 'fast'],
    categories: ['string'],
    keys: oneKey(['RO', 'access']),
    summary: 'Get the value of a key',
    since: '1.0.0',
    group: 'string',
    complexity: 'O(1)',
    arguments: [keyArgument()],
    run: get,
  },
  {
    name: 'set',
    arity: -3,
    flags: ['write', 'denyoom'],
    categories: ['string'],
    keys: oneKey(
      ['RW', 'access', 'update', 'variable_flags'],
      'RW and ACCESS due to the optional `GET` argument',
    ),
    summary: 'Set the string value of a key',
    since: '1.0.0',
    group: 'string',
    complexity: 'O(1)',
    arguments: [
      keyArgument(),
      argument('value', 'string'),
      oneOf('condition', [token('NX'), token('XX')], { since: '2.6.12', ...optional }),
      token('GET', { since: '6.2.0', ...optional }),
      oneOf(
        'expiration',
        [
          argument('seconds', 'integer', { token: 'EX', since: '2.6.12' }),
          argument('milliseconds', 'integer', { token: 'PX', since: '2.6.12' }),
          argument('unix-time-seconds', 'unix-time', { token: 'EXAT', since: '6.2.0' }),
          argument('unix-time-milliseconds', 'unix-time', { token: 'PXAT', since: '6.2.0' }),
          token('KEEPTTL', { since: '6.0.0' }),
        ],
        optional,
      ),
    ],
    run: set,
  },
  {
    name: 'mget',
    arity: -2,
    flags: ['readonly', 'fast'],
    categories: ['string'],
    tips: ['request_policy:multi_shard'],
    keys: allKeys(['RO', 'access']),
    summary: 'Get the values of all the given keys',
    since: '1.0.0',
    group: 'string',
    complexity: 'O(N) where N is the number of keys to retrieve.',
    arguments: [keyArgument(multiple)],
    run: mget,
  },
  {
    name: 'mset',
    arity: -3,
    flags: ['write', 'denyoom'],
    categories: ['string'],
    tips: ['request_policy:multi_shard', 'response_policy:all_succeeded'],
    keys: allKeys(['OW', 'update'], 2),
    summary: 'Set multiple keys to multiple values',
    since: '1.0.1',
    group: 'string',
    complexity: 'O(N) where N is the number of keys to set.',
    arguments: [block('key_value', [keyArgument(), argument('value', 'string')], multiple)],
    run: mset,
  },
];

interface SetOptions {
  condition: 'always' | 'if-absent' | 'if-present';
  returnsOld: boolean;
  expiry: { kind: 'none' } | { kind: 'keep' } | { kind: 'at'; unit: TimeUnit; value: Bytes };
}

const setUnits: Readonly<Record<string, TimeUnit>> = {
  EX: { msPerUnit: 1000, isRelative: true },
  PX: { msPerUnit: 1, isRelative: true },
  EXAT: { msPerUnit: 1000, isRelative: false },
  PXAT: { msPerUnit: 1, isRelative: false },
};

function get({ args, db }: Call): Reply {
  const entry = db.read(keyAt(args, 1));
  if (entry === undefined) return null;
  return entry.value instanceof Container ? WRONG_TYPE : entry.value;
}

function set(call: Call): Reply {
  const { args, db } = call;
  const key = keyAt(args, 1);
  const value = keepBytes(argumentAt(args, 2));
  if (args.length === 3) {
    db.set(key, value, NEVER);
    return OK;
  }
  const options = parseSetOptions(args);
  if (options === null) return SYNTAX_ERROR;
  const expireAtMs = setExpiry(call, options);
  if (expireAtMs instanceof ErrorReply) return expireAtMs;
  const old = options.returnsOld ? db.read(key) : db.write(key);
  if (options.returnsOld && old?.value instanceof Container) return WRONG_TYPE;
  const oldReply = old === undefined || old.value instanceof Container ? null : old.value;
  const isRefused =
    (options.condition === 'if-absent' && old !== undefined) ||
    (options.condition === 'if-present' && old === undefined);
  if (isRefused) return options.returnsOld ? oldReply : null;
  const isKept = options.expiry.kind === 'keep' && old !== undefined;
  db.set(key, value, isKept ? old.expireAtMs : expireAtMs);
  return options.returnsOld ? oldReply : OK;
}

function parseSetOptions(args: readonly Bytes[]): SetOptions | null {
  const options: SetOptions = { condition: 'always', returnsOld: false, expiry: { kind: 'none' } };
  for (let index = 3; index < args.length; index++) {
    const word = wordAt(args, index);
    const next = args[index + 1];
    const unit = setUnits[word];
    if (word === 'NX' && options.condition !== 'if-present') options.condition = 'if-absent';
    else if (word === 'XX' && options.condition !== 'if-absent') options.condition = 'if-present';
    else if (word === 'GET') options.returnsOld = true;
    else if (word === 'KEEPTTL' && options.expiry.kind !== 'at') options.expiry = { kind: 'keep' };
    else if (unit !== undefined && next !== undefined && mayExpire(options, unit)) {
      options.expiry = { kind: 'at', unit, value: next };
      index++;
    } else return null;
  }
  return options;
}

/** The same word twice is fine, two words are not. */
function mayExpire({ expiry }: SetOptions, unit: TimeUnit): boolean {
  return expiry.kind === 'none' || (expiry.kind === 'at' && expiry.unit === unit);
}

function setExpiry({ server }: Call, { expiry }: SetOptions): ExpireAtMs | ErrorReply {
  if (expiry.kind !== 'at') return NEVER;
  const value = integerOf(expiry.value);
  if (value === null) return NOT_AN_INTEGER;
  const atMs = value > 0 ? absoluteMs(value, expiry.unit, server.keyspace.nowMs()) : null;
  return atMs ?? fail("invalid expire time in 'set' command");
}

function mget({ args, db }: Call): Reply {
  const values: Reply[] = [];
  for (let index = 1; index < args.length; index++) {
    const value = db.read(keyAt(args, index))?.value;
    values.push(value === undefined || value instanceof Container ? null : value);
  }
  return values;
}

function mset({ args, db }: Call): Reply {
  if (args.length % 2 === 0) return fail("wrong number of arguments for 'mset' command");
  for (let index = 1; index < args.length; index += 2)
    db.set(keyAt(args, index), keepBytes(argumentAt(args, index + 1)), NEVER);
  return OK;
}
