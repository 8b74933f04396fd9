/** Decides how commands find streams and groups and how entries are answered. Knows no particular command. */
import type { Bytes } from './byte-string.js';
import { cString, WRONG_TYPE } from './call.js';
import { narrow } from './integers.js';
import type { Entry } from './keyspace/entry.js';
import type { StreamGroup } from './keyspace/stream-group.js';
import { idText, type StreamId } from './keyspace/stream-id.js';
import type { OwnPendingEntry, StreamConsumer } from './keyspace/stream-pending.js';
import { type StreamEntry, StreamValue } from './keyspace/stream-value.js';
import { ErrorReply, NULL_ARRAY, type Reply } from './resp/reply.js';

/** The stream of a key, if the key is there. */
export function streamOf(entry: Entry | undefined): StreamValue | undefined | ErrorReply {
  if (entry === undefined) return undefined;
  const { value } = entry;
  return value instanceof StreamValue ? value : WRONG_TYPE;
}

export function noGroup(key: Bytes, group: Bytes, where = ''): ErrorReply {
  return new ErrorReply(
    `NOGROUP No such key '${cString(key)}' or consumer group '${cString(group)}'${where}`,
  );
}

export function noGroupInKey(key: Bytes, group: Bytes): ErrorReply {
  return new ErrorReply(`NOGROUP No such consumer group '${cString(group)}' for key name '${cString(key)}'`);
}

/** The ID and the pairs. */
export function entryReply({ id, pairs }: StreamEntry): Reply {
  return [idText(id), pairs];
}

export interface RangeRequest {
  readonly start: StreamId;
  readonly end: StreamId;
  /** 0 is no limit. */
  readonly countMax: number;
  readonly isReverse?: boolean;
}

export function rangeEntries(stream: StreamValue, request: RangeRequest): StreamEntry[] {
  const entries: StreamEntry[] = [];
  for (const entry of stream.range(request.start, request.end, request.isReverse === true)) {
    entries.push(entry);
    if (entries.length === request.countMax) break;
  }
  return entries;
}

/** One entry as a list of it, or undefined when it is not there. */
export function singleEntry(stream: StreamValue, id: StreamId): StreamEntry | undefined {
  return rangeEntries(stream, { start: id, end: id, countMax: 1 })[0];
}

/** It is given to somebody once more. */
export function countDelivery(pending: OwnPendingEntry): void {
  pending.deliveryCount = narrow(BigInt.asIntN(64, BigInt(pending.deliveryCount) + 1n));
}

/** What a consumer was given and has not acknowledged, from an ID on; entries that are gone have no pairs. */
export function historyReply(
  stream: StreamValue,
  group: StreamGroup,
  consumer: StreamConsumer,
  start: StreamId,
  countMax: number,
  nowMs: number,
): Reply {
  const replies: Reply[] = [];
  for (const pending of consumer.pending.from(start)) {
    if (countMax > 0 && replies.length >= countMax) break;
    const entry = singleEntry(stream, pending.id);
    if (entry === undefined) replies.push([idText(pending.id), NULL_ARRAY]);
    else {
      replies.push(entryReply(entry));
      const own = group.own(pending);
      own.deliveredAtMs = nowMs;
      countDelivery(own);
    }
  }
  return replies;
}
