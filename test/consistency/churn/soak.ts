/**
 * Decides how a day of use is played at speed on a real redis-server, and what is printed of what it leaves there.
 * Results live for a second, so that their ends come as often as in a day of results that live for minutes. Started
 * by scripts/soak.mjs.
 */
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { startRedisProcess } from '../../../scripts/lib/redis-process.js';
import { seededRandom } from '../../../src/clock.js';
import { Churn, type Footprint, footprintOf } from './churn.js';

const SECONDS_PER_HOUR = 3_600;
const TTL_MS = 1_000;
const TABLES = 20;
const SHAPES = 8;
const CALLERS = 64;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const { hours, reads, writes, seed } = optionsOf(process.argv.slice(2));
  const server = await startRedisProcess({
    program: 'redis-server',
    config: () => ['save ""', 'appendonly no'],
  });
  const client = new Redis(server.url);
  const random = seededRandom(seed);
  const churn = new Churn({
    url: server.url,
    namespace: 'churn',
    random,
    tables: TABLES,
    shapes: SHAPES,
    callers: CALLERS,
  });
  try {
    await churn.ready();
    say(
      `churn, seed ${seed}: ${hours} hours of ${writes} writes and ${reads} reads of new values per second, ${TABLES} tables`,
    );
    const startedAtMs = performance.now();
    for (let hour = 1; hour <= hours; hour++) {
      await churn.run({ reads: reads * SECONDS_PER_HOUR, writes: writes * SECONDS_PER_HOUR }, TTL_MS);
      const passed = `${((performance.now() - startedAtMs) / 1_000).toFixed(0)} s`;
      say(`hour ${hour} (${passed}): ${lineOf(await footprintOf(client))}`);
    }
    const last = await footprintOf(client);
    return last.keysWithoutEnd === TABLES && last.fieldsMax < 100 ? 0 : 1;
  } finally {
    await churn.close();
    client.disconnect();
    await server.stop();
  }
}

function optionsOf(args: readonly string[]): {
  hours: number;
  reads: number;
  writes: number;
  seed: number;
} {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hours: { type: 'string', default: '24' },
      reads: { type: 'string', default: '4' },
      writes: { type: 'string', default: '2' },
      seed: { type: 'string', default: '1' },
    },
  });
  const [hours, reads, writes, seed] = [values.hours, values.reads, values.writes, values.seed].map(Number);
  for (const given of [hours, reads, writes, seed])
    if (!Number.isInteger(given))
      throw new RangeError('--hours, --reads, --writes and --seed are whole numbers');
  return { hours, reads, writes, seed } as Record<'hours' | 'reads' | 'writes' | 'seed', number>;
}

const lineOf = ({ keys, keysWithoutEnd, fieldsMax, intents, usedBytes }: Footprint): string =>
  `${(usedBytes / 1_048_576).toFixed(1)} MB, ${keys} keys, ${keysWithoutEnd} of them without an end, at most ${fieldsMax} fields in a hash, ${intents} intents`;

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
