/**
 * Decides how writing every change to an append only file is timed beside redis-server in the same mode: SET of 100 bytes,
 * both servers by turns, and what each command costs of the processors. Knows nothing of snapshots.
 */
import { median, ratio } from '../lib/numbers.js';
import { markdownTable } from '../lib/report.js';
import { load } from '../server/throughput.js';
import { type Name, names, type Saving, startSaving } from './servers.js';

interface Case {
  readonly fsync: 'always' | 'everysec' | 'no';
  readonly pipeline: number;
  readonly requests: number;
  /** Times redis-server's throughput; null: it is only shown. */
  readonly target: number | null;
}

const cases: readonly Case[] = [
  { fsync: 'everysec', pipeline: 1, requests: 100_000, target: null },
  { fsync: 'everysec', pipeline: 16, requests: 400_000, target: 0.9 },
  { fsync: 'always', pipeline: 1, requests: 60_000, target: null },
  { fsync: 'always', pipeline: 16, requests: 300_000, target: 1.2 },
];
const ROUNDS = 5;
const ARGS = ['-d', '100', '-t', 'set'];

interface Figures {
  readonly perSecond: number[];
  /** Of the server's processors, per command. */
  readonly cpuUs: number[];
}

export async function appendOnlyTable(quick: boolean): Promise<string> {
  const rows: string[][] = [];
  for (const one of cases) {
    const { lookaside, 'redis-server': real } = await race(one, quick ? 0.2 : 1);
    const [own, other] = [median(lookaside.perSecond), median(real.perSecond)];
    rows.push([
      `${one.fsync}, pipeline ${one.pipeline}`,
      `${Math.round(own / 1000)} k/s`,
      `${Math.round(other / 1000)} k/s`,
      `${ratio(own / other)}${one.target === null ? '' : ` (target ${one.target})`}`,
      `${median(lookaside.cpuUs).toFixed(2)} µs`,
      `${median(real.cpuUs).toFixed(2)} µs`,
    ]);
  }
  const head = [
    'appendfsync',
    'lookaside',
    'redis-server',
    'ratio',
    'processor, lookaside',
    'processor, redis-server',
  ];
  return `#### Every change in an append only file: SET of 100 B\n\n${markdownTable(head, rows)}`;
}

async function race(one: Case, share: number): Promise<Record<Name, Figures>> {
  const figures: Record<Name, Figures> = {
    lookaside: { perSecond: [], cpuUs: [] },
    'redis-server': { perSecond: [], cpuUs: [] },
  };
  const servers: Saving[] = [];
  try {
    for (const name of names)
      servers.push(await startSaving(name, undefined, ['--appendonly', 'yes', '--appendfsync', one.fsync]));
    const requests = Math.ceil(one.requests * share);
    for (let round = 0; round <= ROUNDS; round++)
      for (const server of round % 2 === 0 ? servers : servers.toReversed()) {
        const before = await server.cpuMs();
        const perSecond = await load(server.port, { pipeline: one.pipeline, requests, args: ARGS });
        if (round === 0) continue;
        figures[server.name].perSecond.push(perSecond);
        figures[server.name].cpuUs.push((((await server.cpuMs()) - before) * 1000) / requests);
      }
  } finally {
    for (const server of servers) await server.stop();
  }
  return figures;
}
