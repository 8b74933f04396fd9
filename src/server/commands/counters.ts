/** Decides the INCR family: strings that are numbers. Knows the keyspace, no client state. */
import { byteString } from '../byte-string.js';
import { argumentAt, keyAt, NOT_AN_INTEGER, WRONG_TYPE } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, keyArgument } from '../command-arguments.js';
import { floatSumEffects } from '../effects.js';
import { fitsInt64, type Integer, integerOf, narrow, parseInteger } from '../integers.js';
import { oneKey } from '../key-specs.js';
import { Container } from '../keyspace/container.js';
import type { Database } from '../keyspace/database.js';
import { NEVER } from '../keyspace/entry.js';
import { addLongDoubles, formatLongDouble, parseLongDouble } from '../long-double.js';
import { fail, type Reply } from '../resp/reply.js';
import type { RequestSlices } from '../resp/request.js';
import type { ShortcutSink } from '../resp/writer.js';

export const counterCommands: readonly CommandDeclaration[] = [
  {
    name: 'incr',
    arity: 2,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['string'],
    keys: oneKey(['RW', 'access', 'update']),
    summary: 'Increment the integer value of a key by one',
    since: '1.0.0',
    group: 'string',
    complexity: 'O(1)',
    arguments: [keyArgument()],
    run: (call) => add(call, 1),
    shortcut: incrShortcut,
  },
  {
    name: 'decr',
    arity: 2,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['string'],
    keys: oneKey(['RW', 'access', 'update']),
    summary: 'Decrement the integer value of a key by one',
    since: '1.0.0',
    group: 'string',
    complexity: 'O(1)',
    arguments: [keyArgument()],
    run: (call) => add(call, -1),
  },
  {
    name: 'incrby',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['string'],
    keys: oneKey(['RW', 'access', 'update']),
    summary: 'Increment the integer value of a key by the given amount',
    since: '1.0.0',
    group: 'string',
    complexity: 'O(1)',
    arguments: [keyArgument(), argument('increment', 'integer')],
    run: (call) => add(call, integerOf(argumentAt(call.args, 2))),
  },
  {
    name: 'decrby',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['string'],
    keys: oneKey(['RW', 'access', 'update']),
    summary: 'Decrement the integer value of a key by the given number',
    since: '1.0.0',
    group: 'string',
    complexity: 'O(1)',
    arguments: [keyArgument(), argument('decrement', 'integer')],
    run: decrby,
  },
  {
    name: 'incrbyfloat',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['string'],
    keys: oneKey(['RW', 'access', 'update']),
    summary: 'Increment the float value of a key by the given amount',
    since: '2.6.0',
    group: 'string',
    complexity: 'O(1)',
    arguments: [keyArgument(), argument('increment', 'double')],
    run: incrbyfloat,
    propagate: floatSumEffects,
  },
];

/** INCR, DECR, INCRBY: adds a fixed number or the second argument. */
function add(call: Call, by: Integer | null): Reply {
  if (by === null) return NOT_AN_INTEGER;
  const { db } = call;
  const quick = db.addSmall(argumentAt(call.args, 1), by);
  if (quick !== null) {
    tellIncrement(call);
    return quick;
  }
  const key = keyAt(call.args, 1);
  const entry = db.write(key);
  if (entry?.value instanceof Container) return WRONG_TYPE;
  const old = entry === undefined ? 0 : parseInteger(byteString(entry.value));
  if (old === null) return NOT_AN_INTEGER;
  const sum = addIntegers(old, by);
  if (sum === null) return fail('increment or decrement would overflow');
  db.set(key, String(sum), entry?.expireAtMs ?? NEVER);
  tellIncrement(call);
  return sum;
}

function incrShortcut(request: RequestSlices, db: Database, out: ShortcutSink): boolean {
  if (request.count !== 2) return false;
  const sum = db.addSmallPart(request.memory, request.start(1), request.end(1), 1);
  if (sum === null) return false;
  out.integer(sum);
  return true;
}

function tellIncrement(call: Call): void {
  if (call.server.notifications.wants('string')) call.notify('string', 'incrby', argumentAt(call.args, 1));
}

function addIntegers(left: Integer, right: Integer): Integer | null {
  if (typeof left === 'number' && typeof right === 'number' && Number.isSafeInteger(left + right))
    return left + right;
  const sum = BigInt(left) + BigInt(right);
  return fitsInt64(sum) ? narrow(sum) : null;
}

function decrby(call: Call): Reply {
  const by = integerOf(argumentAt(call.args, 2));
  if (by === null) return NOT_AN_INTEGER;
  const negated = narrow(-BigInt(by));
  // The one number that has no negative.
  return fitsInt64(BigInt(negated)) ? add(call, negated) : fail('decrement would overflow');
}

function incrbyfloat(call: Call): Reply {
  const { args, db } = call;
  const key = keyAt(args, 1);
  const entry = db.write(key);
  if (entry?.value instanceof Container) return WRONG_TYPE;
  const old = parseLongDouble(entry === undefined ? '0' : byteString(entry.value));
  const by = parseLongDouble(byteString(argumentAt(args, 2)));
  if (old === null || by === null) return fail('value is not a valid float');
  const sum = addLongDoubles(old, by);
  if (sum === null) return fail('increment would produce NaN or Infinity');
  const text = formatLongDouble(sum);
  db.set(key, text, entry?.expireAtMs ?? NEVER);
  call.notify('string', 'incrbyfloat', key);
  return text;
}
