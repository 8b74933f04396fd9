/** Decides how a Redis Cluster is started for tests, examples and the demo: primaries that share the slots, replicas. */
import { Redis } from 'ioredis';
import { eventually, type RedisProcess, startRedisProcess } from './redis-process.js';
import { type Certificate, tlsLines } from './redis-tls.js';

export const SLOTS = 16_384;

export interface StartClusterOptions {
  /** Default 3. */
  readonly primaries?: number;
  /** Of each primary. Default 1. */
  readonly replicasEach?: number;
  /** Unreachable for so long, a node counts as down. Default 1000 ms. */
  readonly nodeTimeoutMs?: number;
  /** More lines for every node: `['requirepass secret', 'masterauth secret']`. */
  readonly nodeConfig?: readonly string[];
  /** Nodes speak TLS only. */
  readonly certificate?: Certificate;
  /** How clients of our own log in. */
  readonly login?: { readonly username?: string; readonly password?: string };
}

export interface RunningCluster {
  /** The primaries come first, at first. */
  readonly nodes: readonly RedisProcess[];
  readonly nodeTimeoutMs: number;
  /** As in the configuration of a cache. */
  readonly topology: {
    readonly kind: 'cluster';
    readonly nodes: { readonly host: string; readonly port: number }[];
  };
  client(node: RedisProcess): Redis;
  /** The primary that serves a slot, as a majority of the running nodes sees it. */
  ownerOf(slot: number): Promise<RedisProcess>;
  stop(): Promise<void>;
}

/** One line of CLUSTER NODES. */
export interface ClusterNodeLine {
  readonly id: string;
  readonly port: number;
  readonly flags: readonly string[];
  /** Of its primary, or null. */
  readonly follows: string | null;
  readonly linked: boolean;
  /** First and last. */
  readonly ranges: readonly (readonly [number, number])[];
}

/** @throws when redis-server is missing or the nodes do not agree within half a minute */
export async function startCluster(options: StartClusterOptions = {}): Promise<RunningCluster> {
  const { primaries = 3, replicasEach = 1, nodeTimeoutMs = 1_000, certificate } = options;
  const started = await Promise.allSettled(
    Array.from({ length: primaries * (1 + replicasEach) }, () =>
      startRedisProcess({
        program: 'redis-server',
        config: ({ port, busPort }) => [
          ...(certificate === undefined ? [] : tlsLines(certificate, { port, isCluster: true })),
          ...nodeLines(busPort, nodeTimeoutMs),
          ...(options.nodeConfig ?? []),
        ],
      }),
    ),
  );
  const nodes = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    for (const one of started) if (one.status === 'rejected') throw one.reason;
    const running = describe(nodes, { ...options, nodeTimeoutMs }, stop);
    await join(running, primaries);
    return running;
  } catch (error) {
    await stop();
    throw error;
  }
}

const nodeLines = (busPort: number, nodeTimeoutMs: number): readonly string[] => [
  'save ""',
  'appendonly no',
  'repl-diskless-sync-delay 0',
  'cluster-enabled yes',
  'cluster-config-file nodes.conf',
  `cluster-port ${busPort}`,
  `cluster-node-timeout ${nodeTimeoutMs}`,
  'cluster-replica-validity-factor 0', // a replica that lagged behind is still to be promoted: the harder case
  'cluster-allow-replica-migration no',
];

function describe(
  nodes: readonly RedisProcess[],
  { login, certificate, nodeTimeoutMs }: StartClusterOptions & { readonly nodeTimeoutMs: number },
  stop: () => Promise<void>,
): RunningCluster {
  const client = ({ host, port }: RedisProcess): Redis => {
    const tls = certificate === undefined ? {} : { tls: { ca: certificate.ca } };
    const options = { host, port, ...login, ...tls, retryStrategy: () => null, commandTimeout: 5_000 };
    const made = new Redis(options);
    made.on('error', () => undefined); // what is asked of it fails with it
    return made;
  };
  const running: RunningCluster = {
    nodes,
    nodeTimeoutMs,
    topology: { kind: 'cluster', nodes: nodes.map(({ host, port }) => ({ host, port })) },
    client,
    ownerOf: async (slot) => {
      const asked = nodes.filter(({ isRunning }) => isRunning);
      const views = await Promise.all(asked.map((node) => viewOf(running, node)));
      const ports = views.map((view) => view.find((line) => holds(line, slot))?.port);
      const owner = nodes.find(({ port }) => ports.filter((one) => one === port).length * 2 > asked.length);
      if (owner === undefined)
        throw new Error(`the nodes do not agree who has slot ${slot}: ${ports.join(', ')}`);
      return owner;
    },
    stop,
  };
  return running;
}

const holds = ({ ranges }: ClusterNodeLine, slot: number): boolean =>
  ranges.some(([first, last]) => first <= slot && slot <= last);

/** How a node sees the cluster. */
export const viewOf = (cluster: RunningCluster, node: RedisProcess): Promise<readonly ClusterNodeLine[]> =>
  withClient(cluster, node, async (client) => parseNodes(String(await client.call('CLUSTER', 'NODES'))));

/** Runs something on a connection of its own. */
export async function withClient<T>(
  { client }: Pick<RunningCluster, 'client'>,
  node: RedisProcess,
  use: (client: Redis) => Promise<T>,
): Promise<T> {
  const made = client(node);
  try {
    return await use(made);
  } finally {
    made.disconnect();
  }
}

async function join(cluster: RunningCluster, primaries: number): Promise<void> {
  const { nodes } = cluster;
  const [first] = nodes;
  if (first === undefined) throw new Error('a cluster needs nodes');
  await Promise.all(
    nodes.map((node, index) =>
      withClient(cluster, node, async (client) => {
        await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
        if (index < primaries) {
          const [from, to] = [index, index + 1].map((part) => Math.floor((SLOTS * part) / primaries));
          await client.call('CLUSTER', 'ADDSLOTSRANGE', from as number, (to as number) - 1); // two of two
        }
      }),
    ),
  );
  for (const node of nodes.slice(1)) // only now: who knows somebody can be given no epoch
    await withClient(cluster, node, (client) =>
      client.call('CLUSTER', 'MEET', first.host, first.port, first.busPort),
    );
  await eventually('every node knows every other', async () => {
    const views = await Promise.all(nodes.map((node) => viewOf(cluster, node)));
    return views.every((view) => view.length === nodes.length && view.every(isSettled));
  });
  const ids = await Promise.all(
    nodes.map((node) => withClient(cluster, node, (client) => client.call('CLUSTER', 'MYID'))),
  );
  await Promise.all(
    nodes.slice(primaries).map((node, index) =>
      withClient(cluster, node, async (client) => {
        await client.call('CLUSTER', 'REPLICATE', String(ids[index % primaries]));
      }),
    ),
  );
  await eventually('the cluster is ready', () => isReady(cluster, primaries));
}

const isSettled = ({ flags, linked }: ClusterNodeLine): boolean => linked && !flags.includes('handshake');

/** Every slot is served, every replica follows closely, and every node knows. */
async function isReady(cluster: RunningCluster, primaries: number): Promise<boolean> {
  const ready = await Promise.all(
    cluster.nodes.map((node) =>
      withClient(cluster, node, async (client) => {
        const info = String(await client.call('CLUSTER', 'INFO'));
        const replication = await client.info('replication');
        const view = parseNodes(String(await client.call('CLUSTER', 'NODES')));
        const follows = !replication.includes('role:slave') || replication.includes('master_link_status:up');
        const roles = view.filter(({ flags }) => flags.includes('master')).length === primaries;
        return info.includes('cluster_state:ok') && follows && roles;
      }),
    ),
  );
  return ready.every(Boolean);
}

export function parseNodes(text: string): readonly ClusterNodeLine[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [id = '', address = '', flags = '', follows = '-', , , , link, ...slots] = line.split(' ');
      return {
        id,
        port: Number(/:(\d+)/.exec(address)?.[1]),
        flags: flags.split(','),
        follows: follows === '-' ? null : follows,
        linked: link === 'connected',
        ranges: slots
          .filter((slot) => !slot.startsWith('['))
          .map((slot): readonly [number, number] => {
            const [from = '', to = from] = slot.split('-');
            return [Number(from), Number(to)];
          }),
      };
    });
}
