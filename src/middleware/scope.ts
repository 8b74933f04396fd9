/** Decides which cache a request uses and in which scope it runs. Knows no framework. */
import type { Cache, RunOptions } from '../cache/cache.js';
import { coreSymbol, type HasCore } from '../cache/core.js';
import type { Config } from '../config/schema.js';
import { createCache } from '../create-cache.js';
import { LookasideError } from '../errors.js';

/** Either a cache, which stays its owner's to close, or options for one that the plugin makes and closes. */
export type CacheSource = { readonly cache: Cache } | { readonly config: Config };

export interface RequestScopeOptions<Request> {
  /** How the reads of one request treat the cache: `{ bypass: true }` for an administrator, say. */
  readonly scope?: (request: Request) => RunOptions | undefined;
}

export interface OpenedCache {
  readonly cache: Cache;
  /** Closes the cache only if it was made here. */
  readonly close: () => Promise<void>;
}

/**
 * @throws LookasideError `INVALID_ARGUMENT` when there is neither a cache nor a config, or both
 */
export function openCache(source: CacheSource): OpenedCache {
  const given = source as { readonly cache?: Cache; readonly config?: Config };
  if ((given.cache === undefined) === (given.config === undefined))
    throw new LookasideError('INVALID_ARGUMENT', 'the plugin needs either { cache } or { config }');
  if (given.cache !== undefined) {
    if ((given.cache as Partial<HasCore>)[coreSymbol] === undefined)
      throw new LookasideError('INVALID_ARGUMENT', '{ cache } is the cache that createCache gave');
    return { cache: given.cache, close: async () => undefined };
  }
  const cache = createCache(given.config);
  return { cache, close: () => cache.close() };
}

/** Goes on with a request inside the scope that was asked for it; without one, costs nothing. */
export function continueInScope(cache: Cache, scope: RunOptions | undefined, next: () => void): void {
  if (scope === undefined) next();
  else cache.run(scope, next);
}
