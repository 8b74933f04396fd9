/** Decides how the cache of one process, embedded, is put to the test for long, and what is known to be wrong with it. */
import type { Config } from '../../../src/index.js';
import { type Contender, cached, handWritten, lookaside } from './contenders.js';
import { mutantsOn, mutate, thoseNamed } from './mutants.js';
import { type PlayOptions, play, type Report } from './play.js';
import { onDatabase, type Surroundings } from './soak-database.js';
import { added, atRiskLine, boundLine, lineOf, say, sayViolations, total } from './soak-report.js';

const SLICE_MS = 20_000;
const PATIENCE_MS = 60_000;

const configurations: readonly (readonly [name: string, config: Config])[] = [
  ['with room for every result', {}],
  ['with a near tier of 1mb', { near: { max: '1mb' } }],
  ['with two shapes per table', { limits: { shapesPerTable: 2 } }],
  ['without sharing executions', { limits: { flights: 0 } }],
];

/** The cache as it is: true if nothing was found. */
export async function soakOneProcess(about: Surroundings, durationMs: number): Promise<boolean> {
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
  say(atRiskLine(reports));
  say(`what happened besides: ${JSON.stringify(added(reports.map(({ events }) => events)))}`);
  const broken = total(reports, (report) => report.broken);
  if (broken === 0) say(boundLine(reports));
  return broken === 0;
}

/** What is known to be wrong must be reported. @param named only mutants with this in their names; empty: all */
export async function tryTheChecker(about: Surroundings, named: string): Promise<boolean> {
  const { kind } = about.server.place;
  let caught = named !== '' || kind !== 'postgres' || (await tryOne(about, handWritten()));
  for (const mutant of thoseNamed(mutantsOn(kind), named)) {
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

const playOn = (
  about: Surroundings,
  options: Pick<PlayOptions, 'contender' | 'goesOn' | 'stopsWhenBroken'>,
): Promise<Report> =>
  onDatabase(about, (database, seed) => play({ callers: 24, operations: 5_000, database, seed, ...options }));
