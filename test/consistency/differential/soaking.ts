/** Decides how the differential is run for long, and what is printed of it. Knows no database: it is told how one is tried. */
import { parseArgs } from 'node:util';
import { startRedisProcess } from '../../../scripts/lib/redis-process.js';
import { added, lineOfCounts, noCounts } from './counts.js';
import type { Setting } from './kept.js';
import type { DifferentialMutant } from './mutant.js';
import type { Tries } from './seeds.js';
import { type NamedSetting, settingOf, settingsWith } from './settings.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const FAILURES_MAX = 10;
const PATIENCE_MS = 60_000;

/** What is tried, with a server that runs. */
export interface Soak<Source, Trial, Mutant extends DifferentialMutant> {
  readonly tries: Tries<Trial>;
  readonly steps: number;
  /** The package as it is. */
  readonly source: Source;
  readonly trialOf: (source: Source, setting: Setting, scene: string) => Trial;
  readonly mutants: readonly Mutant[];
  readonly mutate: (mutant: Mutant) => Promise<{ source: Source; dispose: () => Promise<void> }>;
  readonly stop: () => Promise<void>;
}

/** Runs until it is over, and ends the process. @param start starts a server, from what was asked for */
export function runSoak<Source, Trial, Mutant extends DifferentialMutant>(
  start: (database: string | undefined) => Promise<Soak<Source, Trial, Mutant>>,
): void {
  soakAsAsked(start).then(
    (right) => process.exit(right ? 0 : 1),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(1);
    },
  );
}

async function soakAsAsked<Source, Trial, Mutant extends DifferentialMutant>(
  start: (database: string | undefined) => Promise<Soak<Source, Trial, Mutant>>,
): Promise<boolean> {
  const options = optionsOf(process.argv.slice(2));
  const soaked = await start(options.database);
  const redis = await startRedisProcess({
    program: 'redis-server',
    config: ({ port }) => [`port ${port}`, 'save ""', 'appendonly no'],
  });
  const settings = settingsWith(redis.url);
  try {
    return await (options.mutants ? tryMutants(soaked, settings, options) : soak(soaked, settings, options));
  } finally {
    await redis.stop();
    await soaked.stop();
  }
}

async function soak<Source, Trial, Mutant extends DifferentialMutant>(
  { tries, steps, source, trialOf }: Soak<Source, Trial, Mutant>,
  settings: readonly NamedSetting[],
  { minutes, seed, scene }: SoakOptions,
): Promise<boolean> {
  const startedAtMs = performance.now();
  const endsAtMs = startedAtMs + minutes * 60_000;
  let counts = noCounts();
  let failures = 0;
  let cases = 0;
  let last = seed;
  function* seeds(): Generator<number> {
    for (let next = seed; performance.now() < endsAtMs; next++) yield (last = next);
  }
  const trial = (next: number): Trial => trialOf(source, settingOf(settings, next), scene);
  await tries.trySeeds(trial, {
    seeds: seeds(),
    steps,
    onOutcome: async (outcome, next) => {
      counts = added(counts, outcome.counts);
      cases++;
      if (outcome.mismatch === null) return 'go on';
      failures++;
      const { name } = settingOf(settings, next);
      say(`${name}: ${await tries.explained(trial(next), { seed: next, steps, outcome })}`);
      return failures < FAILURES_MAX ? 'go on' : 'enough';
    },
  });
  const minutesTaken = ((performance.now() - startedAtMs) / 60_000).toFixed(1);
  say(
    `${cases} cases in ${minutesTaken} minutes, seeds ${seed} to ${last}: ${lineOfCounts(counts)}; failures ${failures}`,
  );
  return failures === 0;
}

/** What is known to be wrong must be reported. */
async function tryMutants<Source, Trial, Mutant extends DifferentialMutant>(
  soaked: Soak<Source, Trial, Mutant>,
  settings: readonly NamedSetting[],
  { seed, only, scene }: SoakOptions,
): Promise<boolean> {
  const { tries, steps, trialOf, mutants, mutate } = soaked;
  let right = true;
  for (const mutant of mutants.filter(({ name }) => name.includes(only))) {
    const { source, dispose } = await mutate(mutant);
    const startedAtMs = performance.now();
    const startedCpu = process.cpuUsage();
    const taken = (): string => {
      const { user, system } = process.cpuUsage(startedCpu);
      const seconds = (performance.now() - startedAtMs) / 1_000;
      return `${seconds.toFixed(1)} s (${((user + system) / 1_000_000).toFixed(1)} s of the processor)`;
    };
    let tried = 0;
    let foundAfter = '';
    function* seeds(): Generator<number> {
      for (let next = seed; performance.now() - startedAtMs < PATIENCE_MS; next++) yield next;
    }
    const among = settings.filter(({ name }) => mutant.setting === undefined || mutant.setting === name);
    const wanted = scene === '' ? (mutant.scene ?? '') : scene;
    const mismatch = await tries.reported((next) => trialOf(source, settingOf(among, next), wanted), {
      seeds: seeds(),
      steps,
      onTried: (found) => {
        tried++;
        if (found && foundAfter === '') foundAfter = taken();
      },
    });
    await dispose();
    if (mismatch === null) right = false;
    const told =
      mismatch === null
        ? `NOT REPORTED after ${taken()}`
        : `reported as ${mismatch.kind} after ${foundAfter}`;
    say(`${told}, ${tried} cases: ${mutant.name}`);
    if (mismatch?.kind === 'different') say(mismatch.message); // rarely what is expected
  }
  return right;
}

interface SoakOptions {
  readonly database: string | undefined;
  readonly minutes: number;
  readonly seed: number;
  /** Only what is known to be wrong. */
  readonly mutants: boolean;
  /** Of these, whose names have this in them. */
  readonly only: string;
  /** Only scenes of this name; empty: any. */
  readonly scene: string;
}

function optionsOf(args: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      database: { type: 'string' },
      minutes: { type: 'string', default: '5' },
      seed: { type: 'string', default: '1' },
      mutants: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      scene: { type: 'string', default: '' },
    },
  });
  const minutes = Number(values.minutes);
  const seed = Number(values.seed);
  if (!(minutes > 0)) throw new RangeError('--minutes must be a number above 0');
  if (!Number.isInteger(seed)) throw new RangeError('--seed must be a whole number');
  return { ...values, database: values.database, minutes, seed };
}
