/**
 * Decides how a private server of the MySQL family is started on a free loopback port, killed, started again in the
 * same place and stopped. Knows neither where its programs come from nor how its data directory is filled.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { giveAway, nobody, type UnprivilegedUser } from './postgres-binaries.js';
import { startWarden, type Warden } from './warden.js';

/** Server settings (`--name=value`), over the defaults. */
export type MysqlSettings = Readonly<Record<string, string>>;

export interface StartMysqlOptions {
  readonly settings?: MysqlSettings;
}

/** Where one server lives. All of it is removed with the server. */
export interface MysqlPlace {
  readonly directory: string;
  readonly dataDirectory: string;
  /** Neither server of the family runs as root; null when we are not root and it runs as ourselves. */
  readonly runAs: UnprivilegedUser | null;
}

/** One kind of server: how it is told apart in messages, filled and run. */
export interface MysqlKind {
  readonly name: string;
  /** Finds the program; brings it to where `place.runAs` can read it. */
  prepare(place: MysqlPlace): Promise<MysqlProgram>;
}

export interface MysqlProgram {
  readonly program: string;
  /** Arguments on which both the filling of the data directory and each start must agree. */
  readonly args: readonly string[];
  /** Fills the empty data directory, with `root` from 127.0.0.1 without a password. */
  initialise(): Promise<void>;
}

/** A running server. It accepts `root` on loopback, over TCP and its socket, without a password. */
export interface RunningMysql {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly socket: string;
  /** The one folder that LOAD DATA INFILE and SELECT INTO OUTFILE may use. */
  readonly filesDirectory: string;
  /** Of the server, a child of this process; another one after `restart`. */
  readonly pid: number;
  /** Ends it cleanly, or as a crash does, and starts it again in the same place, perhaps with other settings. */
  restart(how: 'clean' | 'crash', settings?: MysqlSettings): Promise<void>;
  /** Kills the server and removes its files. A second call waits for the first. */
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const superuser = 'root';
const bindAttemptsMax = 10;

/** Fit for throw-away data: nothing here survives a power cut, and everything survives a killed server process. */
const defaultSettings: MysqlSettings = {
  innodb_flush_log_at_trx_commit: '2',
  innodb_flush_method: 'nosync',
  innodb_doublewrite: '0',
  innodb_use_native_aio: '0',
  innodb_buffer_pool_size: '64M',
  sync_binlog: '0',
  max_connections: '300',
  character_set_server: 'utf8mb4',
  performance_schema: 'ON',
  server_id: '1',
  log_bin: 'binlog',
  binlog_format: 'ROW',
  binlog_row_image: 'FULL',
  skip_name_resolve: 'ON',
};

/** @throws if its programs are not here, or with the server's own words if it does not start */
export async function startMysqlOfKind(
  kind: MysqlKind,
  options: StartMysqlOptions = {},
): Promise<RunningMysql> {
  const directory = await mkdtemp(join(tmpdir(), 'lookaside-mysql-'));
  const runAs = process.getuid?.() === 0 ? nobody : null;
  const place: MysqlPlace = { directory, dataDirectory: join(directory, 'data'), runAs };
  const warden = startWarden({ directory, pidFile: pidFileIn(directory), nothingToSave: true });
  const server = new PlacedMysql(kind.name, place, warden, { ...defaultSettings, ...options.settings });
  try {
    await mkdir(server.filesDirectory);
    if (runAs !== null) await giveAway(directory, runAs);
    const program = await kind.prepare(place);
    await program.initialise();
    await server.begin(program);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

const pidFileIn = (directory: string): string => join(directory, 'server.pid');

class PlacedMysql implements RunningMysql {
  readonly host = host;
  readonly user = superuser;
  readonly socket: string;
  readonly filesDirectory: string;
  port = 0;
  private program: MysqlProgram | null = null;
  private child: ChildProcess | null = null;
  private stopping: Promise<void> | undefined;

  constructor(
    private readonly name: string,
    private readonly place: MysqlPlace,
    private readonly warden: Warden,
    private settings: MysqlSettings,
  ) {
    this.socket = join(place.directory, 'server.sock');
    this.filesDirectory = join(place.directory, 'files');
  }

  get url(): string {
    return `mysql://${superuser}@${host}:${this.port}`;
  }

  get pid(): number {
    const pid = this.child?.pid;
    if (pid === undefined) throw new Error(`${this.name} does not run.`);
    return pid;
  }

  async begin(program: MysqlProgram): Promise<void> {
    this.program = program;
    let lastOutput = '';
    for (let attempt = 0; attempt < bindAttemptsMax; attempt++) {
      this.port = await freePort();
      const started = await this.spawn(program);
      if (started.kind === 'ready') return;
      lastOutput = started.output;
      // Between our look and the server's bind, another launch can take the port: only that is worth another try.
      if (!/address already in use/i.test(lastOutput)) break;
    }
    throw new Error(`${this.name} did not start: ${lastOutput}`);
  }

  async restart(how: 'clean' | 'crash', settings: MysqlSettings = {}): Promise<void> {
    if (this.program === null) throw new Error(`${this.name} was never started.`);
    this.settings = { ...this.settings, ...settings };
    await this.end(how === 'clean' ? 'SIGTERM' : 'SIGKILL');
    const started = await this.spawn(this.program);
    if (started.kind === 'ended') throw new Error(`${this.name} did not start again: ${started.output}`);
  }

  stop(): Promise<void> {
    this.stopping ??= this.remove();
    return this.stopping;
  }

  private async remove(): Promise<void> {
    await this.end('SIGKILL'); // nothing is to be saved
    await rm(this.place.directory, { recursive: true, force: true });
    this.warden.dismiss();
  }

  private end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { child } = this;
    this.child = null;
    return new Promise((resolve) => {
      if (child?.exitCode !== null || child.signalCode !== null) {
        resolve(); // there is none, or it has ended
        return;
      }
      child.ref();
      child.once('exit', () => resolve());
      child.kill(signal);
    });
  }

  private spawn({ program, args }: MysqlProgram): Promise<Started> {
    const all = [...this.ownArgs(), ...args, ...argumentsOf(this.settings)];
    return new Promise((resolve, reject) => {
      // In a session of its own: a Ctrl-C at the terminal is for us to handle, in our order.
      const child = spawn(program, ['--no-defaults', ...all], {
        cwd: this.place.directory,
        detached: true,
        stdio: ['ignore', 'ignore', 'pipe'],
        ...this.place.runAs,
      });
      this.child = child;
      let output = '';
      let ready = false;
      child.once('error', reject);
      child.once('exit', () => resolve({ kind: 'ended', output: output.trim() }));
      child.stderr.setEncoding('utf8');
      // Read for as long as the server lives: a full pipe would stop it.
      child.stderr.on('data', (chunk: string) => {
        output = (output + chunk).slice(-8_000);
        if (ready || !output.includes('ready for connections')) return;
        ready = true;
        child.unref();
        if (child.stderr instanceof Socket) child.stderr.unref(); // a pipe counts of its own
        resolve({ kind: 'ready' });
      });
    });
  }

  private ownArgs(): readonly string[] {
    return argumentsOf({
      datadir: this.place.dataDirectory,
      tmpdir: this.place.directory,
      secure_file_priv: this.filesDirectory,
      socket: this.socket,
      pid_file: pidFileIn(this.place.directory),
      bind_address: host,
      port: String(this.port),
    });
  }
}

type Started = { readonly kind: 'ready' } | { readonly kind: 'ended'; readonly output: string };

export const argumentsOf = (settings: MysqlSettings): readonly string[] =>
  Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
