/**
 * Decides what many keys cost: how much a process grows by them, how long a GET waits while they come, and how much
 * slower a GET is among them. Knows nothing of targets.
 */
import { Child } from '../../examples/demo/child.js';
import { median } from '../lib/numbers.js';
import {
  type ContestantName,
  contestantNames,
  type RunningServer,
  startServer,
  withBoth,
} from './contestants.js';
import { fill, request } from './loader.js';
import type { FromProbe, ProbeArguments } from './probe.js';
import { load } from './throughput.js';

export interface Growth {
  readonly grownBytes: number;
  readonly longestStallMs: number;
}

const VALUE_BYTES = 100;

/** A process of its own for each, one after the other. */
export async function measureGrowth(keys: number): Promise<Readonly<Record<ContestantName, Growth>>> {
  const growths = new Map<ContestantName, Growth>();
  for (const name of contestantNames) {
    const server = await startServer(name);
    try {
      growths.set(name, await grow(server, keys));
    } finally {
      await server.stop();
    }
  }
  const of = (name: ContestantName): Growth => growths.get(name) ?? { grownBytes: NaN, longestStallMs: NaN };
  return { lookaside: of('lookaside'), 'redis-server': of('redis-server') };
}

async function grow(server: RunningServer, keys: number): Promise<Growth> {
  // What a process allocates once, whatever is stored, is not growth.
  await fill({ port: server.port, from: 0, to: 50_000, valueBytes: VALUE_BYTES });
  await request(server.port, ['FLUSHALL']);
  const before = await server.residentBytes();
  const probe = new Child<FromProbe, object>({
    program: new URL('./probe.ts', import.meta.url),
    name: 'The probe',
    args: { port: server.port } satisfies ProbeArguments,
  });
  await probe.next('ready');
  await fill({ port: server.port, from: 0, to: keys, valueBytes: VALUE_BYTES });
  const longest = probe.next('longest');
  probe.tell({});
  const { ms: longestStallMs } = await longest;
  await probe.stop({});
  return { grownBytes: (await server.residentBytes()) - before, longestStallMs };
}

/** GET -P 16 among many keys, as a part of what it is among few. */
export async function measureDecline(
  { few, many }: { readonly few: number; readonly many: number },
  pace: { readonly rounds: number; readonly requests: number },
): Promise<Readonly<Record<ContestantName, number>>> {
  return withBoth(async (servers) => {
    const among = async (keys: number): Promise<Map<ContestantName, number>> => {
      const figures = new Map<ContestantName, number[]>(servers.map(({ name }) => [name, []]));
      const workload = { pipeline: 16, requests: pace.requests, args: ['-t', 'get'] };
      for (let round = 0; round <= pace.rounds; round++)
        for (const { name, port } of servers) {
          const perSecond = await load(port, workload, keys);
          if (round > 0) figures.get(name)?.push(perSecond);
        }
      return new Map([...figures].map(([name, list]) => [name, median(list)]));
    };
    for (const { port } of servers) await fill({ port, from: 0, to: few, valueBytes: VALUE_BYTES });
    const fast = await among(few);
    for (const { port } of servers) await fill({ port, from: few, to: many, valueBytes: VALUE_BYTES });
    const slow = await among(many);
    const share = (name: ContestantName): number => (slow.get(name) ?? NaN) / (fast.get(name) ?? NaN);
    return { lookaside: share('lookaside'), 'redis-server': share('redis-server') };
  });
}
