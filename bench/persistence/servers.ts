/**
 * Decides how the two servers are started with a folder to save to, and what is asked of the system and of them. Knows
 * nothing of what is measured.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { freePort } from '../../scripts/lib/free-port.js';

export type Name = 'lookaside' | 'redis-server';
export const names: readonly Name[] = ['lookaside', 'redis-server'];

const program = fileURLToPath(new URL('../../dist/esm/bin.js', import.meta.url));
const TICK_MS = 10;

export interface Saving {
  readonly name: Name;
  readonly port: number;
  readonly client: Redis;
  /** What its process, and those it has waited for, have used of the processors. */
  cpuMs(): Promise<number>;
  residentBytes(): Promise<number>;
  info(field: string): Promise<string>;
  /** How long it says that loading took. */
  loadedMs(): number;
  /** Resolves when nothing is being saved. */
  saved(): Promise<void>;
  /** Ends it, and starts another one on the same folder; resolves once everything is loaded. */
  restart(): Promise<Saving>;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** `settings` are further options of both: `['--appendonly', 'yes']`. */
export async function startSaving(
  name: Name,
  given?: string,
  settings: readonly string[] = [],
): Promise<Saving> {
  const folder = given ?? (await mkdtemp(join(tmpdir(), 'lookaside-bench-')));
  const port = await freePort();
  const options = ['--port', String(port), '--save', '', '--appendonly', 'no', '--dir', folder, ...settings];
  const [command, args] =
    name === 'lookaside' ? [process.execPath, [program, 'serve', ...options]] : ['redis-server', options];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let loadedMs = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    const seconds = /DB loaded from disk: ([\d.]+) seconds/.exec(chunk.toString())?.[1];
    if (seconds !== undefined) loadedMs = Number(seconds) * 1000;
  });
  running.add(child);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const client = new Redis({ port, retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on('error', () => undefined); // until it listens
  while ((await client.ping().catch(String)) !== 'PONG') await sleep(10);
  const info = async (field: string): Promise<string> =>
    new RegExp(`^${field}:(.*)\r$`, 'm').exec(await client.info())?.[1] ?? '';
  const end = async (): Promise<void> => {
    client.disconnect();
    child.kill('SIGKILL');
    await ended;
    running.delete(child);
  };
  return {
    name,
    port,
    client,
    info,
    async cpuMs() {
      const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return [11, 12, 13, 14].reduce((total, at) => total + Number(fields[at]) * TICK_MS, 0);
    },
    async residentBytes() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) * 1024;
    },
    loadedMs: () => loadedMs,
    async saved() {
      while ((await info('rdb_bgsave_in_progress')) !== '0') await sleep(50);
    },
    async restart() {
      await end();
      // A lock that a dead process left is taken over.
      return startSaving(name, folder, settings);
    },
    async stop() {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
