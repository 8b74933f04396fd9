/** Decides what acts on keys whatever their type: DEL, EXISTS, TYPE, KEYS, SCAN. Knows no client state. */
import { byteString } from '../byte-string.js';
import { argumentAt, keyAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, keyArgument, multiple, optional } from '../command-arguments.js';
import { globMatcher } from '../glob.js';
import { allKeys, oneKey } from '../key-specs.js';
import { typeNameOf } from '../keyspace/entry.js';
import { ErrorReply, type Reply, Status } from '../resp/reply.js';
import { parseScanCursor, parseScanOptions } from '../scan-arguments.js';

export const keyCommands: readonly CommandDeclaration[] = [
  {
    name: 'del',
    arity: -2,
    flags: ['write'],
    categories: ['keyspace'],
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    keys: allKeys(['RM', 'delete']),
    summary: 'Delete a key',
    since: '1.0.0',
    group: 'generic',
    complexity:
      'O(N) where N is the number of keys that will be removed. When a key to remove holds a value other than a string, the individual complexity for this key is O(M) where M is the number of elements in the list, set, sorted set or hash. Removing a single key that holds a string value is O(1).',
    arguments: [keyArgument(multiple)],
    run: del,
  },
  {
    name: 'unlink',
    arity: -2,
    flags: ['write', 'fast'],
    categories: ['keyspace'],
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    keys: allKeys(['RM', 'delete']),
    summary: 'Delete a key asynchronously in another thread. Otherwise it is just as DEL, but non blocking.',
    since: '4.0.0',
    group: 'generic',
    complexity:
      'O(1) for each key removed regardless of its size. Then the command does O(N) work in a different thread in order to reclaim memory, where N is the number of allocations the deleted objects where composed of.',
    arguments: [keyArgument(multiple)],
    run: del,
  },
  {
    name: 'exists',
    arity: -2,
    flags: ['readonly', 'fast'],
    categories: ['keyspace'],
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    keys: allKeys(['RO']),
    summary: 'Determine if a key exists',
    since: '1.0.0',
    group: 'generic',
    complexity: 'O(N) where N is the number of keys to check.',
    arguments: [keyArgument(multiple)],
    run: exists,
  },
  {
    name: 'type',
    arity: 2,
    flags: ['readonly', 'fast'],
    categories: ['keyspace'],
    keys: oneKey(['RO']),
    summary: 'Determine the type stored at key',
    since: '1.0.0',
    group: 'generic',
    complexity: 'O(1)',
    arguments: [keyArgument()],
    run: type,
  },
  {
    name: 'keys',
    arity: 2,
    flags: ['readonly'],
    categories: ['keyspace', 'dangerous'],
    tips: ['request_policy:all_shards', 'nondeterministic_output_order'],
    summary: 'Find all keys matching the given pattern',
    since: '1.0.0',
    group: 'generic',
    complexity:
      'O(N) with N being the number of keys in the database, under the assumption that the key names in the database and the given pattern have limited length.',
    arguments: [argument('pattern', 'pattern')],
    run: keys,
  },
  {
    name: 'scan',
    arity: -2,
    flags: ['readonly'],
    categories: ['keyspace'],
    tips: ['nondeterministic_output', 'request_policy:special'],
    summary: 'Incrementally iterate the keys space',
    since: '2.8.0',
    group: 'generic',
    complexity:
      'O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection.',
    arguments: [
      argument('cursor', 'integer'),
      argument('pattern', 'pattern', { token: 'MATCH', ...optional }),
      argument('count', 'integer', { token: 'COUNT', ...optional }),
      argument('type', 'string', { token: 'TYPE', since: '6.0.0', ...optional }),
    ],
    run: scan,
  },
];

/** A KEYS over more than this is worth a word. */
const KEYS_QUIET_MAX = 100_000;

function del(call: Call): Reply {
  const { args, db } = call;
  let count = 0;
  for (let index = 1; index < args.length; index++) {
    const key = keyAt(args, index);
    if (!db.delete(key)) continue;
    call.notify('generic', 'del', key);
    count++;
  }
  return count;
}

function exists({ args, db }: Call): Reply {
  let count = 0;
  for (let index = 1; index < args.length; index++) if (db.look(keyAt(args, index)) !== undefined) count++;
  return count;
}

function type({ args, db }: Call): Reply {
  const entry = db.look(keyAt(args, 1));
  return new Status(entry === undefined ? 'none' : typeNameOf(entry));
}

function keys({ args, db, server }: Call): Reply {
  if (db.size > KEYS_QUIET_MAX)
    server.warnOnce(
      'LOOKASIDE_SERVER_KEYS',
      `KEYS looked at ${db.size} keys at once and held the event loop meanwhile: use SCAN`,
    );
  const matches = globMatcher(byteString(argumentAt(args, 1)));
  const found: string[] = [];
  for (const { key } of db.keys()) if (matches(key)) found.push(key);
  return found;
}

function scan({ args, db }: Call): Reply {
  const cursor = parseScanCursor(argumentAt(args, 1));
  if (cursor instanceof ErrorReply) return cursor;
  const options = parseScanOptions(args, 2, { takesType: true });
  if (options instanceof ErrorReply) return options;
  const found: string[] = [];
  const next = db.scan(cursor, options.count, options.matches, (entry) => {
    if (options.type === null || typeNameOf(entry) === options.type) found.push(entry.key);
  });
  return [String(next), found];
}
