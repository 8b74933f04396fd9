/** Decides XGROUP, XACK and XSETID: what groups there are, what they have acknowledged, where a stream stands. */
import { argumentAt, cString, keyAt, NOT_AN_INTEGER, SYNTAX_ERROR, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, keyArgument, multiple, oneOf, optional, token } from '../command-arguments.js';
import { type Integer, integerOf } from '../integers.js';
import { keyAtIndex, oneKey } from '../key-specs.js';
import { type Entry, NEVER } from '../keyspace/entry.js';
import { StreamGroup } from '../keyspace/stream-group.js';
import { compareIds, FIRST_ID, isZero, type StreamId } from '../keyspace/stream-id.js';
import { StreamValue } from '../keyspace/stream-value.js';
import { ErrorReply, fail, OK, type Reply, Status } from '../resp/reply.js';
import { idOf, idsFrom, strictIdOf } from '../stream-arguments.js';
import { noGroupInKey, streamOf } from '../stream-replies.js';

export const streamGroupCommands: readonly CommandDeclaration[] = [
  {
    name: 'xgroup',
    arity: -2,
    flags: [],
    summary: 'A container for consumer groups commands',
    since: '5.0.0',
    group: 'stream',
    complexity: 'Depends on subcommand.',
    subcommands: [
      {
        name: 'createconsumer',
        arity: 5,
        flags: ['write', 'denyoom'],
        categories: ['stream'],
        keys: [keyAtIndex(2, ['RW', 'insert'])],
        summary: 'Create a consumer in a consumer group.',
        since: '6.2.0',
        group: 'stream',
        complexity: 'O(1)',
        arguments: [keyArgument(), argument('groupname', 'string'), argument('consumername', 'string')],
        run: createconsumer,
      },
      {
        name: 'help',
        arity: 2,
        flags: ['loading', 'stale'],
        categories: ['stream'],
        summary: 'Show helpful text about the different subcommands',
        since: '5.0.0',
        group: 'stream',
        complexity: 'O(1)',
        run: help,
      },
      {
        name: 'delconsumer',
        arity: 5,
        flags: ['write'],
        categories: ['stream'],
        keys: [keyAtIndex(2, ['RW', 'delete'])],
        summary: 'Delete a consumer from a consumer group.',
        since: '5.0.0',
        group: 'stream',
        complexity: 'O(1)',
        arguments: [keyArgument(), argument('groupname', 'string'), argument('consumername', 'string')],
        run: delconsumer,
      },
      {
        name: 'destroy',
        arity: 4,
        flags: ['write'],
        categories: ['stream'],
        keys: [keyAtIndex(2, ['RW', 'delete'])],
        summary: 'Destroy a consumer group.',
        since: '5.0.0',
        group: 'stream',
        complexity: "O(N) where N is the number of entries in the group's pending entries list (PEL).",
        arguments: [keyArgument(), argument('groupname', 'string')],
        run: destroy,
      },
      {
        name: 'create',
        arity: -5,
        flags: ['write', 'denyoom'],
        categories: ['stream'],
        keys: [keyAtIndex(2, ['RW', 'insert'])],
        summary: 'Create a consumer group.',
        since: '5.0.0',
        group: 'stream',
        complexity: 'O(1)',
        arguments: [
          keyArgument(),
          argument('groupname', 'string'),
          oneOf('id', [argument('id', 'string'), argument('new_id', 'pure-token', { token: '$' })]),
          token('MKSTREAM', optional),
          argument('entries_read', 'integer', { token: 'ENTRIESREAD', ...optional }),
        ],
        run: create,
      },
      {
        name: 'setid',
        arity: -5,
        flags: ['write'],
        categories: ['stream'],
        keys: [keyAtIndex(2, ['RW', 'update'])],
        summary: 'Set a consumer group to an arbitrary last delivered ID value.',
        since: '5.0.0',
        group: 'stream',
        complexity: 'O(1)',
        arguments: [
          keyArgument(),
          argument('groupname', 'string'),
          oneOf('id', [argument('id', 'string'), argument('new_id', 'pure-token', { token: '$' })]),
          argument('entries_read', 'integer', { token: 'ENTRIESREAD', ...optional }),
        ],
        run: setid,
      },
    ],
  },
  {
    name: 'xack',
    arity: -4,
    flags: ['write', 'fast'],
    categories: ['stream'],
    keys: oneKey(['RW', 'update']),
    summary:
      'Marks a pending message as correctly processed, effectively removing it from the pending entries list of the consumer group. Return value of the command is the number of messages successfully acknowledged, that is, the IDs we were actually able to resolve in the PEL.',
    since: '5.0.0',
    group: 'stream',
    complexity: 'O(1) for each message ID processed.',
    arguments: [keyArgument(), argument('group', 'string'), argument('id', 'string', multiple)],
    run: xack,
  },
  {
    name: 'xsetid',
    arity: -3,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['stream'],
    keys: oneKey(['RW', 'update']),
    summary: 'An internal command for replicating stream values',
    since: '5.0.0',
    group: 'stream',
    complexity: 'O(1)',
    arguments: [
      keyArgument(),
      argument('last-id', 'string'),
      argument('entries_added', 'integer', { token: 'ENTRIESADDED', since: '7.0.0', ...optional }),
      argument('max_deleted_entry_id', 'string', { token: 'MAXDELETEDID', since: '7.0.0', ...optional }),
    ],
    run: xsetid,
  },
];

const helpLines = [
  'XGROUP <subcommand> [<arg> [value] [opt] ...]. Subcommands are:',
  'CREATE <key> <groupname> <id|$> [option]',
  '    Create a new consumer group. Options are:',
  '    * MKSTREAM',
  '      Create the empty stream if it does not exist.',
  '    * ENTRIESREAD entries_read',
  "      Set the group's entries_read counter (internal use).",
  'CREATECONSUMER <key> <groupname> <consumer>',
  '    Create a new consumer in the specified group.',
  'DELCONSUMER <key> <groupname> <consumer>',
  '    Remove the specified consumer.',
  'DESTROY <key> <groupname>',
  '    Remove the specified group.',
  'SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]',
  '    Set the current group ID and entries_read counter.',
  'HELP',
  '    Prints this help.',
];

const KEY_MISSING = fail(
  'The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.',
);

function help(): Reply {
  return helpLines.map((line) => new Status(line));
}

interface GroupOptions {
  makesStream: boolean;
  entriesRead: Integer | null;
}

/** What follows the ID. Only CREATE may make a stream. */
function parseGroupOptions({ args }: Call, mayMakeStream: boolean): GroupOptions | ErrorReply {
  const options: GroupOptions = { makesStream: false, entriesRead: null };
  for (let index = 5; index < args.length; index++) {
    const word = wordAt(args, index);
    if (mayMakeStream && word === 'MKSTREAM') options.makesStream = true;
    else if (word === 'ENTRIESREAD' && index + 1 < args.length) {
      const value = integerOf(argumentAt(args, ++index));
      if (value === null) return NOT_AN_INTEGER;
      if (value < -1) return fail('value for ENTRIESREAD must be positive or -1');
      options.entriesRead = value === -1 ? null : value;
    } else return wrongUse(args);
  }
  return options;
}

function wrongUse(args: Call['args']): ErrorReply {
  const name = cString(argumentAt(args, 1)).slice(0, 128);
  return fail(`unknown subcommand or wrong number of arguments for '${name}'. Try XGROUP HELP.`);
}

interface Found {
  readonly entry: Entry;
  readonly stream: StreamValue;
  readonly group: StreamGroup;
}

/** The group that a subcommand needs. */
function findGroup({ args, db }: Call): Found | ErrorReply {
  const entry = db.write(keyAt(args, 2));
  const stream = streamOf(entry);
  if (stream instanceof ErrorReply) return stream;
  if (entry === undefined || stream === undefined) return KEY_MISSING;
  const group = stream.groups.get(keyAt(args, 3));
  return group === undefined
    ? noGroupInKey(argumentAt(args, 2), argumentAt(args, 3))
    : { entry, stream, group };
}

function create(call: Call): Reply {
  const { args, db } = call;
  const options = parseGroupOptions(call, true);
  if (options instanceof ErrorReply) return options;
  const key = keyAt(args, 2);
  const name = keyAt(args, 3);
  const entry = db.write(key);
  const found = streamOf(entry);
  if (found instanceof ErrorReply) return found;
  if (found === undefined && !options.makesStream) return KEY_MISSING;
  if (args.length > 8) return wrongUse(args);
  const id = groupIdOf(call, found, strictIdOf);
  if (id instanceof ErrorReply) return id;
  const stream = found ?? new StreamValue();
  if (stream.groups.has(name)) return new ErrorReply('BUSYGROUP Consumer Group name already exists');
  stream.groups.set(name, new StreamGroup(name, id, options.entriesRead));
  stream.weigh();
  if (entry === undefined) db.set(key, stream, NEVER);
  else db.changed(entry);
  call.notify('stream', 'xgroup-create', key);
  return OK;
}

function groupIdOf(
  { args }: Call,
  stream: StreamValue | undefined,
  parse: typeof strictIdOf,
): StreamId | ErrorReply {
  const text = argumentAt(args, 4);
  return keyAt(args, 4) === '$' ? (stream?.lastId ?? FIRST_ID) : parse(text);
}

function setid(call: Call): Reply {
  const options = parseGroupOptions(call, false);
  if (options instanceof ErrorReply) return options;
  const found = findGroup(call);
  if (found instanceof ErrorReply) return found;
  if (call.args.length !== 5 && call.args.length !== 7) return wrongUse(call.args);
  const id = groupIdOf(call, found.stream, idOf);
  if (id instanceof ErrorReply) return id;
  found.group.lastId = id;
  found.group.entriesRead = options.entriesRead;
  call.db.changed(found.entry);
  call.notify('stream', 'xgroup-setid', argumentAt(call.args, 2));
  return OK;
}

function destroy(call: Call): Reply {
  const { args, db } = call;
  const entry = db.write(keyAt(args, 2));
  const stream = streamOf(entry);
  if (stream instanceof ErrorReply) return stream;
  if (entry === undefined || stream === undefined) return KEY_MISSING;
  if (!stream.groups.delete(keyAt(args, 3))) return 0;
  stream.weigh();
  // Whoever waits for the group is told that it is gone.
  db.changed(entry);
  call.notify('stream', 'xgroup-destroy', argumentAt(args, 2));
  return 1;
}

function createconsumer(call: Call): Reply {
  const found = findGroup(call);
  if (found instanceof ErrorReply) return found;
  const name = keyAt(call.args, 4);
  if (found.group.consumer(name) !== undefined) return 0;
  found.group.addConsumer(name, Math.floor(call.server.keyspace.nowMs()));
  found.stream.weigh();
  call.db.changed(found.entry);
  call.notify('stream', 'xgroup-createconsumer', argumentAt(call.args, 2));
  return 1;
}

function delconsumer(call: Call): Reply {
  const found = findGroup(call);
  if (found instanceof ErrorReply) return found;
  const consumer = found.group.consumer(keyAt(call.args, 4));
  if (consumer === undefined) return 0;
  const pending = consumer.pending.size;
  found.group.removeConsumer(consumer);
  found.stream.weigh();
  call.db.changed(found.entry);
  call.notify('stream', 'xgroup-delconsumer', argumentAt(call.args, 2));
  return pending;
}

function xack({ args, db }: Call): Reply {
  const entry = db.read(keyAt(args, 1));
  const stream = streamOf(entry);
  if (stream instanceof ErrorReply) return stream;
  const group = stream?.groups.get(keyAt(args, 2));
  if (entry === undefined || stream === undefined || group === undefined) return 0;
  const ids = idsFrom(args, 3);
  if (ids instanceof ErrorReply) return ids;
  db.preserve(entry);
  const acknowledged = ids.filter((id) => group.acknowledge(id)).length;
  if (acknowledged === 0) return 0;
  stream.weigh();
  db.changed(entry);
  return acknowledged;
}

interface Standing {
  readonly lastId: StreamId;
  entriesAdded: Integer | null;
  maxDeletedId: StreamId | null;
}

function parseStanding({ args }: Call): Standing | ErrorReply {
  const lastId = strictIdOf(argumentAt(args, 2));
  if (lastId instanceof ErrorReply) return lastId;
  const standing: Standing = { lastId, entriesAdded: null, maxDeletedId: null };
  for (let index = 3; index < args.length; index += 2) {
    const word = wordAt(args, index);
    if (index + 1 >= args.length) return SYNTAX_ERROR;
    const value = argumentAt(args, index + 1);
    if (word === 'ENTRIESADDED') {
      const count = integerOf(value);
      if (count === null) return NOT_AN_INTEGER;
      if (count < 0) return fail('entries_added must be positive');
      standing.entriesAdded = count;
    } else if (word === 'MAXDELETEDID') {
      const id = strictIdOf(value);
      if (id instanceof ErrorReply) return id;
      if (compareIds(lastId, id) < 0)
        return fail('The ID specified in XSETID is smaller than the provided max_deleted_entry_id');
      standing.maxDeletedId = isZero(id) ? null : id;
    } else return SYNTAX_ERROR;
  }
  return standing;
}

function xsetid(call: Call): Reply {
  const { args, db } = call;
  const standing = parseStanding(call);
  if (standing instanceof ErrorReply) return standing;
  const entry = db.write(keyAt(args, 1));
  const stream = streamOf(entry);
  if (entry === undefined || stream === undefined) return fail('no such key');
  if (stream instanceof ErrorReply) return stream;
  const { lastId, entriesAdded, maxDeletedId } = standing;
  // Redis 7.0 looks only at the entries that are there; 7.2 refuses an id below the greatest deleted one as well.
  if (stream.size > 0) {
    if (compareIds(lastId, stream.edgeId(false) ?? FIRST_ID) < 0)
      return fail('The ID specified in XSETID is smaller than the target stream top item');
    if (entriesAdded !== null && stream.size > entriesAdded)
      return fail('The entries_added specified in XSETID is smaller than the target stream length');
  }
  stream.lastId = lastId;
  if (entriesAdded !== null) stream.entriesAdded = entriesAdded;
  if (maxDeletedId !== null) stream.maxDeletedId = maxDeletedId;
  db.changed(entry);
  call.notify('stream', 'xsetid', argumentAt(args, 1));
  return OK;
}
