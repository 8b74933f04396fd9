/**
 * Decides how one process of redis-server or redis-sentinel is started on free ports, harmed, started again in the
 * same place, and stopped. Knows nothing of what several of them make up.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { startWarden } from './warden.js';

export const REDIS_HOST = '127.0.0.1';

/** What it listens on. */
export interface RedisPorts {
  readonly port: number;
  /** For the bus of a cluster. */
  readonly busPort: number;
}

export interface RedisProgram {
  readonly program: 'redis-server' | 'redis-sentinel';
  /** Lines of its configuration file, which it may rewrite. */
  readonly config: (ports: RedisPorts) => readonly string[];
}

export interface RedisProcess extends RedisPorts {
  readonly host: string;
  readonly url: string;
  readonly isRunning: boolean;
  /** SIGSTOP: it neither answers nor hangs up. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** SIGKILL, awaited. Its place stays for `restart`. */
  kill(): Promise<void>;
  /** In the same place, on the same ports, with the configuration as it was left. */
  restart(): Promise<void>;
  /** SIGKILL, and its place is removed: nothing is to be saved. */
  stop(): Promise<void>;
}

const BIND_ATTEMPTS_MAX = 10;
const READY = /Ready to accept connections|Sentinel ID is/;
const PORT_TAKEN = /address already in use/i;

/** @throws with the program's own words when it does not start */
export async function startRedisProcess(options: RedisProgram): Promise<RedisProcess> {
  let lastOutput = '';
  for (let attempt = 0; attempt < BIND_ATTEMPTS_MAX; attempt++) {
    const ports = { port: await freePort(), busPort: await freePort() };
    const place = await mkdtemp(join(tmpdir(), 'lookaside-redis-'));
    const started = new PlacedRedis(options.program, place, ports);
    try {
      await started.begin(options.config(ports));
      return started;
    } catch (error) {
      await started.stop();
      lastOutput = error instanceof Error ? error.message : String(error);
      if (!PORT_TAKEN.test(lastOutput)) break;
    }
  }
  throw new Error(`${options.program} did not start: ${lastOutput}`);
}

class PlacedRedis implements RedisProcess {
  readonly host = REDIS_HOST;
  readonly port: number;
  readonly busPort: number;
  private readonly warden;
  private child: ChildProcess | null = null;
  private ended: Promise<void> = Promise.resolve();

  constructor(
    private readonly program: RedisProgram['program'],
    private readonly directory: string,
    ports: RedisPorts,
  ) {
    this.port = ports.port;
    this.busPort = ports.busPort;
    this.warden = startWarden({ directory, pidFile: join(directory, 'redis.pid') });
  }

  get url(): string {
    return `redis://${this.host}:${this.port}`;
  }

  get isRunning(): boolean {
    return this.child !== null;
  }

  async begin(lines: readonly string[]): Promise<void> {
    const place = [
      `port ${this.port}`,
      `bind ${REDIS_HOST}`,
      `dir ${this.directory}`,
      `pidfile ${join(this.directory, 'redis.pid')}`, // one is written only on request when not a daemon
    ];
    await writeFile(this.configFile, `${[...place, ...lines].join('\n')}\n`);
    await this.restart();
  }

  restart(): Promise<void> {
    if (this.child !== null) throw new Error(`${this.program} runs already`);
    const child = spawn(this.program, [this.configFile], {
      cwd: this.directory,
      detached: true, // a Ctrl-C at the terminal is for us to handle, in our order
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    this.ended = new Promise((resolve) => {
      const over = (): void => {
        if (this.child === child) this.child = null;
        resolve();
      };
      child.once('exit', over);
      child.once('error', over);
    });
    return this.untilReady(child);
  }

  private async untilReady(child: ChildProcess): Promise<void> {
    let output = '';
    const ready = new Promise<boolean>((resolve, reject) => {
      const listen = (chunk: Buffer): void => {
        output = (output + chunk.toString()).slice(-8_000); // read as long as it lives: a full pipe would stop it
        if (READY.test(output)) resolve(true);
      };
      child.stdout?.on('data', listen);
      child.stderr?.on('data', listen);
      child.once('error', reject); // there is no such program
      void this.ended.then(() => resolve(false));
    });
    if (!(await ready)) throw new Error(output.trim() || 'it said nothing');
    child.unref();
    for (const pipe of [child.stdout, child.stderr]) if (pipe instanceof Socket) pipe.unref(); // counts of its own
  }

  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    this.child?.ref();
    this.child?.kill('SIGKILL'); // also ends who was paused
    await this.ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
    this.warden.dismiss();
  }

  private get configFile(): string {
    return join(this.directory, 'redis.conf');
  }
}

/** Asks until it is so; what is asked may fail meanwhile. For what servers agree on among themselves, in their time. */
export async function eventually(
  what: string,
  isSo: () => Promise<boolean>,
  { patienceMs = 60_000, pauseMs = 25 } = {},
): Promise<void> {
  const endsAtMs = performance.now() + patienceMs;
  let last: unknown;
  while (performance.now() < endsAtMs) {
    try {
      if (await isSo()) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  throw new Error(`${what}: not within ${patienceMs} ms`, { cause: last });
}
