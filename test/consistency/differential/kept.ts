/** Decides how the caches of a case are made, each as if it was of a process of its own, and what they have kept. Knows no driver. */
import type { Cache, Config } from '../../../src/index.js';

/** What is said of the cache; and how many there are, each as if it was of a process of its own. */
export interface Setting {
  readonly config?: Config;
  readonly caches?: 1 | 2;
}

/** Results that came from a cache, and such as are kept. */
export interface Kept {
  readonly hits: number;
  readonly fills: number;
  /** Reads that went past the cache while the tables were being looked at, as they are after a definition. */
  readonly early: number;
}

let serial = 0;

/** By namespace the caches of this process: the package is one per process. */
const registry = (): Map<string, unknown> | undefined =>
  (globalThis as { [key: symbol]: unknown })[Symbol.for('lookaside')] as Map<string, unknown> | undefined;

export function cachesOf(
  createCache: (config: Config) => Cache,
  { config = {}, caches = 1 }: Setting,
): readonly Cache[] {
  const namespace = `differential-${process.pid}-${serial++}`;
  return Array.from({ length: caches }, () => {
    registry()?.delete(namespace); // the next one is of another process
    return createCache({
      namespace,
      ttl: '1h',
      changes: { kind: 'none' }, // a rotation at a moment of its own choosing would hide that one is missing
      writeHot: 'cache', // what is not kept shows nothing
      ...config,
    });
  });
}

export function keptOf(caches: readonly Cache[]): Kept {
  let hits = 0;
  let fills = 0;
  let early = 0;
  for (const cache of caches) {
    const stats = cache.stats();
    hits += stats.nearHits + stats.storeHits + stats.joined;
    fills += stats.fills;
    early += stats.bypassed['catalog-stale'] ?? 0;
  }
  return { hits, fills, early };
}
