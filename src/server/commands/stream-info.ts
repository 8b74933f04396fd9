/** Decides XINFO: what a stream, its groups and their readers look like. */
import { argumentAt, cString, keyAt, NOT_AN_INTEGER, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, block, keyArgument, optional } from '../command-arguments.js';
import { integerOf } from '../integers.js';
import { keyAtIndex } from '../key-specs.js';
import type { StreamGroup } from '../keyspace/stream-group.js';
import { FIRST_ID, idBytes, idText, LAST_ID } from '../keyspace/stream-id.js';
import type { StreamConsumer } from '../keyspace/stream-pending.js';
import { lagOf, type StreamValue } from '../keyspace/stream-value.js';
import { radixNodeCount } from '../radix-nodes.js';
import { ErrorReply, fail, MapReply, type Reply, Status } from '../resp/reply.js';
import { entryReply, noGroupInKey, rangeEntries, streamOf } from '../stream-replies.js';

export const streamInfoCommands: readonly CommandDeclaration[] = [
  {
    name: 'xinfo',
    arity: -2,
    flags: [],
    summary: 'A container for stream introspection commands',
    since: '5.0.0',
    group: 'stream',
    complexity: 'Depends on subcommand.',
    subcommands: [
      {
        name: 'stream',
        arity: -3,
        flags: ['readonly'],
        categories: ['stream'],
        keys: [keyAtIndex(2, ['RO', 'access'])],
        summary: 'Get information about a stream',
        since: '5.0.0',
        group: 'stream',
        complexity: 'O(1)',
        arguments: [
          keyArgument(),
          block('full', [argument('count', 'integer', { token: 'COUNT', ...optional })], {
            token: 'FULL',
            ...optional,
          }),
        ],
        run: stream,
      },
      {
        name: 'groups',
        arity: 3,
        flags: ['readonly'],
        categories: ['stream'],
        keys: [keyAtIndex(2, ['RO', 'access'])],
        summary: 'List the consumer groups of a stream',
        since: '5.0.0',
        group: 'stream',
        complexity: 'O(1)',
        arguments: [keyArgument()],
        run: groups,
      },
      {
        name: 'consumers',
        arity: 4,
        flags: ['readonly'],
        categories: ['stream'],
        tips: ['nondeterministic_output'],
        keys: [keyAtIndex(2, ['RO', 'access'])],
        summary: 'List the consumers in a consumer group',
        since: '5.0.0',
        group: 'stream',
        complexity: 'O(1)',
        arguments: [keyArgument(), argument('groupname', 'string')],
        run: consumers,
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
    ],
  },
];

const FULL_COUNT = 10;

const helpLines = [
  'XINFO <subcommand> [<arg> [value] [opt] ...]. Subcommands are:',
  'CONSUMERS <key> <groupname>',
  '    Show consumers of <groupname>.',
  'GROUPS <key>',
  '    Show the stream consumer groups.',
  'STREAM <key> [FULL [COUNT <count>]',
  '    Show information about the stream.',
  'HELP',
  '    Prints this help.',
];

function help(): Reply {
  return helpLines.map((line) => new Status(line));
}

function find({ args, db }: Call): StreamValue | ErrorReply {
  return streamOf(db.read(keyAt(args, 2))) ?? fail('no such key');
}

function consumers(call: Call): Reply {
  const stream = find(call);
  if (stream instanceof ErrorReply) return stream;
  const { args, server } = call;
  const group = stream.groups.get(keyAt(args, 3));
  if (group === undefined) return noGroupInKey(argumentAt(args, 2), argumentAt(args, 3));
  const nowMs = Math.floor(server.keyspace.nowMs());
  return group
    .sortedConsumers()
    .map(
      ({ name, pending, seenAtMs }) =>
        new MapReply(['name', name, 'pending', pending.size, 'idle', Math.max(0, nowMs - seenAtMs)]),
    );
}

function groups(call: Call): Reply {
  const stream = find(call);
  if (stream instanceof ErrorReply) return stream;
  return stream
    .sortedGroups()
    .map(
      (group) =>
        new MapReply([
          'name',
          group.name,
          'consumers',
          group.consumerCount,
          'pending',
          group.pending.size,
          'last-delivered-id',
          idText(group.lastId),
          'entries-read',
          group.entriesRead,
          'lag',
          lagOf(stream, group),
        ]),
    );
}

function stream(call: Call): Reply {
  const found = find(call);
  if (found instanceof ErrorReply) return found;
  const fullCount = fullCountOf(call);
  if (fullCount instanceof ErrorReply) return fullCount;
  const common = commonFieldsOf(found);
  if (fullCount !== null)
    return new MapReply([
      ...common,
      'entries',
      rangeEntries(found, { start: FIRST_ID, end: LAST_ID, countMax: fullCount }).map(entryReply),
      'groups',
      found.sortedGroups().map((group) => fullGroupOf(found, group, fullCount)),
    ]);
  const edge = (isReverse: boolean): Reply => {
    const entry = rangeEntries(found, { start: FIRST_ID, end: LAST_ID, countMax: 1, isReverse })[0];
    return entry === undefined ? null : entryReply(entry);
  };
  return new MapReply([
    ...common,
    'groups',
    found.groups.size,
    'first-entry',
    edge(false),
    'last-entry',
    edge(true),
  ]);
}

function commonFieldsOf(found: StreamValue): Reply[] {
  return [
    'length',
    found.size,
    'radix-tree-keys',
    found.nodes.length,
    'radix-tree-nodes',
    radixNodeCount(found.nodes.map((node) => idBytes(node.master))),
    'last-generated-id',
    idText(found.lastId),
    'max-deleted-entry-id',
    idText(found.maxDeletedId),
    'entries-added',
    found.entriesAdded,
    'recorded-first-entry-id',
    idText(found.firstId),
  ];
}

/** Null without FULL; 0 is no limit. */
function fullCountOf({ args }: Call): number | null | ErrorReply {
  if (args.length === 3) return null;
  const isFull = wordAt(args, 3) === 'FULL' && (args.length === 4 || args.length === 6);
  if (!isFull || (args.length === 6 && wordAt(args, 4) !== 'COUNT')) {
    const name = cString(argumentAt(args, 1)).slice(0, 128);
    return fail(`unknown subcommand or wrong number of arguments for '${name}'. Try XINFO HELP.`);
  }
  if (args.length === 4) return FULL_COUNT;
  const count = integerOf(argumentAt(args, 5));
  if (count === null) return NOT_AN_INTEGER;
  return count < 0 ? FULL_COUNT : Number(count);
}

function fullGroupOf(found: StreamValue, group: StreamGroup, countMax: number): Reply {
  const pending: Reply[] = [];
  for (const { id, consumer, deliveredAtMs, deliveryCount } of group.pending.from(FIRST_ID)) {
    pending.push([idText(id), consumer.name, deliveredAtMs, deliveryCount]);
    if (pending.length === countMax) break;
  }
  return new MapReply([
    'name',
    group.name,
    'last-delivered-id',
    idText(group.lastId),
    'entries-read',
    group.entriesRead,
    'lag',
    lagOf(found, group),
    'pel-count',
    group.pending.size,
    'pending',
    pending,
    'consumers',
    group.sortedConsumers().map((consumer) => fullConsumerOf(consumer, countMax)),
  ]);
}

function fullConsumerOf(consumer: StreamConsumer, countMax: number): Reply {
  const pending: Reply[] = [];
  for (const { id, deliveredAtMs, deliveryCount } of consumer.pending.from(FIRST_ID)) {
    pending.push([idText(id), deliveredAtMs, deliveryCount]);
    if (pending.length === countMax) break;
  }
  const { name, seenAtMs } = consumer;
  return new MapReply([
    'name',
    name,
    'seen-time',
    seenAtMs,
    'pel-count',
    consumer.pending.size,
    'pending',
    pending,
  ]);
}
