/** Decides how a value is written in a dump, in the forms of Redis 7.0. Knows no keys. */
import { InvariantError, invariant } from '../../../errors.js';
import type { Bytes } from '../../byte-string.js';
import { packedDoubleText } from '../../double-text.js';
import { type Integer, parseInteger } from '../../integers.js';
import { Container } from '../../keyspace/container.js';
import type { Value } from '../../keyspace/entry.js';
import { HashValue } from '../../keyspace/hash-value.js';
import { ListValue } from '../../keyspace/list-value.js';
import { SetValue } from '../../keyspace/set-value.js';
import { SortedSetValue } from '../../keyspace/sorted-set-value.js';
import { StreamValue } from '../../keyspace/stream-value.js';
import { Listpack } from '../../listpack.js';
import { encodeStream } from './encode-stream.js';
import { intsetOf } from './old-encodings.js';
import { QUICKLIST_PACKED, QUICKLIST_PLAIN, rdbTypes } from './value-types.js';
import type { RdbWriter } from './writer.js';

/** Room of a list's node. */
const NODE_BYTES_MAX = 8192;
/** One serves for all. */
const pack = new Listpack();

/** Writes the type and the value. */
export function encodeValue(value: Value, writer: RdbWriter): void {
  writer.byte(rdbTypeOf(value));
  encodeBody(value, writer);
}

/** The form in which a value is written. */
export function rdbTypeOf(value: Value): number {
  if (!(value instanceof Container)) return rdbTypes.string;
  switch (value.type) {
    case 'list':
      return rdbTypes.listQuicklist2;
    case 'set':
      return value.encoding === 'intset' ? rdbTypes.setIntset : rdbTypes.set;
    case 'zset':
      return value.encoding === 'listpack' ? rdbTypes.zsetListpack : rdbTypes.zsetBinary;
    case 'hash':
      return value.encoding === 'hashtable' ? rdbTypes.hash : rdbTypes.hashListpack;
    case 'stream':
      return rdbTypes.streamListpacks2;
    case 'string':
      throw new InvariantError('a string is no container');
  }
}

/** Writes the value in the form of its type. */
export function encodeBody(value: Value, writer: RdbWriter): void {
  if (!(value instanceof Container)) writer.string(value);
  else if (value instanceof ListValue) encodeList(value, writer);
  else if (value instanceof SetValue) encodeSet(value, writer);
  else if (value instanceof SortedSetValue) encodeSortedSet(value, writer);
  else if (value instanceof HashValue) encodeHash(value, writer);
  else {
    invariant(value instanceof StreamValue, `a ${value.type} can be written`);
    encodeStream(value, writer);
  }
}

function encodeList(list: ListValue, writer: RdbWriter): void {
  const chunks = list.parts();
  writer.length(chunks.length);
  for (const chunk of chunks) encodeChunk(chunk.elements(), writer);
}

/** A chunk of ours is one of Redis' nodes: what is in it takes no more room there. */
export function encodeChunk(elements: Iterable<Bytes>, writer: RdbWriter): void {
  pack.clear();
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

function encodeSet(set: SetValue, writer: RdbWriter): void {
  const members = set.members();
  if (set.encoding === 'intset') {
    writer.string(intsetOf(members.map(integerIn)));
    return;
  }
  writer.length(members.length);
  for (const member of members) writer.string(member);
}

function integerIn(member: string): Integer {
  return parseInteger(member) ?? 0;
}

function encodeSortedSet(set: SortedSetValue, writer: RdbWriter): void {
  if (set.encoding === 'listpack') {
    pack.clear();
    set.visit(0, set.size, (member, score) => {
      pack.append(member);
      pack.append(packedDoubleText(score));
    });
    writer.string(pack.bytes);
    return;
  }
  const pairs: { member: string; score: number }[] = [];
  set.visit(0, set.size, (member, score) => pairs.push({ member, score }));
  writer.length(pairs.length);
  for (const { member, score } of pairs.reverse()) {
    writer.string(member);
    writer.double(score);
  }
}

function encodeHash(hash: HashValue, writer: RdbWriter): void {
  if (hash.encoding !== 'hashtable') {
    pack.clear();
    hash.visit((field, value) => {
      pack.append(field);
      pack.append(value);
    });
    writer.string(pack.bytes);
    return;
  }
  writer.length(hash.size);
  hash.visit((field, value) => {
    writer.string(field);
    writer.string(value);
  });
}
