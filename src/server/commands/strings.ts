/** Decides GET, SET, MGET and MSET. Knows the keyspace, no client state. */
import { type Bytes, byteString } from '../byte-string.js';
import { argumentAt, NOT_AN_INTEGER, SYNTAX_ERROR, WRONG_TYPE, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, block, keyArgument, multiple, oneOf, optional, token } from '../command-arguments.js';
import { setEffects } from '../effects.js';
import { absoluteMs, type TimeUnit } from '../expire-time.js';
import { integerOf } from '../integers.js';
import { allKeys, type FoundKey, oneKey } from '../key-specs.js';
import { Container } from '../keyspace/container.js';
import type { Database, Found } from '../keyspace/database.js';
import { type ExpireAtMs, NEVER, SHORT_STRING_BYTES_MAX } from '../keyspace/entry.js';
import { StringView } from '../keyspace/string-view.js';
import { ErrorReply, fail, OK, type Reply, type RespVersion } from '../resp/reply.js';
import type { RequestSlices } from '../resp/request.js';
import type { ShortcutSink } from '../resp/writer.js';

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
    shortcut: getShortcut,
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
    findKeys: setKeys,
    shortcut: setShortcut,
    propagate: setEffects,
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
    shortcut: mgetShortcut,
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
    shortcut: msetShortcut,
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

const view = new StringView();

function getShortcut(request: RequestSlices, db: Database, out: ShortcutSink, version: RespVersion): boolean {
  if (request.count !== 2) return false;
  return writeString(db.readString(request.memory, request.start(1), request.end(1), view), out, version);
}

/** With GET it reads the key as well. */
function setKeys(args: readonly Bytes[]): FoundKey[] | null {
  const [, key] = args;
  if (key === undefined) return null;
  const reads = args.slice(3).some((_option, index) => wordAt(args, index + 3) === 'GET');
  return [{ key, flags: reads ? ['RW', 'access', 'update'] : ['OW', 'update'] }];
}

function setShortcut(request: RequestSlices, db: Database, out: ShortcutSink): boolean {
  if (request.count !== 3) return false;
  db.setPart(request.memory, request.start(1), request.end(1), request.start(2), request.end(2));
  out.ok();
  return true;
}

/** Writes what `view` shows. False when that is for the command to say. */
function writeString(found: Found, out: ShortcutSink, version: RespVersion): boolean {
  if (found === 'other type') return false;
  if (found === 'absent') out.null(version);
  else if (view.memory === null) out.text(String(view.number));
  else out.stored(view);
  return true;
}

function get({ args, db }: Call): Reply {
  const value = db.read(argumentAt(args, 1))?.value;
  return value instanceof Container ? WRONG_TYPE : (value ?? null);
}

function set(call: Call): Reply {
  const { db } = call;
  const { args } = call;
  const key = argumentAt(args, 1);
  const value = plainString(argumentAt(args, 2));
  if (args.length === 3) {
    db.set(key, value, NEVER);
    tellSet(call, 1);
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
  tellSet(call, 1);
  if (options.expiry.kind === 'at') call.notify('generic', 'expire', key);
  return options.returnsOld ? oldReply : OK;
}

/** A Buffer says that it was changed in place: an argument was not. */
function plainString(bytes: Bytes): Bytes {
  return bytes.length > SHORT_STRING_BYTES_MAX ? bytes : byteString(bytes);
}

function tellSet(call: Call, index: number): void {
  if (call.server.notifications.wants('string')) call.notify('string', 'set', argumentAt(call.args, index));
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
    const value = db.read(argumentAt(args, index))?.value;
    values.push(value === undefined || value instanceof Container ? null : value);
  }
  return values;
}

function mgetShortcut(
  request: RequestSlices,
  db: Database,
  out: ShortcutSink,
  version: RespVersion,
): boolean {
  const { count } = request;
  if (count < 2) return false;
  out.arrayOf(count - 1);
  for (let index = 1; index < count; index++) {
    const found = db.readString(request.memory, request.start(index), request.end(index), view);
    if (!writeString(found, out, version)) out.null(version);
  }
  return true;
}

function mset(call: Call): Reply {
  const { args, db } = call;
  if (args.length % 2 === 0) return fail("wrong number of arguments for 'mset' command");
  for (let index = 1; index < args.length; index += 2) {
    db.set(argumentAt(args, index), plainString(argumentAt(args, index + 1)), NEVER);
    tellSet(call, index);
  }
  return OK;
}

function msetShortcut(request: RequestSlices, db: Database, out: ShortcutSink): boolean {
  const { count } = request;
  if (count < 3 || count % 2 === 0) return false;
  for (let key = 1; key < count; key += 2)
    db.setPart(
      request.memory,
      request.start(key),
      request.end(key),
      request.start(key + 1),
      request.end(key + 1),
    );
  out.ok();
  return true;
}
