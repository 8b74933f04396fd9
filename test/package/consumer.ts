/**
 * Decides how the package is tried as a user has it: packed by npm, unpacked into a project of its own, with the
 * dependencies that package.json declares and no others of ours beside it.
 */
import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../tidy/sources.js';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. Its code is told, not thrown. */
export function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Ran> {
  const env = { ...withoutOurVariables(), ...options.env };
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      { cwd: options.cwd, env, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== 'number')
          reject(new Error(`${program} did not run to its end`, { cause: error }));
        else resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      },
    );
  });
}

/** The test run's own settings are not the consumer's. */
function withoutOurVariables(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(LOOKASIDE_|VITEST|NODE_ENV|npm_)/.test(entry[0]),
  );
  return Object.fromEntries(entries);
}

/** Runs and parses what the program printed as JSON; a failure shows what it said. */
export async function runForJson(
  program: string,
  args: readonly string[],
  cwd: string,
  env = {},
): Promise<unknown> {
  const { code, stdout, stderr } = await run(program, args, { cwd, env });
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`);
  return JSON.parse(stdout);
}

export interface Consumer {
  readonly folder: string;
  readonly tarball: string;
  readonly packageFolder: string;
  /** What npm says it packed. */
  readonly packed: { readonly size: number; readonly files: readonly { readonly path: string }[] };
  remove(): void;
}

interface PackReport {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/** Builds, packs and installs into a new project that has the test's fixtures. */
export async function packAndInstall(): Promise<Consumer> {
  const folder = mkdtempSync(join(tmpdir(), 'lookaside-consumer-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    // What `prepack` does, but for a build that is fresh already: other tests of this run may be using it.
    const built = await run(process.execPath, ['scripts/build.mjs', '--if-needed'], { cwd: root });
    if (built.code !== 0) throw new Error(`The build failed:\n${built.stdout}${built.stderr}`);
    const packing = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
    const [packed] = (await runForJson('npm', packing, root)) as PackReport[];
    if (packed === undefined) throw new Error('npm pack told of no package');
    const tarball = join(folder, packed.filename);
    const packageFolder = await unpack(tarball, folder);
    cpSync(join(root, 'test/package/fixtures'), folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "private": true }\n');
    return { folder, tarball, packageFolder, packed, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

async function unpack(tarball: string, folder: string): Promise<string> {
  const unpacked = await run('tar', ['-xzf', tarball, '-C', folder], { cwd: folder });
  if (unpacked.code !== 0) throw new Error(unpacked.stderr);
  const modules = join(folder, 'node_modules');
  const packageFolder = join(modules, 'lookaside');
  mkdirSync(modules);
  renameSync(join(folder, 'package'), packageFolder);
  linkDependencies(packageFolder, modules);
  return packageFolder;
}

/** What the packed package.json names, and the types a TypeScript user of it installs. */
function linkDependencies(packageFolder: string, modules: string): void {
  const manifest = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const users = ['pg', 'mysql2', 'fastify', 'express', '@types/pg', '@types/express', '@types/node'];
  for (const name of [...Object.keys(manifest.dependencies), ...users]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name), 'dir');
  }
}

/** A folder with nothing in it and nothing above it: what runs here brings everything along. */
export function emptyFolder(): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'lookaside-alone-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
