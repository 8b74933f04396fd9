/**
 * Decides how a pool or client that is wrapped is recognised, also by a second copy of this package, and which is
 * not to be wrapped.
 */
import { type CacheCore, coreSymbol, type HasCore } from '../cache/core.js';
import { LookasideError } from '../errors.js';
import type { Database } from './database.js';

/** What is asked of the database behind a wrapped pool. */
export type KnownDatabase = Pick<Database, 'statement' | 'columnName' | 'keysOf'>;

/** What stands behind a wrapped pool or client. */
export interface Wrapper {
  /** The database that its usual sessions see, once one of them was used. */
  readonly database: KnownDatabase | null;
  /** Resolves when its catalog has been read, or cannot be. */
  prepare(): Promise<void>;
}

export interface Wrapped {
  readonly core: CacheCore;
  readonly wrapper: Wrapper;
}

const wrappedSymbol = Symbol.for('lookaside.wrapped');

/** @throws LookasideError `POOL_UNSUPPORTED` when it is marked: a connection that was wrapped before its pool */
export function markWrapped(object: object, wrapped: Wrapped): void {
  if (wrappedOf(object) !== undefined)
    throw new LookasideError(
      'POOL_UNSUPPORTED',
      'a connection of this pool is wrapped by itself already; wrap the pool, which wraps all of its connections',
    );
  Object.defineProperty(object, wrappedSymbol, { value: wrapped });
}

export const wrappedOf = (object: object): Wrapped | undefined =>
  (object as { readonly [wrappedSymbol]?: Wrapped } | null | undefined)?.[wrappedSymbol];

/** @throws LookasideError `INVALID_ARGUMENT` for what is no cache */
export function coreOf(cache: HasCore, caller: string): CacheCore {
  const core = (cache as Partial<HasCore> | null | undefined)?.[coreSymbol];
  if (core !== undefined) return core;
  throw new LookasideError(
    'INVALID_ARGUMENT',
    `the second argument of ${caller} is the cache that createCache gave`,
  );
}

/**
 * Wraps what is given unless it is wrapped already: the same object.
 *
 * @throws LookasideError `CONFIG_CONFLICT` when it has another cache already; what `wrap` throws
 */
export function wrapOnce<T extends object>(given: T, cache: HasCore, wrap: (core: CacheCore) => Wrapper): T {
  const core = coreOf(cache, 'withCache');
  const known = wrappedOf(given);
  if (known !== undefined) {
    if (known.core === core) return given;
    throw new LookasideError('CONFIG_CONFLICT', 'this pool or client is wrapped with another cache already');
  }
  if (core.mode !== 'off') markWrapped(given, { core, wrapper: wrap(core) });
  return given;
}

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
