/** Decides how Redis under Sentinel is started for tests, examples and the demo: one primary, replicas, sentinels. */
import { Redis } from 'ioredis';
import {
  eventually,
  REDIS_HOST,
  type RedisProcess,
  type RedisProgram,
  startRedisProcess,
} from './redis-process.js';
import { type Certificate, tlsLines } from './redis-tls.js';

export interface StartSentinelOptions {
  /** Default 2. */
  readonly replicas?: number;
  /** Default 3. */
  readonly sentinels?: number;
  /** Without an answer for so long, a sentinel takes the primary for down. Default 1000 ms. */
  readonly downAfterMs?: number;
  /** More lines for every node: `['requirepass secret']`. */
  readonly nodeConfig?: readonly string[];
  /** More lines for every sentinel, after the one that names the primary. */
  readonly sentinelConfig?: readonly string[];
  /** Nodes and sentinels speak TLS only. */
  readonly certificate?: Certificate;
  /** How clients of our own log in. */
  readonly login?: { readonly username?: string; readonly password?: string };
  readonly sentinelLogin?: { readonly username?: string; readonly password?: string };
}

export interface RunningSentinels {
  readonly name: string;
  /** The first is the primary at first. */
  readonly nodes: readonly RedisProcess[];
  readonly sentinels: readonly RedisProcess[];
  readonly downAfterMs: number;
  /** As in the configuration of a cache. */
  readonly topology: {
    readonly kind: 'sentinel';
    readonly name: string;
    readonly sentinels: { readonly host: string; readonly port: number }[];
  };
  client(process: RedisProcess): Redis;
  /** The node that a majority of the running sentinels names. */
  primary(): Promise<RedisProcess>;
  stop(): Promise<void>;
}

const NAME = 'main';
const WITHOUT_PERSISTENCE = ['save ""', 'appendonly no', 'repl-diskless-sync-delay 0'];

/** @throws when the programs are missing or do not agree within half a minute */
export async function startSentinels(options: StartSentinelOptions = {}): Promise<RunningSentinels> {
  const { replicas = 2, sentinels: sentinelCount = 3, downAfterMs = 1_000 } = options;
  const nodeConfig = [...WITHOUT_PERSISTENCE, ...(options.nodeConfig ?? [])];
  const started: RedisProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((process) => process.stop()));
  };
  const start = async (program: RedisProgram['program'], lines: readonly string[]): Promise<RedisProcess> => {
    const { certificate } = options;
    const process = await startRedisProcess({
      program,
      config: ({ port }) => [
        ...(certificate === undefined ? [] : tlsLines(certificate, { port, isCluster: false })),
        ...lines,
      ],
    });
    started.push(process);
    return process;
  };
  try {
    const first = await start('redis-server', nodeConfig);
    const followers = await Promise.all(
      Array.from({ length: replicas }, () =>
        start('redis-server', [...nodeConfig, `replicaof ${REDIS_HOST} ${first.port}`]),
      ),
    );
    const quorum = Math.floor(sentinelCount / 2) + 1;
    const sentinels = await Promise.all(
      Array.from({ length: sentinelCount }, () =>
        start('redis-sentinel', [
          `sentinel monitor ${NAME} ${REDIS_HOST} ${first.port} ${quorum}`,
          `sentinel down-after-milliseconds ${NAME} ${downAfterMs}`,
          `sentinel failover-timeout ${NAME} ${Math.max(5_000, downAfterMs * 5)}`,
          ...(options.sentinelConfig ?? []),
        ]),
      ),
    );
    const running = describe([first, ...followers], sentinels, { ...options, downAfterMs }, stop);
    await eventually('the sentinels know each other and the replicas', () => allKnown(running, replicas));
    return running;
  } catch (error) {
    await stop();
    throw error;
  }
}

function describe(
  nodes: readonly RedisProcess[],
  sentinels: readonly RedisProcess[],
  options: StartSentinelOptions & { readonly downAfterMs: number },
  stop: () => Promise<void>,
): RunningSentinels {
  const client = (process: RedisProcess): Redis =>
    connect(process, {
      ...(sentinels.includes(process) ? options.sentinelLogin : options.login),
      ...(options.certificate === undefined ? {} : { tls: { ca: options.certificate.ca } }),
    });
  const primary = async (): Promise<RedisProcess> => {
    const named = await Promise.all(
      sentinels.filter(({ isRunning }) => isRunning).map((sentinel) => masterOf(client(sentinel))),
    );
    const ports = named.map((fields) => Number(fields['port']));
    const node = nodes.find(({ port }) => ports.filter((one) => one === port).length * 2 > sentinels.length);
    if (node === undefined) throw new Error(`no majority names a primary: ${ports.join(', ')}`);
    return node;
  };
  return {
    name: NAME,
    nodes,
    sentinels,
    downAfterMs: options.downAfterMs,
    topology: {
      kind: 'sentinel',
      name: NAME,
      sentinels: sentinels.map(({ host, port }) => ({ host, port })),
    },
    client,
    primary,
    stop,
  };
}

/** Answers once: a client of ours is made for each question, so that no server has to be kept account of. */
interface Login {
  readonly username?: string;
  readonly password?: string;
  readonly tls?: { readonly ca: string };
}

const connect = ({ host, port }: RedisProcess, login: Login): Redis =>
  new Redis({
    host,
    port,
    ...login,
    retryStrategy: () => null,
    connectTimeout: 1_000,
    commandTimeout: 5_000,
  });

async function masterOf(client: Redis): Promise<Record<string, string>> {
  client.on('error', () => undefined); // the question fails with it
  try {
    return fieldsOf(await client.call('SENTINEL', 'MASTER', NAME));
  } finally {
    client.disconnect();
  }
}

async function allKnown(running: RunningSentinels, replicas: number): Promise<boolean> {
  const views = await Promise.all(running.sentinels.map((sentinel) => masterOf(running.client(sentinel))));
  return views.every(
    (fields) =>
      fields['flags'] === 'master' &&
      Number(fields['num-slaves']) === replicas &&
      Number(fields['num-other-sentinels']) === running.sentinels.length - 1,
  );
}

/** Names and values in turns, or a map: as RESP2 and RESP3 have it. */
function fieldsOf(reply: unknown): Record<string, string> {
  if (!Array.isArray(reply)) return reply as Record<string, string>;
  const fields: Record<string, string> = {};
  for (let index = 0; index + 1 < reply.length; index += 2)
    fields[String(reply[index])] = String(reply[index + 1]);
  return fields;
}
