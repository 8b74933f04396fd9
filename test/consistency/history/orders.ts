/** Decides what an application process can be told to do, and what it tells of it. */
import type pg from 'pg';
import type { Config } from '../../../src/index.js';
import type { Hits } from './contenders.js';
import type { TopologyConfig } from './topologies.js';
import type { Manners } from './workload.js';

/** Connections to a port of this machine that are to be made to another: of a proxy in front of it. */
export type Detours = Readonly<Record<number, number>>;

export interface BeginOrder {
  readonly kind: 'begin';
  readonly process: { readonly index: number; readonly count: number };
  readonly database: pg.PoolConfig;
  readonly config: Omit<Config, 'topology'> & { readonly topology: TopologyConfig };
  /** File for its log. */
  readonly log: string;
  readonly seed: number;
  readonly callers: number;
  readonly detours: Detours;
}

export type Order =
  | BeginOrder
  /** Some operations, all callers together. */
  | { readonly kind: 'work'; readonly operations: number; readonly manners: Omit<Manners, 'leads'> }
  /** One statement of the pool's that the cache is on. */
  | { readonly kind: 'query'; readonly text: string }
  | { readonly kind: 'leave' };

export interface Told {
  readonly hits: Hits;
  readonly unresolved: number;
  readonly resolved: number;
  readonly events: Readonly<Record<string, number>>;
}

export type Answer =
  | { readonly kind: 'began' }
  /** Now and then while it works. */
  | { readonly kind: 'progress'; readonly operations: number }
  | ({ readonly kind: 'worked' } & Told)
  | { readonly kind: 'answered'; readonly rows?: readonly unknown[]; readonly error?: string }
  | { readonly kind: 'left' };

export const is =
  <K extends Answer['kind']>(kind: K) =>
  (answer: Answer): answer is Extract<Answer, { kind: K }> =>
    answer.kind === kind;
