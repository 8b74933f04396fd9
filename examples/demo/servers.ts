/** Decides which servers keep the cache in the run with lookaside, besides those that are in its processes anyway. */
import type { Config } from 'lookaside';
import { startCluster } from '../../scripts/lib/redis-cluster.js';
import { startRedisProcess } from '../../scripts/lib/redis-process.js';
import { startSentinels } from '../../scripts/lib/redis-sentinel.js';

export const topologyNames = ['embedded', 'single', 'sentinel', 'cluster'] as const;
export type TopologyName = (typeof topologyNames)[number];

export interface CacheServers {
  readonly topology: NonNullable<Config['topology']>;
  /** In words. */
  readonly what: string;
  readonly stop: () => Promise<void>;
}

/** An embedded cache belongs to one process; any other is shared by several. */
export const apisOn = (name: TopologyName): number => (name === 'embedded' ? 1 : 2);

export async function startServers(name: TopologyName): Promise<CacheServers> {
  switch (name) {
    case 'embedded':
      return { topology: { kind: 'embedded' }, what: 'nothing but its process', stop: async () => undefined };
    case 'single': {
      const server = await startRedisProcess({
        program: 'redis-server',
        config: () => ['save ""', 'appendonly no'],
      });
      return {
        topology: { kind: 'single', url: server.url },
        what: 'one redis-server',
        stop: () => server.stop(),
      };
    }
    case 'sentinel': {
      const sentinels = await startSentinels();
      return {
        topology: sentinels.topology,
        what: 'three sentinels, a primary and two replicas',
        stop: () => sentinels.stop(),
      };
    }
    case 'cluster': {
      const cluster = await startCluster();
      return {
        topology: cluster.topology,
        what: 'a Redis Cluster of three primaries and three replicas',
        stop: () => cluster.stop(),
      };
    }
  }
}
