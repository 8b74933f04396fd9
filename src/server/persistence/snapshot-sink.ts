/**
 * Decides in which words a snapshot tells what was there when it began. An RDB file and the rewriting of an append only
 * file are the two who listen. Knows neither of them, nor how the keyspace is walked.
 */
import type { Bytes } from '../byte-string.js';
import type { Integer } from '../integers.js';
import type { Container } from '../keyspace/container.js';
import type { ExpireAtMs } from '../keyspace/entry.js';
import type { StreamNode } from '../keyspace/stream-node.js';
import type { StreamFacts } from './held-groups.js';

/** A key. One object serves for all: whatever is to be kept longer than the call is copied. */
export interface SnapshotEntry {
  readonly database: number;
  /** The key is a part of these bytes. */
  readonly keyBytes: Buffer;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly expireAtMs: ExpireAtMs;
  /** Seconds since its last use, where the policy counts that. */
  readonly idleSeconds: number | null;
  /** The counter of its use, where the policy counts that. */
  readonly frequency: number | null;
}

/**
 * A value too large to be told at once. It is read piece by piece while others change it: what it tells stays what it was
 * when the snapshot began.
 */
export type LargeValue =
  | { readonly type: 'string'; readonly bytes: Buffer }
  | { readonly type: 'set'; readonly size: number; memberAt(number: number): string }
  | {
      readonly type: 'hash';
      readonly size: number;
      fieldAt(number: number): string;
      valueAt(number: number): Bytes;
    }
  /** Highest first, as Redis writes them. */
  | {
      readonly type: 'zset';
      readonly size: number;
      descending(): Iterator<{ readonly member: string; readonly score: number }>;
    }
  | {
      readonly type: 'list';
      readonly size: number;
      readonly chunkCount: number;
      elementsOf(chunk: number): Iterable<Bytes>;
    }
  /** `facts` is all of it but the entries. */
  | { readonly type: 'stream'; readonly nodes: readonly StreamNode[]; readonly facts: StreamFacts };

/**
 * Hears of every key exactly once, in no particular order of keys or databases. `string`, `integer` and `container` may
 * come while a `large` is not through: they belong behind it.
 */
export interface SnapshotSink {
  string(entry: SnapshotEntry, bytes: Buffer, start: number, end: number): void;
  integer(entry: SnapshotEntry, value: Integer): void;
  /** One that is told at once. */
  container(entry: SnapshotEntry, value: Container): void;
  /** One that is told piece by piece: each `next` does a little, and the last one closes it. */
  large(entry: SnapshotEntry, value: LargeValue): Iterator<void>;
  /**
   * Null while more is welcome; otherwise when it will be. The walk waits for that, what is about to change does not: it
   * is told anyway. Rejects when the sink has failed.
   */
  room(): Promise<void> | null;
}
