/**
 * Decides how a pool or client that is wrapped is recognised, also by a second copy of this package, and which is
 * not to be wrapped.
 */
import type { CacheCore } from '../../cache/core.js';
import type { Database } from './databases.js';

/** What stands behind a wrapped pool or client. */
export interface Wrapper {
  /** The database that its usual sessions see, once one of them was used. */
  readonly database: Database | null;
  /** Resolves when its catalog has been read, or cannot be. */
  prepare(): Promise<void>;
}

export interface Wrapped {
  readonly core: CacheCore;
  readonly wrapper: Wrapper;
}

const wrappedSymbol = Symbol.for('lookaside.pg');

export function markWrapped(object: object, wrapped: Wrapped): void {
  Object.defineProperty(object, wrappedSymbol, { value: wrapped });
}

export const wrappedOf = (object: object): Wrapped | undefined =>
  (object as { readonly [wrappedSymbol]?: Wrapped } | null | undefined)?.[wrappedSymbol];

let ownInTheMaking = 0;

/** Makes a connection of ours, or one that is watched otherwise: classes of a cached driver leave it as it is. */
export function makeOwn<T>(make: () => T): T {
  ownInTheMaking++;
  try {
    return make(); // synchronous: nothing else is made meanwhile
  } finally {
    ownInTheMaking--;
  }
}

export const isMakingOwn = (): boolean => ownInTheMaking > 0;
