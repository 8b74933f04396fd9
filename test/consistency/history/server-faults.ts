/** Decides what goes wrong with the servers of each topology during a round. Knows nothing of processes. */
import { Redis } from 'ioredis';
import { type RunningCluster, viewOf } from '../../../scripts/lib/redis-cluster.js';
import { eventually, type RedisProcess } from '../../../scripts/lib/redis-process.js';
import type { RunningSentinels } from '../../../scripts/lib/redis-sentinel.js';
import {
  ask,
  beginSlotMove,
  clusterFailover,
  followed,
  ownedByAnother,
  pauseReplication,
  promotedInstead,
  resumeReplication,
  sentinelFailover,
} from '../../support/failovers.js';
import { lasting } from '../../support/lasting.js';
import { between, during, type Fault, type Field, one } from './field.js';
import type { Servers } from './topologies.js';

export function faultsOfServers(servers: Servers): readonly Fault[] {
  switch (servers.kind) {
    case 'embedded-listen': {
      const client = (): Redis => clientOf({ host: '127.0.0.1', port: servers.port });
      return [flushed(client)];
    }
    case 'single':
      return ofOneServer(servers.server);
    case 'sentinel':
      return ofSentinels(servers.sentinels);
    case 'cluster':
      return ofCluster(servers.cluster);
  }
}

const clientOf = ({ host, port }: Pick<RedisProcess, 'host' | 'port'>): Redis =>
  new Redis({ host, port, retryStrategy: () => null, commandTimeout: 5_000 });

const flushed = (client: () => Redis | Promise<Redis>): Fault => ({
  name: 'everything flushed',
  losesIntents: true,
  strike: (field) =>
    during(field, 8, async () => {
      field.note('FLUSHALL');
      await ask(await client(), (asked) => asked.flushall());
    }),
});

/** So little memory that what has a time to live goes at random: entries, and tokens of values. */
const evicting = (client: () => Redis | Promise<Redis>): Fault => ({
  name: 'eviction at random',
  strike: async (field) => {
    await during(field, 1, async () => {
      const used = await ask(await client(), async (asked) =>
        Number(/used_memory:(\d+)/.exec(await asked.info('memory'))?.[1]),
      );
      await configure(await client(), 'maxmemory-policy', 'volatile-random');
      await configure(await client(), 'maxmemory', String(used));
      while (!field.isOver()) await lasting(50);
      const evicted = await ask(await client(), async (asked) =>
        Number(/evicted_keys:(\d+)/.exec(await asked.info('stats'))?.[1]),
      );
      for (let count = 0; count < evicted; count++) field.note('keys evicted (in all so far)');
    });
    await configure(await client(), 'maxmemory', '0');
    await configure(await client(), 'maxmemory-policy', 'noeviction');
  },
});

const configure = (client: Redis, name: string, value: string): Promise<unknown> =>
  ask(client, (asked) => asked.config('SET', name, value));

function ofOneServer(server: RedisProcess): readonly Fault[] {
  const client = (): Redis => clientOf(server);
  return [
    flushed(client),
    evicting(client),
    {
      name: 'the store killed and started again, empty',
      losesIntents: true,
      strike: (field) =>
        during(field, 2, async () => {
          field.note('store restarted');
          await server.kill();
          await lasting(between(field, 0, 500));
          await server.restart();
        }),
    },
    {
      name: 'the store stopped and continued',
      strike: (field) =>
        during(field, 2, async () => {
          field.note('store stopped');
          server.pause();
          await lasting(between(field, 200, 1_500));
          server.resume();
        }),
    },
  ];
}

function ofSentinels(sentinels: RunningSentinels): readonly Fault[] {
  const client = async (): Promise<Redis> => sentinels.client(await sentinels.primary());
  const replicas = sentinels.nodes.length - 1;
  return [
    {
      name: 'failovers as an operator asks for them',
      losesIntents: true,
      strike: (field) =>
        during(field, 2, async () => {
          field.note('failovers');
          const promoted = await sentinelFailover(sentinels);
          await followed((node) => sentinels.client(node), promoted, replicas);
        }),
    },
    {
      name: 'failovers that lose what was written last',
      losesIntents: true,
      strike: (field) =>
        during(field, 1, async () => {
          const before = await sentinels.primary();
          await pauseReplication(sentinels.client(before));
          await lasting(between(field, 50, 500)); // what is written now is lost
          field.note('failovers without the last writes');
          await before.kill();
          const promoted = await promotedInstead(sentinels, before);
          await before.restart();
          await followed((node) => sentinels.client(node), promoted, replicas);
          await resumeReplication(sentinels.client(before));
        }),
    },
    {
      name: 'a primary stopped until another is promoted, then continued',
      losesIntents: true,
      strike: (field) =>
        during(field, 1, async () => {
          const before = await sentinels.primary();
          field.note('old primaries that came back');
          before.pause();
          const promoted = await promotedInstead(sentinels, before);
          before.resume();
          await followed((node) => sentinels.client(node), promoted, replicas);
        }),
    },
    flushed(client),
    {
      name: 'a process that reaches only a deposed primary',
      losesIntents: true,
      strike: (field) => during(field, 1, () => leaveAloneWithOldPrimary(field, sentinels)),
    },
  ];
}

/** What sentinels need of a node that they are to find alive, or to depose; processes need none of it. */
const OF_SENTINELS = ['ping', 'publish', 'multi', 'slaveof', 'replicaof'];
const ALONE_MS = 1_500;

/** The sentinels reach the primary no more, a process reaches nobody else: it must not believe what it hears there. */
async function leaveAloneWithOldPrimary(field: Field, sentinels: RunningSentinels): Promise<void> {
  const { network } = one(field, field.applications.proxied);
  if (network === null) throw new Error('a process that is to be cut off has proxies');
  const replicas = sentinels.nodes.length - 1;
  const before = await sentinels.primary();
  const others = network.storeExcept(before.port);
  const allow = (sign: '+' | '-'): Promise<unknown> =>
    ask(sentinels.client(before), (client) =>
      client.call('ACL', 'SETUSER', 'default', ...OF_SENTINELS.map((command) => `${sign}${command}`)),
    );
  field.note('processes alone with a deposed primary');
  others.lose('toClient');
  others.lose('toServer');
  await allow('-');
  const promoted = await promotedInstead(sentinels, before);
  await lasting(ALONE_MS);
  await allow('+');
  others.mend();
  await followed((node) => sentinels.client(node), promoted, replicas);
}

function ofCluster(cluster: RunningCluster): readonly Fault[] {
  return [
    {
      name: 'failovers as an operator asks for them',
      losesIntents: true,
      strike: (field) =>
        during(field, 2, async () => {
          field.note('failovers');
          await clusterFailover(cluster, { slot: anySlot(field) });
        }),
    },
    {
      name: 'slots on the move, there and back',
      strike: (field) => during(field, 3, () => moveThereAndBack(field, cluster)),
    },
    {
      name: 'primaries killed',
      losesIntents: true,
      strike: (field) =>
        during(field, 1, async () => {
          const slot = anySlot(field);
          const before = await cluster.ownerOf(slot);
          field.note('primaries killed');
          await before.kill();
          await ownedByAnother(cluster, slot, before);
          await before.restart();
        }),
    },
    {
      name: 'primaries stopped until another is promoted, then continued',
      losesIntents: true,
      strike: (field) =>
        during(field, 1, async () => {
          const slot = anySlot(field);
          const before = await cluster.ownerOf(slot);
          field.note('old primaries that came back');
          before.pause();
          try {
            await promotedWithout(cluster, slot, before);
          } finally {
            before.resume();
          }
        }),
    },
  ];
}

/** A stopped node does not answer: another one is asked. */
async function promotedWithout(cluster: RunningCluster, slot: number, stopped: RedisProcess): Promise<void> {
  const other = cluster.nodes.find((node) => node !== stopped);
  if (other === undefined) throw new Error('a cluster has several nodes');
  await eventually(`slot ${slot} has another owner`, async () => {
    const view = await viewOf(cluster, other);
    const owner = view.find(({ ranges }) => ranges.some(([first, last]) => first <= slot && slot <= last));
    return owner !== undefined && owner.port !== stopped.port;
  });
}

const SLOTS = 16_384;

const anySlot = (field: Field): number => Math.floor(field.random.fraction() * SLOTS);

/** Slots that hold something, so that keys move under those who use them. */
async function moveThereAndBack(field: Field, cluster: RunningCluster): Promise<void> {
  const slot = await aSlotInUse(field, cluster);
  const home = await cluster.ownerOf(slot);
  const primaries = new Set<RedisProcess>();
  for (let at = 0; at < SLOTS; at += SLOTS / 16) primaries.add(await cluster.ownerOf(at));
  primaries.delete(home);
  for (const to of [one(field, [...primaries]), home]) {
    field.note('slots moved');
    const move = await beginSlotMove(cluster, { slot, to });
    await move.moveKeys();
    await lasting(between(field, 0, 200));
    await move.finish();
  }
}

async function aSlotInUse(field: Field, cluster: RunningCluster): Promise<number> {
  const node = await cluster.ownerOf(anySlot(field));
  return ask(cluster.client(node), async (client) => {
    const key = await client.randomkey();
    return key === null ? anySlot(field) : client.cluster('KEYSLOT', key);
  });
}
