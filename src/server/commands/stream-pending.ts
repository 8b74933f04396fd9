/** Decides XPENDING, XCLAIM and XAUTOCLAIM: what was delivered and not acknowledged, and who takes it over. */
import type { Bytes } from '../byte-string.js';
import { argumentAt, cString, keyAt, NOT_AN_INTEGER, SYNTAX_ERROR, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, block, keyArgument, multiple, optional, token } from '../command-arguments.js';
import { type Integer, integerOf } from '../integers.js';
import { oneKey } from '../key-specs.js';
import type { Entry } from '../keyspace/entry.js';
import type { StreamGroup } from '../keyspace/stream-group.js';
import { compareIds, FIRST_ID, idText, type StreamId } from '../keyspace/stream-id.js';
import type { OwnPendingEntry, PendingEntry, StreamConsumer } from '../keyspace/stream-pending.js';
import type { StreamValue } from '../keyspace/stream-value.js';
import { ErrorReply, fail, NULL_ARRAY, type Reply } from '../resp/reply.js';
import { intervalEndOf, intervalStartOf, strictIdOf } from '../stream-arguments.js';
import { autoClaimEffects, claimEffects } from '../stream-effects.js';
import { countDelivery, entryReply, noGroup, singleEntry, streamOf } from '../stream-replies.js';

export const streamPendingCommands: readonly CommandDeclaration[] = [
  {
    name: 'xpending',
    arity: -3,
    flags: ['readonly'],
    categories: ['stream'],
    tips: ['nondeterministic_output'],
    keys: oneKey(['RO', 'access']),
    summary:
      'Return information and entries from a stream consumer group pending entries list, that are messages fetched but never acknowledged.',
    since: '5.0.0',
    group: 'stream',
    complexity:
      'O(N) with N being the number of elements returned, so asking for a small fixed number of entries per call is O(1). O(M), where M is the total number of entries scanned when used with the IDLE filter. When the command returns just the summary and the list of consumers is small, it runs in O(1) time; otherwise, an additional O(N) time for iterating every consumer.',
    arguments: [
      keyArgument(),
      argument('group', 'string'),
      block(
        'filters',
        [
          argument('min-idle-time', 'integer', { token: 'IDLE', since: '6.2.0', ...optional }),
          argument('start', 'string'),
          argument('end', 'string'),
          argument('count', 'integer'),
          argument('consumer', 'string', optional),
        ],
        optional,
      ),
    ],
    run: xpending,
  },
  {
    name: 'xclaim',
    arity: -6,
    flags: ['write', 'fast'],
    categories: ['stream'],
    tips: ['nondeterministic_output'],
    keys: oneKey(['RW', 'update']),
    summary:
      'Changes (or acquires) ownership of a message in a consumer group, as if the message was delivered to the specified consumer.',
    since: '5.0.0',
    group: 'stream',
    complexity: 'O(log N) with N being the number of messages in the PEL of the consumer group.',
    arguments: [
      keyArgument(),
      argument('group', 'string'),
      argument('consumer', 'string'),
      argument('min-idle-time', 'string'),
      argument('id', 'string', multiple),
      argument('ms', 'integer', { token: 'IDLE', ...optional }),
      argument('unix-time-milliseconds', 'unix-time', { token: 'TIME', ...optional }),
      argument('count', 'integer', { token: 'RETRYCOUNT', ...optional }),
      token('FORCE', optional),
      token('JUSTID', optional),
      argument('id', 'string', { token: 'LASTID', ...optional }),
    ],
    run: xclaim,
    propagate: claimEffects,
  },
  {
    name: 'xautoclaim',
    arity: -6,
    flags: ['write', 'fast'],
    categories: ['stream'],
    tips: ['nondeterministic_output'],
    keys: oneKey(['RW', 'delete']),
    summary:
      'Changes (or acquires) ownership of messages in a consumer group, as if the messages were delivered to the specified consumer.',
    since: '6.2.0',
    group: 'stream',
    complexity: 'O(1) if COUNT is small.',
    arguments: [
      keyArgument(),
      argument('group', 'string'),
      argument('consumer', 'string'),
      argument('min-idle-time', 'string'),
      argument('start', 'string'),
      argument('count', 'integer', { token: 'COUNT', ...optional }),
      token('JUSTID', optional),
    ],
    run: xautoclaim,
    propagate: autoClaimEffects,
  },
];

/** XAUTOCLAIM looks at so many entries for each it may claim. */
const LOOKED_AT_FACTOR = 10;
/** What a 64-bit server can count of them. */
const CLAIM_COUNT_MAX = 576_460_752_303_423_487n;

interface Found {
  readonly entry: Entry;
  readonly stream: StreamValue;
  readonly group: StreamGroup;
}

function findGroup({ args, db }: Call): Found | ErrorReply {
  const entry = db.read(keyAt(args, 1));
  const stream = streamOf(entry);
  if (stream instanceof ErrorReply) return stream;
  const group = stream?.groups.get(keyAt(args, 2));
  if (entry === undefined || stream === undefined || group === undefined)
    return noGroup(argumentAt(args, 1), argumentAt(args, 2));
  return { entry, stream, group };
}

function xpending(call: Call): Reply {
  const { args, server } = call;
  if (args.length !== 3 && (args.length < 6 || args.length > 9)) return SYNTAX_ERROR;
  const range = args.length === 3 ? null : parseRange(args);
  if (range instanceof ErrorReply) return range;
  const found = findGroup(call);
  if (found instanceof ErrorReply) return found;
  if (range === null) return summaryOf(found.group);
  const consumer = range.consumerName === null ? null : found.group.consumer(range.consumerName);
  if (consumer === undefined) return [];
  const list = consumer === null ? found.group.pending : consumer.pending;
  const nowMs = Math.floor(server.keyspace.nowMs());
  const replies: Reply[] = [];
  for (const pending of list.from(range.start)) {
    if (replies.length >= range.countMax || compareIds(pending.id, range.end) > 0) break;
    const idleMs = nowMs - pending.deliveredAtMs;
    if (range.idleMsMin !== 0 && idleMs < range.idleMsMin) continue;
    const { id, deliveryCount } = pending;
    replies.push([idText(id), pending.consumer.name, Math.max(0, idleMs), deliveryCount]);
  }
  return replies;
}

function summaryOf(group: StreamGroup): Reply {
  const { first, last, size } = group.pending;
  if (first === undefined || last === undefined) return [0, null, null, NULL_ARRAY];
  const readers = group.sortedConsumers().filter((consumer) => consumer.pending.size > 0);
  return [
    size,
    idText(first.id),
    idText(last.id),
    readers.map((consumer) => [consumer.name, String(consumer.pending.size)]),
  ];
}

interface PendingRange {
  readonly start: StreamId;
  readonly end: StreamId;
  readonly countMax: number;
  readonly idleMsMin: Integer;
  readonly consumerName: string | null;
}

function parseRange(args: readonly Bytes[]): PendingRange | ErrorReply {
  const hasIdle = wordAt(args, 3) === 'IDLE';
  const idleMsMin = hasIdle ? integerOf(argumentAt(args, 4)) : 0;
  if (idleMsMin === null) return NOT_AN_INTEGER;
  if (hasIdle && args.length < 8) return SYNTAX_ERROR;
  const first = hasIdle ? 5 : 3;
  const count = integerOf(argumentAt(args, first + 2));
  if (count === null) return NOT_AN_INTEGER;
  const start = intervalStartOf(argumentAt(args, first));
  if (start instanceof ErrorReply) return start;
  const end = intervalEndOf(argumentAt(args, first + 1));
  if (end instanceof ErrorReply) return end;
  const consumerName = first + 3 < args.length ? keyAt(args, first + 3) : null;
  return { start, end, countMax: Math.max(0, Number(count)), idleMsMin, consumerName };
}

interface ClaimOptions {
  readonly ids: readonly StreamId[];
  readonly idleMsMin: Integer;
  /** Null: now. */
  deliveredAtMs: Integer | null;
  /** Null: one more. */
  deliveryCount: Integer | null;
  isForced: boolean;
  isOnlyIds: boolean;
  lastId: StreamId;
}

const claimNumbers: readonly string[] = ['IDLE', 'TIME', 'RETRYCOUNT'];

function parseClaim({ args, server }: Call): ClaimOptions | ErrorReply {
  const idle = integerOf(argumentAt(args, 4));
  if (idle === null) return fail('Invalid min-idle-time argument for XCLAIM');
  const ids: StreamId[] = [];
  let index = 5;
  for (; index < args.length; index++) {
    const id = strictIdOf(argumentAt(args, index));
    if (id instanceof ErrorReply) break;
    ids.push(id);
  }
  const options: ClaimOptions = {
    ids,
    idleMsMin: idle < 0 ? 0 : idle,
    deliveredAtMs: null,
    deliveryCount: null,
    isForced: false,
    isOnlyIds: false,
    lastId: FIRST_ID,
  };
  for (; index < args.length; index++) {
    const word = wordAt(args, index);
    const value = args[index + 1];
    if (word === 'FORCE') options.isForced = true;
    else if (word === 'JUSTID') options.isOnlyIds = true;
    else if (value !== undefined && claimNumbers.includes(word)) {
      const number = integerOf(value);
      if (number === null) return fail(`Invalid ${word} option argument for XCLAIM`);
      const nowMs = Math.floor(server.keyspace.nowMs());
      if (word === 'RETRYCOUNT') options.deliveryCount = number;
      else options.deliveredAtMs = word === 'TIME' ? number : BigInt(nowMs) - BigInt(number);
      index++;
    } else if (value !== undefined && word === 'LASTID') {
      const lastId = strictIdOf(value);
      if (lastId instanceof ErrorReply) return lastId;
      options.lastId = lastId;
      index++;
    } else return fail(`Unrecognized XCLAIM option '${cString(argumentAt(args, index))}'`);
  }
  return options;
}

function xclaim(call: Call): Reply {
  const found = findGroup(call);
  if (found instanceof ErrorReply) return found;
  const options = parseClaim(call);
  if (options instanceof ErrorReply) return options;
  const { stream, group } = found;
  call.db.preserve(found.entry);
  if (compareIds(options.lastId, group.lastId) > 0) group.lastId = options.lastId;
  const nowMs = Math.floor(call.server.keyspace.nowMs());
  const replies: Reply[] = [];
  for (const id of options.ids) {
    const entry = singleEntry(stream, id);
    if (entry === undefined) {
      // It is no longer there, so it is pending no longer.
      group.acknowledge(id);
      continue;
    }
    if (claim(call, group, id, options, nowMs))
      replies.push(options.isOnlyIds ? idText(id) : entryReply(entry));
  }
  stream.weigh();
  call.db.changed(found.entry);
  return replies;
}

/** The consumer that claims: it comes to be when it gets something. */
function consumerFor(call: Call, group: StreamGroup, nowMs: number): StreamConsumer {
  const name = keyAt(call.args, 3);
  const known = group.consumer(name);
  if (known === undefined) {
    const created = group.addConsumer(name, nowMs);
    call.notify('stream', 'xgroup-createconsumer', argumentAt(call.args, 1));
    return created;
  }
  known.seenAtMs = nowMs;
  return known;
}

/** False when it is not this consumer's to claim. */
function claim(call: Call, group: StreamGroup, id: StreamId, options: ClaimOptions, nowMs: number): boolean {
  let pending = group.pending.find(id);
  const isFresh = pending !== undefined && nowMs - pending.deliveredAtMs < options.idleMsMin;
  if (pending === undefined ? !options.isForced : options.idleMsMin !== 0 && isFresh) return false;
  const consumer = consumerFor(call, group, nowMs);
  if (pending === undefined) {
    pending = { id, consumer, deliveredAtMs: nowMs, deliveryCount: 1 };
    group.addPending(pending);
  }
  const { deliveredAtMs, deliveryCount } = options;
  const isSane = deliveredAtMs !== null && deliveredAtMs >= 0 && deliveredAtMs <= nowMs;
  const own = takenOver(group, pending, consumer, isSane ? Number(deliveredAtMs) : nowMs);
  if (deliveryCount !== null && deliveryCount >= 0) own.deliveryCount = deliveryCount;
  else if (!options.isOnlyIds) countDelivery(own);
  return true;
}

function takenOver(
  group: StreamGroup,
  pending: PendingEntry,
  consumer: StreamConsumer,
  atMs: number,
): OwnPendingEntry {
  const own = group.moved(pending, consumer);
  own.deliveredAtMs = atMs;
  return own;
}

interface AutoClaimOptions {
  readonly idleMsMin: Integer;
  readonly start: StreamId;
  readonly countMax: number;
  readonly isOnlyIds: boolean;
}

function parseAutoClaim(args: readonly Bytes[]): AutoClaimOptions | ErrorReply {
  const idle = integerOf(argumentAt(args, 4));
  if (idle === null) return fail('Invalid min-idle-time argument for XAUTOCLAIM');
  const start = intervalStartOf(argumentAt(args, 5));
  if (start instanceof ErrorReply) return start;
  let countMax = 100;
  let isOnlyIds = false;
  for (let index = 6; index < args.length; index++) {
    const word = wordAt(args, index);
    const value = args[index + 1];
    if (word === 'JUSTID') isOnlyIds = true;
    else if (word === 'COUNT' && value !== undefined) {
      const count = integerOf(value);
      if (count === null || count < 1 || count > CLAIM_COUNT_MAX) return fail('COUNT must be > 0');
      countMax = Number(count);
      index++;
    } else return SYNTAX_ERROR;
  }
  return { idleMsMin: idle < 0 ? 0 : idle, start, countMax, isOnlyIds };
}

function xautoclaim(call: Call): Reply {
  const options = parseAutoClaim(call.args);
  if (options instanceof ErrorReply) return options;
  const found = findGroup(call);
  if (found instanceof ErrorReply) return found;
  const { stream, group } = found;
  call.db.preserve(found.entry);
  const nowMs = Math.floor(call.server.keyspace.nowMs());
  const claimed: Reply[] = [];
  const gone: Reply[] = [];
  let next = FIRST_ID;
  let lookedAt = 0;
  for (const pending of group.pending.from(options.start)) {
    const isEnough = claimed.length + gone.length >= options.countMax;
    if (isEnough || lookedAt >= options.countMax * LOOKED_AT_FACTOR) {
      next = pending.id;
      break;
    }
    lookedAt++;
    const entry = singleEntry(stream, pending.id);
    if (entry === undefined) {
      group.acknowledge(pending.id);
      gone.push(idText(pending.id));
      continue;
    }
    if (options.idleMsMin !== 0 && nowMs - pending.deliveredAtMs < options.idleMsMin) continue;
    const own = takenOver(group, pending, consumerFor(call, group, nowMs), nowMs);
    if (!options.isOnlyIds) countDelivery(own);
    claimed.push(options.isOnlyIds ? idText(pending.id) : entryReply(entry));
  }
  stream.weigh();
  call.db.changed(found.entry);
  return [idText(next), claimed, gone];
}
