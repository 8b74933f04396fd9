/** Decides what `withCache` does with what it is given: a pool, a client, or something it cannot wrap. */
import type { CacheCore, HasCore } from '../../cache/core.js';
import { LookasideError } from '../../errors.js';
import { seemingly } from '../seeming.js';
import { type Wrapper, wrapOnce } from '../wrapped.js';
import { wrapClient } from './direct.js';
import { isClient } from './driver.js';
import { WatchedPool } from './pool.js';
import type { PgPool } from './shapes.js';

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
  return wrapOnce(pool, cache, (core) => wrap(pool, core));
}

function wrap(given: object, core: CacheCore): Wrapper {
  if (given !== null && typeof given === 'object') {
    if (isPool(given)) return new WatchedPool(given, core);
    if (isClient(given)) return wrapClient(given, core);
  }
  throw new LookasideError('POOL_UNSUPPORTED', `give it a pg.Pool or a pg.Client${seemingly(given)}`);
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
