/** Decides the public names of `lookaside`, and nothing else. */
export {
  Cache,
  type CacheEventMap,
  type DependencyOptions,
  type GetOrSetOptions,
  type Health,
  type InvalidateOptions,
  type RowReference,
  type RunOptions,
  type ServerAddress,
  type WrapOptions,
} from './cache/cache.js';
export { uncached } from './cache/scope.js';
export type { CacheStats, TableStats } from './cache/stats.js';
export { defineConfig } from './config/config.js';
export { loadConfig } from './config/file.js';
export type { Config } from './config/schema.js';
export type { Duration, Size } from './config/units.js';
export { createCache, diagnose, type Finding } from './create-cache.js';
export { type ErrorCode, LookasideError } from './errors.js';
