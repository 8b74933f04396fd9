/** Decides what DEBUG shows and does. What would only crash a server or look into Redis' own structures is not here. */
import { messageOf } from '../../errors.js';
import { byteString } from '../byte-string.js';
import { argumentAt, keyAt, wordAt } from '../call.js';
import { Call, type CommandDeclaration } from '../command.js';
import { nothing } from '../effects.js';
import { integerOf } from '../integers.js';
import { digestOfAll, digestOfValue } from '../introspection/digest.js';
import { NEVER } from '../keyspace/entry.js';
import { LOADING, NOT_KEPT } from '../persistence/persistence.js';
import {
  AttributedReply,
  BigNumberReply,
  BooleanReply,
  DoubleReply,
  ErrorReply,
  fail,
  MapReply,
  OK,
  PushReply,
  type Reply,
  SetReply,
  SeveralReplies,
  Status,
  VerbatimReply,
} from '../resp/reply.js';

export const debugCommands: readonly CommandDeclaration[] = [
  {
    name: 'debug',
    arity: -2,
    flags: ['admin', 'noscript', 'loading', 'stale'],
    summary: 'A container for debugging commands',
    since: '1.0.0',
    group: 'server',
    complexity: 'Depends on subcommand.',
    isSystemCommand: true,
    needsParameter: 'enable-debug-command',
    run: debug,
    propagate: nothing,
  },
];

interface Subcommand {
  /** Arguments behind the subcommand's name: least and most. */
  readonly count: readonly [number, number];
  readonly help: readonly string[];
  readonly run: (call: Call) => Reply;
}

const ANY = Number.POSITIVE_INFINITY;

const subcommands: Readonly<Record<string, Subcommand>> = {
  'CHANGE-REPL-ID': {
    count: [0, 0],
    help: ['CHANGE-REPL-ID', '    Change the replication ID of the server: what vouches for its data.'],
    run: ({ server }) => {
      server.changeReplicationId();
      return OK;
    },
  },
  DIGEST: {
    count: [0, 0],
    help: ['DIGEST', '    Output a hex signature representing the current DB content.'],
    run: (call) => new Status(digestOfAll(call)),
  },
  'DIGEST-VALUE': {
    count: [0, ANY],
    help: [
      'DIGEST-VALUE <key> [<key> ...]',
      '    Output a hex signature of the values of all the specified keys.',
    ],
    run: (call) => call.args.slice(2).map((key) => new Status(digestOfValue(call, byteString(key)))),
  },
  ERROR: {
    count: [1, 1],
    help: ['ERROR <string>', '    Return a Redis protocol error with <string> as message.'],
    run: ({ args }) => new ErrorReply(keyAt(args, 2)),
  },
  LOADAOF: {
    count: [0, ANY],
    help: ['LOADAOF', '    Flush the AOF buffers on disk and reload the AOF in memory.'],
    run: loadAppendOnlyFile,
  },
  LOG: {
    count: [1, 1],
    help: ['LOG <message>', '    Write <message> to the server log.'],
    run: ({ args, server }) => {
      server.log('warning', `DEBUG LOG: ${keyAt(args, 2)}`);
      return OK;
    },
  },
  OBJECT: {
    count: [1, 2],
    help: ['OBJECT <key>', '    Show low level info about `key` and associated value.'],
    run: object,
  },
  POPULATE: {
    count: [1, 3],
    help: [
      'POPULATE <count> [<prefix>] [<size>]',
      '    Create <count> string keys named key:<num>. If <prefix> is specified then',
      "    it is used instead of the 'key' prefix.",
    ],
    run: populate,
  },
  PROTOCOL: {
    count: [1, 1],
    help: [
      'PROTOCOL <type>',
      '    Reply with a test value of the specified type. <type> can be: string,',
      '    integer, double, bignum, null, array, set, map, attrib, push, verbatim,',
      '    true, false.',
    ],
    run: protocol,
  },
  RELOAD: {
    count: [0, ANY],
    help: [
      'RELOAD [option ...]',
      '    Save the RDB on disk and reload it back to memory. Valid <option> values:',
      '    * MERGE: conflicting keys will be loaded from RDB.',
      '    * NOFLUSH: the existing database will not be removed before load;',
      '      with conflicting keys nothing is loaded.',
      '    * NOSAVE: the database will be loaded from an existing RDB file.',
    ],
    run: reload,
  },
  'SET-ACTIVE-EXPIRE': {
    count: [1, 1],
    help: [
      'SET-ACTIVE-EXPIRE <0|1>',
      '    Setting it to 0 disables expiring keys in background when they are not',
      '    accessed. Setting it to 1 reenables back the default.',
    ],
    run: ({ args, server }) => {
      server.keyspace.setActiveExpiry(Number.parseInt(keyAt(args, 2), 10) > 0);
      return OK;
    },
  },
  SLEEP: {
    count: [1, 1],
    help: ['SLEEP <seconds>', '    Stop the server for <seconds>. Decimals allowed.'],
    run: sleep,
  },
};

function debug(call: Call): Reply {
  const word = wordAt(call.args, 1);
  if (word === 'HELP' && call.args.length === 2) return help();
  const found = subcommands[word];
  const given = call.args.length - 2;
  if (found === undefined || given < found.count[0] || given > found.count[1])
    return fail(
      `unknown subcommand or wrong number of arguments for '${keyAt(call.args, 1).slice(0, 128)}'. Try DEBUG HELP.`,
    );
  return found.run(call);
}

function help(): Reply {
  const lines = ['DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:'];
  for (const { help } of Object.values(subcommands)) lines.push(...help);
  return [...lines, 'HELP', '    Print this help.'].map((line) => new Status(line));
}

/** Saves, forgets and loads in one go. Where the file cannot be loaded, everything is as it was: redis-server has lost it. */
function reload({ args, server }: Call): Reply {
  const { persistence } = server;
  const options = new Set(args.slice(2).map((option) => byteString(option).toUpperCase()));
  for (const option of options)
    if (!['MERGE', 'NOFLUSH', 'NOSAVE'].includes(option))
      return fail('DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.');
  if (!persistence.isOn) return NOT_KEPT;
  if (persistence.loading !== null) return LOADING;
  // Redis says no more either: the log does.
  if (!options.has('NOSAVE') && persistence.rdb.saveNow() !== null) return new ErrorReply('ERR');
  const isLoaded = attempt(server, () =>
    persistence.reload({ flushes: !options.has('NOFLUSH'), merges: options.has('MERGE') }),
  );
  if (!isLoaded) return fail('Error trying to load the RDB dump');
  server.log('warning', 'DB reloaded by DEBUG RELOAD');
  return OK;
}

/** The same with what was written of every change. redis-server ends where it cannot be loaded. */
function loadAppendOnlyFile({ server }: Call): Reply {
  const { log, loading, isOn } = server.persistence;
  if (log === null || !isOn) return NOT_KEPT;
  if (loading !== null) return LOADING;
  if (!attempt(server, () => log.loadNow())) return fail('Error trying to load the AOF files');
  server.log('warning', 'Append Only File loaded by DEBUG LOADAOF');
  return OK;
}

function attempt(server: Call['server'], load: () => void): boolean {
  try {
    load();
  } catch (error) {
    server.log('warning', messageOf(error));
    return false;
  }
  // It may be older than what was there: whoever relied on that must notice.
  server.changeReplicationId();
  return true;
}

/** Its place in memory is not ours to know. What it would take in a snapshot is asked of DUMP. */
function object(call: Call): Reply {
  const { args, server, client } = call;
  const key = keyAt(args, 2);
  const entry = call.db.peek(key);
  if (entry === undefined) return fail('no such key');
  const ask = (...words: string[]): Reply => {
    const [container = '', sub = ''] = words;
    const command = server.commands.find(container);
    const run = (command?.subcommands.get(sub) ?? command)?.run;
    return run === undefined ? null : run(new Call(words, call.db, client, server));
  };
  const dumped = ask('dump', key);
  // DUMP adds a type, a version and a checksum.
  const length = Buffer.isBuffer(dumped) || typeof dumped === 'string' ? dumped.length - 11 : 0;
  const encoding = ask('object', 'encoding', key);
  const name = Buffer.isBuffer(encoding) || typeof encoding === 'string' ? byteString(encoding) : 'raw';
  return new Status(
    `Value at:0x0 refcount:1 encoding:${name} serializedlength:${length} lru:0 lru_seconds_idle:0`,
  );
}

function populate(call: Call): Reply {
  const { args, db } = call;
  const count = integerOf(argumentAt(args, 2));
  if (count === null || count < 0) return fail('value is out of range, must be positive');
  const prefix = args.length > 3 ? keyAt(args, 3) : 'key';
  const size = args.length > 4 ? integerOf(argumentAt(args, 4)) : 0;
  if (size === null || size < 0) return fail('value is out of range, must be positive');
  for (let index = 0; index < count; index++) {
    const key = `${prefix}:${index}`;
    if (db.peek(key) !== undefined) continue;
    const value = `value:${index}`;
    db.set(key, size > 0 ? value.slice(0, Number(size)).padEnd(Number(size), '\0') : value, NEVER);
  }
  return OK;
}

/** Holds the whole process, as it does in Redis. */
function sleep({ args }: Call): Reply {
  const seconds = Number.parseFloat(keyAt(args, 2));
  if (seconds > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
  return OK;
}

const samples: Readonly<Record<string, Reply>> = {
  string: 'Hello World',
  integer: 12_345,
  double: new DoubleReply(3141 / 1000),
  bignum: new BigNumberReply(1_234_567_999_999_999_999_999_999_999_999_999_999n),
  null: null,
  array: [0, 1, 2],
  set: new SetReply([0, 1, 2]),
  map: new MapReply([0, new BooleanReply(false), 1, new BooleanReply(true), 2, new BooleanReply(false)]),
  attrib: new AttributedReply(['key-popularity', ['key:123', 90]], 'Some real reply following the attribute'),
  push: new SeveralReplies([
    new PushReply(['server-cpu-usage', 42]),
    'Some real reply following the push reply',
  ]),
  verbatim: new VerbatimReply('This is a verbatim\nstring'),
  true: new BooleanReply(true),
  false: new BooleanReply(false),
};

function protocol({ args, client }: Call): Reply {
  const name = keyAt(args, 2).toLowerCase();
  if (name === 'push' && client.respVersion === 2) return fail('RESP2 is not supported by this command');
  return (
    samples[name] ??
    (name === 'null'
      ? null
      : fail(
          'Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false',
        ))
  );
}
