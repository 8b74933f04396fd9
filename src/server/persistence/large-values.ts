/**
 * Decides how a value that is too large to be told at once stays what it was while others change it. Nothing of it is
 * copied in advance:
 *
 * - a set or hash is read where it lies, by the numbers of its members; before one changes, what was at its number is kept;
 * - of a list, a sorted set or a stream the row of its chunks (8 KB, 256 members, 4 KB) is copied at once, and a chunk that
 *   is changed is copied before; what groups of a stream have pending is copied at once as well;
 * - a long string is read where it lies and copied before it is changed in place.
 *
 * Where nothing can change meanwhile, nothing of this is done: another snapshot may be at the same values.
 * Knows nothing of keys, nor of who listens.
 */
import { invariant } from '../../errors.js';
import type { Bytes } from '../byte-string.js';
import { Container } from '../keyspace/container.js';
import { HashValue } from '../keyspace/hash-value.js';
import type { ListChunk } from '../keyspace/list-chunk.js';
import { ListValue } from '../keyspace/list-value.js';
import { RankedMembers, type Row } from '../keyspace/ranked-members.js';
import { SetValue } from '../keyspace/set-value.js';
import { SortedSetValue } from '../keyspace/sorted-set-value.js';
import { StreamValue } from '../keyspace/stream-value.js';
import type { LargeValue } from './snapshot-sink.js';

/** What weighs no more is told at once: some 100 µs. */
const SMALL_BYTES_MAX = 32 * 1024;

export interface HeldValue {
  readonly value: LargeValue;
  /** What it was read from is about to change. */
  detach(): void;
  /** It is not read any more. */
  release(): void;
}

export function isLarge(object: Container | Buffer): boolean {
  return (object instanceof Container ? object.weightBytes : object.length) > SMALL_BYTES_MAX;
}

/** Values that others change meanwhile. */
export function hold(object: Container | Buffer): HeldValue {
  if (!(object instanceof Container)) return holdBytes(object);
  if (object instanceof SetValue) {
    const { memberAt, thaw } = object.freeze();
    return held({ type: 'set', size: object.size, memberAt }, thaw);
  }
  if (object instanceof HashValue)
    return held({ type: 'hash', size: object.size, ...object.freeze() }, () => object.thaw());
  if (object instanceof SortedSetValue) {
    const rows = object.freeze();
    return held(sortedSetOf(object, rows), () => RankedMembers.thaw(rows));
  }
  if (object instanceof ListValue) {
    const chunks = object.freeze();
    return held(listOf(object, chunks), () => ListValue.thaw(chunks));
  }
  invariant(object instanceof StreamValue, `a ${object.type} can be told`);
  const nodes = object.freeze();
  return held({ type: 'stream', nodes, facts: object.facts() }, () => StreamValue.thaw(nodes));
}

/** Values that nobody changes meanwhile. */
export function look(object: Container | Buffer): HeldValue {
  if (!(object instanceof Container)) return held({ type: 'string', bytes: object }, nothing);
  if (object instanceof SetValue)
    return held({ type: 'set', size: object.size, memberAt: (number) => object.memberAt(number) }, nothing);
  if (object instanceof HashValue) {
    const fieldAt = (number: number): string => object.fieldAt(number).field;
    const valueAt = (number: number): Bytes => object.fieldAt(number).value;
    return held({ type: 'hash', size: object.size, fieldAt, valueAt }, nothing);
  }
  if (object instanceof SortedSetValue) return held(sortedSetOf(object, object.rows()), nothing);
  if (object instanceof ListValue) return held(listOf(object, object.parts()), nothing);
  invariant(object instanceof StreamValue, `a ${object.type} can be told`);
  return held({ type: 'stream', nodes: object.nodes, facts: object }, nothing);
}

function held(value: LargeValue, release: () => void): HeldValue {
  return { value, detach: nothing, release };
}

function holdBytes(from: Buffer): HeldValue {
  let bytes = from;
  return {
    value: {
      type: 'string',
      get bytes() {
        return bytes;
      },
    },
    detach: () => {
      bytes = Buffer.from(from);
    },
    release: nothing,
  };
}

function sortedSetOf({ size }: SortedSetValue, rows: readonly Row[]): LargeValue {
  return { type: 'zset', size, descending: () => descending(rows) };
}

function listOf({ size }: ListValue, chunks: readonly ListChunk[]): LargeValue {
  return {
    type: 'list',
    size,
    chunkCount: chunks.length,
    elementsOf: (chunk) => chunks[chunk]?.elements() ?? [],
  };
}

function* descending(rows: readonly Row[]): Iterator<{ member: string; score: number }> {
  for (let at = rows.length - 1; at >= 0; at--) {
    const { members = [], scores = [] } = rows[at] ?? {};
    for (let index = members.length - 1; index >= 0; index--)
      yield { member: members[index] ?? '', score: scores[index] ?? 0 };
  }
}

function nothing(): void {
  // Changes are made to copies, or there is nothing to give back.
}
