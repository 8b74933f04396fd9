/**
 * Decides how a private MariaDB is started from the programs on the PATH, for tests, benchmarks and the demo. Knows
 * nothing of who uses it, of schemas, or of Docker.
 */
import { execFile } from 'node:child_process';
import { delimiter } from 'node:path';
import { promisify } from 'node:util';
import { findOnPath } from './find-on-path.js';
import {
  argumentsOf,
  type MysqlPlace,
  type MysqlProgram,
  type RunningMysql,
  type StartMysqlOptions,
  startMysqlOfKind,
} from './mysql-process.js';

export interface MariadbPrograms {
  readonly mariadbd: string;
  readonly installDb: string;
}

const run = promisify(execFile);

/** On the PATH, or null. */
export function findMariadb(environment: NodeJS.ProcessEnv = process.env): MariadbPrograms | null {
  const mariadbd = findOnPath('mariadbd', withSystemFolders(environment));
  const installDb = findOnPath('mariadb-install-db', environment);
  return mariadbd === null || installDb === null ? null : { mariadbd, installDb };
}

/** Debian puts the server where only root's PATH looks. */
function withSystemFolders(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const path = environment['PATH'] ?? '';
  return path === '' ? {} : { PATH: [path, '/usr/sbin', '/usr/local/sbin'].join(delimiter) };
}

/** Small, for both the filling and the running: by default the log alone is 96 MB. */
const sizes = { innodb_log_file_size: '16M', innodb_temp_data_file_path: 'ibtmp1:4M:autoextend' };

/**
 * Starts a server on a free loopback port with an empty data directory of its own, in about 1.5 s. Any number may
 * run at once. It neither keeps this process alive nor outlives it, even if this process is killed.
 *
 * @throws if MariaDB is not installed, or with the server's own words if it does not start.
 */
export function startMariadb(options: StartMysqlOptions = {}): Promise<RunningMysql> {
  return startMysqlOfKind({ name: 'MariaDB', prepare }, options);
}

async function prepare(place: MysqlPlace): Promise<MysqlProgram> {
  const programs = findMariadb();
  if (programs === null) throw new Error('No MariaDB: mariadbd and mariadb-install-db are not on the PATH.');
  return {
    program: programs.mariadbd,
    args: argumentsOf(sizes),
    initialise: () => initialise(programs, place),
  };
}

async function initialise(programs: MariadbPrograms, place: MysqlPlace): Promise<void> {
  const filling = {
    datadir: place.dataDirectory,
    // A server that starts removes what it takes for its own from there.
    tmpdir: place.directory,
    ...sizes,
    innodb_flush_method: 'nosync',
  };
  const args = [
    '--no-defaults',
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    '--skip-name-resolve',
    ...argumentsOf(filling),
  ];
  try {
    await run(programs.installDb, args, { cwd: place.directory, ...place.runAs });
  } catch (error) {
    throw new Error(`mariadb-install-db failed in ${place.directory}: ${wordsOf(error)}`, { cause: error });
  }
}

/** It reports on both. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error && 'stdout' in error && 'stderr' in error)) return String(error);
  return `${String(error.stdout)}${String(error.stderr)}`.trim().slice(-4_000);
}
