/**
 * Decides how a value that is too large to be told at once stays what it was while others change it. Nothing of it is
 * copied in advance:
 *
 * - of a set or hash the row of members is read where it lies; before the first change the rest is set aside by copying
 *   the row of references, whose strings never change: 8 bytes for each member, some 3 ms for a million;
 * - of a list, a sorted set or a stream the row of its chunks (8 KB, 256 members, 4 KB) is copied at once, and a chunk that
 *   is changed is copied before; what groups of a stream have pending is told at once;
 * - a long string is read where it lies and copied before it is changed in place.
 *
 * Knows nothing of keys, nor of who listens.
 */
import { invariant } from '../../errors.js';
import type { Bytes } from '../byte-string.js';
import { Container } from '../keyspace/container.js';
import { HashValue } from '../keyspace/hash-value.js';
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

export function hold(object: Container | Buffer): HeldValue {
  if (!(object instanceof Container)) return holdBytes(object);
  if (object instanceof SetValue) return holdSet(object);
  if (object instanceof HashValue) return holdHash(object);
  if (object instanceof SortedSetValue) return holdSortedSet(object);
  if (object instanceof ListValue) return holdList(object);
  invariant(object instanceof StreamValue, `a ${object.type} can be told`);
  return holdStream(object);
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

function holdSet(set: SetValue): HeldValue {
  const isNamed = set.encoding !== 'intset';
  let members = set.members();
  return {
    value: {
      type: 'set',
      size: set.size,
      memberAt: (number) => members[number] ?? '',
    },
    detach: () => {
      // Integers were spelled out, which made a row of their own.
      if (isNamed) members = [...members];
    },
    release: nothing,
  };
}

function holdHash(hash: HashValue): HeldValue {
  let { fields, values } = hash.rows();
  return {
    value: {
      type: 'hash',
      size: hash.size,
      fieldAt: (number) => fields[number] ?? '',
      valueAt: (number) => values[number] ?? '',
    },
    detach: () => {
      fields = [...fields];
      values = [...values];
    },
    release: nothing,
  };
}

function holdSortedSet(set: SortedSetValue): HeldValue {
  const rows = set.freeze();
  return {
    value: { type: 'zset', size: set.size, descending: () => descending(rows) },
    detach: nothing,
    release: () => RankedMembers.thaw(rows),
  };
}

function* descending(rows: readonly Row[]): Iterator<{ member: string; score: number }> {
  for (let at = rows.length - 1; at >= 0; at--) {
    const { members = [], scores = [] } = rows[at] ?? {};
    for (let index = members.length - 1; index >= 0; index--)
      yield { member: members[index] ?? '', score: scores[index] ?? 0 };
  }
}

function holdList(list: ListValue): HeldValue {
  const chunks = list.freeze();
  const none: readonly Bytes[] = [];
  return {
    value: {
      type: 'list',
      size: list.size,
      chunkCount: chunks.length,
      elementsOf: (chunk) => chunks[chunk]?.elements() ?? none,
    },
    detach: nothing,
    release: () => ListValue.thaw(chunks),
  };
}

function holdStream(stream: StreamValue): HeldValue {
  const nodes = stream.freeze();
  return {
    value: { type: 'stream', nodes, facts: stream.facts() },
    detach: nothing,
    release: () => StreamValue.thaw(nodes),
  };
}

function nothing(): void {
  // Changes are made to copies, or there is nothing to give back.
}
