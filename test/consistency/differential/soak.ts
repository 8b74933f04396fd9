/** Decides how the differential is run for long, and what is printed of it. Started by scripts/soak.mjs. */
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startPostgres } from '../../../scripts/lib/postgres.js';
import { withCache } from '../../../src/adapters/pg/index.js';
import { createCache } from '../../../src/index.js';
import { caseOf } from './case.js';
import { noCounts } from './player.js';
import { added, explained, lineOfCounts, type Server, type Trial, trySeed } from './run.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const STEPS = 200;
const FAILURES_MAX = 10;

async function main(): Promise<number> {
  const { minutes, seed } = optionsOf(process.argv.slice(2));
  const postgres = await startPostgres();
  const trial: Trial = { server: serverAt(postgres.url), source: { createCache, withCache } };
  const endsAtMs = performance.now() + minutes * 60_000;
  let counts = noCounts();
  let failures = 0;
  let next = seed;
  try {
    for (; performance.now() < endsAtMs && failures < FAILURES_MAX; next++) {
      const outcome = await trySeed(trial, next, STEPS);
      counts = added(counts, outcome.counts);
      if (outcome.mismatch === null) continue;
      failures++;
      say(await explained(trial, caseOf(next, STEPS), outcome));
    }
    say(`seeds ${seed} to ${next - 1}: ${lineOfCounts(counts)}; failures ${failures}`);
    return failures === 0 ? 0 : 1;
  } finally {
    await postgres.stop();
  }
}

function optionsOf(args: readonly string[]): { readonly minutes: number; readonly seed: number } {
  const { values } = parseArgs({
    args: [...args],
    options: { minutes: { type: 'string', default: '5' }, seed: { type: 'string', default: '1' } },
  });
  const minutes = Number(values.minutes);
  const seed = Number(values.seed);
  if (!(minutes > 0)) throw new RangeError('--minutes must be a number above 0');
  if (!Number.isInteger(seed)) throw new RangeError('--seed must be a whole number');
  return { minutes, seed };
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
