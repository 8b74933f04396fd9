/** Decides what the processes of `http` tell each other. All of it survives JSON. */

export const contenderNames = [
  'plain pg',
  'ioredis by hand',
  'bentocache',
  'cacheable',
  'a bare Map',
  'lookaside',
  'a constant reply',
] as const;

export type ContenderName = (typeof contenderNames)[number];

export interface ServerArguments {
  readonly contender: ContenderName;
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

export type ToServer = { readonly kind: 'report' } | { readonly kind: 'stop' };
export type FromServer =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'figures'; readonly databaseQueries: number };

export interface GeneratorArguments {
  readonly connections: number;
}

/** One turn of one contender. */
export interface Turn {
  readonly contender: ContenderName;
  readonly port: number;
  /** Of the requests, from 0 to 1. */
  readonly writeShare: number;
  readonly durationMs: number;
  /** Ends the turn before its time. */
  readonly requestsMax?: number;
}

export interface TurnFigures {
  readonly elapsedMs: number;
  readonly gets: number;
  readonly patches: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** GETs whose reply lacked a write acknowledged before they were sent. */
  readonly stale: number;
  /** How much of its one core the load generator used, from 0 to 1. */
  readonly generatorBusy: number;
}

export type ToGenerator = { readonly kind: 'turn'; readonly turn: Turn } | { readonly kind: 'stop' };
export type FromGenerator = { readonly kind: 'figures'; readonly figures: TurnFigures };
