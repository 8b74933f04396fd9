/** Decides when keys expire: the EXPIRE and TTL families and PERSIST. Knows no client state. */
import { type Bytes, byteString } from '../byte-string.js';
import { argumentAt, cString, keyAt, NOT_AN_INTEGER, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, keyArgument, oneOf, optional, token } from '../command-arguments.js';
import { expiryEffects } from '../effects.js';
import { absoluteMs, remainingMs, roundedSeconds, type TimeUnit } from '../expire-time.js';
import { type Integer, integerOf } from '../integers.js';
import { oneKey } from '../key-specs.js';
import { type ExpireAtMs, NEVER } from '../keyspace/entry.js';
import { ErrorReply, fail, type Reply } from '../resp/reply.js';

export const expireCommands: readonly CommandDeclaration[] = [
  {
    name: 'expire',
    arity: -3,
    flags: ['write', 'fast'],
    categories: ['keyspace'],
    keys: oneKey(['RW', 'update']),
    summary: "Set a key's time to live in seconds",
    since: '1.0.0',
    group: 'generic',
    complexity: 'O(1)',
    arguments: [
      keyArgument(),
      argument('seconds', 'integer'),
      oneOf('condition', [token('NX'), token('XX'), token('GT'), token('LT')], {
        since: '7.0.0',
        ...optional,
      }),
    ],
    run: (call) => expire(call, SECONDS_FROM_NOW),
    propagate: expiryEffects,
  },
  {
    name: 'pexpire',
    arity: -3,
    flags: ['write', 'fast'],
    categories: ['keyspace'],
    keys: oneKey(['RW', 'update']),
    summary: "Set a key's time to live in milliseconds",
    since: '2.6.0',
    group: 'generic',
    complexity: 'O(1)',
    arguments: [
      keyArgument(),
      argument('milliseconds', 'integer'),
      oneOf('condition', [token('NX'), token('XX'), token('GT'), token('LT')], {
        since: '7.0.0',
        ...optional,
      }),
    ],
    run: (call) => expire(call, MS_FROM_NOW),
    propagate: expiryEffects,
  },
  {
    name: 'expireat',
    arity: -3,
    flags: ['write', 'fast'],
    categories: ['keyspace'],
    keys: oneKey(['RW', 'update']),
    summary: 'Set the expiration for a key as a UNIX timestamp',
    since: '1.2.0',
    group: 'generic',
    complexity: 'O(1)',
    arguments: [
      keyArgument(),
      argument('unix-time-seconds', 'unix-time'),
      oneOf('condition', [token('NX'), token('XX'), token('GT'), token('LT')], {
        since: '7.0.0',
        ...optional,
      }),
    ],
    run: (call) => expire(call, SECONDS),
    propagate: expiryEffects,
  },
  {
    name: 'pexpireat',
    arity: -3,
    flags: ['write', 'fast'],
    categories: ['keyspace'],
    keys: oneKey(['RW', 'update']),
    summary: 'Set the expiration for a key as a UNIX timestamp specified in milliseconds',
    since: '2.6.0',
    group: 'generic',
    complexity: 'O(1)',
    arguments: [
      keyArgument(),
      argument('unix-time-milliseconds', 'unix-time'),
      oneOf('condition', [token('NX'), token('XX'), token('GT'), token('LT')], {
        since: '7.0.0',
        ...optional,
      }),
    ],
    run: (call) => expire(call, MS),
    propagate: expiryEffects,
  },
  {
    name: 'ttl',
    arity: 2,
    flags: ['readonly', 'fast'],
    categories: ['keyspace'],
    tips: ['nondeterministic_output'],
    keys: oneKey(['RO', 'access']),
    summary: 'Get the time to live for a key in seconds',
    since: '1.0.0',
    group: 'generic',
    complexity: 'O(1)',
    arguments: [keyArgument()],
    run: (call) => expiry(call, (atMs, nowMs) => roundedSeconds(remainingMs(atMs, nowMs))),
  },
  {
    name: 'pttl',
    arity: 2,
    flags: ['readonly', 'fast'],
    categories: ['keyspace'],
    tips: ['nondeterministic_output'],
    keys: oneKey(['RO', 'access']),
    summary: 'Get the time to live for a key in milliseconds',
    since: '2.6.0',
    group: 'generic',
    complexity: 'O(1)',
    arguments: [keyArgument()],
    run: (call) => expiry(call, remainingMs),
  },
  {
    name: 'expiretime',
    arity: 2,
    flags: ['readonly', 'fast'],
    categories: ['keyspace'],
    keys: oneKey(['RO', 'access']),
    summary: 'Get the expiration Unix timestamp for a key',
    since: '7.0.0',
    group: 'generic',
    complexity: 'O(1)',
    arguments: [keyArgument()],
    run: (call) => expiry(call, roundedSeconds),
  },
  {
    name: 'pexpiretime',
    arity: 2,
    flags: ['readonly', 'fast'],
    categories: ['keyspace'],
    keys: oneKey(['RO', 'access']),
    summary: 'Get the expiration Unix timestamp for a key in milliseconds',
    since: '7.0.0',
    group: 'generic',
    complexity: 'O(1)',
    arguments: [keyArgument()],
    run: (call) => expiry(call, (atMs) => atMs),
  },
  {
    name: 'persist',
    arity: 2,
    flags: ['write', 'fast'],
    categories: ['keyspace'],
    keys: oneKey(['RW', 'update']),
    summary: 'Remove the expiration from a key',
    since: '2.2.0',
    group: 'generic',
    complexity: 'O(1)',
    arguments: [keyArgument()],
    run: persist,
  },
];

const SECONDS_FROM_NOW: TimeUnit = { msPerUnit: 1000, isRelative: true };
const MS_FROM_NOW: TimeUnit = { msPerUnit: 1, isRelative: true };
const SECONDS: TimeUnit = { msPerUnit: 1000, isRelative: false };
const MS: TimeUnit = { msPerUnit: 1, isRelative: false };

function expire(call: Call, unit: TimeUnit): Reply {
  const { args, db, server } = call;
  const flags = parseFlags(args);
  if (flags instanceof ErrorReply) return flags;
  const value = integerOf(argumentAt(args, 2));
  if (value === null) return NOT_AN_INTEGER;
  const nowMs = server.keyspace.nowMs();
  const atMs = absoluteMs(value, unit, nowMs);
  if (atMs === null)
    return fail(`invalid expire time in '${byteString(argumentAt(args, 0)).toLowerCase()}' command`);
  const key = keyAt(args, 1);
  const entry = db.write(key);
  if (entry === undefined) return 0;
  if (!isAllowed(flags, entry.expireAtMs, atMs)) return 0;
  const isOver = server.keyspace.isOver(atMs);
  if (isOver) db.delete(key);
  else db.setExpiry(entry, atMs);
  call.notify('generic', isOver ? 'del' : 'expire', key);
  return 1;
}

type ExpireFlag = 'NX' | 'XX' | 'GT' | 'LT';

function parseFlags(args: readonly Bytes[]): Set<ExpireFlag> | ErrorReply {
  const flags = new Set<ExpireFlag>();
  for (let index = 3; index < args.length; index++) {
    const word = wordAt(args, index);
    if (word !== 'NX' && word !== 'XX' && word !== 'GT' && word !== 'LT')
      return fail(`Unsupported option ${cString(argumentAt(args, index))}`);
    flags.add(word);
  }
  if (flags.has('NX') && flags.size > 1)
    return fail('NX and XX, GT or LT options at the same time are not compatible');
  if (flags.has('GT') && flags.has('LT'))
    return fail('GT and LT options at the same time are not compatible');
  return flags;
}

/** A key that never expires counts as expiring later than any other. */
function isAllowed(flags: ReadonlySet<ExpireFlag>, oldMs: ExpireAtMs, newMs: ExpireAtMs): boolean {
  if (flags.has('NX') && oldMs !== NEVER) return false;
  if (flags.has('XX') && oldMs === NEVER) return false;
  if (flags.has('GT') && newMs <= oldMs) return false;
  return !(flags.has('LT') && newMs >= oldMs);
}

/** The four questions about an expiry: -2 without the key, -1 without an expiry. */
function expiry(call: Call, answer: (expireAtMs: ExpireAtMs, nowMs: number) => Integer): Reply {
  const entry = call.db.look(keyAt(call.args, 1));
  if (entry === undefined) return -2;
  return entry.expireAtMs === NEVER ? -1 : answer(entry.expireAtMs, call.server.keyspace.nowMs());
}

function persist(call: Call): Reply {
  const { args, db } = call;
  const entry = db.write(keyAt(args, 1));
  if (entry === undefined || entry.expireAtMs === NEVER) return 0;
  db.setExpiry(entry, NEVER);
  call.notify('generic', 'persist', keyAt(args, 1));
  return 1;
}
