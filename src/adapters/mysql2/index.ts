/** Decides the public names of `lookaside/mysql2`, and nothing else. */
export { cachedDriver, type DriverModule } from './cached-driver.js';
export { type ExplainedTable, type Explanation, explain } from './explain.js';
export { type PoolLike, withCache } from './with-cache.js';
