/** Decides how a stream and its groups are read from a dump that may be forged. Knows no keys. */
import { byteString } from '../../byte-string.js';
import { narrow } from '../../integers.js';
import { StreamGroup } from '../../keyspace/stream-group.js';
import {
  compareIds,
  FIRST_ID,
  idOfBytes,
  LAST_ID,
  type StreamId,
  UINT64_MAX,
} from '../../keyspace/stream-id.js';
import { StreamNode } from '../../keyspace/stream-node.js';
import { StreamConsumer } from '../../keyspace/stream-pending.js';
import { entriesUpTo, StreamValue } from '../../keyspace/stream-value.js';
import { listpackElements } from '../../listpack.js';
import { RdbFormatError, type RdbReader } from './reader.js';

const ID_BYTES = 16;
/** What the elements in front of the entries are: two counts, the number of fields, a zero. */
const HEAD_ELEMENTS = 4;

/** The second form tells more than the first. */
export function decodeStream(reader: RdbReader, isSecondForm: boolean): StreamValue {
  const stream = new StreamValue();
  decodeNodes(reader, stream);
  const length = reader.length();
  if (length !== stream.size) throw new RdbFormatError('a stream of another length');
  stream.lastId = decodeId(reader);
  if (isSecondForm) {
    stream.firstId = decodeId(reader);
    stream.maxDeletedId = decodeId(reader);
    stream.entriesAdded = reader.length();
  } else {
    stream.entriesAdded = length;
    stream.firstId = stream.edgeId(true) ?? LAST_ID;
  }
  for (let left = reader.count(); left > 0; left--) decodeGroup(reader, stream, isSecondForm);
  stream.weigh();
  return stream;
}

function decodeId(reader: RdbReader): StreamId {
  return { ms: reader.length(), sequence: reader.length() };
}

function decodeNodes(reader: RdbReader, stream: StreamValue): void {
  let last: StreamId | null = null;
  for (let left = reader.count(); left > 0; left--) {
    const key = reader.buffer();
    if (key.length !== ID_BYTES) throw new RdbFormatError('the key of a node is no ID');
    const master = idOfBytes(key);
    if (last !== null && compareIds(last, master) >= 0) throw new RdbFormatError('nodes out of order');
    const bytes = reader.buffer();
    checkNode(bytes);
    const node = StreamNode.restore(master, bytes);
    stream.addNode(node);
    last = checkOrder(node, last);
  }
}

/** Entries must come in the order of their IDs, or searches would go astray. */
function checkOrder(node: StreamNode, before: StreamId | null): StreamId | null {
  let last = before;
  for (const { id } of node.entries()) {
    if (last !== null && compareIds(last, id) >= 0) throw new RdbFormatError('entries out of order');
    last = id;
  }
  return last;
}

/** That the elements are as many as they say of themselves: then a node can be walked without looking twice. */
function checkNode(bytes: Buffer): void {
  const elements = listpackElements(bytes);
  if (elements === null) throw new RdbFormatError('a listpack is broken');
  const number = (index: number): number => {
    const element = elements[index];
    if (typeof element !== 'number' || element < 0) throw new RdbFormatError('a node without its counts');
    return element;
  };
  const [live, deleted, fieldCount] = [number(0), number(1), number(2)];
  let at = HEAD_ELEMENTS + fieldCount;
  if (number(at - 1) !== 0 || live === 0) throw new RdbFormatError('a node without its end');
  const found = [0, 0];
  while (at < elements.length) {
    const start = at;
    const flags = number(at);
    if (typeof elements[at + 1] === 'string' || typeof elements[at + 2] === 'string')
      throw new RdbFormatError('an entry without its ID');
    const own = (flags & 2) === 0 ? number(at + 3) : null;
    at += 3 + (own === null ? fieldCount : 1 + own * 2);
    if (number(at) !== at - start) throw new RdbFormatError('an entry of another length');
    at++;
    found[flags & 1] = (found[flags & 1] ?? 0) + 1;
  }
  if (found[0] !== live || found[1] !== deleted) throw new RdbFormatError('entries of another count');
}

function decodeGroup(reader: RdbReader, stream: StreamValue, isSecondForm: boolean): void {
  const name = reader.text();
  if (stream.groups.has(name)) throw new RdbFormatError('a group occurs twice');
  const lastId = decodeId(reader);
  const read = isSecondForm ? reader.length() : entriesUpTo(stream, lastId);
  const group = new StreamGroup(name, lastId, read === UINT64_MAX ? null : read);
  stream.groups.set(name, group);
  // Whose they are is told later.
  const nobody = new StreamConsumer('', 0);
  for (let left = reader.count(); left > 0; left--) {
    const id = idOfBytes(reader.raw(ID_BYTES));
    const deliveredAtMs = Number(reader.milliseconds());
    const deliveryCount = narrow(BigInt.asIntN(64, BigInt(reader.length())));
    if (group.pending.find(id) !== undefined) throw new RdbFormatError('an entry is pending twice');
    group.pending.add({ id, consumer: nobody, deliveredAtMs, deliveryCount });
  }
  for (let left = reader.count(); left > 0; left--) decodeConsumer(reader, group, nobody);
  for (const { consumer } of group.pending.from(FIRST_ID))
    if (consumer === nobody) throw new RdbFormatError('an entry is pending for nobody');
}

function decodeConsumer(reader: RdbReader, group: StreamGroup, nobody: StreamConsumer): void {
  const name = byteString(reader.buffer());
  if (group.consumer(name) !== undefined) throw new RdbFormatError('a consumer occurs twice');
  const consumer = group.addConsumer(name, Number(reader.milliseconds()));
  for (let left = reader.count(); left > 0; left--) {
    const pending = group.pending.find(idOfBytes(reader.raw(ID_BYTES)));
    if (pending?.consumer !== nobody) throw new RdbFormatError('an entry is pending for two or for none');
    group.own(pending).consumer = consumer;
    consumer.pending.add(pending);
  }
}
