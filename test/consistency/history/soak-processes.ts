/** Decides how several processes on one topology are put to the test for long, and what is known to be wrong with them. */
import type { Config } from '../../../src/index.js';
import { type Bundle, bundleApplication } from './bundle.js';
import { faultsNamed, faultsOf, faultsOfBounded } from './faults.js';
import { mutantsOfProcessesOn, type ProcessesMutant, thoseNamed } from './mutants.js';
import { playRounds, type RoundsOptions, type RoundsReport } from './rounds.js';
import { onDatabase, type Surroundings } from './soak-database.js';
import { added, atRiskLine, boundLine, lineOf, say, sayViolations, total } from './soak-report.js';
import { startTopology, type TopologyName } from './topologies.js';

const SLICE_MS = 90_000;
const PATIENCE_MS = 60_000;
const PROCESSES = 4;
const CALLERS = 5;

const configurations: readonly (readonly [
  name: string,
  config: Config,
  mixture: RoundsOptions['mixture'],
])[] = [
  ['hot rows', {}, 'hot'],
  ['hot rows, without sharing executions', { limits: { flights: 0 } }, 'hot'],
  ['everything, with a near tier of 1mb', { near: { max: '1mb' } }, 'broad'],
  ['hot rows, two shapes per table', { limits: { shapesPerTable: 2 } }, 'hot'],
];

const BOUND_MS = 1_000;

const bounded = { config: { consistency: 'bounded', bound: BOUND_MS }, boundMs: BOUND_MS } as const;

/** The cache as it is: true if nothing was found. */
export async function soakProcesses(
  about: Surroundings,
  { name, durationMs, isBounded }: { name: TopologyName; durationMs: number; isBounded: boolean },
): Promise<boolean> {
  const reports: RoundsReport[] = [];
  const bundle = await bundleApplication(null);
  const endsAtMs = performance.now() + durationMs;
  let fault = about.seed; // each slice goes on with the next: however slow the machine is, all are met in the end
  try {
    for (let turn = 0; performance.now() < endsAtMs; turn++) {
      const [what, config, mixture] = configurations[
        turn % configurations.length
      ] as (typeof configurations)[number]; // in range
      const sliceEndsAtMs = Math.min(endsAtMs, performance.now() + SLICE_MS);
      const report = await playOn(about, name, bundle, {
        config: isBounded ? { ...config, ...bounded.config } : config,
        ...(isBounded ? { boundMs: bounded.boundMs } : {}),
        mixture,
        slow: { share: mixture === 'hot' ? 0.03 : 0.25, factor: 1 },
        operations: 400,
        faults: fault,
        goesOn: ({ broken }) => broken === 0 && performance.now() < sliceEndsAtMs,
      });
      fault += report.rounds;
      say(`${what}: ${lineOf([report])}`);
      sayViolations(report);
      reports.push(report);
      if (report.broken > 0) break;
    }
  } finally {
    await bundle.dispose();
  }
  say(`\nall: ${lineOf(reports)}`);
  say(atRiskLine(reports));
  say(`what happened besides: ${JSON.stringify(added(reports.map(({ events }) => events)), null, 1)}`);
  const broken = total(reports, (report) => report.broken);
  if (broken === 0) say(boundLine(reports));
  return broken === 0;
}

/** What is known to be wrong must be reported. @param named only mutants with this in their names; empty: all */
export async function tryMutantsOfProcesses(
  about: Surroundings,
  name: TopologyName,
  named: string,
): Promise<boolean> {
  let caught = true;
  for (const mutant of thoseNamed(mutantsOfProcessesOn(about.server.place.kind), named))
    caught = (await tryMutant(about, name, mutant)) && caught;
  return caught;
}

const TRIES_MAX = 3;

async function tryMutant(about: Surroundings, name: TopologyName, mutant: ProcessesMutant): Promise<boolean> {
  const bundle = await bundleApplication(mutant);
  try {
    for (let tries = 1; ; tries++)
      try {
        return await watchMutant(about, name, mutant, bundle);
      } catch (error) {
        // What was changed can fail a read, which the real one does not: that ends its process, and is no report.
        if (tries === TRIES_MAX) throw error;
        say(`again: ${mutant.name}: ${String(error).slice(0, 400)}`);
      }
  } finally {
    await bundle.dispose();
  }
}

async function watchMutant(
  about: Surroundings,
  name: TopologyName,
  mutant: ProcessesMutant,
  bundle: Bundle,
): Promise<boolean> {
  let startedAtMs: number | null = null;
  const workedMs = (): number => performance.now() - (startedAtMs ??= performance.now());
  const report = await playOn(about, mutant.topology ?? name, bundle, {
    ...(mutant.isBounded === true ? bounded : { config: {} }),
    mixture: mutant.mixture ?? 'hot',
    slow: mutant.slow ?? { share: 0.25, factor: 1 },
    operations: 150,
    faults: mutant.faults ?? ['none'],
    goesOn: ({ broken }) => broken === 0 && workedMs() < PATIENCE_MS, // first when all have started
  });
  const kinds = Object.entries(report.figures.violations).filter(([, count]) => count > 0);
  const after = `${report.figures.reads} reads, ${(workedMs() / 1_000).toFixed(1)} s of work`;
  const verdict = report.broken > 0 ? 'reported' : 'NOT REPORTED';
  say(`${verdict}: ${mutant.name}: after ${after}: ${JSON.stringify(Object.fromEntries(kinds))}`);
  return report.broken > 0;
}

async function playOn(
  about: Surroundings,
  name: TopologyName,
  { file }: Bundle,
  options: Pick<RoundsOptions, 'config' | 'boundMs' | 'mixture' | 'operations' | 'goesOn' | 'slow'> & {
    /** Their names, or the turn from which on all are met. */
    readonly faults: readonly string[] | number;
  },
): Promise<RoundsReport> {
  const topology = await startTopology(name);
  const { faults, ...rest } = options;
  try {
    return await onDatabase(about, (database, seed) =>
      playRounds({
        ...rest,
        entry: file,
        topology,
        database,
        seed,
        faults:
          typeof faults === 'number'
            ? turned((rest.boundMs === undefined ? faultsOf : faultsOfBounded)(topology.servers), faults)
            : faultsNamed(topology.servers, faults),
        processes: PROCESSES,
        callers: CALLERS,
        proxied: PROCESSES / 2,
      }),
    );
  } finally {
    await topology.stop();
  }
}

const turned = <T>(all: readonly T[], by: number): readonly T[] => [
  ...all.slice(by % all.length),
  ...all.slice(0, by % all.length),
];
