/** Decides how one Redis server for one test is started and stopped, wherever redis-server comes from. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../../scripts/lib/free-port.js';
import { startWarden } from '../../scripts/lib/warden.js';
import type { RedisSource } from './sources.js';

export interface RedisServerOptions {
  /** More arguments for redis-server, as on its command line: `['--maxmemory', '10mb']`. */
  readonly args?: readonly string[];
}

export interface RedisServer {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  stop(): Promise<void>;
}

const bindAttemptsMax = 10;
const withoutPersistence = ['--save', '', '--appendonly', 'no'];

export async function startRedis(
  source: RedisSource,
  options: RedisServerOptions = {},
): Promise<RedisServer> {
  const args = [...withoutPersistence, ...(options.args ?? [])];
  switch (source.from) {
    case 'nowhere':
      throw new Error(`No redis-server: ${source.reason}.`);
    case 'url':
      return borrow(source.url, options);
    case 'docker':
      return startContainer(args);
    case 'path':
      return startProgram(source.program, args);
  }
}

let borrowed = false;

/** The one server of TEST_REDIS_URL, emptied: for one holder at a time, since holders expect to be alone. */
async function borrow(url: string, options: RedisServerOptions): Promise<RedisServer> {
  if (options.args?.length)
    throw new Error('The server of TEST_REDIS_URL runs already: it takes no arguments.');
  if (borrowed) throw new Error('This test needs two Redis servers: run it without TEST_REDIS_URL.');
  borrowed = true;
  const client = new Redis(url);
  await client.flushall();
  client.disconnect();
  const { hostname, port } = new URL(url);
  const stop = async (): Promise<void> => {
    borrowed = false;
  };
  return { url, host: hostname, port: Number(port || 6379), stop };
}

async function startContainer(args: readonly string[]): Promise<RedisServer> {
  const { GenericContainer } = await import('testcontainers');
  const container = await new GenericContainer('redis:7.0.15')
    .withExposedPorts(6379)
    .withCommand(['redis-server', ...args])
    .start();
  const host = container.getHost();
  const port = container.getMappedPort(6379);
  return { url: `redis://${host}:${port}`, host, port, stop: async () => void (await container.stop()) };
}

async function startProgram(program: string, args: readonly string[]): Promise<RedisServer> {
  let lastOutput = '';
  for (let attempt = 0; attempt < bindAttemptsMax; attempt++) {
    const started = await tryPort(program, args, await freePort());
    if (started.kind === 'ready') return started.server;
    lastOutput = started.output;
    if (!/address already in use/i.test(lastOutput)) break;
  }
  throw new Error(`redis-server did not start: ${lastOutput}`);
}

type Started =
  | { readonly kind: 'ready'; readonly server: RedisServer }
  | { readonly kind: 'ended'; readonly output: string };

async function tryPort(program: string, args: readonly string[], port: number): Promise<Started> {
  const directory = await mkdtemp(join(tmpdir(), 'lookaside-redis-'));
  const pidFile = join(directory, 'redis.pid');
  const warden = startWarden({ directory, pidFile });
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--pidfile', pidFile];
  // A pid file is written only on request when not a daemon: naming it is the request.
  const child = spawn(program, [...place, ...args], {
    cwd: directory,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const cleanUp = async (): Promise<void> => {
    await rm(directory, { recursive: true, force: true });
    warden.dismiss();
  };
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL'); // nothing is to be saved
    await ended;
    await cleanUp();
  };
  let output = '';
  const ready = new Promise<boolean>((resolve) => {
    const listen = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-8_000);
      if (output.includes('Ready to accept connections')) resolve(true);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    void ended.then(() => resolve(false));
  });
  if (await ready)
    return { kind: 'ready', server: { url: `redis://127.0.0.1:${port}`, host: '127.0.0.1', port, stop } };
  await cleanUp();
  return { kind: 'ended', output: output.trim() };
}
