/**
 * Decides which commands are timed and how: two redis-benchmark processes at once, since one is slower than either
 * server and its `--threads` rounds its own clock. Knows nothing of what the figures should be compared with.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { median, sum } from '../lib/numbers.js';
import type { ContestantName, RunningServer } from './contestants.js';
import { fill, request } from './loader.js';

export interface Workload {
  readonly label: string;
  /** Times redis-server's throughput. */
  readonly target: number;
  readonly pipeline: number;
  readonly requests: number;
  /** What redis-benchmark is to send. */
  readonly args: readonly string[];
  /** What has to be there. */
  readonly prepare?: (port: number) => Promise<void>;
}

export interface Pace {
  readonly rounds: number;
  /** Of the requests of each workload. */
  readonly share: number;
}

/** Requests per second of each server: the median of the rounds. */
export type Throughput = Readonly<Record<ContestantName, number>>;

const CLIENTS = 2;
const CONNECTIONS = 50;
export const keysCount = 100_000;

const strings = (port: number): Promise<void> => fill({ port, from: 0, to: keysCount, valueBytes: 100 });
const longStrings = (port: number): Promise<void> => fill({ port, from: 0, to: keysCount, valueBytes: 1024 });
const test = (name: string, valueBytes = 3): string[] => ['-d', String(valueBytes), '-t', name];

async function bigList(port: number): Promise<void> {
  await request(port, [
    'RPUSH',
    'biglist',
    ...Array.from({ length: 1000 }, (_, index) => `element:${index}`),
  ]);
}

async function bigSortedSet(port: number): Promise<void> {
  const members = Array.from({ length: 1000 }, (_, index) => [String(index), `element:${index}`]);
  await request(port, ['ZADD', 'bigzset', ...members.flat()]);
}

export const workloads: readonly Workload[] = [
  {
    label: 'GET -P 1, 100 B',
    target: 0.85,
    pipeline: 1,
    requests: 100_000,
    args: test('get', 100),
    prepare: strings,
  },
  { label: 'SET -P 1, 100 B', target: 0.85, pipeline: 1, requests: 100_000, args: test('set', 100) },
  {
    label: 'GET -P 16, 100 B',
    target: 1.2,
    pipeline: 16,
    requests: 600_000,
    args: test('get', 100),
    prepare: strings,
  },
  { label: 'SET -P 16, 100 B', target: 1.2, pipeline: 16, requests: 600_000, args: test('set', 100) },
  { label: 'INCR -P 16', target: 1.2, pipeline: 16, requests: 600_000, args: test('incr') },
  { label: 'HSET -P 16', target: 0.9, pipeline: 16, requests: 400_000, args: test('hset') },
  { label: 'LPUSH -P 16', target: 0.9, pipeline: 16, requests: 400_000, args: test('lpush') },
  { label: 'ZADD -P 16', target: 0.9, pipeline: 16, requests: 400_000, args: test('zadd') },
  { label: 'SADD -P 16', target: 0.9, pipeline: 16, requests: 400_000, args: test('sadd') },
  {
    label: 'GET -P 100, 100 B',
    target: 1.4,
    pipeline: 100,
    requests: 1_000_000,
    args: test('get', 100),
    prepare: strings,
  },
  { label: 'SET -P 100, 100 B', target: 1.4, pipeline: 100, requests: 1_000_000, args: test('set', 100) },
  {
    label: 'GET -P 100, 1 KB',
    target: 1.4,
    pipeline: 100,
    requests: 500_000,
    args: test('get', 1024),
    prepare: longStrings,
  },
  { label: 'SET -P 100, 1 KB', target: 1.4, pipeline: 100, requests: 500_000, args: test('set', 1024) },
  { label: 'MSET of 10 keys', target: 1, pipeline: 1, requests: 60_000, args: test('mset', 100) },
  {
    label: 'LRANGE of 100',
    target: 1,
    pipeline: 1,
    requests: 60_000,
    args: ['LRANGE', 'biglist', '0', '99'],
    prepare: bigList,
  },
  {
    label: 'LRANGE of 600',
    target: 1,
    pipeline: 1,
    requests: 20_000,
    args: ['LRANGE', 'biglist', '0', '599'],
    prepare: bigList,
  },
  {
    label: 'ZRANGE of 100',
    target: 1,
    pipeline: 1,
    requests: 60_000,
    args: ['ZRANGE', 'bigzset', '0', '99'],
    prepare: bigSortedSet,
  },
];

/** The servers by turns, another one first in each round. One round before is not counted. */
export async function measure(
  servers: readonly RunningServer[],
  workload: Workload,
  { rounds, share }: Pace,
): Promise<Throughput> {
  for (const { port } of servers) {
    await request(port, ['FLUSHALL']);
    await workload.prepare?.(port);
  }
  const requests = Math.ceil(workload.requests * share);
  const figures: Record<ContestantName, number[]> = { lookaside: [], 'redis-server': [] };
  for (let round = 0; round <= rounds; round++) {
    const turns = round % 2 === 0 ? servers : [...servers].reverse();
    for (const { name, port } of turns) {
      const perSecond = await load(port, { ...workload, requests });
      if (round > 0) figures[name].push(perSecond);
    }
  }
  return { lookaside: median(figures.lookaside), 'redis-server': median(figures['redis-server']) };
}

/** What both clients together got done in a second. */
export async function load(
  port: number,
  { pipeline, requests, args }: Pick<Workload, 'pipeline' | 'requests' | 'args'>,
  keys = keysCount,
): Promise<number> {
  const own: Readonly<Record<string, number>> = {
    '-p': port,
    '-n': Math.ceil(requests / CLIENTS),
    '-c': CONNECTIONS / CLIENTS,
    '-P': pipeline,
    '-r': keys,
  };
  const options = [
    '-h',
    '127.0.0.1',
    '--csv',
    ...Object.entries(own).flatMap(([name, value]) => [name, String(value)]),
  ];
  const clients = Array.from({ length: CLIENTS }, async () => {
    const { stdout } = await promisify(execFile)('redis-benchmark', [...options, ...args]);
    const perSecond = Number(/^"[^"]*","([\d.]+)"/m.exec(lastLine(stdout))?.[1] ?? Number.NaN);
    if (!(perSecond > 0)) throw new Error(`redis-benchmark said ${stdout}`);
    return perSecond;
  });
  return sum(await Promise.all(clients));
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
