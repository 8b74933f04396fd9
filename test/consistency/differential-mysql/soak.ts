/** Decides how the differential is run for long on MariaDB or MySQL 5.7, and what is printed of it. Started by scripts/soak.mjs. */
import { parseArgs } from 'node:util';
import { startMariadb } from '../../../scripts/lib/mariadb.js';
import { startMysql57 } from '../../../scripts/lib/mysql57.js';
import { startRedisProcess } from '../../../scripts/lib/redis-process.js';
import { withCache } from '../../../src/adapters/mysql2/index.js';
import { createCache } from '../../../src/index.js';
import { noCounts } from '../differential/player.js';
import { added, lineOfCounts } from '../differential/run.js';
import { type NamedSetting, settingOf, settingsWith } from '../differential/settings.js';
import { caseOf } from './case.js';
import { mutants, mutate } from './mutants.js';
import type { Place } from './pools.js';
import { explained, reported, type Trial, trySeeds } from './run.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const STEPS = 160;
const FAILURES_MAX = 10;
const PATIENCE_MS = 60_000;

interface Ground {
  readonly place: Place;
  readonly settings: readonly NamedSetting[];
}

type Options = ReturnType<typeof optionsOf>;

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  const server = await (options.database === 'mariadb' ? startMariadb() : startMysql57());
  const redis = await startRedisProcess({
    program: 'redis-server',
    config: ({ port }) => [`port ${port}`, 'save ""', 'appendonly no'],
  });
  const { host, port, user } = server;
  const ground: Ground = { place: { host, port, user }, settings: settingsWith(redis.url) };
  try {
    const right = options.mutants ? await tryMutants(ground, options) : await soak(ground, options);
    return right ? 0 : 1;
  } finally {
    await redis.stop();
    await server.stop();
  }
}

async function soak({ place, settings }: Ground, { minutes, seed, scene }: Options): Promise<boolean> {
  const startedAtMs = performance.now();
  const endsAtMs = startedAtMs + minutes * 60_000;
  let counts = noCounts();
  let failures = 0;
  let cases = 0;
  let last = seed;
  function* seeds(): Generator<number> {
    for (let next = seed; performance.now() < endsAtMs; next++) yield (last = next);
  }
  const trialOf = (next: number): Trial => ({
    place,
    source: { createCache, withCache },
    setting: settingOf(settings, next),
    scene,
  });
  await trySeeds(trialOf, {
    seeds: seeds(),
    steps: STEPS,
    onOutcome: async (outcome, next) => {
      counts = added(counts, outcome.counts);
      cases++;
      if (outcome.mismatch === null) return 'go on';
      failures++;
      const { name } = settingOf(settings, next);
      say(`${name}: ${await explained(trialOf(next), caseOf(next, STEPS, scene), outcome)}`);
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
async function tryMutants({ place, settings }: Ground, { seed, only, scene }: Options): Promise<boolean> {
  let right = true;
  for (const mutant of mutants.filter(({ name }) => name.includes(only))) {
    const { source, dispose } = await mutate(mutant);
    const startedAtMs = performance.now();
    let tried = 0;
    function* seeds(): Generator<number> {
      for (let next = seed; performance.now() - startedAtMs < PATIENCE_MS; next++) yield next;
    }
    const wanted = scene === '' ? mutant.scene : scene;
    const mismatch = await reported(
      (next) => ({ place, source, scene: wanted, setting: settingOf(settings, next) }),
      { seeds: seeds(), steps: STEPS, onTried: () => tried++ },
    );
    await dispose();
    if (mismatch === null) right = false;
    const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
    const told = mismatch === null ? 'NOT REPORTED' : `reported as ${mismatch.kind}`;
    say(`${told} after ${seconds} s, ${tried} cases: ${mutant.name}`);
    if (mismatch?.kind === 'different') say(mismatch.message); // rarely what is expected
  }
  return right;
}

function optionsOf(args: readonly string[]): {
  readonly database: string;
  readonly minutes: number;
  readonly seed: number;
  /** Only what is known to be wrong. */
  readonly mutants: boolean;
  /** Of these, whose names have this in them. */
  readonly only: string;
  /** Only scenes of this name; empty: any. */
  readonly scene: string;
} {
  const { values } = parseArgs({
    args: [...args],
    options: {
      database: { type: 'string', default: 'mariadb' },
      minutes: { type: 'string', default: '5' },
      seed: { type: 'string', default: '1' },
      mutants: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      scene: { type: 'string', default: '' },
    },
  });
  const minutes = Number(values.minutes);
  const seed = Number(values.seed);
  if (!['mariadb', 'mysql57'].includes(values.database))
    throw new RangeError('--database must be postgres, mariadb or mysql57');
  if (!(minutes > 0)) throw new RangeError('--minutes must be a number above 0');
  if (!Number.isInteger(seed)) throw new RangeError('--seed must be a whole number');
  return { ...values, minutes, seed };
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
