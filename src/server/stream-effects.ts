/**
 * Decides how the commands of streams are repeated that depend on the time, or on how entries lie in nodes: by what they
 * did. Knows nothing of who repeats them. (Redis: `t_stream.c`, streamPropagateXCLAIM and streamPropagateGroupID.)
 */
import { type Bytes, byteString } from './byte-string.js';
import { argumentAt, keyAt, wordAt } from './call.js';
import { isBytes, itemsOf } from './effects.js';
import type { Database } from './keyspace/database.js';
import type { StreamGroup } from './keyspace/stream-group.js';
import { idText, type StreamId } from './keyspace/stream-id.js';
import { StreamValue } from './keyspace/stream-value.js';
import type { Effect, Effects } from './propagation.js';
import { MapReply, type Reply } from './resp/reply.js';
import { strictIdOf } from './stream-arguments.js';

/** XADD: with the ID it got, and what is left told as a number: whole nodes may be others elsewhere. */
export const addEffects: Effects = ({ args, reply, db }) => {
  if (!isBytes(reply)) return null;
  const { options, next } = withoutTrim(args, 2);
  const trim = next.isApproximate ? ['MAXLEN', '=', lengthOf(db, keyAt(args, 1))] : next.trim;
  return [['XADD', argumentAt(args, 1), ...options, ...trim, reply, ...args.slice(next.index + 1)]];
};

export const trimEffects: Effects = ({ args, db }) => [
  ['XTRIM', argumentAt(args, 1), 'MAXLEN', '=', lengthOf(db, keyAt(args, 1))],
];

interface Rest {
  /** Where the ID stands. */
  readonly index: number;
  readonly isApproximate: boolean;
  readonly trim: readonly Bytes[];
}

function withoutTrim(args: readonly Bytes[], first: number): { options: Bytes[]; next: Rest } {
  const options: Bytes[] = [];
  let trim: readonly Bytes[] = [];
  let isApproximate = false;
  let index = first;
  for (; index < args.length; index++) {
    const word = wordAt(args, index);
    if (word === 'NOMKSTREAM') options.push(argumentAt(args, index));
    else if (word === 'LIMIT') index++;
    else if (word === 'MAXLEN' || word === 'MINID') {
      const sign = byteString(args[index + 1] ?? '');
      const length = sign === '~' || sign === '=' ? 3 : 2;
      trim = args.slice(index, index + length);
      isApproximate = sign === '~';
      index += length - 1;
    } else break;
  }
  return { options, next: { index, isApproximate, trim } };
}

function lengthOf(db: Database, key: string): string {
  return String(streamAt(db, key)?.size ?? 0);
}

function streamAt(db: Database, key: Bytes): StreamValue | undefined {
  const value = db.peek(key)?.value;
  return value instanceof StreamValue ? value : undefined;
}

/** XCLAIM: what this consumer has now; what was not there any more is pending no more. */
export const claimEffects: Effects = ({ args, reply, db }) => {
  const claimed = new Set(itemsOf(reply).map(idIn));
  const [key, name, consumer] = [keyAt(args, 1), keyAt(args, 2), keyAt(args, 3)];
  const stream = streamAt(db, key);
  const group = stream?.groups.get(name);
  if (stream === undefined || group === undefined) return null;
  const gone: string[] = [];
  let index = 5;
  for (; index < args.length; index++) {
    const id = strictIdOf(argumentAt(args, index));
    if (!('ms' in id)) break;
    if (!claimed.has(idText(id))) gone.push(idText(id));
  }
  const hasLastId = args.some((_arg, at) => at >= index && wordAt(args, at) === 'LASTID');
  return [
    ...acknowledged(stream, key, name, gone),
    ...[...claimed].flatMap((id) => delivered(group, key, consumer, id)),
    ...(hasLastId ? [position(group, key)] : []),
  ];
};

/** XAUTOCLAIM answers `[next, claimed, gone]`. */
export const autoClaimEffects: Effects = ({ args, reply, db }) => {
  const [, claimed = [], gone = []] = itemsOf(reply);
  const [key, name, consumer] = [keyAt(args, 1), keyAt(args, 2), keyAt(args, 3)];
  const stream = streamAt(db, key);
  const group = stream?.groups.get(name);
  if (stream === undefined || group === undefined) return null;
  return [
    ...acknowledged(stream, key, name, itemsOf(gone).filter(isBytes).map(byteString)),
    ...itemsOf(claimed).flatMap((item) => delivered(group, key, consumer, idIn(item))),
  ];
};

export interface GroupRead {
  readonly groupName: string;
  readonly consumerName: string;
  /** Whether what is asked for is what the group has not seen; otherwise it is history. */
  readonly isUnseen: (key: string) => boolean;
}

/** XREADGROUP answered: streams and the entries they gave. */
export function groupReadEffects(db: Database, reply: Reply, read: GroupRead): Effect[] {
  const streams = reply instanceof MapReply ? pairsOf(reply.flat) : itemsOf(reply).map(itemsOf);
  return streams.flatMap(([keyReply, entries]) => {
    const key = isBytes(keyReply) ? byteString(keyReply) : null;
    const group = key === null ? undefined : streamAt(db, key)?.groups.get(read.groupName);
    if (key === null || group === undefined || entries === undefined || !read.isUnseen(key)) return [];
    const ids = itemsOf(entries).map(idIn);
    return [...ids.flatMap((id) => delivered(group, key, read.consumerName, id)), position(group, key)];
  });
}

function pairsOf(flat: readonly Reply[]): (readonly Reply[])[] {
  return flat.flatMap((item, index) => (index % 2 === 0 ? [[item, flat[index + 1] ?? null]] : []));
}

/** An entry is answered as `[id, …]`, or by its ID alone. */
function idIn(reply: Reply): string {
  const id = isBytes(reply) ? reply : itemsOf(reply)[0];
  return isBytes(id) ? byteString(id) : '';
}

/** None if it is not pending: it was acknowledged as it was read. */
function delivered(group: StreamGroup, key: string, consumer: string, idOf: string): Effect[] {
  const id = strictIdOf(idOf);
  const pending = 'ms' in id ? group.pending.find(id) : undefined;
  if (pending === undefined) return [];
  const { deliveredAtMs, deliveryCount } = pending;
  return [
    [
      'XCLAIM',
      key,
      group.name,
      consumer,
      '0',
      idOf,
      'TIME',
      String(deliveredAtMs),
      'RETRYCOUNT',
      String(deliveryCount),
      'FORCE',
      'JUSTID',
      'LASTID',
      idText(group.lastId),
    ],
  ];
}

function position(group: StreamGroup, key: string): Effect {
  const read = group.entriesRead === null ? '-1' : String(group.entriesRead);
  return ['XGROUP', 'SETID', key, group.name, idText(group.lastId), 'ENTRIESREAD', read];
}

function acknowledged(stream: StreamValue, key: string, group: string, ids: readonly string[]): Effect[] {
  const gone = ids.filter((text) => {
    const id = strictIdOf(text);
    return 'ms' in id && !holds(stream, id);
  });
  return gone.length === 0 ? [] : [['XACK', key, group, ...gone]];
}

function holds(stream: StreamValue, id: StreamId): boolean {
  for (const _entry of stream.range(id, id)) return true;
  return false;
}
