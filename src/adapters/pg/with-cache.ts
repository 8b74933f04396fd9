/** Decides what `withCache` does with what it is given: a pool, a client, or something it cannot wrap. */
import { type CacheCore, coreSymbol, type HasCore } from '../../cache/core.js';
import { LookasideError } from '../../errors.js';
import { DirectClient } from './direct.js';
import { isClient } from './driver.js';
import { WatchedPool } from './pool.js';
import type { PgPool } from './shapes.js';
import { markWrapped, type Wrapper, wrappedOf } from './wrapped.js';

/** What a pool or a client of pg has, seen from outside: enough to tell one from anything else. */
export interface PoolLike {
  query: (...given: never[]) => unknown;
  connect: (...given: never[]) => unknown;
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
  const core = coreOf(cache, 'withCache');
  const known = wrappedOf(pool);
  if (known !== undefined) {
    if (known.core === core) return pool;
    throw new LookasideError('CONFIG_CONFLICT', 'this pool or client is wrapped with another cache already');
  }
  if (core.mode === 'off') return pool;
  markWrapped(pool, { core, wrapper: wrap(pool, core) });
  return pool;
}

/** @throws LookasideError `INVALID_ARGUMENT` for what is no cache */
export function coreOf(cache: HasCore, caller: string): CacheCore {
  const core = (cache as Partial<HasCore> | null | undefined)?.[coreSymbol];
  if (core !== undefined) return core;
  throw new LookasideError(
    'INVALID_ARGUMENT',
    `the second argument of ${caller} is the cache that createCache gave`,
  );
}

function wrap(given: object, core: CacheCore): Wrapper {
  if (given !== null && typeof given === 'object') {
    if (isPool(given)) return new WatchedPool(given, core);
    if (isClient(given)) return new DirectClient(given, core);
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
