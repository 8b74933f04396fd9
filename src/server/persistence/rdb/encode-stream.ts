/** Decides how a stream and its groups are written in a dump. Knows no keys. */

import { idBytes, type StreamId, UINT64_MAX } from '../../keyspace/stream-id.js';
import type { StreamNode } from '../../keyspace/stream-node.js';
import type { StreamValue } from '../../keyspace/stream-value.js';
import { type HeldGroup, type HeldPendingList, StreamFacts } from '../held-groups.js';
import type { RdbWriter } from './writer.js';

/** Pending entries written at once: some 10 µs. */
const PENDING_AT_ONCE = 32;

export function encodeStream(stream: StreamValue, writer: RdbWriter): void {
  for (const _piece of encodeStreamParts(stream.nodes, new StreamFacts(stream), writer));
}

/** Writes a little with each `next`. */
export function* encodeStreamParts(
  nodes: readonly StreamNode[],
  facts: StreamFacts,
  writer: RdbWriter,
): Generator<void> {
  writer.length(nodes.length);
  for (const node of nodes) {
    writer.string(idBytes(node.master));
    writer.string(node.bytes);
    yield;
  }
  const { size, lastId, firstId, maxDeletedId, entriesAdded, groups } = facts;
  writer.length(size);
  for (const id of [lastId, firstId, maxDeletedId]) encodeId(id, writer);
  writer.length(entriesAdded);
  writer.length(groups.length);
  for (const group of groups) yield* encodeGroup(group, writer);
}

function encodeId({ ms, sequence }: StreamId, writer: RdbWriter): void {
  writer.length(ms);
  writer.length(sequence);
}

function* encodeGroup(group: HeldGroup, writer: RdbWriter): Generator<void> {
  writer.string(group.name);
  encodeId(group.lastId, writer);
  writer.length(group.entriesRead ?? UINT64_MAX);
  yield* encodePending(group.pending, writer, true);
  writer.length(group.consumers.length);
  for (const { name, seenAtMs, pending } of group.consumers) {
    writer.string(name);
    writer.milliseconds(seenAtMs);
    yield* encodePending(pending, writer, false);
  }
}

/** A group says when each entry was delivered and how often, its readers only which are theirs. */
function* encodePending(pending: HeldPendingList, writer: RdbWriter, tells: boolean): Generator<void> {
  writer.length(pending.size);
  let count = 0;
  for (const { id, deliveredAtMs, deliveryCount } of pending.each()) {
    writer.id(id.ms);
    writer.id(id.sequence);
    if (tells) {
      writer.milliseconds(deliveredAtMs);
      writer.length(deliveryCount >= 0 ? deliveryCount : BigInt.asUintN(64, BigInt(deliveryCount)));
    }
    if (++count % PENDING_AT_ONCE === 0) yield;
  }
}
