/** Decides how a cluster of pools is wrapped: each of its pools is, those that are added later too. */
import type { CacheCore } from '../../cache/core.js';
import { markWrapped, wrappedOf } from '../wrapped.js';
import type { Database } from './databases.js';
import { WatchedPool } from './pool.js';
import type { MysqlPool, PoolCluster } from './shapes.js';

export class WatchedCluster {
  private readonly pools: WatchedPool[] = [];

  constructor(
    private readonly cluster: PoolCluster,
    private readonly core: CacheCore,
  ) {
    this.wrapPools();
    // Nodes are added past the object that was wrapped, too: by the promise API. So each is met when it is used first.
    const getConnection = cluster._getConnection.bind(cluster);
    cluster._getConnection = (node, callback) => {
      this.wrapPools();
      return getConnection(node, callback);
    };
  }

  /** Of the first of its pools that has one. */
  get database(): Database | null {
    return this.pools.find(({ database }) => database !== null)?.database ?? null;
  }

  async prepare(): Promise<void> {
    await this.pools[0]?.prepare();
  }

  private wrapPools(): void {
    for (const node of Object.values(this.cluster._nodes))
      if (node !== undefined && wrappedOf(node.pool) === undefined) this.wrap(node.pool);
  }

  private wrap(pool: MysqlPool): void {
    const wrapper = new WatchedPool(pool, this.core);
    markWrapped(pool, { core: this.core, wrapper });
    this.pools.push(wrapper);
  }
}
