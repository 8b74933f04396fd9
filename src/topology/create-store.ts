/** Decides which store outside of this process a configuration means. The embedded one is made by whoever owns its server. */
import type { Clock, Random } from '../clock.js';
import type { RemoteOptions, Topology } from '../config/topology.js';
import { clusterStore } from './cluster.js';
import { sentinelStore } from './sentinel.js';
import { type RemoteStore, type RemoteStoreOptions, singleStore } from './single.js';

export interface StoreSurroundings {
  readonly clock: Clock;
  readonly random: Random;
  /** The store was lost, or is of no use; told once each time. */
  readonly onTrouble: (error: Error) => void;
  /** In `bounded`: how long after its last sign of life what the store told counts, in ms; else null. */
  readonly boundMs: number | null;
}

export type RemoteTopology = Exclude<Topology, { readonly kind: 'embedded' }>;

export function createRemoteStore(topology: RemoteTopology, surroundings: StoreSurroundings): RemoteStore {
  const options = storeOptions(topology.remote, surroundings);
  switch (topology.kind) {
    case 'single':
      return singleStore(topology.address, options);
    case 'sentinel': {
      const settings = storeOptions(topology.witnesses, surroundings);
      return sentinelStore({ ...topology, settings }, options);
    }
    case 'cluster':
      return clusterStore(topology, options);
  }
}

function storeOptions(remote: RemoteOptions, surroundings: StoreSurroundings): RemoteStoreOptions {
  const { tls } = remote;
  return { ...remote, ...surroundings, tls: tls === null ? null : withoutAbsent(tls) };
}

/** Node takes an option that is present and undefined for one that was given. */
const withoutAbsent = <T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
