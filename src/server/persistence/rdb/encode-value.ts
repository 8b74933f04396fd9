/** Decides how a value is written in a dump, in the forms of Redis 7.0. Knows no keys. */
import { invariant } from '../../../errors.js';
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
const NODE_BYTES_MAX = 8192;
/** What an element takes at most beside its bytes. */
const ELEMENT_OVERHEAD_BYTES = 10;

/** Writes the type and the value. */
export function encodeValue(value: Value, writer: RdbWriter): void {
  if (!(value instanceof Container)) {
    writer.byte(rdbTypes.string);
    writer.string(value);
  } else if (value instanceof ListValue) encodeList(value, writer);
  else if (value instanceof SetValue) encodeSet(value, writer);
  else if (value instanceof SortedSetValue) encodeSortedSet(value, writer);
  else if (value instanceof HashValue) encodeHash(value, writer);
  else {
    invariant(value instanceof StreamValue, `a ${value.type} can be written`);
    writer.byte(rdbTypes.streamListpacks2);
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
  writer.byte(rdbTypes.listQuicklist2);
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
    writer.byte(rdbTypes.setIntset);
    writer.string(intsetOf(members.map(integerIn)));
    return;
  }
  writer.byte(rdbTypes.set);
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
    writer.byte(rdbTypes.zsetListpack);
    writer.string(listpackOf(pairs.flatMap(({ member, score }) => [member, packedDoubleText(score)])));
    return;
  }
  writer.byte(rdbTypes.zsetBinary);
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
    writer.byte(rdbTypes.hashListpack);
    writer.string(listpackOf(pairs));
    return;
  }
  writer.byte(rdbTypes.hash);
  writer.length(pairs.length / 2);
  for (const part of pairs) writer.string(part);
}
