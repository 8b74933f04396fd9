/**
 * Decides how the two servers are started, each in a process of its own, and what is asked of the system about them.
 * Knows nothing of what is measured.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../../scripts/lib/free-port.js';

export const contestantNames = ['lookaside', 'redis-server'] as const;
export type ContestantName = (typeof contestantNames)[number];

export interface RunningServer {
  readonly name: ContestantName;
  readonly port: number;
  residentBytes(): Promise<number>;
  stop(): Promise<void>;
}

const START_ATTEMPTS_MAX = 200;
const ATTEMPT_EVERY_MS = 50;
const program = fileURLToPath(new URL('../../dist/esm/bin.js', import.meta.url));

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export async function startServer(name: ContestantName): Promise<RunningServer> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'lookaside-bench-'));
  const child =
    name === 'lookaside'
      ? spawn(process.execPath, [program, 'serve', '--port', String(port), '--save', ''], {
          cwd: folder,
          stdio: 'ignore',
        })
      : spawn('redis-server', ['--port', String(port), '--save', '', '--appendonly', 'no', '--dir', folder], {
          stdio: 'ignore',
        });
  running.add(child);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  await answering(port, child);
  return {
    name,
    port,
    async residentBytes() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) * 1024;
    },
    async stop() {
      child.kill('SIGKILL');
      await ended;
      running.delete(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Both, while `use` runs. */
export async function withBoth<T>(use: (servers: readonly RunningServer[]) => Promise<T>): Promise<T> {
  const servers = await Promise.all(contestantNames.map(startServer));
  try {
    return await use(servers);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

export async function redisServerVersion(): Promise<string> {
  const { stdout } = await promisify(execFile)('redis-server', ['--version']);
  return /v=(\S+)/.exec(stdout)?.[1] ?? 'unknown';
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < START_ATTEMPTS_MAX; attempt++) {
    if (child.exitCode !== null) break;
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (isOpen) return;
    await sleep(ATTEMPT_EVERY_MS);
  }
  throw new Error(`${child.spawnfile} did not begin to listen on port ${port}`);
}
