/** Decides what `withCache` does with what it is given: a pool, a client, or something it cannot wrap. */
import { type CacheCore, coreSymbol, type HasCore } from '../../cache/core.js';
import { LookasideError } from '../../errors.js';
import { DirectClient } from './direct.js';
import { isClient } from './driver.js';
import { WatchedPool } from './pool.js';
import type { PgClient, PgPool } from './shapes.js';

/** What a pool or a client of pg has, seen from outside: enough to tell one from anything else. */
export interface PoolLike {
  query: (...given: never[]) => unknown;
  connect: (...given: never[]) => unknown;
}

/** Where a wrapped object keeps its wrapper. Registered, so that a package loaded twice finds it. */
const wrapperSymbol = Symbol.for('lookaside.pg');

export type Wrapper = WatchedPool | DirectClient;

interface Wrapped {
  readonly core: CacheCore;
  readonly wrapper: Wrapper;
}

/**
 * Puts a cache in front of a `pg` pool or client: the same object, the same methods, the same results. Every read
 * that is provably cacheable is served from the cache; every write through it invalidates what it changed before it
 * is answered. A hit costs about a microsecond; a miss what the query costs, and the copying of its cells.
 *
 * @param pool a `pg.Pool` or `pg.Client` (or a subclass) in plain JavaScript; patched in place
 * @returns the same object
 * @throws LookasideError `POOL_UNSUPPORTED`; `CONFIG_CONFLICT` when it has another cache already
 */
export function withCache<T extends PoolLike>(pool: T, cache: HasCore): T {
  const core = (cache as Partial<HasCore> | null | undefined)?.[coreSymbol];
  if (core === undefined)
    throw new LookasideError(
      'INVALID_ARGUMENT',
      'the second argument of withCache is the cache that createCache gave',
    );
  const known = wrappedOf(pool);
  if (known !== undefined) {
    if (known.core === core) return pool;
    throw new LookasideError('CONFIG_CONFLICT', 'this pool or client is wrapped with another cache already');
  }
  if (core.mode === 'off') return pool;
  const wrapper = wrap(pool, core);
  Object.defineProperty(pool, wrapperSymbol, { value: { core, wrapper } satisfies Wrapped });
  return pool;
}

export const wrappedOf = (pool: object): Wrapped | undefined =>
  (pool as { readonly [wrapperSymbol]?: Wrapped } | null | undefined)?.[wrapperSymbol];

function wrap(given: object, core: CacheCore): Wrapper {
  if (given !== null && typeof given === 'object') {
    if (isPool(given)) return new WatchedPool(given, core);
    if (isClient(given)) return new DirectClient(given as PgClient, core);
  }
  throw new LookasideError('POOL_UNSUPPORTED', 'give it a pg.Pool or a pg.Client');
}

function isPool(value: object): value is PgPool {
  const pool = value as Partial<PgPool>;
  return (
    typeof pool.query === 'function' &&
    typeof pool.connect === 'function' &&
    typeof pool.prependListener === 'function' &&
    typeof pool.Client === 'function' &&
    Array.isArray(pool._clients)
  );
}
