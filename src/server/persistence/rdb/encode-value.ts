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
import { Listpack, listpackOf } from '../../listpack.js';
import { encodeStream } from './encode-stream.js';
import { intsetOf } from './old-encodings.js';
import { QUICKLIST_PACKED, QUICKLIST_PLAIN, rdbTypes } from './value-types.js';
import type { RdbWriter } from './writer.js';

/** Room of a list's node. */
export const NODE_BYTES_MAX = 8192;
/** What an element takes at most beside its bytes. */
const ELEMENT_OVERHEAD_BYTES = 10;

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
  const nodes: (Bytes | Listpack)[] = [];
  let open: Listpack | null = null;
  for (const element of list.elements()) {
    if (element.length > NODE_BYTES_MAX) {
      nodes.push(element);
      open = null;
      continue;
    }
    if (open === null || open.byteLength + element.length + ELEMENT_OVERHEAD_BYTES > NODE_BYTES_MAX) {
      open = new Listpack();
      nodes.push(open);
    }
    open.append(element);
  }
  writer.length(nodes.length);
  for (const node of nodes) {
    const isPacked = node instanceof Listpack;
    writer.length(isPacked ? QUICKLIST_PACKED : QUICKLIST_PLAIN);
    writer.string(isPacked ? node.bytes : node);
  }
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
  const pairs: { member: string; score: number }[] = [];
  set.visit(0, set.size, (member, score) => pairs.push({ member, score }));
  if (set.encoding === 'listpack') {
    writer.string(listpackOf(pairs.flatMap(({ member, score }) => [member, packedDoubleText(score)])));
    return;
  }
  writer.length(pairs.length);
  for (const { member, score } of pairs.reverse()) {
    writer.string(member);
    writer.double(score);
  }
}

function encodeHash(hash: HashValue, writer: RdbWriter): void {
  const pairs: Bytes[] = [];
  hash.visit((field, value) => pairs.push(field, value));
  if (hash.encoding !== 'hashtable') {
    writer.string(listpackOf(pairs));
    return;
  }
  writer.length(pairs.length / 2);
  for (const part of pairs) writer.string(part);
}
