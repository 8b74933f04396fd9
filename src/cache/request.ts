/** Decides the shape of a read as the engine is asked for it, and of its answer. Decides nothing about the flow. */
import type { Dependencies, PayloadCodec } from './entry.js';
import type { NearEntry, NearGroup } from './near.js';
import type { Looked } from './protocol/lookup.js';
import type { Ref } from './protocol/refs.js';
import type { Identity } from './store.js';
import type { Cell } from './tokens/tokens.js';

/** What vouches for a decoded result, and what it takes to write it to the store. */
export interface Stamp {
  readonly dependencies: Dependencies;
  readonly cells: readonly Cell[];
  readonly identity: Identity;
  readonly codec: PayloadCodec<never>;
}

export type ResultGroup<P> = NearGroup<P, Stamp>;

/** A result that this process has, whatever vouches for it. */
export type DecodedResult<P> = NearEntry<P, Stamp>;

/** What running the query gave. */
export interface Execution<P, R> {
  /** For the caller who ran it. */
  readonly result: R;
  /** For everybody else; null when it may not be stored. */
  readonly payload: P | null;
  /** Why it may not be stored. */
  readonly reason?: string;
  /** What it was built from besides the request's own references. */
  readonly inherited?: readonly Dependencies[];
}

export interface ReadRequest<P, R> {
  readonly group: ResultGroup<P>;
  /** Within the group. */
  readonly key: string;
  /** Names the entry in the store. */
  readonly identity: Identity;
  readonly refs: readonly Ref[];
  readonly codec: PayloadCodec<P>;
  readonly ttlMs: number;
  /**
   * False: never waits for another caller's execution. For who holds what that execution may be waiting for, a
   * connection of a pool say; two of them would wait for each other.
   */
  readonly joins?: boolean;
  /** True: runs on the database while writes to its tables end results before they are used. */
  readonly yields?: boolean;
  /** Runs the query on the primary, in autocommit. Called at most once, after the capture (I3). */
  readonly execute: () => Promise<Execution<P, R>>;
}

export interface Hit<P> {
  readonly from: 'near' | 'store' | 'flight';
  readonly payload: P;
  readonly dependencies: Dependencies;
}

export type Served<P, R> =
  | Hit<P>
  | { readonly from: 'database'; readonly result: R; readonly dependencies: Dependencies | null };

/** How a read goes about it. */
export interface Manner<P> {
  /** No hit, but a fill. */
  readonly refresh: boolean;
  /** A result that is known not to be vouched for. */
  readonly ignored?: DecodedResult<P> | undefined;
}

export interface Found<P> {
  readonly hit: Hit<P> | null;
  /** What the look-up showed of the request's references. */
  readonly looked: Looked;
}
