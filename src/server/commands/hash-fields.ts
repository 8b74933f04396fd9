/** Decides the hash commands that look at fields, choose some at random, scan them or count in them. */
import { type Bytes, byteString } from '../byte-string.js';
import { argumentAt, keyAt, NOT_AN_INTEGER } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, block, keyArgument, optional, token } from '../command-arguments.js';
import { floatFieldEffects } from '../effects.js';
import { hashChanged, hashToChange, hashToRead } from '../hash-operations.js';
import { fitsInt64, integerOf, narrow } from '../integers.js';
import { oneKey } from '../key-specs.js';
import type { HashValue } from '../keyspace/hash-value.js';
import { addLongDoubles, formatLongDouble, parseLongDouble } from '../long-double.js';
import { parseRandomQuery } from '../random-arguments.js';
import { chooseDifferent, chooseRepeatedly } from '../random-choice.js';
import { ErrorReply, fail, type Reply } from '../resp/reply.js';
import { parseScanCursor, parseScanOptions } from '../scan-arguments.js';

export const hashFieldCommands: readonly CommandDeclaration[] = [
  {
    name: 'hexists',
    arity: 3,
    flags: ['readonly', 'fast'],
    categories: ['hash'],
    keys: oneKey(['RO']),
    summary: 'Determine if a hash field exists',
    since: '2.0.0',
    group: 'hash',
    complexity: 'O(1)',
    arguments: [keyArgument(), argument('field', 'string')],
    run: hexists,
  },
  {
    name: 'hstrlen',
    arity: 3,
    flags: ['readonly', 'fast'],
    categories: ['hash'],
    keys: oneKey(['RO']),
    summary: 'Get the length of the value of a hash field',
    since: '3.2.0',
    group: 'hash',
    complexity: 'O(1)',
    arguments: [keyArgument(), argument('field', 'string')],
    run: hstrlen,
  },
  {
    name: 'hkeys',
    arity: 2,
    flags: ['readonly'],
    categories: ['hash'],
    tips: ['nondeterministic_output_order'],
    keys: oneKey(['RO', 'access']),
    summary: 'Get all the fields in a hash',
    since: '2.0.0',
    group: 'hash',
    complexity: 'O(N) where N is the size of the hash.',
    arguments: [keyArgument()],
    run: (call) => listed(call, (field) => field),
  },
  {
    name: 'hvals',
    arity: 2,
    flags: ['readonly'],
    categories: ['hash'],
    tips: ['nondeterministic_output_order'],
    keys: oneKey(['RO', 'access']),
    summary: 'Get all the values in a hash',
    since: '2.0.0',
    group: 'hash',
    complexity: 'O(N) where N is the size of the hash.',
    arguments: [keyArgument()],
    run: (call) => listed(call, (_field, value) => value),
  },
  {
    name: 'hrandfield',
    arity: -2,
    flags: ['readonly'],
    categories: ['hash'],
    tips: ['nondeterministic_output'],
    keys: oneKey(['RO', 'access']),
    summary: 'Get one or multiple random fields from a hash',
    since: '6.2.0',
    group: 'hash',
    complexity: 'O(N) where N is the number of fields returned',
    arguments: [
      keyArgument(),
      block('options', [argument('count', 'integer'), token('WITHVALUES', optional)], optional),
    ],
    run: hrandfield,
  },
  {
    name: 'hscan',
    arity: -3,
    flags: ['readonly'],
    categories: ['hash'],
    tips: ['nondeterministic_output'],
    keys: oneKey(['RO', 'access']),
    summary: 'Incrementally iterate hash fields and associated values',
    since: '2.8.0',
    group: 'hash',
    complexity:
      'O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection..',
    arguments: [
      keyArgument(),
      argument('cursor', 'integer'),
      argument('pattern', 'pattern', { token: 'MATCH', ...optional }),
      argument('count', 'integer', { token: 'COUNT', ...optional }),
    ],
    run: hscan,
  },
  {
    name: 'hincrby',
    arity: 4,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['hash'],
    keys: oneKey(['RW', 'access', 'update']),
    summary: 'Increment the integer value of a hash field by the given number',
    since: '2.0.0',
    group: 'hash',
    complexity: 'O(1)',
    arguments: [keyArgument(), argument('field', 'string'), argument('increment', 'integer')],
    run: hincrby,
  },
  {
    name: 'hincrbyfloat',
    arity: 4,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['hash'],
    keys: oneKey(['RW', 'access', 'update']),
    summary: 'Increment the float value of a hash field by the given amount',
    since: '2.6.0',
    group: 'hash',
    complexity: 'O(1)',
    arguments: [keyArgument(), argument('field', 'string'), argument('increment', 'double')],
    run: hincrbyfloat,
    propagate: floatFieldEffects,
  },
];

function hexists(call: Call): Reply {
  const hash = hashToRead(call);
  if (hash instanceof ErrorReply) return hash;
  return hash?.has(keyAt(call.args, 2)) === true ? 1 : 0;
}

function hstrlen(call: Call): Reply {
  const hash = hashToRead(call);
  return hash instanceof ErrorReply ? hash : (hash?.get(keyAt(call.args, 2))?.length ?? 0);
}

function listed(call: Call, part: (field: string, value: Bytes) => Bytes): Reply {
  const hash = hashToRead(call);
  if (hash instanceof ErrorReply) return hash;
  const parts: Bytes[] = [];
  hash?.visit((field, value) => parts.push(part(field, value)));
  return parts;
}

function hrandfield(call: Call): Reply {
  const { args, server } = call;
  const query = parseRandomQuery(args, 'WITHVALUES');
  if (query instanceof ErrorReply) return query;
  const hash = hashToRead(call);
  if (hash instanceof ErrorReply) return hash;
  const { random } = server;
  if (query.count === null)
    return hash === undefined ? null : hash.fieldAt(Math.floor(random.fraction() * hash.size)).field;
  if (hash === undefined || query.count === 0) return [];
  const choose = query.count < 0 ? chooseRepeatedly : chooseDifferent;
  const chosen = choose(random, hash.size, Math.abs(query.count));
  return query.isPaired ? pairsOf(call, hash, chosen) : chosen.map((number) => hash.fieldAt(number).field);
}

/** One after the other in RESP2, in pairs in RESP3. */
function pairsOf({ client }: Call, hash: HashValue, numbers: readonly number[]): Reply {
  const pairs = numbers.map((number) => {
    const { field, value } = hash.fieldAt(number);
    return [field, value];
  });
  return client.respVersion === 3 ? pairs : pairs.flat();
}

function hscan(call: Call): Reply {
  const { args } = call;
  const cursor = parseScanCursor(argumentAt(args, 2));
  if (cursor instanceof ErrorReply) return cursor;
  const hash = hashToRead(call);
  if (hash === undefined) return ['0', []];
  if (hash instanceof ErrorReply) return hash;
  const options = parseScanOptions(args, 3);
  if (options instanceof ErrorReply) return options;
  const found: Bytes[] = [];
  const next = hash.scan(cursor, options.count, (field, value) => {
    if (options.matches(field)) found.push(field, value);
  });
  return [String(next), found];
}

function hincrby(call: Call): Reply {
  const { args, server } = call;
  const by = integerOf(argumentAt(args, 3));
  if (by === null) return NOT_AN_INTEGER;
  const change = hashToChange(call);
  if (change instanceof ErrorReply) return change;
  const field = keyAt(args, 2);
  const old = integerOf(change.hash.get(field) ?? '0');
  if (old === null) return fail('hash value is not an integer');
  const sum = BigInt(old) + BigInt(by);
  if (!fitsInt64(sum)) return fail('increment or decrement would overflow');
  change.hash.set(field, String(sum), server.settings.encodings);
  hashChanged(call, change, 'hincrby');
  return narrow(sum);
}

function hincrbyfloat(call: Call): Reply {
  const { args, server } = call;
  const by = parseLongDouble(byteString(argumentAt(args, 3)));
  if (by === null) return fail('value is not a valid float');
  if (by.kind === 'infinite') return fail('value is NaN or Infinity');
  const change = hashToChange(call);
  if (change instanceof ErrorReply) return change;
  const field = keyAt(args, 2);
  const old = parseLongDouble(byteString(change.hash.get(field) ?? '0'));
  if (old === null) return fail('hash value is not a float');
  const sum = addLongDoubles(old, by);
  if (sum === null) return fail('increment would produce NaN or Infinity');
  const text = formatLongDouble(sum);
  change.hash.set(field, text, server.settings.encodings);
  hashChanged(call, change, 'hincrbyfloat');
  return text;
}
