/** Decides which commands make a stream anew, its groups and readers included. (Redis: `aof.c`, rewriteStreamObject.) */
import type { Bytes } from '../../byte-string.js';
import { idText } from '../../keyspace/stream-id.js';
import type { StreamNode } from '../../keyspace/stream-node.js';
import type { StreamFacts } from '../held-groups.js';

/** The entries are in the nodes; everything else is asked of the stream. */
export function* streamCommands(
  key: string,
  nodes: readonly StreamNode[],
  stream: StreamFacts,
): IterableIterator<readonly Bytes[]> {
  let count = 0;
  for (const node of nodes)
    for (const entry of node.entries()) {
      if (entry.isDeleted) continue;
      count++;
      yield ['XADD', key, idText(entry.id), ...node.contentOf(entry)];
    }
  const lastId = idText(stream.lastId);
  // XADD makes what XSETID needs, and the trimming empties it again. An ID of zero is none.
  if (count === 0) yield ['XADD', key, 'MAXLEN', '0', lastId === '0-0' ? '0-1' : lastId, 'x', 'y'];
  yield [
    'XSETID',
    key,
    lastId,
    'ENTRIESADDED',
    String(stream.entriesAdded),
    'MAXDELETEDID',
    idText(stream.maxDeletedId),
  ];
  for (const group of stream.groups) {
    const read = group.entriesRead === null ? '-1' : String(group.entriesRead);
    yield ['XGROUP', 'CREATE', key, group.name, idText(group.lastId), 'ENTRIESREAD', read];
    for (const consumer of group.consumers) {
      yield ['XGROUP', 'CREATECONSUMER', key, group.name, consumer.name];
      for (const { id, deliveredAtMs, deliveryCount } of consumer.pending.each())
        yield [
          'XCLAIM',
          key,
          group.name,
          consumer.name,
          '0',
          idText(id),
          'TIME',
          String(deliveredAtMs),
          'RETRYCOUNT',
          String(deliveryCount),
          'JUSTID',
          'FORCE',
        ];
    }
  }
}
