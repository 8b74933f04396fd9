/**
 * Decides how a private Postgres 18 is started from the binaries npm installed, for tests, benchmarks and the
 * demo. Knows nothing of who uses it, of schemas, or of Docker.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.js';
import {
  giveAway,
  type PostgresBinaries,
  preparePostgresBinaries,
  type UnprivilegedUser,
} from './postgres-binaries.js';
import { startWarden, type Warden } from './warden.js';

export interface StartPostgresOptions {
  /** Server settings (`-c name=value`), over the defaults below. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A running server. It accepts everyone on loopback as `postgres`, without a password. */
export interface RunningPostgres {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Of the postmaster, a child of this process. */
  readonly pid: number;
  /** Disconnects everybody, waits for the server to end and removes its files. A second call waits for the first. */
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const superuser = 'postgres';
const maintenanceDatabase = 'postgres';

/** Fit for throw-away data: nothing here survives a power cut, and everything survives a killed backend. */
const defaultSettings: Readonly<Record<string, string>> = {
  fsync: 'off',
  full_page_writes: 'off',
  wal_level: 'logical',
  max_connections: '300',
  max_prepared_transactions: '20',
  shared_buffers: '64MB',
  max_wal_size: '512MB',
};

const bindAttemptsMax = 10;
/** How long a fast shutdown may take before the server is told to drop everything. */
const stopPatienceMs = 10_000;

const run = promisify(execFile);

/**
 * Starts a server on a free loopback port with an empty data directory of its own, in about 0.7 s. Any number may
 * run at once. It neither keeps this process alive nor outlives it, even if this process is killed.
 *
 * @throws if there are no binaries for this platform, or with the server's own words if it does not start.
 */
export async function startPostgres(options: StartPostgresOptions = {}): Promise<RunningPostgres> {
  const directory = await mkdtemp(join(tmpdir(), 'lookaside-postgres-'));
  const dataDirectory = join(directory, 'data');
  const warden = startWarden({ directory, pidFile: join(dataDirectory, 'postmaster.pid') });
  try {
    const binaries = await preparePostgresBinaries(directory);
    if (binaries.runAs !== null) await giveAway(directory, binaries.runAs);
    await initialise(binaries, directory, dataDirectory);
    const settings = { ...defaultSettings, ...options.settings };
    const { child, port } = await startOnFreePort(binaries, directory, dataDirectory, settings);
    return describeServer(child, port, directory, warden);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    warden.dismiss();
    throw error;
  }
}

function describeServer(
  child: ChildProcess,
  port: number,
  directory: string,
  warden: Warden,
): RunningPostgres {
  const pid = child.pid;
  if (pid === undefined) throw new Error('A server that said it is ready has no process id.');
  let stopping: Promise<void> | undefined;
  return {
    url: `postgres://${superuser}@${host}:${port}/${maintenanceDatabase}`,
    host,
    port,
    user: superuser,
    database: maintenanceDatabase,
    pid,
    stop: () => {
      stopping ??= stopServer(child, directory, warden);
      return stopping;
    },
  };
}

async function stopServer(child: ChildProcess, directory: string, warden: Warden): Promise<void> {
  child.ref();
  await endServer(child);
  await rm(directory, { recursive: true, force: true });
  warden.dismiss();
}

function endServer(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (hasEnded(child)) {
      resolve();
      return;
    }
    const impatience = setTimeout(() => child.kill('SIGQUIT'), stopPatienceMs);
    child.once('exit', () => {
      clearTimeout(impatience);
      resolve();
    });
    child.kill('SIGINT'); // a "fast" shutdown: sessions are ended, the data stays consistent
  });
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

async function initialise(
  binaries: PostgresBinaries,
  directory: string,
  dataDirectory: string,
): Promise<void> {
  const args = [
    '-D',
    dataDirectory,
    '-U',
    superuser,
    '--auth=trust',
    '--no-sync',
    '--locale=C.UTF-8',
    '-E',
    'UTF8',
  ];
  try {
    await run(binaries.initdb, args, { cwd: directory, ...identity(binaries.runAs) });
  } catch (error) {
    throw new Error(`initdb failed in ${directory}: ${outputOf(error)}`, { cause: error });
  }
}

async function startOnFreePort(
  binaries: PostgresBinaries,
  directory: string,
  dataDirectory: string,
  settings: Readonly<Record<string, string>>,
): Promise<{ child: ChildProcess; port: number }> {
  let lastOutput = '';
  for (let attempt = 0; attempt < bindAttemptsMax; attempt++) {
    const port = await freePort();
    const all = { ...settings, port: String(port), listen_addresses: host, unix_socket_directories: '' };
    const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const started = await startServer(binaries, directory, ['-D', dataDirectory, ...args]);
    if (started.kind === 'ready') return { child: started.child, port };
    lastOutput = started.output;
    // Between our look and the server's bind, another launch can take the port: only that is worth another try.
    if (!/address already in use|could not bind/i.test(lastOutput)) break;
  }
  throw new Error(`Postgres did not start: ${lastOutput}`);
}

type Started =
  | { readonly kind: 'ready'; readonly child: ChildProcess }
  | { readonly kind: 'ended'; readonly output: string };

function startServer(
  binaries: PostgresBinaries,
  directory: string,
  args: readonly string[],
): Promise<Started> {
  return new Promise((resolve, reject) => {
    // In a session of its own: a Ctrl-C at the terminal is for us to handle, in our order.
    const child = spawn(binaries.postgres, args, {
      cwd: directory,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...identity(binaries.runAs),
    });
    let output = '';
    child.once('error', reject);
    child.once('exit', () => resolve({ kind: 'ended', output: output.trim() }));
    child.stderr.setEncoding('utf8');
    // Read for as long as the server lives: a full pipe would stop it.
    child.stderr.on('data', (chunk: string) => {
      output = (output + chunk).slice(-8_000);
      if (!output.includes('ready to accept connections')) return;
      child.unref();
      if (child.stderr instanceof Socket) child.stderr.unref(); // a pipe counts of its own
      resolve({ kind: 'ready', child });
    });
  });
}

const identity = (user: UnprivilegedUser | null): { uid?: number; gid?: number } =>
  user === null ? {} : { ...user };

function outputOf(error: unknown): string {
  if (error instanceof Error && 'stderr' in error && typeof error.stderr === 'string' && error.stderr !== '')
    return error.stderr.trim();
  return String(error);
}
