/**
 * Decides how the workload is run for long, and what is printed of it: first the cache, for the minutes asked for, in
 * slices of several configurations; then what is known to be wrong, each until it is reported, which is the check of
 * the checker. Started by scripts/soak.mjs.
 */
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startPostgres } from '../../../scripts/lib/postgres.js';
import type { Config } from '../../../src/index.js';
import { type Contender, cached, handWritten, lookaside } from './contenders.js';
import { mutants, mutate } from './mutants.js';
import { type PlayOptions, play, type Report } from './play.js';

const SLICE_MS = 20_000;
const PATIENCE_MS = 60_000;

const configurations: readonly (readonly [name: string, config: Config])[] = [
  ['with room for every result', {}],
  ['with a near tier of 1mb', { near: { max: '1mb' } }],
  ['with two shapes per table', { limits: { shapesPerTable: 2 } }],
  ['without sharing executions', { limits: { flights: 0 } }],
];

const say = (line: string): void => void process.stdout.write(`${line}\n`);

interface Surroundings {
  readonly serverUrl: string;
  seed: number;
}

async function main(): Promise<number> {
  const { minutes, seed, mutants: withMutants } = optionsOf(process.argv.slice(2));
  const server = await startPostgres();
  const about: Surroundings = { serverUrl: server.url, seed };
  say(`history, seed ${seed}, ${minutes} minutes`);
  try {
    const right = await soak(about, minutes * 60_000);
    const caught = withMutants ? await tryTheChecker(about) : true;
    return right && caught ? 0 : 1;
  } finally {
    await server.stop();
  }
}

function optionsOf(args: readonly string[]): { minutes: number; seed: number; mutants: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '5' },
      seed: { type: 'string', default: '1' },
      'no-mutants': { type: 'boolean', default: false },
    },
  });
  const minutes = Number(values.minutes);
  const seed = Number(values.seed);
  if (!(minutes > 0)) throw new RangeError('--minutes must be a number above 0');
  if (!Number.isInteger(seed)) throw new RangeError('--seed must be a whole number');
  return { minutes, seed, mutants: !values['no-mutants'] };
}

/** The cache as it is: true if nothing was found. */
async function soak(about: Surroundings, durationMs: number): Promise<boolean> {
  const reports: Report[] = [];
  const endsAtMs = performance.now() + durationMs;
  for (let turn = 0; performance.now() < endsAtMs; turn++) {
    const [name, config] = configurations[turn % configurations.length] as (typeof configurations)[number]; // in range
    const sliceEndsAtMs = Math.min(endsAtMs, performance.now() + SLICE_MS);
    const report = await playOn(about, {
      contender: cached(name, lookaside, config),
      goesOn: ({ broken }) => broken === 0 && performance.now() < sliceEndsAtMs,
    });
    say(`${name}: ${lineOf([report])}`);
    sayViolations(report);
    reports.push(report);
    if (report.broken > 0) break;
  }
  say(`\nall: ${lineOf(reports)}`);
  say(`what happened besides: ${JSON.stringify(added(reports.map(({ events }) => events)))}`);
  const reads = total(reports, ({ figures }) => figures.reads);
  const broken = total(reports, (report) => report.broken);
  // With none among n, the rate is below 3 / n at 95 % (the rule of three).
  if (broken === 0)
    say(`0 stale of ${reads} reads: at most ${((3 / reads) * 1e6).toFixed(2)} per million (95 %)`);
  return broken === 0;
}

/** What is known to be wrong must be reported. */
async function tryTheChecker(about: Surroundings): Promise<boolean> {
  let caught = await tryOne(about, handWritten());
  for (const mutant of mutants) {
    const { source, dispose } = await mutate(mutant);
    caught = (await tryOne(about, cached(mutant.name, source))) && caught;
    await dispose();
  }
  return caught;
}

async function tryOne(about: Surroundings, contender: Contender): Promise<boolean> {
  const startedAtMs = performance.now();
  const report = await playOn(about, {
    contender,
    goesOn: ({ broken }) => broken === 0 && performance.now() - startedAtMs < PATIENCE_MS,
    stopsWhenBroken: true,
  });
  const { reads, violations } = report.figures;
  const after = `after ${reads} reads, ${((performance.now() - startedAtMs) / 1_000).toFixed(1)} s`;
  const kinds = Object.entries(violations).filter(([, count]) => count > 0);
  say(
    `${report.broken > 0 ? 'reported' : 'NOT REPORTED'}: ${contender.name}: ${after}: ${JSON.stringify(Object.fromEntries(kinds))}`,
  );
  return report.broken > 0;
}

async function playOn(
  about: Surroundings,
  options: Pick<PlayOptions, 'contender' | 'goesOn' | 'stopsWhenBroken'>,
): Promise<Report> {
  const seed = about.seed++;
  const url = new URL(about.serverUrl);
  url.pathname = `/history_${seed}`;
  await administer(about.serverUrl, `create database history_${seed} template template0`);
  try {
    const database = { connectionString: url.href };
    return await play({ callers: 24, operations: 5_000, database, seed, ...options });
  } finally {
    await administer(about.serverUrl, `drop database history_${seed} with (force)`);
  }
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}

const total = (reports: readonly Report[], of: (report: Report) => number): number =>
  reports.reduce((sum, report) => sum + of(report), 0);

function added(records: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const record of records)
    for (const [name, count] of Object.entries(record)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

function lineOf(reports: readonly Report[]): string {
  const figures = (of: (report: Report) => number): string => total(reports, of).toLocaleString('en');
  return [
    `${figures(({ operations }) => operations)} operations`,
    `${figures(({ figures: { reads } }) => reads)} reads checked`,
    `${figures(({ figures: { atRisk } }) => atRisk)} at risk`,
    `hits ${figures(({ hits }) => hits.near)} near, ${figures(({ hits }) => hits.store)} store, ${figures(({ hits }) => hits.joined)} joined`,
    `violations ${JSON.stringify(added(reports.map(({ figures: { violations } }) => violations)))}`,
  ].join('; ');
}

function sayViolations({ violations }: Report): void {
  for (const { kind, read, detail, trace } of violations)
    say(`  ${kind}: ${read}: ${detail}\n    ${trace.join('\n    ')}`);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
