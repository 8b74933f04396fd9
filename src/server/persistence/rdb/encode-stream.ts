/** Decides how a stream and its groups are written in a dump. Knows no keys. */
import type { StreamGroup } from '../../keyspace/stream-group.js';
import { FIRST_ID, idBytes, type StreamId, UINT64_MAX } from '../../keyspace/stream-id.js';
import type { StreamNode } from '../../keyspace/stream-node.js';
import type { StreamValue } from '../../keyspace/stream-value.js';
import type { RdbWriter } from './writer.js';

export function encodeStream(stream: StreamValue, writer: RdbWriter): void {
  writer.length(stream.nodes.length);
  for (const node of stream.nodes) encodeNode(node, writer);
  encodeFacts(stream, writer);
}

export function encodeNode(node: StreamNode, writer: RdbWriter): void {
  writer.string(idBytes(node.master));
  writer.string(node.bytes);
}

/** All that is not in the nodes. */
export function encodeFacts(stream: StreamValue, writer: RdbWriter): void {
  const { size, lastId, firstId, maxDeletedId, entriesAdded } = stream;
  writer.length(size);
  for (const id of [lastId, firstId, maxDeletedId]) encodeId(id, writer);
  writer.length(entriesAdded);
  writer.length(stream.groups.size);
  for (const group of stream.sortedGroups()) encodeGroup(group, writer);
}

function encodeId({ ms, sequence }: StreamId, writer: RdbWriter): void {
  writer.length(ms);
  writer.length(sequence);
}

function encodeGroup(group: StreamGroup, writer: RdbWriter): void {
  writer.string(group.name);
  encodeId(group.lastId, writer);
  writer.length(group.entriesRead ?? UINT64_MAX);
  writer.length(group.pending.size);
  for (const { id, deliveredAtMs, deliveryCount } of group.pending.from(FIRST_ID)) {
    writer.raw(idBytes(id));
    writer.milliseconds(deliveredAtMs);
    writer.length(BigInt.asUintN(64, BigInt(deliveryCount)));
  }
  const consumers = group.sortedConsumers();
  writer.length(consumers.length);
  for (const { name, seenAtMs, pending } of consumers) {
    writer.string(name);
    writer.milliseconds(seenAtMs);
    writer.length(pending.size);
    for (const { id } of pending.from(FIRST_ID)) writer.raw(idBytes(id));
  }
}
