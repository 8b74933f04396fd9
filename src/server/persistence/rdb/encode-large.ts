/** Decides how a value is written piece by piece that is too large to be written at once. Knows no keys. */
import type { Bytes } from '../../byte-string.js';
import { Listpack } from '../../listpack.js';
import type { LargeValue } from '../snapshot-sink.js';
import { encodeFacts, encodeNode } from './encode-stream.js';
import { NODE_BYTES_MAX } from './encode-value.js';
import { QUICKLIST_PACKED, QUICKLIST_PLAIN, rdbTypes } from './value-types.js';
import type { RdbWriter } from './writer.js';

/** Members written at once: some 10 µs. */
const MEMBERS_AT_ONCE = 16;

const types: Readonly<Record<LargeValue['type'], number>> = {
  string: rdbTypes.string,
  set: rdbTypes.set,
  hash: rdbTypes.hash,
  zset: rdbTypes.zsetBinary,
  list: rdbTypes.listQuicklist2,
  stream: rdbTypes.streamListpacks2,
};

export function rdbTypeOfLarge(value: LargeValue): number {
  return types[value.type];
}

/** Writes a little with each `next`. The forms are those that any size may have. */
export function* encodeLarge(value: LargeValue, writer: RdbWriter): Generator<void> {
  switch (value.type) {
    case 'string':
      writer.string(value.bytes);
      return;
    case 'set':
      writer.length(value.size);
      for (let number = 0; number < value.size; number++) {
        writer.string(value.memberAt(number));
        if (number % MEMBERS_AT_ONCE === 0) yield;
      }
      return;
    case 'hash':
      writer.length(value.size);
      for (let number = 0; number < value.size; number++) {
        writer.string(value.fieldAt(number));
        writer.string(value.valueAt(number));
        if (number % MEMBERS_AT_ONCE === 0) yield;
      }
      return;
    case 'zset':
      yield* encodeSortedSet(value, writer);
      return;
    case 'list':
      writer.length(value.chunkCount);
      for (let chunk = 0; chunk < value.chunkCount; chunk++) {
        encodeChunk(value.elementsOf(chunk), writer);
        yield;
      }
      return;
    case 'stream':
      writer.length(value.nodes.length);
      for (const node of value.nodes) {
        encodeNode(node, writer);
        yield;
      }
      encodeFacts(value.facts, writer);
  }
}

function* encodeSortedSet(value: Extract<LargeValue, { type: 'zset' }>, writer: RdbWriter): Generator<void> {
  writer.length(value.size);
  const members = value.descending();
  for (let count = 0; ; count++) {
    const next = members.next();
    if (next.done === true) return;
    writer.string(next.value.member);
    writer.double(next.value.score);
    if (count % MEMBERS_AT_ONCE === 0) yield;
  }
}

/** A chunk of ours is one of Redis' nodes: what is in it takes no more room there. */
function encodeChunk(elements: Iterable<Bytes>, writer: RdbWriter): void {
  const pack = new Listpack();
  for (const element of elements) {
    if (element.length > NODE_BYTES_MAX) {
      // Then it is alone in its chunk.
      writer.length(QUICKLIST_PLAIN);
      writer.string(element);
      return;
    }
    pack.append(element);
  }
  writer.length(QUICKLIST_PACKED);
  writer.string(pack.bytes);
}
