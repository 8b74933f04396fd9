/** Decides which servers stand behind several processes, and what configuration each process gets. Knows no faults. */
import { freePort } from '../../../scripts/lib/free-port.js';
import { type RunningCluster, startCluster } from '../../../scripts/lib/redis-cluster.js';
import { type RedisProcess, startRedisProcess } from '../../../scripts/lib/redis-process.js';
import { type RunningSentinels, startSentinels } from '../../../scripts/lib/redis-sentinel.js';
import type { Config } from '../../../src/index.js';

export const topologyNames = ['embedded-listen', 'single', 'sentinel', 'cluster'] as const;
export type TopologyName = (typeof topologyNames)[number];

/** What is there to be harmed. */
export type Servers =
  | { readonly kind: 'embedded-listen'; readonly port: number }
  | { readonly kind: 'single'; readonly server: RedisProcess }
  | { readonly kind: 'sentinel'; readonly sentinels: RunningSentinels }
  | { readonly kind: 'cluster'; readonly cluster: RunningCluster };

export interface Topology {
  readonly servers: Servers;
  /** Which processes could connect to: of the store and of whoever says where it is. */
  readonly ports: readonly number[];
  configOf(process: number): Config['topology'];
  stop(): Promise<void>;
}

const WITHOUT_PERSISTENCE = ['save ""', 'appendonly no'];

export async function startTopology(name: TopologyName): Promise<Topology> {
  switch (name) {
    case 'embedded-listen': {
      const port = await freePort();
      const url = `redis://127.0.0.1:${port}`;
      return {
        servers: { kind: name, port },
        ports: [port],
        configOf: (process) =>
          process === 0 ? { kind: 'embedded', listen: { port } } : { kind: 'single', url },
        stop: async () => undefined, // ends with the process that it is in
      };
    }
    case 'single': {
      const server = await startRedisProcess({ program: 'redis-server', config: () => WITHOUT_PERSISTENCE });
      return {
        servers: { kind: name, server },
        ports: [server.port],
        configOf: () => ({ kind: 'single', url: server.url }),
        stop: () => server.stop(),
      };
    }
    case 'sentinel': {
      const sentinels = await startSentinels();
      return {
        servers: { kind: name, sentinels },
        ports: [...sentinels.sentinels, ...sentinels.nodes].map(({ port }) => port),
        configOf: () => sentinels.topology,
        stop: () => sentinels.stop(),
      };
    }
    case 'cluster': {
      const cluster = await startCluster();
      return {
        servers: { kind: name, cluster },
        ports: cluster.nodes.map(({ port }) => port),
        configOf: () => cluster.topology,
        stop: () => cluster.stop(),
      };
    }
  }
}
