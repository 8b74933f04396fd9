/**
 * Decides how a test gets a Postgres of its own that can be stopped, started again, copied into a standby and promoted.
 * Knows nothing of what is in it.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from '../../scripts/lib/free-port.js';
import {
  giveAway,
  type PostgresBinaries,
  preparePostgresBinaries,
} from '../../scripts/lib/postgres-binaries.js';
import { startWarden } from '../../scripts/lib/warden.js';

export interface ServerPlace {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

const run = promisify(execFile);

/** Where Debian puts the programs of an older version. */
export const DEBIAN_15 = '/usr/lib/postgresql/15/bin';
export const hasDebian15 = (): boolean => existsSync(join(DEBIAN_15, 'postgres'));

export class PostgresServer {
  private child: ChildProcess | null = null;
  private readonly dismiss: () => void;

  private constructor(
    private readonly binaries: PostgresBinaries,
    private readonly directory: string,
    readonly place: ServerPlace,
    private readonly settings: Readonly<Record<string, string>>,
  ) {
    this.dismiss = startWarden({ directory, pidFile: join(this.data, 'postmaster.pid') }).dismiss;
  }

  /** An empty one, running. @param programs a folder of programs; absent: those that npm brought */
  static async start(
    settings: Readonly<Record<string, string>> = {},
    programs?: string,
  ): Promise<PostgresServer> {
    const server = await PostgresServer.prepare(settings, programs);
    const args = [
      '-D',
      server.data,
      '-U',
      'postgres',
      '--auth=trust',
      '--no-sync',
      '--locale=C.UTF-8',
      '-E',
      'UTF8',
    ];
    await run(server.binaries.initdb, args, { cwd: server.directory, ...server.binaries.runAs });
    await server.startAgain();
    return server;
  }

  private static async prepare(
    settings: Readonly<Record<string, string>>,
    programs: string | undefined,
  ): Promise<PostgresServer> {
    const directory = await mkdtemp(join(tmpdir(), 'lookaside-server-'));
    const own = await preparePostgresBinaries(directory);
    const binaries =
      programs === undefined
        ? own
        : { initdb: join(programs, 'initdb'), postgres: join(programs, 'postgres'), runAs: own.runAs };
    if (binaries.runAs !== null) await giveAway(directory, binaries.runAs);
    const place = { host: '127.0.0.1', port: await freePort(), user: 'postgres', database: 'postgres' };
    return new PostgresServer(binaries, directory, place, settings);
  }

  /** Resolves when it takes connections. */
  async startAgain(): Promise<void> {
    const settings = {
      fsync: 'off',
      shared_buffers: '16MB',
      max_connections: '40',
      max_prepared_transactions: '10',
      listen_addresses: this.place.host,
      unix_socket_directories: '',
      port: String(this.place.port),
      ...this.settings,
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn(this.binaries.postgres, ['-D', this.data, ...args], {
      cwd: this.directory,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...this.binaries.runAs,
    });
    this.child = child;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error(`Postgres did not start: ${said}`)));
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
        said = (said + chunk).slice(-8_000);
        if (/ready to accept (read-only )?connections/.test(said)) resolve();
      });
    });
  }

  /** Fast, as for a restart; or at once, as when the machine is gone. */
  async end(how: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child?.exitCode !== null) return; // there is none, or it has ended
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await ended;
  }

  /** SIGKILL of one server process: the others are ended, and the server recovers as after a crash. */
  killBackend(pid: number): void {
    process.kill(pid, 'SIGKILL');
  }

  /** Streams from this one, running. */
  async standby(settings: Readonly<Record<string, string>> = {}): Promise<PostgresServer> {
    const other = await PostgresServer.prepare({ ...this.settings, ...settings }, undefined);
    const standby = new PostgresServer(this.binaries, other.directory, other.place, other.settings);
    const client = new pg.Client(this.place);
    await client.connect();
    await client.query(`select pg_backup_start('standby', true)`);
    await cp(this.data, standby.data, {
      recursive: true,
      filter: (path) => !path.endsWith('postmaster.pid'),
    });
    const { rows } = await client.query<{ labelfile: string }>('select labelfile from pg_backup_stop(false)');
    await client.end();
    await writeFile(join(standby.data, 'backup_label'), rows[0]?.labelfile ?? '');
    await writeFile(join(standby.data, 'standby.signal'), '');
    await writeFile(
      join(standby.data, 'postgresql.auto.conf'),
      `primary_conninfo = 'host=${this.place.host} port=${this.place.port} user=postgres'\n`,
    );
    if (this.binaries.runAs !== null) await giveAway(standby.data, this.binaries.runAs);
    await standby.startAgain();
    return standby;
  }

  async query<Row extends pg.QueryResultRow>(text: string): Promise<readonly Row[]> {
    const client = new pg.Client(this.place);
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Row>(text)).rows;
    } finally {
      await client.end();
    }
  }

  /** Ended, and its files removed. */
  async stop(): Promise<void> {
    await this.end('immediate');
    await rm(this.directory, { recursive: true, force: true });
    this.dismiss();
  }

  private get data(): string {
    return join(this.directory, 'data');
  }
}
