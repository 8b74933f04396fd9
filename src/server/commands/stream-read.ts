/** Decides XREAD and XREADGROUP: what is new in several streams, for one reader or for a group's, now or once it comes. */
import { type Bytes, byteString } from '../byte-string.js';
import { argumentAt, keyAt, NOT_AN_INTEGER, SYNTAX_ERROR, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, block, keyArgument, multiple, optional, token } from '../command-arguments.js';
import { integerOf } from '../integers.js';
import type { StreamGroup } from '../keyspace/stream-group.js';
import { compareIds, FIRST_ID, idAfter, LAST_ID, type StreamId } from '../keyspace/stream-id.js';
import type { StreamConsumer } from '../keyspace/stream-pending.js';
import { advanceGroup, type StreamEntry, type StreamValue } from '../keyspace/stream-value.js';
import type { Done, Effect } from '../propagation.js';
import { ErrorReply, fail, MapReply, NULL_ARRAY, type Reply } from '../resp/reply.js';
import { strictIdOf } from '../stream-arguments.js';
import { groupReadEffects } from '../stream-effects.js';
import { entryReply, historyReply, noGroup, rangeEntries, streamOf } from '../stream-replies.js';
import { millisecondsTimeout } from '../timeouts.js';

export const streamReadCommands: readonly CommandDeclaration[] = [
  {
    name: 'xread',
    arity: -4,
    flags: ['readonly', 'blocking'],
    categories: ['stream'],
    keys: [
      { flags: ['RO', 'access'], begin: { keyword: 'STREAMS', startFrom: 1 }, last: -1, step: 1, limit: 2 },
    ],
    summary:
      'Return never seen elements in multiple streams, with IDs greater than the ones reported by the caller for each stream. Can block.',
    since: '5.0.0',
    group: 'stream',
    complexity:
      'For each stream mentioned: O(N) with N being the number of elements being returned, it means that XREAD-ing with a fixed COUNT is O(1). Note that when the BLOCK option is used, XADD will pay O(M) time in order to serve the M clients blocked on the stream getting new data.',
    arguments: [
      argument('count', 'integer', { token: 'COUNT', ...optional }),
      argument('milliseconds', 'integer', { token: 'BLOCK', ...optional }),
      block('streams', [keyArgument(multiple), argument('id', 'string', multiple)], { token: 'STREAMS' }),
    ],
    run: (call) => read(call, false),
  },
  {
    name: 'xreadgroup',
    arity: -7,
    flags: ['write', 'blocking'],
    categories: ['stream'],
    keys: [
      { flags: ['RO', 'access'], begin: { keyword: 'STREAMS', startFrom: 4 }, last: -1, step: 1, limit: 2 },
    ],
    summary:
      'Return new entries from a stream using a consumer group, or access the history of the pending entries for a given consumer. Can block.',
    since: '5.0.0',
    group: 'stream',
    complexity:
      'For each stream mentioned: O(M) with M being the number of elements returned. If M is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1). On the other side when XREADGROUP blocks, XADD will pay the O(N) time in order to serve the N clients blocked on the stream getting new data.',
    arguments: [
      block('group_consumer', [argument('group', 'string'), argument('consumer', 'string')], {
        token: 'GROUP',
      }),
      argument('count', 'integer', { token: 'COUNT', ...optional }),
      argument('milliseconds', 'integer', { token: 'BLOCK', ...optional }),
      token('NOACK', optional),
      block('streams', [keyArgument(multiple), argument('id', 'string', multiple)], { token: 'STREAMS' }),
    ],
    run: (call) => read(call, true),
    propagate: readEffects,
  },
];

const KEY_GONE = new ErrorReply('UNBLOCKED the stream key no longer exists');

/** Most entries a reader gets at once that has waited and has not said how many it wants. */
const WAITED_COUNT = 1000;

interface Options {
  countMax: number;
  /** Null: it does not wait. */
  timeoutMs: number | null;
  isAcknowledged: boolean;
  groupName: string | null;
  consumerName: string;
  firstKey: number;
}

/** A stream and from where on it is wanted: behind an ID, or what its group has not seen. */
interface Wanted {
  readonly key: string;
  readonly after: StreamId | 'unseen';
}

function read(call: Call, isGroup: boolean): Reply {
  const options = parseOptions(call.args, isGroup);
  if (options instanceof ErrorReply) return options;
  const wanted = parseWanted(call, options);
  if (wanted instanceof ErrorReply) return wanted;
  const served = wanted.flatMap((one) => serve(call, one, options) ?? []);
  if (served.length > 0) return streamsReply(call, served);
  if (options.timeoutMs === null) return NULL_ARRAY;
  return wait(call, wanted, options.timeoutMs, options);
}

/** What was delivered is told entry by entry, and how far the group is. */
function readEffects({ args, reply, db }: Done): readonly Effect[] {
  const options = parseOptions(args, true);
  if (options instanceof ErrorReply) return [];
  const { groupName, consumerName, firstKey } = options;
  const count = (args.length - firstKey) / 2;
  const wantedOf = (key: string): Bytes =>
    argumentAt(args, args.findIndex((arg, index) => index >= firstKey && byteString(arg) === key) + count);
  const isUnseen = (key: string): boolean => wantedAfter(wantedOf(key), undefined, true) === 'unseen';
  return groupReadEffects(db, reply, { groupName: groupName ?? '', consumerName, isUnseen });
}

function parseOptions(args: readonly Bytes[], isGroup: boolean): Options | ErrorReply {
  const options: Options = {
    countMax: 0,
    timeoutMs: null,
    isAcknowledged: false,
    groupName: null,
    consumerName: '',
    firstKey: 0,
  };
  const onlyFor = (word: string): ErrorReply =>
    fail(`The ${word} option is only supported by XREADGROUP. You called XREAD instead.`);
  for (let index = 1; index < args.length && options.firstKey === 0; index++) {
    const word = wordAt(args, index);
    const more = args.length - index - 1;
    if (word === 'BLOCK' && more >= 1) {
      const timeoutMs = millisecondsTimeout(argumentAt(args, ++index));
      if (timeoutMs instanceof ErrorReply) return timeoutMs;
      options.timeoutMs = timeoutMs;
    } else if (word === 'COUNT' && more >= 1) {
      const count = integerOf(argumentAt(args, ++index));
      if (count === null) return NOT_AN_INTEGER;
      options.countMax = Math.max(0, Number(count));
    } else if (word === 'STREAMS' && more >= 1) {
      if (more % 2 !== 0) return UNBALANCED;
      options.firstKey = index + 1;
    } else if (word === 'GROUP' && more >= 2) {
      if (!isGroup) return onlyFor('GROUP');
      options.groupName = keyAt(args, index + 1);
      options.consumerName = keyAt(args, index + 2);
      index += 2;
    } else if (word === 'NOACK') {
      if (!isGroup) return onlyFor('NOACK');
      options.isAcknowledged = true;
    } else return SYNTAX_ERROR;
  }
  if (options.firstKey === 0) return SYNTAX_ERROR;
  return isGroup && options.groupName === null ? fail('Missing GROUP option for XREADGROUP') : options;
}

/** Redis names XREAD and its sign for both. */
const UNBALANCED = fail(
  "Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.",
);

function parseWanted({ args, db }: Call, { firstKey, groupName }: Options): Wanted[] | ErrorReply {
  const count = (args.length - firstKey) / 2;
  const wanted: Wanted[] = [];
  for (let index = firstKey; index < firstKey + count; index++) {
    const key = keyAt(args, index);
    const stream = streamOf(db.read(key));
    if (stream instanceof ErrorReply) return stream;
    if (groupName !== null && stream?.groups.get(groupName) === undefined)
      return noGroup(key, groupName, ' in XREADGROUP with GROUP option');
    const after = wantedAfter(argumentAt(args, index + count), stream, groupName !== null);
    if (after instanceof ErrorReply) return after;
    wanted.push({ key, after });
  }
  return wanted;
}

function wantedAfter(
  bytes: Bytes,
  stream: StreamValue | undefined,
  isGroup: boolean,
): StreamId | 'unseen' | ErrorReply {
  const text = byteString(bytes);
  if (text === '$') {
    if (!isGroup) return stream?.lastId ?? FIRST_ID;
    return fail(
      'The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.',
    );
  }
  if (text !== '>') {
    const id = strictIdOf(bytes);
    // To Redis the last possible ID is the sign for the unseen.
    return !(id instanceof ErrorReply) && isGroup && compareIds(id, LAST_ID) === 0 ? 'unseen' : id;
  }
  return isGroup
    ? 'unseen'
    : fail(
        'The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.',
      );
}

type Served = readonly [key: string, entries: Reply];

/** Undefined when there is nothing for this reader in the stream. */
function serve(call: Call, { key, after }: Wanted, options: Options): [Served] | undefined {
  const { db, server } = call;
  const entry = db.read(key);
  const stream = streamOf(entry);
  if (entry === undefined || stream === undefined || stream instanceof ErrorReply) return undefined;
  const { groupName, consumerName, countMax } = options;
  const group = groupName === null ? undefined : stream.groups.get(groupName);
  if (group === undefined) {
    const entries = after === 'unseen' ? [] : rangeBehind(stream, after, countMax);
    return entries.length === 0 ? undefined : [[key, entries.map(entryReply)]];
  }
  const unseen = after === 'unseen' ? rangeBehind(stream, group.lastId, countMax) : null;
  if (unseen?.length === 0) return undefined;
  db.preserve(entry);
  const nowMs = Math.floor(server.keyspace.nowMs());
  let consumer = group.consumer(consumerName);
  if (consumer === undefined) {
    consumer = group.addConsumer(consumerName, nowMs);
    call.notify('stream', 'xgroup-createconsumer', key);
    server.propagation?.also(db.index, ['XGROUP', 'CREATECONSUMER', key, group.name, consumerName]);
  }
  consumer.seenAtMs = nowMs;
  const entries =
    after === 'unseen'
      ? deliver(stream, group, consumer, options.isAcknowledged, unseen ?? [], nowMs)
      : historyReply(stream, group, consumer, idAfter(after) ?? FIRST_ID, countMax, nowMs);
  stream.weigh();
  db.changed(entry);
  return [[key, entries]];
}

function rangeBehind(stream: StreamValue, id: StreamId, countMax: number): StreamEntry[] {
  if (compareIds(stream.lastId, id) <= 0) return [];
  return rangeEntries(stream, { start: idAfter(id) ?? FIRST_ID, end: LAST_ID, countMax });
}

/** What the group has not seen becomes the consumer's. */
function deliver(
  stream: StreamValue,
  group: StreamGroup,
  consumer: StreamConsumer,
  isAcknowledged: boolean,
  entries: readonly StreamEntry[],
  nowMs: number,
): Reply {
  for (const { id } of entries) {
    advanceGroup(stream, group, id);
    if (!isAcknowledged) group.deliver(id, consumer, nowMs);
  }
  return entries.map(entryReply);
}

/** RESP3 has a map. */
function streamsReply({ client }: Call, served: readonly Served[]): Reply {
  return client.respVersion === 2 ? served : new MapReply(served.flat());
}

function wait(call: Call, wanted: readonly Wanted[], timeoutMs: number, options: Options): Reply {
  const byKey = new Map(wanted.map(({ key, after }) => [key, after]));
  const { client, db, server } = call;
  const countMax = options.countMax === 0 ? WAITED_COUNT : options.countMax;
  return server.blocking.wait(client, db, {
    keys: [...byKey.keys()],
    type: 'stream',
    timeoutMs,
    timedOut: NULL_ARRAY,
    ...(options.groupName === null ? {} : { gone: KEY_GONE }),
    retry: (key) => {
      const after = byKey.get(key);
      const stream = streamOf(db.peek(key));
      if (after === undefined || stream === undefined || stream instanceof ErrorReply) return undefined;
      const { groupName } = options;
      if (groupName !== null && stream.groups.get(groupName) === undefined)
        return new ErrorReply('NOGROUP the consumer group this client was blocked on no longer exists');
      const found = serve(call, { key, after }, { ...options, countMax });
      return found && streamsReply(call, found);
    },
    effects: (reply) =>
      options.groupName === null
        ? []
        : groupReadEffects(db, reply, {
            groupName: options.groupName,
            consumerName: options.consumerName,
            isUnseen: (key) => byKey.get(key) === 'unseen',
          }),
  });
}
