/** Decides the commands that add, remove and list entries of streams. */
import type { Bytes } from '../byte-string.js';
import { argumentAt, keyAt, NOT_AN_INTEGER, SYNTAX_ERROR, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, block, keyArgument, multiple, oneOf, optional, token } from '../command-arguments.js';
import { integerOf } from '../integers.js';
import { oneKey } from '../key-specs.js';
import { NEVER } from '../keyspace/entry.js';
import {
  compareIds,
  idAfter,
  idText,
  isZero,
  plus,
  type StreamId,
  UINT64_MAX,
} from '../keyspace/stream-id.js';
import { StreamValue } from '../keyspace/stream-value.js';
import { ErrorReply, fail, NULL_ARRAY, type Reply } from '../resp/reply.js';
import {
  idsFrom,
  intervalEndOf,
  intervalStartOf,
  type NewId,
  parseAddArguments,
  parseTrimArguments,
} from '../stream-arguments.js';
import { addEffects, trimEffects } from '../stream-effects.js';
import { entryReply, rangeEntries, streamOf } from '../stream-replies.js';

export const streamEntryCommands: readonly CommandDeclaration[] = [
  {
    name: 'xadd',
    arity: -5,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['stream'],
    tips: ['nondeterministic_output'],
    keys: oneKey(['RW', 'update'], 'UPDATE instead of INSERT because of the optional trimming feature'),
    summary: 'Appends a new entry to a stream',
    since: '5.0.0',
    group: 'stream',
    complexity:
      'O(1) when adding a new entry, O(N) when trimming where N being the number of entries evicted.',
    arguments: [
      keyArgument(),
      token('NOMKSTREAM', { since: '6.2.0', ...optional }),
      block(
        'trim',
        [
          oneOf('strategy', [token('MAXLEN'), token('MINID', { since: '6.2.0' })]),
          oneOf(
            'operator',
            [
              argument('equal', 'pure-token', { token: '=' }),
              argument('approximately', 'pure-token', { token: '~' }),
            ],
            optional,
          ),
          argument('threshold', 'string'),
          argument('count', 'integer', { token: 'LIMIT', since: '6.2.0', ...optional }),
        ],
        optional,
      ),
      oneOf('id_or_auto', [argument('auto_id', 'pure-token', { token: '*' }), argument('id', 'string')]),
      block('field_value', [argument('field', 'string'), argument('value', 'string')], multiple),
    ],
    run: xadd,
    propagate: addEffects,
  },
  {
    name: 'xtrim',
    arity: -4,
    flags: ['write'],
    categories: ['stream'],
    tips: ['nondeterministic_output'],
    keys: oneKey(['RW', 'delete']),
    summary: "Trims the stream to (approximately if '~' is passed) a certain size",
    since: '5.0.0',
    group: 'stream',
    complexity:
      'O(N), with N being the number of evicted entries. Constant times are very small however, since entries are organized in macro nodes containing multiple entries that can be released with a single deallocation.',
    arguments: [
      keyArgument(),
      block('trim', [
        oneOf('strategy', [token('MAXLEN'), token('MINID', { since: '6.2.0' })]),
        oneOf(
          'operator',
          [
            argument('equal', 'pure-token', { token: '=' }),
            argument('approximately', 'pure-token', { token: '~' }),
          ],
          optional,
        ),
        argument('threshold', 'string'),
        argument('count', 'integer', { token: 'LIMIT', since: '6.2.0', ...optional }),
      ]),
    ],
    run: xtrim,
    propagate: trimEffects,
  },
  {
    name: 'xdel',
    arity: -3,
    flags: ['write', 'fast'],
    categories: ['stream'],
    keys: oneKey(['RW', 'delete']),
    summary:
      'Removes the specified entries from the stream. Returns the number of items actually deleted, that may be different from the number of IDs passed in case certain IDs do not exist.',
    since: '5.0.0',
    group: 'stream',
    complexity: 'O(1) for each single item to delete in the stream, regardless of the stream size.',
    arguments: [keyArgument(), argument('id', 'string', multiple)],
    run: xdel,
  },
  {
    name: 'xlen',
    arity: 2,
    flags: ['readonly', 'fast'],
    categories: ['stream'],
    keys: oneKey(['RO']),
    summary: 'Return the number of entries in a stream',
    since: '5.0.0',
    group: 'stream',
    complexity: 'O(1)',
    arguments: [keyArgument()],
    run: xlen,
  },
  {
    name: 'xrange',
    arity: -4,
    flags: ['readonly'],
    categories: ['stream'],
    keys: oneKey(['RO', 'access']),
    summary: 'Return a range of elements in a stream, with IDs matching the specified IDs interval',
    since: '5.0.0',
    group: 'stream',
    complexity:
      'O(N) with N being the number of elements being returned. If N is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1).',
    arguments: [
      keyArgument(),
      argument('start', 'string'),
      argument('end', 'string'),
      argument('count', 'integer', { token: 'COUNT', ...optional }),
    ],
    run: (call) => range(call, false),
  },
  {
    name: 'xrevrange',
    arity: -4,
    flags: ['readonly'],
    categories: ['stream'],
    keys: oneKey(['RO', 'access']),
    summary:
      'Return a range of elements in a stream, with IDs matching the specified IDs interval, in reverse order (from greater to smaller IDs) compared to XRANGE',
    since: '5.0.0',
    group: 'stream',
    complexity:
      'O(N) with N being the number of elements returned. If N is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1).',
    arguments: [
      keyArgument(),
      argument('end', 'string'),
      argument('start', 'string'),
      argument('count', 'integer', { token: 'COUNT', ...optional }),
    ],
    run: (call) => range(call, true),
  },
];

/** Longest entry: all of its fields and values. */
const ENTRY_BYTES_MAX = 2 ** 30;

function xadd(call: Call): Reply {
  const { args, db, server } = call;
  const { encodings } = server.settings;
  const parsed = parseAddArguments(args, encodings.streamNodeEntriesMax);
  if (parsed instanceof ErrorReply) return parsed;
  const { firstField, trim } = parsed;
  if (args.length - firstField < 2 || (args.length - firstField) % 2 === 1)
    return fail("wrong number of arguments for 'xadd' command");
  if (parsed.id.kind === 'exact' && isZero(parsed.id.id))
    return fail('The ID specified in XADD must be greater than 0-0');
  const key = keyAt(args, 1);
  const entry = db.write(key);
  const found = streamOf(entry);
  if (found instanceof ErrorReply) return found;
  if (found === undefined && !parsed.createsStream) return null;
  const stream = found ?? new StreamValue();
  const pairs = pairsFrom(args, firstField);
  const id = idToAdd(stream, parsed.id, server.keyspace.nowMs());
  if (id instanceof ErrorReply) return id;
  if (pairs.reduce((sum, part) => sum + part.length, 0) > ENTRY_BYTES_MAX)
    return fail('Elements are too large to be stored');
  stream.append(id, pairs, encodings);
  const trimmed = trim === null ? 0 : stream.trim(trim);
  stream.weighNodes();
  if (entry === undefined) db.set(key, stream, NEVER);
  else db.changed(entry);
  call.notify('stream', 'xadd', key);
  if (trimmed > 0) call.notify('stream', 'xtrim', key);
  return idText(id);
}

function pairsFrom(args: readonly Bytes[], first: number): Bytes[] {
  const pairs: Bytes[] = [];
  for (let index = first; index < args.length; index++) pairs.push(argumentAt(args, index));
  return pairs;
}

function idToAdd(stream: StreamValue, wanted: NewId, nowMs: number): StreamId | ErrorReply {
  const { lastId } = stream;
  if (lastId.ms === UINT64_MAX && lastId.sequence === UINT64_MAX)
    return fail('The stream has exhausted the last possible ID, unable to add more items');
  const id = candidateId(lastId, wanted, Math.floor(nowMs));
  if (id !== null && compareIds(id, lastId) > 0) return id;
  return fail('The ID specified in XADD is equal or smaller than the target stream top item');
}

/** Null when there is none. */
function candidateId(lastId: StreamId, wanted: NewId, nowMs: number): StreamId | null {
  if (wanted.kind === 'exact') return wanted.id;
  if (wanted.kind === 'now') return nowMs > lastId.ms ? { ms: nowMs, sequence: 0 } : idAfter(lastId);
  if (wanted.ms !== lastId.ms) return { ms: wanted.ms, sequence: 0 };
  return lastId.sequence === UINT64_MAX ? null : { ms: lastId.ms, sequence: plus(lastId.sequence, 1) };
}

function xtrim(call: Call): Reply {
  const { args, db, server } = call;
  const options = parseTrimArguments(args, server.settings.encodings.streamNodeEntriesMax);
  if (options instanceof ErrorReply) return options;
  const key = keyAt(args, 1);
  const entry = db.write(key);
  const stream = streamOf(entry);
  if (entry === undefined || stream === undefined) return 0;
  if (stream instanceof ErrorReply) return stream;
  const deleted = stream.trim(options);
  if (deleted === 0) return 0;
  stream.weighNodes();
  db.changed(entry);
  call.notify('stream', 'xtrim', key);
  return deleted;
}

function xdel(call: Call): Reply {
  const { args, db } = call;
  const key = keyAt(args, 1);
  const entry = db.write(key);
  const stream = streamOf(entry);
  if (entry === undefined || stream === undefined) return 0;
  if (stream instanceof ErrorReply) return stream;
  const ids = idsFrom(args, 2);
  if (ids instanceof ErrorReply) return ids;
  let deleted = 0;
  for (const id of ids) {
    if (!stream.delete(id)) continue;
    deleted++;
    if (compareIds(id, stream.maxDeletedId) > 0) stream.maxDeletedId = id;
  }
  if (deleted === 0) return 0;
  stream.findFirst();
  stream.weighNodes();
  db.changed(entry);
  call.notify('stream', 'xdel', key);
  return deleted;
}

function xlen({ args, db }: Call): Reply {
  const stream = streamOf(db.read(keyAt(args, 1)));
  return stream instanceof ErrorReply ? stream : (stream?.size ?? 0);
}

function range({ args, db }: Call, isReverse: boolean): Reply {
  const start = intervalStartOf(argumentAt(args, isReverse ? 3 : 2));
  if (start instanceof ErrorReply) return start;
  const end = intervalEndOf(argumentAt(args, isReverse ? 2 : 3));
  if (end instanceof ErrorReply) return end;
  const countMax = countFrom(args, 4);
  if (countMax instanceof ErrorReply) return countMax;
  const stream = streamOf(db.read(keyAt(args, 1)));
  if (stream === undefined) return [];
  if (stream instanceof ErrorReply) return stream;
  if (countMax === 0) return NULL_ARRAY;
  return rangeEntries(stream, { start, end, countMax: countMax ?? 0, isReverse }).map(entryReply);
}

/** Null when there is none. */
function countFrom(args: readonly Bytes[], first: number): number | null | ErrorReply {
  let count: number | null = null;
  for (let index = first; index < args.length; index += 2) {
    if (wordAt(args, index) !== 'COUNT' || index + 1 >= args.length) return SYNTAX_ERROR;
    const value = integerOf(argumentAt(args, index + 1));
    if (value === null) return NOT_AN_INTEGER;
    count = Math.max(0, Number(value));
  }
  return count;
}
