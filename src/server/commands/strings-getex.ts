/** Decides GETEX: reads a string and gives it another expiry, or none. */
import type { Bytes } from '../byte-string.js';
import { keyAt, NOT_AN_INTEGER, SYNTAX_ERROR, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, keyArgument, oneOf, optional, token } from '../command-arguments.js';
import { expiryEffects } from '../effects.js';
import { absoluteMs, type TimeUnit } from '../expire-time.js';
import { integerOf } from '../integers.js';
import { oneKey } from '../key-specs.js';
import { type ExpireAtMs, NEVER } from '../keyspace/entry.js';
import { ErrorReply, fail, type Reply } from '../resp/reply.js';
import { stringOf } from '../string-values.js';

export const getexCommands: readonly CommandDeclaration[] = [
  {
    name: 'getex',
    arity: -2,
    flags: ['write', 'fast'],
    categories: ['string'],
    keys: oneKey(['RW', 'access', 'update'], 'RW and UPDATE because it changes the TTL'),
    summary: 'Get the value of a key and optionally set its expiration',
    since: '6.2.0',
    group: 'string',
    complexity: 'O(1)',
    arguments: [
      keyArgument(),
      oneOf(
        'expiration',
        [
          argument('seconds', 'integer', { token: 'EX' }),
          argument('milliseconds', 'integer', { token: 'PX' }),
          argument('unix-time-seconds', 'unix-time', { token: 'EXAT' }),
          argument('unix-time-milliseconds', 'unix-time', { token: 'PXAT' }),
          token('PERSIST'),
        ],
        optional,
      ),
    ],
    run: getex,
    propagate: expiryEffects,
  },
];

type ExpiryOption =
  | { readonly kind: 'none' }
  | { readonly kind: 'persist' }
  | { readonly kind: 'at'; readonly unit: TimeUnit; readonly value: Bytes };

const units: Readonly<Record<string, TimeUnit>> = {
  EX: { msPerUnit: 1000, isRelative: true },
  PX: { msPerUnit: 1, isRelative: true },
  EXAT: { msPerUnit: 1000, isRelative: false },
  PXAT: { msPerUnit: 1, isRelative: false },
};

function getex(call: Call): Reply {
  const { args, db, server } = call;
  const key = keyAt(args, 1);
  const option = parseOption(args);
  if (option === null) return SYNTAX_ERROR;
  const entry = db.read(key);
  const value = stringOf(entry);
  if (entry === undefined || value === undefined) return null;
  if (value instanceof ErrorReply || option.kind === 'none') return value;
  if (option.kind === 'persist') {
    if (entry.expireAtMs === NEVER) return value;
    db.setExpiry(entry, NEVER);
    call.notify('generic', 'persist', key);
    return value;
  }
  const nowMs = server.keyspace.nowMs();
  const atMs = expiryOf(option, nowMs);
  if (atMs instanceof ErrorReply) return atMs;
  if (!option.unit.isRelative && server.keyspace.isOver(atMs)) {
    db.delete(key);
    call.notify('generic', 'del', key);
  } else {
    db.setExpiry(entry, atMs);
    call.notify('generic', 'expire', key);
  }
  return value;
}

function expiryOf(
  { unit, value }: { readonly unit: TimeUnit; readonly value: Bytes },
  nowMs: number,
): ExpireAtMs | ErrorReply {
  const number = integerOf(value);
  if (number === null) return NOT_AN_INTEGER;
  const atMs = number > 0 ? absoluteMs(number, unit, nowMs) : null;
  return atMs ?? fail("invalid expire time in 'getex' command");
}

/** The same word twice is fine, two words are not. */
function parseOption(args: readonly Bytes[]): ExpiryOption | null {
  let option: ExpiryOption = { kind: 'none' };
  for (let index = 2; index < args.length; index++) {
    const word = wordAt(args, index);
    const unit = units[word];
    const value = args[index + 1];
    if (word === 'PERSIST' && option.kind !== 'at') option = { kind: 'persist' };
    else if (unit !== undefined && value !== undefined && mayFollow(option, unit)) {
      option = { kind: 'at', unit, value };
      index++;
    } else return null;
  }
  return option;
}

function mayFollow(option: ExpiryOption, unit: TimeUnit): boolean {
  return option.kind === 'none' || (option.kind === 'at' && option.unit === unit);
}
