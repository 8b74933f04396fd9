/** Decides how the differential is run for long, and what is printed of it. Started by scripts/soak.mjs. */
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startPostgres } from '../../../scripts/lib/postgres.js';
import { startRedisProcess } from '../../../scripts/lib/redis-process.js';
import { withCache } from '../../../src/adapters/pg/index.js';
import { createCache } from '../../../src/index.js';
import { mutate } from '../history/mutants.js';
import { caseOf } from './case.js';
import { mutants } from './mutants.js';
import { noCounts } from './player.js';
import { added, explained, lineOfCounts, reported, type Server, type Trial, trySeeds } from './run.js';
import { type NamedSetting, settingOf, settingsWith } from './settings.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const STEPS = 200;
const FAILURES_MAX = 10;
const PATIENCE_MS = 60_000;

/** What every case of a run shares. */
interface Ground {
  readonly server: Server;
  readonly settings: readonly NamedSetting[];
}

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  const postgres = await startPostgres();
  const redis = await startRedisProcess({
    program: 'redis-server',
    config: ({ port }) => [`port ${port}`, 'save ""', 'appendonly no'],
  });
  const ground: Ground = { server: serverAt(postgres.url), settings: settingsWith(redis.url) };
  try {
    const right = options.mutants ? await tryMutants(ground, options) : await soak(ground, options);
    return right ? 0 : 1;
  } finally {
    await redis.stop();
    await postgres.stop();
  }
}

async function soak({ server, settings }: Ground, { minutes, seed, scene }: SoakOptions): Promise<boolean> {
  const startedAtMs = performance.now();
  const endsAtMs = startedAtMs + minutes * 60_000;
  let counts = noCounts();
  let failures = 0;
  let databases = 0;
  let last = seed;
  function* seeds(): Generator<number> {
    for (let next = seed; performance.now() < endsAtMs; next++) yield (last = next);
  }
  const trialOf = (next: number): Trial => ({
    server,
    source: { createCache, withCache },
    setting: settingOf(settings, next),
    scene,
  });
  await trySeeds(trialOf, {
    seeds: seeds(),
    steps: STEPS,
    onOutcome: async (outcome, next) => {
      counts = added(counts, outcome.counts);
      databases++;
      if (outcome.mismatch === null) return 'go on';
      failures++;
      const { name } = settingOf(settings, next);
      say(`${name}: ${await explained(trialOf(next), caseOf(next, STEPS, scene), outcome)}`);
      return failures < FAILURES_MAX ? 'go on' : 'enough';
    },
  });
  const minutesTaken = ((performance.now() - startedAtMs) / 60_000).toFixed(1);
  say(
    `${databases} databases in ${minutesTaken} minutes, seeds ${seed} to ${last}: ${lineOfCounts(counts)}; failures ${failures}`,
  );
  return failures === 0;
}

/** What is known to be wrong must be reported. */
async function tryMutants(
  { server, settings }: Ground,
  { seed, only, scene }: SoakOptions,
): Promise<boolean> {
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
    const mismatch = await reported((next) => ({ server, source, scene, setting: settingOf(among, next) }), {
      seeds: seeds(),
      steps: STEPS,
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
    say(`${told}, ${tried} databases: ${mutant.name}`);
    if (mismatch?.kind === 'different') say(mismatch.message); // rarely what is expected
  }
  return right;
}

interface SoakOptions {
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
  return { minutes, seed, mutants: values.mutants, only: values.only, scene: values.scene };
}

function serverAt(url: string): Server {
  let serial = 0;
  const { hostname, port, username } = new URL(url);
  const config = { host: hostname, port: Number(port), user: username };
  const administer = async (statement: string): Promise<void> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(statement);
    await client.end();
  };
  return {
    createDatabase: async (like = 'template0') => {
      const database = `differential_${serial++}`;
      await administer(`create database ${database} template ${like}`);
      return {
        config: { ...config, database },
        drop: () => administer(`drop database ${database} with (force)`),
      };
    },
  };
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
