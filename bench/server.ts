/**
 * Decides the question of `npm run bench -- server`: how the embedded server, as a process of its own, stands beside
 * redis-server in throughput, memory and stalls; and how fast it is without a socket.
 */
import { describeMachine } from './lib/machine.js';
import { brief, ratio } from './lib/numbers.js';
import { markdownTable, type Report } from './lib/report.js';
import { redisServerVersion, withBoth } from './server/contestants.js';
import { measureCalls } from './server/in-process.js';
import { measureDecline, measureGrowth } from './server/size.js';
import { measure, type Pace, workloads } from './server/throughput.js';

export interface ServerOptions {
  readonly quick: boolean;
}

interface Sizes {
  readonly pace: Pace;
  readonly growths: readonly {
    readonly keys: number;
    readonly growthTarget: number;
    readonly stallTargetMs: number | null;
  }[];
  readonly decline: { readonly few: number; readonly many: number };
}

const full: Sizes = {
  pace: { rounds: 5, share: 1 },
  growths: [
    { keys: 1_000_000, growthTarget: 1.2, stallTargetMs: null },
    { keys: 5_000_000, growthTarget: 1, stallTargetMs: 20 },
  ],
  decline: { few: 10_000, many: 10_000_000 },
};
const quick: Sizes = {
  pace: { rounds: 1, share: 0.2 },
  growths: [{ keys: 1_000_000, growthTarget: 1.2, stallTargetMs: 20 }],
  decline: { few: 10_000, many: 1_000_000 },
};

export async function benchServer(report: Report, options: ServerOptions): Promise<void> {
  const { pace, growths, decline } = options.quick ? quick : full;
  report.add(
    `### The server beside redis-server\n\n` +
      `${describeMachine({ redis: await redisServerVersion() }, [])}\n\n` +
      `Requests per second by two redis-benchmark processes with 25 connections each; medians of ${pace.rounds} rounds, ` +
      `servers in turns. One process each, nothing saved to disk.`,
  );
  await compareThroughput(pace, report);
  report.add(`What many keys cost (keys of 16 bytes, values of 100 bytes), and calls without a socket:`);
  const rows: string[][] = [];
  for (const { keys, growthTarget, stallTargetMs } of growths)
    rows.push(...(await growthRows(keys, growthTarget, stallTargetMs)));
  rows.push(await declineRow(decline, pace));
  for (const among of [1_000, 100_000]) rows.push(await callsRow(among, pace.rounds, options));
  report.add(markdownTable(['', 'lookaside', 'redis-server', 'ratio', 'target', ''], rows));
  await report.save();
}

async function compareThroughput(pace: Pace, report: Report): Promise<void> {
  const rows = await withBoth(async (servers) => {
    const list: string[][] = [];
    for (const workload of workloads) {
      const figures = await measure(servers, workload, pace);
      const times = figures.lookaside / figures['redis-server'];
      const { label, target } = workload;
      list.push([
        label,
        brief(figures.lookaside),
        brief(figures['redis-server']),
        ratio(times),
        `≥ ${target}x`,
        verdict(times >= target),
      ]);
    }
    return list;
  });
  report.add(markdownTable(['', 'lookaside', 'redis-server', 'ratio', 'target', ''], rows));
}

async function growthRows(
  keys: number,
  growthTarget: number,
  stallTargetMs: number | null,
): Promise<string[][]> {
  const { lookaside, 'redis-server': redis } = await measureGrowth(keys);
  const millions = `${keys / 1e6} M keys`;
  const times = lookaside.grownBytes / redis.grownBytes;
  const mb = (bytes: number): string => `${brief(bytes / 2 ** 20)} MB`;
  const ms = (time: number): string => `${brief(time)} ms`;
  const stallTarget =
    stallTargetMs === null
      ? ['', '']
      : [`≤ ${stallTargetMs} ms`, verdict(lookaside.longestStallMs <= stallTargetMs)];
  return [
    [
      `a process grows by ${millions}`,
      mb(lookaside.grownBytes),
      mb(redis.grownBytes),
      ratio(times),
      `≤ ${growthTarget}x`,
      verdict(times <= growthTarget),
    ],
    [
      `longest GET while ${millions} come`,
      ms(lookaside.longestStallMs),
      ms(redis.longestStallMs),
      '',
      ...stallTarget,
    ],
  ];
}

async function declineRow({ few, many }: Sizes['decline'], { rounds, share }: Pace): Promise<string[]> {
  const left = await measureDecline({ few, many }, { rounds, requests: 600_000 * share });
  const percent = (part: number): string => `${(part * 100).toFixed(0)} %`;
  return [
    `GET -P 16 among ${brief(many)} keys, of that among ${brief(few)}`,
    percent(left.lookaside),
    percent(left['redis-server']),
    ratio(left.lookaside / left['redis-server']),
    '≥ 1x',
    verdict(left.lookaside >= left['redis-server']),
  ];
}

async function callsRow(among: number, rounds: number, { quick: isQuick }: ServerOptions): Promise<string[]> {
  const perSecond = await measureCalls({ among, rounds, calls: isQuick ? 500_000 : 2_000_000 });
  return [
    `\`execute\` GET in process among ${brief(among)} keys, per second`,
    brief(perSecond),
    '',
    '',
    '≥ 1,000,000',
    verdict(perSecond >= 1e6),
  ];
}

const verdict = (isReached: boolean): string => (isReached ? 'reached' : '**missed**');
