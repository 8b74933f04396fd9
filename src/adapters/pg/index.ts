/** Decides the public names of `lookaside/pg`, and nothing else. */
export { type PoolLike, withCache } from './with-cache.js';
