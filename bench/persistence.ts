/**
 * Decides the question of `npm run bench -- persistence`: what saving a million keys to an RDB file costs callers, memory
 * and processors, beside a redis-server that forks; and how long loading takes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { drawLines } from './lib/lines.js';
import { describeMachine } from './lib/machine.js';
import { brief, ratio } from './lib/numbers.js';
import { markdownTable, type Report } from './lib/report.js';
import { appendOnlyTable } from './persistence/append-only.js';
import { longest, overTime, percentile, startLoop, type Waited } from './persistence/closed-loop.js';
import { extraBytes, OVERWRITTEN_SHARE } from './persistence/overwrites.js';
import { type Name, names, type Saving, startSaving } from './persistence/servers.js';
import { redisServerVersion } from './server/contestants.js';
import { fill } from './server/loader.js';

export interface PersistenceOptions {
  readonly quick: boolean;
}

const CLIENTS = 8;
const VALUE_BYTES = 100;
const IDLE_MS = 3_000;
const EVERY_MS = 50;
const CHART = 'persistence-p99';
const CHART_TEXT =
  'p99 of GET and SET over time, before, while and after everything is saved, of both servers';

interface During {
  readonly idle: readonly Waited[];
  readonly saving: readonly Waited[];
  readonly points: [number, number][];
  readonly marked: [number, number];
  readonly saveMs: number;
}

export async function benchPersistence(report: Report, { quick }: PersistenceOptions): Promise<void> {
  const keys = quick ? 100_000 : 1_000_000;
  report.add(
    `### Saving and loading ${brief(keys)} keys of ${VALUE_BYTES} bytes\n\n${describeMachine({ redis: await redisServerVersion() }, [])}`,
  );
  const during = {} as Record<Name, During>;
  const costs = {} as Record<Name, Costs>;
  const stalls = {} as Record<Name, number>;
  const extra = {} as Record<Name, number>;
  for (const name of names) {
    let server = await startSaving(name);
    const emptyCpuMs = await server.cpuMs();
    await fill({ port: server.port, from: 0, to: keys, valueBytes: VALUE_BYTES });
    during[name] = await measureDuring(server, keys);
    extra[name] = await extraBytes(server, keys, VALUE_BYTES);
    [costs[name], server] = await measureCosts(server, emptyCpuMs);
    await server.client.flushall();
    stalls[name] = await measureContainer(server, keys);
    await server.stop();
  }
  const table = tableOf(during, costs, { stalls, extra }, keys);
  report.add(table);
  report.add(`![${CHART_TEXT}](charts/${CHART}.svg)`);
  const appendOnly = await appendOnlyTable(quick);
  report.add(appendOnly);
  await report.chart(CHART, chartOf(during, keys));
  const image = `![${CHART_TEXT}](../bench/charts/${CHART}.svg)`;
  report.page('persistence.md', [table, image, appendOnly].join('\n\n'));
  await report.save();
}

/** Callers in a closed loop, half of them writing, before and while everything is saved. */
async function measureDuring(server: Saving, keys: number): Promise<During> {
  const loop = await startLoop({ port: server.port, clients: CLIENTS, keys, valueBytes: VALUE_BYTES });
  await sleep(IDLE_MS / 2);
  const fromMs = performance.now();
  await sleep(IDLE_MS);
  const beganMs = performance.now();
  await server.client.bgsave();
  await server.saved();
  const endedMs = performance.now();
  await sleep(IDLE_MS / 3);
  const waited = await loop.stop();
  const between = (from: number, to: number): Waited[] =>
    waited.filter(({ atMs }) => atMs >= from && atMs < to);
  return {
    idle: between(fromMs, beganMs),
    // Also who sent his request before it was done.
    saving: between(beganMs - 1, endedMs),
    points: overTime(between(fromMs, Number.POSITIVE_INFINITY), fromMs, EVERY_MS),
    marked: [(beganMs - fromMs) / 1000, (endedMs - fromMs) / 1000],
    saveMs: endedMs - beganMs,
  };
}

interface Costs {
  readonly saveMs: number;
  readonly saveCpuMs: number;
  readonly loadMs: number;
  readonly loadCpuMs: number;
}

/** Alone: SAVE, and a start on what it wrote; of its time of processors, less that of a start on nothing. */
async function measureCosts(server: Saving, emptyCpuMs: number): Promise<[Costs, Saving]> {
  const cpuBefore = await server.cpuMs();
  const startedMs = performance.now();
  await server.client.save();
  const saveMs = performance.now() - startedMs;
  const saveCpuMs = (await server.cpuMs()) - cpuBefore;
  const next = await server.restart();
  const loadCpuMs = (await next.cpuMs()) - emptyCpuMs;
  return [{ saveMs, saveCpuMs, loadMs: next.loadedMs(), loadCpuMs }, next];
}

/** The longest that a caller waits while one set of so many members is saved, and changed meanwhile. */
async function measureContainer(server: Saving, members: number): Promise<number> {
  for (let from = 0; from < members; from += 1_000)
    await server.client.sadd(
      'large',
      ...Array.from({ length: 1_000 }, (_, index) => `member:${from + index}`),
    );
  const small = 1_000;
  await fill({ port: server.port, from: 0, to: small, valueBytes: VALUE_BYTES });
  const loop = await startLoop({ port: server.port, clients: 1, keys: small, valueBytes: VALUE_BYTES });
  await sleep(500);
  const beganMs = performance.now();
  await server.client.bgsave();
  await server.client.sadd('large', 'another');
  await server.saved();
  const endedMs = performance.now();
  const waited = await loop.stop();
  return longest(waited.filter(({ atMs }) => atMs >= beganMs - 1 && atMs < endedMs));
}

function tableOf(
  { lookaside: ours, 'redis-server': theirs }: Record<Name, During>,
  costs: Record<Name, Costs>,
  { stalls, extra }: { stalls: Record<Name, number>; extra: Record<Name, number> },
  keys: number,
): string {
  const ms = (value: number): string => `${brief(value)} ms`;
  const mb = (bytes: number): string => `${brief(bytes / 2 ** 20)} MB`;
  const p99 = (waited: readonly Waited[], command: Waited['command']): number =>
    percentile(
      waited.filter((each) => each.command === command),
      0.99,
    );
  const rows = (['GET', 'SET'] as const).map((command) => {
    const [idle, saving] = [p99(ours.idle, command), p99(ours.saving, command)];
    const [idleTheirs, savingTheirs] = [p99(theirs.idle, command), p99(theirs.saving, command)];
    return [
      `${command} p99 during a snapshot, of that before`,
      `${ms(saving)} = ${ratio(saving / idle)}`,
      `${ms(savingTheirs)} = ${ratio(savingTheirs / idleTheirs)}`,
      '≤ 2x',
      verdict(saving <= idle * 2),
    ];
  });
  const [own, other] = [costs.lookaside, costs['redis-server']];
  const times = (mine: number, redis: number): string => `≤ 1.5x: ${ratio(mine / redis)}`;
  rows.push(
    [
      'longest wait during it',
      ms(longest(ours.saving)),
      ms(longest(theirs.saving)),
      '≤ 5 ms',
      verdict(longest(ours.saving) <= 5),
    ],
    [
      `longest wait while a set of ${brief(keys)} members is saved`,
      ms(stalls.lookaside),
      ms(stalls['redis-server']),
      '≤ 10 ms',
      verdict(stalls.lookaside <= 10),
    ],
    [
      `memory beyond what there was, ${OVERWRITTEN_SHARE * 100} % overwritten meanwhile`,
      mb(extra.lookaside),
      mb(extra['redis-server']),
      `≤ 25 %: ${ratio(extra.lookaside / extra['redis-server'])}`,
      verdict(extra.lookaside <= extra['redis-server'] / 4),
    ],
    ['the snapshot took', ms(ours.saveMs), ms(theirs.saveMs), '', ''],
    [
      'SAVE',
      ms(own.saveMs),
      ms(other.saveMs),
      times(own.saveMs, other.saveMs),
      verdict(own.saveMs <= other.saveMs * 1.5),
    ],
    [
      'SAVE, time of processors',
      ms(own.saveCpuMs),
      ms(other.saveCpuMs),
      times(own.saveCpuMs, other.saveCpuMs),
      '',
    ],
    [
      'load',
      ms(own.loadMs),
      ms(other.loadMs),
      times(own.loadMs, other.loadMs),
      verdict(own.loadMs <= other.loadMs * 1.5),
    ],
    [
      'load, time of processors',
      ms(own.loadCpuMs),
      ms(other.loadCpuMs),
      times(own.loadCpuMs, other.loadCpuMs),
      '',
    ],
  );
  return markdownTable(['', 'lookaside', 'redis-server', 'target', ''], rows);
}

function chartOf(during: Record<Name, During>, keys: number): string {
  return drawLines({
    title: `p99 of GET and SET while ${brief(keys)} keys are saved`,
    subtitle: `${CLIENTS} clients in a closed loop, half of the requests are writes; the snapshot is shaded`,
    unit: 'ms',
    series: names.map((name) => ({
      name,
      points: during[name].points.map(([atMs, p99Ms]) => [atMs / 1000, p99Ms] as const),
      marked: during[name].marked,
    })),
  });
}

const verdict = (isReached: boolean): string => (isReached ? 'reached' : '**missed**');
