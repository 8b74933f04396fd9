/**
 * Decides the question of `npm run bench`: what a hit, a miss and a write cost through `pool.query`, beside a
 * hand-written Redis cache and beside no cache, for a result of 10 rows x 10 columns; of pg on Postgres, or of mysql2 on
 * MariaDB.
 */
import {
  type Callers,
  callerKinds,
  hitContestants,
  lookasideName,
  missContestants,
  redisName,
  writeContestants,
} from './hits/contestants.js';
import { createMysql2Setting } from './hits/mysql2.js';
import { createSetting, type Setting } from './hits/setting.js';
import { drawBars } from './lib/chart.js';
import { describeMachine } from './lib/machine.js';
import { microseconds, ratio } from './lib/numbers.js';
import { markdownTable, type Report } from './lib/report.js';
import { type Contestant, type RoundsOptions, race, type Timing } from './lib/rounds.js';

export interface HitsOptions {
  readonly quick: boolean;
}

/** A figure with what it should be. */
interface Judged {
  readonly label: string;
  readonly ratio: number;
  /** Null where the issue names none. */
  readonly target: { readonly atLeast: number } | { readonly atMost: number } | null;
}

interface On {
  readonly create: () => Promise<Setting>;
  readonly driver: string;
  readonly title: string;
}

export const benchHits = (report: Report, options: HitsOptions): Promise<void> =>
  benchOn({ create: createSetting, driver: 'pg', title: 'A hit, a miss, a write' }, report, options);

export const benchHitsMysql2 = (report: Report, options: HitsOptions): Promise<void> =>
  benchOn(
    { create: createMysql2Setting, driver: 'mysql2', title: 'A hit, a miss, a write on MariaDB' },
    report,
    options,
  );

async function benchOn({ create, driver, title }: On, report: Report, { quick }: HitsOptions): Promise<void> {
  const setting = await create();
  const rounds: RoundsOptions = quick ? { rounds: 5, warmUpRounds: 1 } : { rounds: 21, warmUpRounds: 3 };
  try {
    report.add(
      `### ${title} (10 rows x 10 columns)\n\n` +
        `${describeMachine(setting.versions, [driver, 'ioredis'])}\n\n` +
        `Time per call, of all callers together; medians of ${rounds.rounds} rounds, contestants in turns.`,
    );
    const hits = await compareHits(setting, rounds, report);
    const overheads = await compareOverheads(setting, rounds, report);
    if (driver === 'pg') report.digest(digestOf(setting, hits, overheads));
    await compareRich(setting, rounds, report);
    await report.save();
  } finally {
    await setting.close();
  }
}

/** What a reader of the project's README sees. */
const digestOf = (
  { versions }: Setting,
  hits: { readonly times: string; readonly judged: readonly Judged[] },
  overheads: readonly Judged[],
): string =>
  `${describeMachine(versions, ['pg', 'ioredis'])}\n\n` +
  `A result of 10 rows x 10 columns, two of them timestamps, through \`pool.query\`; \`fsync=off\`, ten connections ` +
  `per pool; time per call, of all callers together, contestants in turns, medians:\n\n${hits.times}\n\n` +
  targetTable([...hits.judged, ...overheads]);

async function compareHits(
  setting: Setting,
  rounds: RoundsOptions,
  report: Report,
): Promise<{ readonly times: string; readonly judged: readonly Judged[] }> {
  const { uncachedName } = setting;
  const rows: string[][] = [];
  const judged: Judged[] = [];
  const bars: Timing[][] = [];
  for (const kind of callerKinds) {
    const timings = await race(hitContestants(setting, setting.tables.plain, kind), rounds);
    bars.push([...timings]);
    rows.push([`a hit, ${kind.label}`, ...timings.map(({ medianUs }) => microseconds(medianUs))]);
    judged.push(...judgeHits(timings, kind, setting));
  }
  const times = markdownTable(['', lookasideName, redisName, uncachedName], rows);
  report.add(times);
  report.add(targetTable(judged));
  await report.chart(report.name, chartOf(bars, uncachedName));
  return { times, judged };
}

function judgeHits(
  timings: readonly Timing[],
  { label, callers }: Callers,
  { uncachedName }: Setting,
): readonly Judged[] {
  const hit = medianOf(timings, lookasideName);
  return [
    {
      label: `a hit, ${label}: times ${redisName}`,
      ratio: medianOf(timings, redisName) / hit,
      target: { atLeast: callers === 1 ? 50 : 15 },
    },
    {
      label: `a hit, ${label}: times ${uncachedName}`,
      ratio: medianOf(timings, uncachedName) / hit,
      target: { atLeast: 100 },
    },
  ];
}

async function compareOverheads(
  setting: Setting,
  rounds: RoundsOptions,
  report: Report,
): Promise<readonly Judged[]> {
  const { uncachedName } = setting;
  const rows: string[][] = [];
  const judged: Judged[] = [];
  const compare = async (what: string, contestants: readonly Contestant[], atMost: number): Promise<void> => {
    const timings = await race(contestants, rounds);
    const [ours, plain] = [medianOf(timings, lookasideName), medianOf(timings, uncachedName)];
    rows.push([what, microseconds(ours), microseconds(plain)]);
    judged.push({ label: `${what}: times ${uncachedName}`, ratio: ours / plain, target: { atMost } });
  };
  for (const kind of callerKinds)
    await compare(`a miss, ${kind.label}`, missContestants(setting, setting.tables.plain, kind), 1.15);
  for (const kind of callerKinds)
    await compare(`a write, ${kind.label}`, writeContestants(setting, kind), kind.callers === 1 ? 1.15 : 1.3);
  report.add(markdownTable(['', lookasideName, uncachedName], rows));
  report.add(targetTable(judged));
  return judged;
}

async function compareRich(setting: Setting, rounds: RoundsOptions, report: Report): Promise<void> {
  const { uncachedName } = setting;
  const rows: string[][] = [];
  for (const kind of callerKinds) {
    const hits = await race(hitContestants(setting, setting.tables.rich, kind), rounds);
    rows.push([`a hit, ${kind.label}`, ...hits.map(({ medianUs }) => microseconds(medianUs))]);
    const misses = await race(missContestants(setting, setting.tables.rich, kind), rounds);
    rows.push([
      `a miss, ${kind.label}`,
      microseconds(medianOf(misses, lookasideName)),
      '',
      microseconds(medianOf(misses, uncachedName)),
    ]);
  }
  report.add(
    `With columns that cost more to decode and to copy, decimals and documents among them (no targets):`,
  );
  report.add(markdownTable(['', lookasideName, redisName, uncachedName], rows));
}

function medianOf(timings: readonly Timing[], name: string): number {
  const timing = timings.find((candidate) => candidate.name === name);
  if (timing === undefined) throw new Error(`${name} did not take part`);
  return timing.medianUs;
}

const targetTable = (judged: readonly Judged[]): string =>
  markdownTable(
    ['ratio', 'measured', 'target', ''],
    judged.map(({ label, ratio: measured, target }) => [
      label,
      ratio(measured),
      target === null ? '' : 'atLeast' in target ? `≥ ${target.atLeast}x` : `≤ ${target.atMost}x`,
      target === null ? '' : isReached(measured, target) ? 'reached' : '**missed**',
    ]),
  );

const isReached = (measured: number, target: NonNullable<Judged['target']>): boolean =>
  'atLeast' in target ? measured >= target.atLeast : measured <= target.atMost;

function chartOf(timings: readonly (readonly Timing[])[], uncachedName: string): string {
  const names = [lookasideName, redisName, uncachedName];
  return drawBars({
    title: 'A cached result of 10 rows x 10 columns',
    subtitle: 'µs per call, logarithmic; shorter is faster',
    scale: 'logarithmic',
    format: microseconds,
    categories: names,
    highlight: lookasideName,
    series: callerKinds.map(({ label }, index) => ({
      name: label,
      values: names.map((name) => medianOf(timings[index] ?? [], name)),
    })),
  });
}
