/**
 * Decides what a caller asked of the cache for everything that runs inside a function: `run`, `uncached`, and
 * the collecting of dependencies for whoever builds on results. Costs nothing until first used.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Dependencies } from './entry.js';

/** Is told what the results inside a scope were built from. */
export interface Collector {
  depends(dependencies: Dependencies): void;
  /**
   * Something was read past the cache. `refused`: it could have been cached, but a write was under way, say;
   * `uncacheable`: it never can.
   */
  unknown(kind: 'refused' | 'uncacheable'): void;
}

export interface Scope {
  /** Neither hit nor fill. */
  readonly bypass: boolean;
  /** No hit, but fill. */
  readonly refresh: boolean;
  /** Instead of the configured time to live. */
  readonly ttlMs: number | null;
  /** Tags added to what is filled. */
  readonly tags: readonly string[];
  readonly collect: Collector | null;
}

/** Registered, so that a package loaded twice (as an ES module and as CommonJS) has one. */
const scopes = ((globalThis as { [key: symbol]: unknown })[Symbol.for('lookaside.scopes')] ??=
  new AsyncLocalStorage<Scope>()) as AsyncLocalStorage<Scope>;

export const currentScope = (): Scope | undefined => scopes.getStore();

/**
 * The same function, to be called later in the scope of now. Some 50 times cheaper than `AsyncResource.bind`, for
 * whoever has only this scope to keep.
 */
export function keepScope<A extends readonly unknown[], R>(callback: (...given: A) => R): (...given: A) => R {
  const scope = scopes.getStore();
  return (...given) =>
    scopes.getStore() === scope ? callback(...given) : scopes.run(scope as Scope, () => callback(...given));
}

/** Runs `callback` in the current scope with some of it replaced. */
export function runInScope<T>(change: Partial<Scope>, callback: () => T): T {
  const outer = scopes.getStore();
  const plain: Scope = { bypass: false, refresh: false, ttlMs: null, tags: [], collect: null };
  return scopes.run({ ...plain, ...outer, ...change }, callback);
}

/**
 * Runs a function whose reads, however deep, go to the database and store nothing.
 *
 * @returns what the function returns
 */
export const uncached = <T>(callback: () => T): T => runInScope({ bypass: true }, callback);
