/** Decides how tests get a real Redis Cluster, and what they can do to it. */
import type { Redis } from 'ioredis';
import {
  type ClusterNodeLine,
  type RunningCluster,
  viewOf,
  withClient,
} from '../../scripts/lib/redis-cluster.js';
import { eventually, type RedisProcess } from '../../scripts/lib/redis-process.js';
import { missingPrograms } from './sentinel.js';
import { describeWith } from './servers.js';

export {
  type RunningCluster,
  type StartClusterOptions,
  startCluster,
  viewOf,
  withClient,
} from '../../scripts/lib/redis-cluster.js';

/** A suite that starts processes of redis-server itself. Without it, it is skipped loudly, or fails. */
export function describeWithCluster(name: string, suite: () => void): void {
  describeWith({ name, suite, server: 'redis-server', missing: missingPrograms(['redis-server']) });
}

export interface ClusterFailoverOptions {
  readonly slot: number;
  /** None: both sides agree on the moment. `FORCE`: the primary is not asked. `TAKEOVER`: nobody is asked. */
  readonly how?: 'FORCE' | 'TAKEOVER';
}

/** A replica takes over from its primary, as an operator asks for it. Resolves with it, once every node knows. */
export async function clusterFailover(
  cluster: RunningCluster,
  { slot, how }: ClusterFailoverOptions,
): Promise<RedisProcess> {
  const before = await cluster.ownerOf(slot);
  const replica = await replicaOf(cluster, before);
  const options = how === undefined ? [] : [how];
  await withClient(cluster, replica, (client) => client.call('CLUSTER', 'FAILOVER', ...options));
  return ownedByAnother(cluster, slot, before);
}

/** Waits until a majority of the running nodes names another owner of a slot. */
export async function ownedByAnother(
  cluster: RunningCluster,
  slot: number,
  before: RedisProcess,
): Promise<RedisProcess> {
  let owner = before;
  await eventually(`slot ${slot} has another owner`, async () => {
    owner = await cluster.ownerOf(slot);
    return owner !== before;
  });
  return owner;
}

export async function replicaOf(cluster: RunningCluster, primary: RedisProcess): Promise<RedisProcess> {
  const view = await viewOf(cluster, primary);
  const { id } = lineOf(view, primary);
  const line = view.find(({ follows }) => follows === id);
  const replica = cluster.nodes.find(({ port }) => port === line?.port);
  if (replica === undefined) throw new Error('this primary has no replica');
  return replica;
}

function lineOf(view: readonly ClusterNodeLine[], node: RedisProcess): ClusterNodeLine {
  const line = view.find(({ port }) => port === node.port);
  if (line === undefined) throw new Error('this node is not known');
  return line;
}

/** A slot on its way from one primary to another. */
export interface SlotMove {
  /** Moves the keys that are there now. The rest is redirected by ASK. */
  moveKeys(): Promise<void>;
  /** Moves what is left and tells everybody. */
  finish(): Promise<void>;
}

export interface SlotMoveOptions {
  readonly slot: number;
  readonly to: RedisProcess;
}

/** As `redis-cli --cluster reshard` does it, step by step. */
export async function beginSlotMove(
  cluster: RunningCluster,
  { slot, to }: SlotMoveOptions,
): Promise<SlotMove> {
  const from = await cluster.ownerOf(slot);
  const view = await viewOf(cluster, from);
  const ids = { from: lineOf(view, from).id, to: lineOf(view, to).id };
  const setSlot = (node: RedisProcess, ...how: readonly string[]): Promise<unknown> =>
    withClient(cluster, node, (client) => client.call('CLUSTER', 'SETSLOT', slot, ...how));
  await setSlot(to, 'IMPORTING', ids.from);
  await setSlot(from, 'MIGRATING', ids.to);
  const moveKeys = (): Promise<void> => withClient(cluster, from, (client) => migrateAll(client, slot, to));
  return {
    moveKeys,
    finish: async () => {
      await moveKeys();
      const others = cluster.nodes.filter((node) => node !== from && node !== to && node.isRunning);
      await setSlot(to, 'NODE', ids.to);
      await setSlot(from, 'NODE', ids.to);
      const primaries = view.filter(({ flags }) => flags.includes('master')).map(({ port }) => port);
      await Promise.all(
        others.filter(({ port }) => primaries.includes(port)).map((node) => setSlot(node, 'NODE', ids.to)),
      );
    },
  };
}

const KEYS_AT_ONCE = 50;
const MIGRATE_LIMIT_MS = 5_000;

async function migrateAll(client: Redis, slot: number, to: RedisProcess): Promise<void> {
  for (;;) {
    const keys = (await client.call('CLUSTER', 'GETKEYSINSLOT', slot, KEYS_AT_ONCE)) as string[];
    if (keys.length === 0) return;
    await client.call('MIGRATE', to.host, to.port, '', 0, MIGRATE_LIMIT_MS, 'KEYS', ...keys);
  }
}

export async function moveSlot(cluster: RunningCluster, options: SlotMoveOptions): Promise<void> {
  const move = await beginSlotMove(cluster, options);
  await move.finish();
}
