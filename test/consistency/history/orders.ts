/** Decides what an application process can be told to do, and what it tells of it. */
import type { Config } from '../../../src/index.js';
import type { Slow } from './caller.js';
import type { Hits } from './contenders.js';
import type { DatabasePlace } from './database.js';
import type { Manners } from './workload.js';

/** Connections to a port of this machine that are to be made to another: of a proxy in front of it. */
export type Detours = Readonly<Record<number, number>>;

export interface BeginOrder {
  readonly kind: 'begin';
  readonly process: { readonly index: number; readonly count: number };
  readonly database: DatabasePlace;
  readonly config: Config;
  /** File for its log. */
  readonly log: string;
  readonly seed: number;
  readonly callers: number;
  readonly slow: Slow;
  /** When what others wrote must be seen: 0, or the bound of `bounded`. */
  readonly boundMs: number;
  readonly detours: Detours;
}

export type Order =
  | BeginOrder
  /** So many operations, all callers together, and more until it is enough or the most. */
  | {
      readonly kind: 'work';
      readonly operations: number;
      readonly operationsMax: number;
      readonly manners: Omit<Manners, 'leads'>;
    }
  | { readonly kind: 'enough' }
  /** Through the cache: one statement of a pool, or several on one connection. */
  | { readonly kind: 'query'; readonly texts: readonly string[] }
  | { readonly kind: 'hits' }
  /** Where to tell everybody that a write was acknowledged. */
  | { readonly kind: 'meet'; readonly ports: readonly number[] }
  | { readonly kind: 'leave' };

export interface Told {
  /** Of its last piece of work. */
  readonly operations: number;
  readonly hits: Hits;
  readonly unresolved: number;
  readonly resolved: number;
  readonly events: Readonly<Record<string, number>>;
}

export type Answer =
  | { readonly kind: 'began'; readonly port: number }
  /** Now and then while it works. */
  | { readonly kind: 'progress'; readonly operations: number; readonly hits: Hits }
  | ({ readonly kind: 'worked' } & Told)
  /** What the last statement returned. */
  | { readonly kind: 'answered'; readonly rows?: readonly unknown[]; readonly error?: string }
  | { readonly kind: 'hits'; readonly hits: Hits }
  | { readonly kind: 'left' };

export const is =
  <K extends Answer['kind']>(kind: K) =>
  (answer: Answer): answer is Extract<Answer, { kind: K }> =>
    answer.kind === kind;
