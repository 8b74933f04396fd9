/** Decides how tests get a real Redis Cluster. What they can do to it is in `failovers.ts`. */
import { missingPrograms } from './sentinel.js';
import { describeWith } from './servers.js';

export {
  type RunningCluster,
  type StartClusterOptions,
  startCluster,
  viewOf,
  withClient,
} from '../../scripts/lib/redis-cluster.js';
export {
  beginSlotMove,
  type ClusterFailoverOptions,
  clusterFailover,
  moveSlot,
  ownedByAnother,
  replicaOf,
  type SlotMove,
  type SlotMoveOptions,
} from './failovers.js';

/** A suite that starts processes of redis-server itself. Without it, it is skipped loudly, or fails. */
export function describeWithCluster(name: string, suite: () => void): void {
  describeWith({ name, suite, server: 'redis-server', missing: missingPrograms(['redis-server']) });
}
