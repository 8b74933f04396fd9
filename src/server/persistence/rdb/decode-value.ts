/** Decides how a value is read from a dump, whatever form it has, also one of an older server. Knows no keys. */
import { type Bytes, byteString } from '../../byte-string.js';
import { scanDouble } from '../../double-text.js';
import type { EncodingLimits } from '../../encoding-limits.js';
import type { Integer } from '../../integers.js';
import type { Value } from '../../keyspace/entry.js';
import { HashValue } from '../../keyspace/hash-value.js';
import { ListValue } from '../../keyspace/list-value.js';
import { SetValue } from '../../keyspace/set-value.js';
import { SortedSetValue } from '../../keyspace/sorted-set-value.js';
import { elementBytes, listpackElements } from '../../listpack.js';
import { decodeStream } from './decode-stream.js';
import { intsetMembers, ziplistElements, zipmapPairs } from './old-encodings.js';
import { EmptyValue, RdbFormatError, type RdbReader } from './reader.js';
import { QUICKLIST_PACKED, QUICKLIST_PLAIN, rdbTypes } from './value-types.js';

/** Reads the type and the value. @throws RdbFormatError */
export function decodeValue(reader: RdbReader, limits: EncodingLimits): Value {
  return decodeBody(reader.byte(), reader, limits);
}

/** Reads the value. @throws RdbFormatError */
export function decodeBody(type: number, reader: RdbReader, limits: EncodingLimits): Value {
  switch (type) {
    case rdbTypes.string:
      return reader.string();
    case rdbTypes.list:
      return listOf(strings(reader, reader.count()));
    case rdbTypes.listZiplist:
      return listOf(ziplistElements(reader.buffer()));
    case rdbTypes.listQuicklist:
      return listOf(ziplists(reader));
    case rdbTypes.listQuicklist2:
      return listOf(quicklist(reader));
    case rdbTypes.set:
      return setOf(strings(reader, reader.count()), limits);
    case rdbTypes.setIntset:
      return setOf(intsetMembers(reader.buffer()), limits);
    case rdbTypes.zset:
    case rdbTypes.zsetBinary:
      return sortedSetOf(scored(reader, type === rdbTypes.zsetBinary), limits);
    case rdbTypes.zsetZiplist:
      return sortedSetOf(scoredPairs(ziplistElements(reader.buffer())), packed(limits));
    case rdbTypes.zsetListpack:
      return sortedSetOf(scoredPairs(listpack(reader.buffer())), packed(limits));
    case rdbTypes.hash:
      return hashOf(strings(reader, reader.count() * 2), limits);
    case rdbTypes.hashZipmap:
      return hashOf(zipmapPairs(reader.buffer()), limits);
    case rdbTypes.hashZiplist:
      return hashOf(ziplistElements(reader.buffer()), packed(limits));
    case rdbTypes.hashListpack:
      return hashOf(listpack(reader.buffer()), packed(limits));
    case rdbTypes.streamListpacks:
    case rdbTypes.streamListpacks2:
      return decodeStream(reader, type === rdbTypes.streamListpacks2);
    default:
      throw new RdbFormatError(`a value of the unknown type ${type}`);
  }
}

/** What came packed stays packed whatever its elements' lengths, unless there are too many. */
function packed(limits: EncodingLimits): EncodingLimits {
  return {
    ...limits,
    hashListpackValueBytesMax: Number.POSITIVE_INFINITY,
    zsetListpackValueBytesMax: Number.POSITIVE_INFINITY,
  };
}

type Element = Bytes | Integer;

function* strings(reader: RdbReader, count: number): IterableIterator<Bytes> {
  for (let left = count; left > 0; left--) yield reader.string();
}

function* ziplists(reader: RdbReader): IterableIterator<Element> {
  for (let left = reader.count(); left > 0; left--) yield* ziplistElements(reader.buffer());
}

function* quicklist(reader: RdbReader): IterableIterator<Element> {
  for (let left = reader.count(); left > 0; left--) {
    const container = reader.length();
    if (container === QUICKLIST_PLAIN) yield reader.string();
    else if (container === QUICKLIST_PACKED) yield* listpack(reader.buffer());
    else throw new RdbFormatError('an unknown kind of node');
  }
}

function listpack(bytes: Buffer): Element[] {
  const elements = listpackElements(bytes);
  if (elements === null) throw new RdbFormatError('a listpack is broken');
  return elements;
}

function* scored(reader: RdbReader, isBinary: boolean): IterableIterator<readonly [string, number]> {
  for (let left = reader.count(); left > 0; left--) {
    const member = reader.text();
    yield [member, isBinary ? reader.double() : decimalScore(reader)];
  }
}

/** A length and so many digits; three lengths stand for what has none. */
function decimalScore(reader: RdbReader): number {
  const length = reader.byte();
  if (length === 253) return Number.NaN;
  if (length === 254) return Number.POSITIVE_INFINITY;
  if (length === 255) return Number.NEGATIVE_INFINITY;
  return scanDouble(byteString(reader.raw(length)));
}

function* scoredPairs(elements: readonly Element[]): IterableIterator<readonly [string, number]> {
  for (let index = 0; index < elements.length; index += 2) {
    const [member, score] = [elements[index], elements[index + 1]];
    if (member === undefined || score === undefined) throw new RdbFormatError('a member without a score');
    yield [byteString(elementBytes(member)), scanDouble(byteString(elementBytes(score)))];
  }
}

function listOf(elements: Iterable<Element>): ListValue {
  const list = new ListValue();
  for (const element of elements) list.push('back', elementBytes(element));
  return full(list);
}

function setOf(members: Iterable<Element>, limits: EncodingLimits): SetValue {
  const set = new SetValue();
  for (const member of members)
    if (!set.add(byteString(elementBytes(member)), limits)) throw new RdbFormatError('a member occurs twice');
  return full(set);
}

function sortedSetOf(pairs: Iterable<readonly [string, number]>, limits: EncodingLimits): SortedSetValue {
  const all = [...pairs];
  if (all.some(([, score]) => Number.isNaN(score))) throw new RdbFormatError('a score is not a number');
  const set = SortedSetValue.of(all, limits);
  if (set.size < all.length) throw new RdbFormatError('a member occurs twice');
  return full(set);
}

function hashOf(elements: Iterable<Element>, limits: EncodingLimits): HashValue {
  const hash = new HashValue();
  let field: string | null = null;
  for (const element of elements) {
    if (field === null) field = byteString(elementBytes(element));
    else {
      if (!hash.set(field, elementBytes(element), limits)) throw new RdbFormatError('a field occurs twice');
      field = null;
    }
  }
  if (field !== null) throw new RdbFormatError('a field without a value');
  return full(hash);
}

/** There are no empty ones. */
function full<Kind extends { readonly size: number }>(container: Kind): Kind {
  if (container.size === 0) throw new EmptyValue('nothing in it');
  return container;
}
