/** Decides the HyperLogLog commands. */
import { argumentAt, cString, keyAt, WRONG_TYPE } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, keyArgument, multiple, optional } from '../command-arguments.js';
import { countRegisters, emptyHyperLogLog, type HyperLogLog, hyperLogLogOf } from '../hyperloglog.js';
import { REGISTER_COUNT } from '../hyperloglog-estimate.js';
import { selfTest } from '../hyperloglog-self-test.js';
import { narrow } from '../integers.js';
import { keyAtIndex, oneKey } from '../key-specs.js';
import { Container } from '../keyspace/container.js';
import { type Entry, NEVER } from '../keyspace/entry.js';
import { ErrorReply, fail, OK, type Reply, Status } from '../resp/reply.js';

export const hyperLogLogCommands: readonly CommandDeclaration[] = [
  {
    name: 'pfadd',
    arity: -2,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['hyperloglog'],
    keys: oneKey(['RW', 'insert']),
    summary: 'Adds the specified elements to the specified HyperLogLog.',
    since: '2.8.9',
    group: 'hyperloglog',
    complexity: 'O(1) to add every element.',
    arguments: [keyArgument(), argument('element', 'string', { ...optional, ...multiple })],
    run: pfadd,
  },
  {
    name: 'pfcount',
    arity: -2,
    flags: ['readonly'],
    categories: ['hyperloglog'],
    keys: [
      {
        flags: ['RW', 'access'],
        begin: 1,
        last: -1,
        step: 1,
        notes: 'RW because it may change the internal representation of the key, and propagate to replicas',
      },
    ],
    summary: 'Return the approximated cardinality of the set(s) observed by the HyperLogLog at key(s).',
    since: '2.8.9',
    group: 'hyperloglog',
    complexity:
      'O(1) with a very small average constant time when called with a single key. O(N) with N being the number of keys, and much bigger constant times, when called with multiple keys.',
    arguments: [keyArgument(multiple)],
    run: pfcount,
  },
  {
    name: 'pfmerge',
    arity: -2,
    flags: ['write', 'denyoom'],
    categories: ['hyperloglog'],
    keys: [
      keyAtIndex(1, ['RW', 'access', 'insert']),
      { flags: ['RO', 'access'], begin: 2, last: -1, step: 1 },
    ],
    summary: 'Merge N different HyperLogLogs into a single one.',
    since: '2.8.9',
    group: 'hyperloglog',
    complexity: 'O(N) to merge N HyperLogLogs, but with high constant times.',
    arguments: [
      argument('destkey', 'key', { keySpecIndex: 0 }),
      argument('sourcekey', 'key', { keySpecIndex: 1, ...multiple }),
    ],
    run: pfmerge,
  },
  {
    name: 'pfdebug',
    arity: 3,
    flags: ['write', 'denyoom', 'admin'],
    categories: ['hyperloglog'],
    keys: [keyAtIndex(2, ['RW', 'access'])],
    summary: 'Internal commands for debugging HyperLogLog values',
    since: '2.8.9',
    group: 'hyperloglog',
    complexity: 'N/A',
    isSystemCommand: true,
    arguments: [argument('subcommand', 'string'), keyArgument()],
    run: pfdebug,
  },
  {
    name: 'pfselftest',
    arity: 1,
    flags: ['admin'],
    categories: ['hyperloglog'],
    summary: 'An internal command for testing HyperLogLog values',
    since: '2.8.9',
    group: 'hyperloglog',
    complexity: 'N/A',
    isSystemCommand: true,
    run: pfselftest,
  },
];

const CORRUPT = new ErrorReply('INVALIDOBJ Corrupted HLL object detected');
const NO_HYPERLOGLOG = new ErrorReply('WRONGTYPE Key is not a valid HyperLogLog string value.');

function hyperLogLogIn(entry: Entry): HyperLogLog | ErrorReply {
  const { value } = entry;
  if (value instanceof Container) return WRONG_TYPE;
  return hyperLogLogOf(value) ?? NO_HYPERLOGLOG;
}

function pfadd(call: Call): Reply {
  const { args, db, server } = call;
  const key = keyAt(args, 1);
  const entry = db.write(key);
  const found = entry === undefined ? emptyHyperLogLog() : hyperLogLogIn(entry);
  if (found instanceof ErrorReply) return found;
  let hasChanged = entry === undefined;
  for (let index = 2; index < args.length; index++) {
    const isRaised = found.add(argumentAt(args, index), server.settings.encodings.hllSparseBytesMax);
    if (isRaised === null) return CORRUPT;
    hasChanged ||= isRaised;
  }
  if (!hasChanged) return 0;
  found.forgetCardinality();
  db.set(key, found.bytes, entry?.expireAtMs ?? NEVER);
  call.notify('string', 'pfadd', key);
  return 1;
}

function pfcount(call: Call): Reply {
  const { args, db } = call;
  if (args.length > 2) return countUnion(call);
  const entry = db.read(keyAt(args, 1));
  if (entry === undefined) return 0;
  const found = hyperLogLogIn(entry);
  if (found instanceof ErrorReply) return found;
  if (found.hasCardinality) return narrow(found.cardinality);
  const count = found.count();
  if (count === null) return CORRUPT;
  // A read that writes: the answer is kept in the string.
  db.set(keyAt(args, 1), found.bytes, entry.expireAtMs);
  return narrow(BigInt(count));
}

function countUnion({ args, db }: Call): Reply {
  const registers = new Uint8Array(REGISTER_COUNT);
  for (let index = 1; index < args.length; index++) {
    const entry = db.read(keyAt(args, index));
    if (entry === undefined) continue;
    const found = hyperLogLogIn(entry);
    if (found instanceof ErrorReply) return found;
    if (!found.mergeInto(registers)) return CORRUPT;
  }
  return narrow(BigInt(countRegisters(registers)));
}

function pfmerge(call: Call): Reply {
  const { args, db, server } = call;
  const registers = new Uint8Array(REGISTER_COUNT);
  let isDense = false;
  for (let index = 1; index < args.length; index++) {
    const entry = db.read(keyAt(args, index));
    if (entry === undefined) continue;
    const found = hyperLogLogIn(entry);
    if (found instanceof ErrorReply) return found;
    isDense ||= found.encoding === 'dense';
    if (!found.mergeInto(registers)) return CORRUPT;
  }
  const key = keyAt(args, 1);
  const entry = db.write(key);
  const target = entry === undefined ? emptyHyperLogLog() : hyperLogLogIn(entry);
  if (target instanceof ErrorReply) return target;
  if (isDense && !target.toDense()) return CORRUPT;
  for (const [index, value] of registers.entries())
    if (value > 0) target.raise(index, value, server.settings.encodings.hllSparseBytesMax);
  target.forgetCardinality();
  db.set(key, target.bytes, entry?.expireAtMs ?? NEVER);
  call.notify('string', 'pfadd', key);
  return OK;
}

function pfdebug(call: Call): Reply {
  const { args, db } = call;
  const key = keyAt(args, 2);
  const entry = db.write(key);
  if (entry === undefined) return fail('The specified key does not exist');
  const found = hyperLogLogIn(entry);
  if (found instanceof ErrorReply) return found;
  const name = cString(argumentAt(args, 1));
  const word = name.toLowerCase();
  if (!['getreg', 'decode', 'encoding', 'todense'].includes(word))
    return fail(`Unknown PFDEBUG subcommand '${name}'`);
  if (args.length !== 3) return fail(`Wrong number of arguments for the '${name}' subcommand`);
  if (word === 'encoding') return new Status(found.encoding);
  const isSparse = found.encoding === 'sparse';
  if (word === 'decode') return isSparse ? found.describe() : fail('HLL encoding is not sparse');
  if (!found.toDense()) return CORRUPT;
  if (isSparse) db.set(key, found.bytes, entry.expireAtMs);
  return word === 'getreg' ? found.registers() : Number(isSparse);
}

function pfselftest(): Reply {
  const failure = selfTest();
  return failure === null ? OK : new ErrorReply(`TESTFAILED ${failure}`);
}
