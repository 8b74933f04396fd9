/** Decides what acts on keys whatever their type: DEL, EXISTS, TYPE, KEYS, SCAN. Knows no client state. */
import { type Bytes, byteString } from '../byte-string.js';
import { argumentAt, keyAt, NOT_AN_INTEGER, SYNTAX_ERROR, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, keyArgument, multiple, optional } from '../command-arguments.js';
import { globMatcher } from '../glob.js';
import { integerOf } from '../integers.js';
import { allKeys, oneKey } from '../key-specs.js';
import { typeNameOf } from '../keyspace/entry.js';
import { ErrorReply, fail, type Reply, Status } from '../resp/reply.js';

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

/** Most keys one SCAN call looks at, whatever its COUNT says: the event loop is the application's. */
const SCAN_COUNT_MAX = 100_000;
/** A KEYS over more than this is worth a word. */
const KEYS_QUIET_MAX = 100_000;
const CURSOR = /^[+-]?\d+$/;

function del({ args, db }: Call): Reply {
  let count = 0;
  for (let index = 1; index < args.length; index++) if (db.delete(keyAt(args, index))) count++;
  return count;
}

function exists({ args, db }: Call): Reply {
  let count = 0;
  for (let index = 1; index < args.length; index++) if (db.peek(keyAt(args, index)) !== undefined) count++;
  return count;
}

function type({ args, db }: Call): Reply {
  const entry = db.peek(keyAt(args, 1));
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

interface ScanOptions {
  count: number;
  matches: (key: string) => boolean;
  type: string | null;
}

function scan({ args, db }: Call): Reply {
  const cursor = parseCursor(byteString(argumentAt(args, 1)));
  if (cursor === null) return fail('invalid cursor');
  const options = parseScanOptions(args);
  if (options instanceof ErrorReply) return options;
  const found: string[] = [];
  const next = db.scan(cursor, Math.min(options.count, SCAN_COUNT_MAX), (entry) => {
    if (options.type !== null && typeNameOf(entry) !== options.type) return;
    if (options.matches(entry.key)) found.push(entry.key);
  });
  return [String(next), found];
}

/** As strtoul reads it: a sign and zeros in front are fine, negative numbers wrap to large ones. */
function parseCursor(text: string): number | null {
  if (text === '') return 0;
  if (!CURSOR.test(text)) return null;
  const value = BigInt(text.replace(/^[+-]/, ''));
  if (value >= 1n << 64n) return null;
  if (value === 0n) return 0;
  return text.startsWith('-') ? Number.MAX_SAFE_INTEGER : Number(value);
}

function parseScanOptions(args: readonly Bytes[]): ScanOptions | ErrorReply {
  const options: ScanOptions = { count: 10, matches: () => true, type: null };
  for (let index = 2; index < args.length; index += 2) {
    const word = wordAt(args, index);
    const value = args[index + 1];
    if (value === undefined) return SYNTAX_ERROR;
    if (word === 'COUNT') {
      const count = integerOf(value);
      if (count === null) return NOT_AN_INTEGER;
      if (count < 1) return SYNTAX_ERROR;
      options.count = Number(count);
    } else if (word === 'MATCH') options.matches = globMatcher(byteString(value));
    else if (word === 'TYPE') options.type = byteString(value).toLowerCase();
    else return SYNTAX_ERROR;
  }
  return options;
}
