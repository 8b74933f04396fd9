/** Decides DUMP and RESTORE: a value as bytes that any Redis can read, and back. */
import { bufferOf } from '../byte-string.js';
import { argumentAt, keyAt, NOT_AN_INTEGER, SYNTAX_ERROR, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, keyArgument, optional, token } from '../command-arguments.js';
import { restoreEffects } from '../effects.js';
import { type Integer, integerOf, narrow } from '../integers.js';
import { oneKey } from '../key-specs.js';
import { type ExpireAtMs, NEVER } from '../keyspace/entry.js';
import { dumpOf, isIntact, valueOfDump } from '../persistence/rdb/dump.js';
import { ErrorReply, fail, OK, type Reply } from '../resp/reply.js';

export const dumpCommands: readonly CommandDeclaration[] = [
  {
    name: 'dump',
    arity: 2,
    flags: ['readonly'],
    categories: ['keyspace'],
    tips: ['nondeterministic_output'],
    keys: oneKey(['RO', 'access']),
    summary: 'Return a serialized version of the value stored at the specified key.',
    since: '2.6.0',
    group: 'generic',
    complexity:
      'O(1) to access the key and additional O(N*M) to serialize it, where N is the number of Redis objects composing the value and M their average size. For small string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1).',
    arguments: [keyArgument()],
    run: dump,
  },
  {
    name: 'restore',
    arity: -4,
    flags: ['write', 'denyoom'],
    categories: ['keyspace', 'dangerous'],
    keys: oneKey(['OW', 'update']),
    summary: 'Create a key using the provided serialized value, previously obtained using DUMP.',
    since: '2.6.0',
    group: 'generic',
    complexity:
      'O(1) to create the new key and additional O(N*M) to reconstruct the serialized value, where N is the number of Redis objects composing the value and M their average size. For small string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1). However for sorted set values the complexity is O(N*M*log(N)) because inserting values into sorted sets is O(log(N)).',
    arguments: [
      keyArgument(),
      argument('ttl', 'integer'),
      argument('serialized-value', 'string'),
      token('REPLACE', { since: '3.0.0', ...optional }),
      token('ABSTTL', { since: '5.0.0', ...optional }),
      argument('seconds', 'integer', { token: 'IDLETIME', since: '5.0.0', ...optional }),
      argument('frequency', 'integer', { token: 'FREQ', since: '5.0.0', ...optional }),
    ],
    run: restore,
    propagate: restoreEffects,
  },
];

function dump({ args, db }: Call): Reply {
  const entry = db.read(keyAt(args, 1));
  return entry === undefined ? null : dumpOf(entry.value);
}

interface Options {
  replaces: boolean;
  isAbsolute: boolean;
  idleSeconds: Integer | null;
  frequency: Integer | null;
}

function restore(call: Call): Reply {
  const { args, db, server } = call;
  const options = parseOptions(call);
  if (options instanceof ErrorReply) return options;
  const key = keyAt(args, 1);
  if (!options.replaces && db.write(key) !== undefined)
    return new ErrorReply('BUSYKEY Target key name already exists.');
  const ttlMs = integerOf(argumentAt(args, 2));
  if (ttlMs === null) return NOT_AN_INTEGER;
  if (ttlMs < 0) return fail('Invalid TTL value, must be >= 0');
  const payload = bufferOf(argumentAt(args, 3));
  if (!isIntact(payload)) return fail('DUMP payload version or checksum are wrong');
  const value = valueOfDump(payload, server.settings.encodings);
  if (value === null) return fail('Bad data format');
  const isDeleted = options.replaces && db.delete(key);
  const nowMs = server.keyspace.nowMs();
  const expireAtMs = expiryOf(ttlMs, options.isAbsolute, nowMs);
  if (server.keyspace.isOver(expireAtMs)) {
    if (isDeleted) call.notify('generic', 'del', key);
    return OK;
  }
  db.set(key, value, expireAtMs);
  setUsage(call, key, options);
  call.notify('generic', 'restore', key);
  return OK;
}

function expiryOf(ttlMs: Integer, isAbsolute: boolean, nowMs: number): ExpireAtMs {
  if (ttlMs === 0) return NEVER;
  return isAbsolute ? ttlMs : narrow(BigInt.asIntN(64, BigInt(ttlMs) + BigInt(Math.floor(nowMs))));
}

/** Only the one that the policy asks for is kept. */
function setUsage({ db, server }: Call, key: string, { idleSeconds, frequency }: Options): void {
  const entry = db.peek(key);
  if (entry === undefined) return;
  const countsFrequency = server.settings.memory.policy.endsWith('lfu');
  if (frequency !== null && countsFrequency) db.setFrequency(entry, Number(frequency));
  if (idleSeconds !== null && !countsFrequency) db.setIdleSeconds(entry, Number(idleSeconds));
}

function parseOptions({ args }: Call): Options | ErrorReply {
  const options: Options = { replaces: false, isAbsolute: false, idleSeconds: null, frequency: null };
  for (let index = 4; index < args.length; index++) {
    const word = wordAt(args, index);
    const value = args[index + 1];
    if (word === 'REPLACE') options.replaces = true;
    else if (word === 'ABSTTL') options.isAbsolute = true;
    else if (word === 'IDLETIME' && value !== undefined && options.frequency === null) {
      const seconds = integerOf(value);
      if (seconds === null) return NOT_AN_INTEGER;
      if (seconds < 0) return fail('Invalid IDLETIME value, must be >= 0');
      options.idleSeconds = seconds;
      index++;
    } else if (word === 'FREQ' && value !== undefined && options.idleSeconds === null) {
      const counter = integerOf(value);
      if (counter === null) return NOT_AN_INTEGER;
      if (counter < 0 || counter > 255) return fail('Invalid FREQ value, must be >= 0 and <= 255');
      options.frequency = counter;
      index++;
    } else return SYNTAX_ERROR;
  }
  return options;
}
