/**
 * Decides the question of `npm run bench -- http`: what each way of caching gives the demo's API over HTTP, and how
 * many stale replies it costs, at three shares of writes.
 */
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { Child } from '../examples/demo/child.js';
import { copyTemplate, loadTemplate } from '../examples/demo/database.js';
import { loadCities, loadCountries } from '../examples/demo/dataset.js';
import { startPostgres } from '../scripts/lib/postgres.js';
import { startRedis } from '../test/support/redis.js';
import {
  type ContenderName,
  contenderNames,
  type FromGenerator,
  type FromServer,
  type GeneratorArguments,
  type ServerArguments,
  type ToGenerator,
  type ToServer,
  type Turn,
  type TurnFigures,
} from './http/messages.js';
import { describeShare, digestOf, drawShares, type ShareResult, type ShareRow } from './http/results.js';
import { describeMachine } from './lib/machine.js';
import { median, sum } from './lib/numbers.js';
import type { Report } from './lib/report.js';
import { postgresVersion, redisVersion } from './lib/versions.js';

export interface HttpOptions {
  readonly quick: boolean;
}

const writeShares = [0, 0.01, 0.1];
const connections = 50;

interface Pace {
  readonly rounds: number;
  readonly turnMs: number;
  /** Once per contender and share, uncounted: as many requests for everybody, so that all caches know as much. */
  readonly warmUpRequests: number;
}

const fullPace: Pace = { rounds: 3, turnMs: 2_000, warmUpRequests: 100_000 };
const quickPace: Pace = { rounds: 1, turnMs: 1_000, warmUpRequests: 4_000 };
/** A machine too slow for its warm-up is measured anyway. */
const warmUpMsMax = 30_000;

interface Arena {
  readonly serverUrl: string;
  readonly redisUrl: string;
  readonly generator: Child<FromGenerator, ToGenerator>;
  readonly pace: Pace;
}

interface RunningContender {
  readonly name: ContenderName;
  readonly port: number;
  readonly process: Child<FromServer, ToServer>;
  readonly turns: TurnFigures[];
  databaseQueries: number;
}

export async function benchHttp(report: Report, { quick }: HttpOptions): Promise<void> {
  const pace = quick ? quickPace : fullPace;
  const postgres = await startPostgres({ settings: { shared_buffers: '512MB', autovacuum: 'off' } });
  const redis = await startRedis({ from: 'path', program: 'redis-server' });
  const args: GeneratorArguments = { connections };
  const program = new URL('./http/generator-process.ts', import.meta.url);
  const generator = new Child<FromGenerator, ToGenerator>({ program, name: 'The load generator', args });
  try {
    const dataset = { cities: loadCities(), countries: loadCountries() };
    await loadTemplate(postgres.url, dataset);
    report.add(await heading(postgres.url, redis.url, pace, dataset.cities.length));
    const results: ShareResult[] = [];
    for (const writeShare of writeShares) {
      const arena = { serverUrl: postgres.url, redisUrl: redis.url, generator, pace };
      const result = await compare(arena, writeShare);
      results.push(result);
      report.add(describeShare(result));
    }
    report.digest(digestOf(results));
    for (const { name, svg } of drawShares(results)) await report.chart(name, svg);
    await report.save();
  } finally {
    await generator.stop({ kind: 'stop' });
    await Promise.all([postgres.stop(), redis.stop()]);
  }
}

async function heading(postgresUrl: string, redisUrl: string, pace: Pace, cities: number): Promise<string> {
  const pool = new Pool({ connectionString: postgresUrl });
  const redis = new Redis(redisUrl);
  const versions = { postgres: await postgresVersion(pool), redis: await redisVersion(redis) };
  redis.disconnect();
  await pool.end();
  return (
    `### The demo's API over HTTP\n\n` +
    `${describeMachine(versions, ['fastify', 'pg', 'ioredis', 'bentocache', 'cacheable'])}\n\n` +
    `${connections} connections without a pause; ids by Zipf's law (0.99) over ${cities.toLocaleString('en-US')} cities ` +
    `for reads and writes; one process per contender; ${pace.rounds} rounds of ${pace.turnMs / 1_000} s each, in turns, ` +
    `after ${pace.warmUpRequests.toLocaleString('en-US')} requests of warm-up; medians.`
  );
}

async function compare(arena: Arena, writeShare: number): Promise<ShareResult> {
  await forget(arena.redisUrl);
  const running = await Promise.all(
    contenderNames.map((name, index) => start(arena, name, `share_${Math.round(writeShare * 100)}_${index}`)),
  );
  try {
    for (const contender of running) await warmUp(arena, contender, writeShare);
    for (let round = 0; round < arena.pace.rounds; round++)
      for (let turn = 0; turn < running.length; turn++) {
        const contender = running[(turn + round) % running.length];
        if (contender === undefined) continue;
        const before = await queriesOf(contender);
        contender.turns.push(await takeTurn(arena, contender, { writeShare, durationMs: arena.pace.turnMs }));
        contender.databaseQueries += (await queriesOf(contender)) - before;
      }
    return { writeShare, rows: running.map(summarise) };
  } finally {
    await Promise.all(running.map(({ process }) => process.stop({ kind: 'stop' })));
  }
}

/** Every share begins with the untouched data, so what was cached of the last one's is wrong. */
async function forget(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl);
  await redis.flushall();
  redis.disconnect();
}

async function start(
  { serverUrl, redisUrl }: Arena,
  contender: ContenderName,
  databaseName: string,
): Promise<RunningContender> {
  const databaseUrl = await copyTemplate(serverUrl, databaseName);
  const program = new URL('./http/server-process.ts', import.meta.url);
  const args: ServerArguments = { contender, databaseUrl, redisUrl };
  const process = new Child<FromServer, ToServer>({ program, name: contender, args });
  const { port } = await process.next('listening');
  return { name: contender, port, process, turns: [], databaseQueries: 0 };
}

async function warmUp(arena: Arena, contender: RunningContender, writeShare: number): Promise<void> {
  const requestsMax = arena.pace.warmUpRequests;
  await takeTurn(arena, contender, { writeShare, durationMs: warmUpMsMax, requestsMax });
}

async function takeTurn(
  { generator }: Arena,
  { name, port, process }: RunningContender,
  turn: Omit<Turn, 'contender' | 'port'>,
): Promise<TurnFigures> {
  const finished = generator.next('figures');
  generator.tell({ kind: 'turn', turn: { ...turn, contender: name, port } });
  return (await Promise.race([finished, process.died])).figures;
}

async function queriesOf({ process }: RunningContender): Promise<number> {
  const answer = process.next('figures');
  process.tell({ kind: 'report' });
  return (await answer).databaseQueries;
}

function summarise({ name, turns, databaseQueries }: RunningContender): ShareRow {
  const requests = sum(turns.map(({ gets, patches }) => gets + patches));
  const gets = sum(turns.map((turn) => turn.gets));
  return {
    name,
    requestsPerSecond: median(turns.map((turn) => ((turn.gets + turn.patches) * 1_000) / turn.elapsedMs)),
    p50Ms: median(turns.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(turns.map(({ p99Ms }) => p99Ms)),
    queriesPerThousand: (databaseQueries * 1_000) / requests,
    gets,
    stale: sum(turns.map(({ stale }) => stale)),
    generatorBusy: Math.max(...turns.map(({ generatorBusy }) => generatorBusy)),
  };
}
