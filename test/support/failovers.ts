/** Decides what can be done to real Sentinels and to a real Cluster while somebody works on them. */
import type { Redis } from 'ioredis';
import {
  type ClusterNodeLine,
  type RunningCluster,
  viewOf,
  withClient,
} from '../../scripts/lib/redis-cluster.js';
import { eventually, type RedisProcess } from '../../scripts/lib/redis-process.js';
import type { RunningSentinels } from '../../scripts/lib/redis-sentinel.js';

/** As an operator asks for it: the old primary is alive, and is told some seconds later. Resolves with the new one. */
export async function sentinelFailover(running: RunningSentinels): Promise<RedisProcess> {
  const before = await running.primary();
  const [sentinel] = running.sentinels;
  if (sentinel === undefined) throw new Error('there is no sentinel');
  await ask(running.client(sentinel), (client) => client.call('SENTINEL', 'FAILOVER', running.name));
  return promotedInstead(running, before);
}

/** Waits until a majority of the sentinels names another primary, and that one knows. */
export async function promotedInstead(
  running: RunningSentinels,
  before: RedisProcess,
): Promise<RedisProcess> {
  let promoted = before;
  await eventually('another node is primary', async () => {
    promoted = await running.primary();
    return promoted !== before && (await isPrimary(running.client(promoted)));
  });
  return promoted;
}

async function isPrimary(client: Redis): Promise<boolean> {
  return (await ask(client, (asked) => asked.info('replication'))).includes('role:master');
}

/** Waits until so many replicas follow a primary closely. */
export async function followed(
  client: (process: RedisProcess) => Redis,
  primary: RedisProcess,
  replicas: number,
): Promise<void> {
  await eventually(`${replicas} replicas follow`, async () => {
    const info = await ask(client(primary), (asked) => asked.info('replication'));
    return (info.match(/state=online/g) ?? []).length >= replicas;
  });
}

/**
 * From now on no replica hears of what is written to this primary, until `resumeReplication`: it forgets them and
 * refuses them. Both sides stay alive and can be promoted.
 */
export async function pauseReplication(client: Redis): Promise<void> {
  await ask(client, async (asked) => {
    await asked.call('ACL', 'SETUSER', 'default', '-psync', '-sync');
    await asked.call('CLIENT', 'KILL', 'TYPE', 'replica');
  });
}

export async function resumeReplication(client: Redis): Promise<void> {
  await ask(client, (asked) => asked.call('ACL', 'SETUSER', 'default', '+psync', '+sync'));
}

/** Uses a connection once. */
export async function ask<T>(client: Redis, use: (client: Redis) => Promise<T>): Promise<T> {
  client.on('error', () => undefined); // what is asked of it fails with it
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
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
