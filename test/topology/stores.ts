/** Decides how tests open stores of their own on Sentinels and Clusters. */
import type { Session } from '../../src/cache/executor.js';
import { systemClock, systemRandom } from '../../src/clock.js';
import { clusterStore } from '../../src/topology/cluster.js';
import type { Announced } from '../../src/topology/lease.js';
import { sentinelStore } from '../../src/topology/sentinel.js';
import type { RemoteStore, RemoteStoreOptions } from '../../src/topology/single.js';
import type { RunningCluster } from '../support/cluster.js';
import type { RunningSentinels } from '../support/sentinel.js';

export const storeOptions: RemoteStoreOptions = {
  clock: systemClock,
  random: systemRandom,
  tls: null,
  database: 0,
  connectTimeoutMs: 1_000,
  commandTimeoutMs: 500,
  reconnectMsMax: 200,
  onTrouble: () => undefined,
};

export interface OpenOptions extends Partial<RemoteStoreOptions> {
  readonly natMap?: Announced;
}

export function openSentinelStore(running: RunningSentinels, options: OpenOptions = {}): RemoteStore {
  const { natMap = {}, ...rest } = options;
  const { name, sentinels } = running.topology;
  return sentinelStore({ name, sentinels, settings: storeOptions, natMap }, { ...storeOptions, ...rest });
}

export function openClusterStore(cluster: RunningCluster, options: OpenOptions = {}): RemoteStore {
  const { natMap = {}, ...rest } = options;
  const { nodes } = cluster.topology;
  return clusterStore({ nodes, natMap }, { ...storeOptions, ...rest });
}

export function opened(store: { session(): Session | null; trouble(): Error | null }): Session {
  const session = store.session();
  if (session === null) throw store.trouble() ?? new Error('no session and no trouble');
  return session;
}
