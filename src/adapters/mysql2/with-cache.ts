/** Decides what `withCache` does with what it is given: a pool, a cluster of pools, a connection, or something else. */
import type { CacheCore, HasCore } from '../../cache/core.js';
import { LookasideError } from '../../errors.js';
import { seemingly } from '../seeming.js';
import { type Wrapper, wrapOnce, wrappedOf } from '../wrapped.js';
import { WatchedCluster } from './cluster.js';
import { wrapConnection } from './direct.js';
import { WatchedPool } from './pool.js';
import type { MysqlConnection, MysqlPool, PoolCluster, PromisePool } from './shapes.js';

/** What a pool, a connection or a cluster of mysql2 has, seen from outside: enough to tell one from anything else. */
export type PoolLike =
  | { query: (...given: never[]) => unknown; execute: (...given: never[]) => unknown }
  | { getConnection: (...given: never[]) => unknown };

/**
 * Puts a cache in front of a `mysql2` pool, connection or pool cluster, of the callback or of the promise API: the same
 * object, the same methods, the same results. Every read that is provably cacheable is served from the cache; every write
 * through it invalidates what it changed before it is answered.
 *
 * @param pool what `createPool`, `createConnection` or `createPoolCluster` gave; patched in place
 * @returns the same object
 * @throws LookasideError `POOL_UNSUPPORTED`; `CONFIG_CONFLICT` when it has another cache already
 */
export function withCache<T extends PoolLike>(pool: T, cache: HasCore): T {
  const inner = behind(pool);
  wrapOnce(inner, cache, (core) => wrap(inner, core));
  const wrapper = wrappedOf(inner)?.wrapper;
  if (inner !== pool && wrapper instanceof WatchedPool) wrapper.shorten(pool as unknown as PromisePool);
  return pool;
}

/** The object of the callback API behind one of the promise API, which does nothing without it. */
export function behind(given: object): object {
  const { pool, connection, poolCluster } = (given ?? {}) as Readonly<Record<string, unknown>>;
  for (const inner of [pool, connection, poolCluster])
    if (
      typeof inner === 'object' &&
      inner !== null &&
      (isPool(inner) || isConnection(inner) || isCluster(inner))
    )
      return inner;
  return given;
}

function wrap(given: object, core: CacheCore): Wrapper {
  if (given !== null && typeof given === 'object') {
    if (isPool(given)) return new WatchedPool(given, core);
    if (isCluster(given)) return new WatchedCluster(given, core);
    if (isConnection(given)) return wrapConnection(given, core);
  }
  throw unsupported(given, 'give it a Pool, a Connection or a PoolCluster of mysql2 3.11 or later');
}

/** @param wanted what should have been given, as a sentence without a full stop */
export const unsupported = (given: unknown, wanted: string): LookasideError =>
  new LookasideError('POOL_UNSUPPORTED', wanted + seemingly(given));

const has = (value: object, ...methods: readonly string[]): boolean =>
  methods.every((name) => typeof (value as Readonly<Record<string, unknown>>)[name] === 'function');

/** Of the callback API. */
export const isPool = (value: object): value is MysqlPool =>
  has(value, 'query', 'execute', 'getConnection', 'prependListener') &&
  '_allConnections' in value &&
  'config' in value;

const isCluster = (value: object): value is PoolCluster => has(value, 'add', 'of') && '_nodes' in value;

const isConnection = (value: object): value is MysqlConnection =>
  has(value, 'query', 'execute', 'addCommand', '_notifyError') && '_commands' in value && 'config' in value;
