/** Decides what the demo's processes tell each other. All of it survives JSON. */
import type { Config } from 'lookaside';

/** What the second run puts in front of the database; `map` is a Map that no write invalidates, to show that stale reads are seen. */
export type Caching = 'nothing' | 'lookaside' | 'map';

export interface ApiArguments {
  readonly databaseUrl: string;
  readonly caching: Caching;
  /** Where the cache lives, with lookaside. */
  readonly topology: NonNullable<Config['topology']>;
}

/** Since the API started. */
export interface ApiFigures {
  /** That reached the database. */
  readonly databaseQueries: number;
  readonly hits: number;
  /** Reads that were not hits. */
  readonly misses: number;
  readonly invalidations: number;
}

export type ToApi = { readonly kind: 'report' } | { readonly kind: 'stop' };
export type FromApi =
  | { readonly kind: 'listening'; readonly url: string; readonly port: number }
  | { readonly kind: 'figures'; readonly figures: ApiFigures };

export interface LoadArguments {
  /** Of one or several processes of the same API: clients are spread over them. */
  readonly ports: readonly number[];
  readonly durationMs: number;
  readonly readers: number;
  readonly writers: number;
  /** Of each writer, between two writes. */
  readonly pauseMs: number;
}

export interface LoadFigures {
  readonly elapsedMs: number;
  readonly reads: number;
  readonly writes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly staleAfterAck: number;
  /** The first few stale replies, in words. */
  readonly examples: readonly string[];
}

export type ToLoad = { readonly kind: 'stop' };
export type FromLoad =
  | { readonly kind: 'progress'; readonly figures: LoadFigures }
  | { readonly kind: 'done'; readonly figures: LoadFigures };
