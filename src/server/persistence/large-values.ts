/**
 * Decides how a value that is too large to be told at once stays what it was while others change it. Nothing of it is
 * copied in advance:
 *
 * - of a set, a hash or a sorted set what is packed is read where it lies; before the first change the row of places is
 *   copied, 4 bytes for each member, and from then on nothing is written over where it lies; of a sorted set the rows of
 *   256 scores and numbers are copied before one is changed;
 * - of a list or a stream the row of its chunks (8 KB, 4 KB) is copied at once, and a chunk that is changed is copied
 *   before; so is what groups of a stream have pending, in chunks of up to 512 (held-groups.ts);
 * - a long string is read where it lies and copied before it is changed in place.
 *
 * Where nothing can change meanwhile, nothing of this is done: another snapshot may be at the same values.
 * Knows nothing of keys, nor of who listens.
 */
import { invariant } from '../../errors.js';
import { Container } from '../keyspace/container.js';
import { HashValue } from '../keyspace/hash-value.js';
import type { ListChunk } from '../keyspace/list-chunk.js';
import { ListValue } from '../keyspace/list-value.js';
import { SetValue } from '../keyspace/set-value.js';
import { SortedSetValue } from '../keyspace/sorted-set-value.js';
import { StreamValue } from '../keyspace/stream-value.js';
import { holdGroups, StreamFacts } from './held-groups.js';
import type { LargeValue } from './snapshot-sink.js';

/** What weighs no more is told at once: some 50 µs. */
const SMALL_BYTES_MAX = 16 * 1024;

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
  if (object instanceof ListValue) {
    const chunks = object.freeze();
    return held(listOf(object, chunks), () => ListValue.thaw(chunks));
  }
  if (object instanceof StreamValue) {
    const nodes = object.freeze();
    const release = holdGroups(object);
    return held({ type: 'stream', nodes, facts: new StreamFacts(object) }, () => {
      StreamValue.thaw(nodes);
      release();
    });
  }
  return holdNames(object);
}

/** Values that nobody changes meanwhile. */
export function look(object: Container | Buffer): HeldValue {
  if (!(object instanceof Container)) return held({ type: 'string', bytes: object }, nothing);
  if (object instanceof ListValue) return held(listOf(object, object.parts()), nothing);
  if (object instanceof StreamValue)
    return held({ type: 'stream', nodes: object.nodes, facts: new StreamFacts(object) }, nothing);
  // Nothing is done to it as long as it does not change.
  return holdNames(object);
}

function holdNames(object: Container): HeldValue {
  if (object instanceof SetValue) return holdSet(object);
  if (object instanceof HashValue) return holdHash(object);
  invariant(object instanceof SortedSetValue, `a ${object.type} can be told`);
  return holdSortedSet(object);
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

function holdSet(set: SetValue): HeldValue {
  const names = set.hold();
  return {
    value: { type: 'set', size: names.size, memberAt: (number) => names.nameAt(number) },
    detach: () => names.detach(),
    release: () => names.release(),
  };
}

function holdHash(hash: HashValue): HeldValue {
  const names = hash.hold();
  return {
    value: {
      type: 'hash',
      size: names.size,
      fieldAt: (number) => names.nameAt(number),
      valueAt: (number) => names.valueAt(number),
    },
    detach: () => names.detach(),
    release: () => names.release(),
  };
}

function holdSortedSet(set: SortedSetValue): HeldValue {
  const ranked = set.hold();
  return {
    value: { type: 'zset', size: ranked.size, descending: () => ranked.descending() },
    detach: () => ranked.detach(),
    release: () => ranked.release(),
  };
}

function listOf({ size }: ListValue, chunks: readonly ListChunk[]): LargeValue {
  return {
    type: 'list',
    size,
    chunkCount: chunks.length,
    elementsOf: (chunk) => chunks[chunk]?.elements() ?? [],
  };
}

function nothing(): void {
  // Changes are made to copies, or there is nothing to give back.
}
