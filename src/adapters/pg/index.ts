/** Decides the public names of `lookaside/pg`, and nothing else. */
export { type ExplainedTable, type Explanation, explain } from './explain.js';
export { type PoolLike, withCache } from './with-cache.js';
