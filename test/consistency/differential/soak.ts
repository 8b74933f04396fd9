/** Decides how the differential is run for long, and what is printed of it. Started by scripts/soak.mjs. */
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startPostgres } from '../../../scripts/lib/postgres.js';
import { withCache } from '../../../src/adapters/pg/index.js';
import { type Config, createCache } from '../../../src/index.js';
import { mutate } from '../history/mutants.js';
import { caseOf } from './case.js';
import { mutants } from './mutants.js';
import { noCounts } from './player.js';
import { added, explained, lineOfCounts, reported, type Server, type Trial, trySeeds } from './run.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const STEPS = 200;
const FAILURES_MAX = 10;
const PATIENCE_MS = 60_000;

const configurations: readonly (readonly [name: string, config: Config])[] = [
  ['with room for every result', {}],
  ['with room for every result', {}],
  ['with two shapes per table', { limits: { shapesPerTable: 2 } }],
  ['without results that are kept decoded', { near: { max: 0 } }],
];

async function main(): Promise<number> {
  const { minutes, seed, mutants: only } = optionsOf(process.argv.slice(2));
  const postgres = await startPostgres();
  const server = serverAt(postgres.url);
  try {
    const right = only ? await tryMutants(server, seed) : await soak(server, { minutes, seed });
    return right ? 0 : 1;
  } finally {
    await postgres.stop();
  }
}

async function soak(
  server: Server,
  { minutes, seed }: { readonly minutes: number; readonly seed: number },
): Promise<boolean> {
  const endsAtMs = performance.now() + minutes * 60_000;
  let counts = noCounts();
  let failures = 0;
  let last = seed;
  function* seeds(): Generator<number> {
    for (let next = seed; performance.now() < endsAtMs; next++) yield (last = next);
  }
  const trialOf = (next: number): Trial => {
    const [, config] = configurationOf(next);
    return { server, source: { createCache, withCache }, config };
  };
  await trySeeds(trialOf, {
    seeds: seeds(),
    steps: STEPS,
    onOutcome: async (outcome, next) => {
      counts = added(counts, outcome.counts);
      if (outcome.mismatch === null) return 'go on';
      failures++;
      const [name] = configurationOf(next);
      say(`${name}: ${await explained(trialOf(next), caseOf(next, STEPS), outcome)}`);
      return failures < FAILURES_MAX ? 'go on' : 'enough';
    },
  });
  say(`seeds ${seed} to ${last}: ${lineOfCounts(counts)}; failures ${failures}`);
  return failures === 0;
}

/** What is known to be wrong must be reported. */
async function tryMutants(server: Server, seed: number): Promise<boolean> {
  let right = true;
  for (const mutant of mutants) {
    const { source, dispose } = await mutate(mutant);
    const startedAtMs = performance.now();
    const seconds = (): string => ((performance.now() - startedAtMs) / 1_000).toFixed(1);
    function* seeds(): Generator<number> {
      for (let next = seed; performance.now() - startedAtMs < PATIENCE_MS; next++) yield next;
    }
    const mismatch = await reported({ server, source }, { seeds: seeds(), steps: STEPS });
    await dispose();
    if (mismatch === null) right = false;
    say(
      `${mismatch === null ? 'NOT REPORTED' : `reported as ${mismatch.kind}`}: ${mutant.name}: after ${seconds()} s`,
    );
  }
  return right;
}

function configurationOf(seed: number): (typeof configurations)[number] {
  const found = configurations[seed % configurations.length];
  if (found === undefined) throw new Error('there is no configuration');
  return found;
}

interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  /** Only what is known to be wrong. */
  readonly mutants: boolean;
}

function optionsOf(args: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '5' },
      seed: { type: 'string', default: '1' },
      mutants: { type: 'boolean', default: false },
    },
  });
  const minutes = Number(values.minutes);
  const seed = Number(values.seed);
  if (!(minutes > 0)) throw new RangeError('--minutes must be a number above 0');
  if (!Number.isInteger(seed)) throw new RangeError('--seed must be a whole number');
  return { minutes, seed, mutants: values.mutants };
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
