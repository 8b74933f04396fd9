/** Holds what a user gets from npm: what is in the package, and that it works however it is loaded. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { Client } from 'pg';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWithPostgres, postgres, type TestDatabase } from '../support/servers.js';
import { root } from '../tidy/sources.js';
import { type Consumer, emptyFolder, packAndInstall, run, runForJson } from './consumer.js';

/** Postgres' own parser alone is 0.3 MB, and is in both copies, as is what understands MySQL. */
const packedBytesMax = 1_700_000;

const minute = 60_000;

let consumer: Consumer;
beforeAll(async () => {
  consumer = await packAndInstall();
  return () => consumer.remove();
}, 3 * minute);

interface PackedManifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly bin: Readonly<Record<string, string>>;
}

const manifest = (): PackedManifest =>
  JSON.parse(readFileSync(join(consumer.packageFolder, 'package.json'), 'utf8')) as PackedManifest;

/** `lookaside`, `lookaside/pg` …: each entry that has code. */
const entries = (): string[] =>
  Object.keys(manifest().exports)
    .filter((name) => name !== './package.json')
    .map((name) => name.replace(/^\./, 'lookaside'));

const programOf = (packageName: string, path: string): string =>
  join(dirname(createRequire(import.meta.url).resolve(`${packageName}/package.json`)), path);

describe('the packed package', () => {
  test('holds the build and the texts about it, and nothing else', () => {
    const outside = consumer.packed.files.map(({ path }) => path).filter((path) => !path.startsWith('dist/'));
    expect(outside.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
    const inside = consumer.packed.files.map(({ path }) => path).filter((path) => path.startsWith('dist/'));
    expect(inside.filter((path) => !/^dist\/(esm|cjs)\/.+\.(js|d\.ts|json)$/.test(path))).toEqual([
      'dist/NOTICES.txt',
    ]);
  });

  test('is small', () => {
    expect(consumer.packed.size).toBeLessThan(packedBytesMax);
  });

  test('has nothing that publint would say of it', async () => {
    const { messages, pkg } = await publint({ pkgDir: consumer.packageFolder, strict: true, pack: false });
    expect(messages.map((message) => formatMessage(message, pkg ?? {}))).toEqual([]);
  });

  test('gives each kind of import its own types, says attw', { timeout: 2 * minute }, async () => {
    const attw = programOf('@arethetypeswrong/cli', 'dist/index.js');
    const { code, stdout, stderr } = await run(
      process.execPath,
      [attw, consumer.tarball, '--no-definitely-typed', '--no-emoji', '--no-color', '--format', 'ascii'],
      { cwd: consumer.folder },
    );
    expect(`${stdout}${stderr}`).toContain('No problems found');
    expect(code).toBe(0);
  });

  test('offers the same names to import and to require', async () => {
    const names = async (program: string): Promise<Record<string, string[]>> =>
      (await runForJson(process.execPath, [program, ...entries()], consumer.folder)) as Record<
        string,
        string[]
      >;
    const required = await names('names.cjs');
    const imported = await names('names.mjs');
    expect(imported).toEqual(required);
    expect(required['lookaside']).toEqual(
      expect.arrayContaining(['createCache', 'uncached', 'LookasideError']),
    );
  });

  test('is one cache for one namespace when it is loaded twice, as an ES module and as CommonJS', async () => {
    expect(await runForJson(process.execPath, ['both-copies.mjs'], consumer.folder)).toEqual({
      twoCopies: true,
      sameCache: true,
      otherIsAnother: true,
      code: 'LOOKASIDE_CONFIG_CONFLICT',
      loadsShared: 1,
      loadsAfterUncached: 2,
      wrappedOnce: true,
    });
  });

  test('brings its program', async () => {
    const program = join(consumer.packageFolder, manifest().bin['lookaside'] ?? '');
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(await run(program, ['--version'], { cwd: consumer.folder })).toMatchObject({
      code: 0,
      stdout: `${version}\n`,
    });
    const wrong = await run(program, ['sevre'], { cwd: consumer.folder });
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr).toContain('serve');
  });
});

describe('the types of the packed package', () => {
  const strictest = {
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    target: 'es2023',
    lib: ['es2023'],
    types: ['node'],
    esModuleInterop: true,
  };

  test.each([
    ['an ES module under nodenext', 'consumer.mts', { module: 'nodenext' }],
    ['CommonJS under nodenext', 'consumer.cts', { module: 'nodenext' }],
    ['a bundler', 'consumer.ts', { module: 'esnext', moduleResolution: 'bundler' }],
    ['CommonJS through a bundler', 'consumer-cjs.ts', { module: 'commonjs', moduleResolution: 'bundler' }],
  ])('serve %s', { timeout: minute }, async (_name, file, options) => {
    const folder = join(consumer.folder, 'types');
    const config = `${file}.json`;
    if (file !== 'consumer.ts') cpSync(join(folder, 'consumer.ts'), join(folder, file));
    const settings = { compilerOptions: { ...strictest, ...options }, files: [file] };
    writeFileSync(join(folder, config), JSON.stringify(settings));
    const tsc = programOf('typescript', 'bin/tsc');
    const { code, stdout } = await run(process.execPath, [tsc, '-p', config], { cwd: folder });
    expect(stdout).toBe('');
    expect(code).toBe(0);
  });
});

describeWithPostgres('the packed package, in front of a database', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await postgres().createDatabase();
    const client = new Client(database.config);
    await client.connect();
    await client.query('create table products (id int primary key, price int)');
    await client.query('insert into products values (7, 1)');
    await client.end();
  });
  afterAll(() => database.drop());

  /** Read three times (a miss, two hits), written, read again. */
  const served = { prices: [1, 1, 1, 9], hits: 2, explained: 'object' };

  test.each(['query.mjs', 'query.cjs'])('%s reads through the cache and sees its write', async (file) => {
    const env = { DATABASE_URL: database.url };
    expect(await runForJson(process.execPath, [file], consumer.folder, env)).toEqual(served);
  });

  test.each([
    ['cjs', 'query.cjs', 'bundle.cjs', ''],
    // pg is CommonJS: in an ES module it needs a require(), as esbuild's own documentation says.
    [
      'esm',
      'query.mjs',
      'bundle.mjs',
      "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    ],
  ] as const)(
    'bundled by esbuild to one %s file, it needs nothing beside it',
    async (format, source, target, banner) => {
      const alone = emptyFolder();
      try {
        await build({
          absWorkingDir: consumer.folder,
          entryPoints: [source],
          outfile: join(alone.folder, target),
          bundle: true,
          platform: 'node',
          target: 'node20',
          format,
          banner: { js: banner },
          external: ['pg-native'],
          logLevel: 'error',
        });
        const env = { DATABASE_URL: database.url };
        expect(await runForJson(process.execPath, [target], alone.folder, env)).toEqual(served);
      } finally {
        alone.remove();
      }
    },
  );

  test.each([
    ['CommonJS', 'jest-cjs', 'jest.config.js', []],
    ['ES modules', 'jest-esm', 'jest.config.mjs', ['--experimental-vm-modules']],
  ] as const)(
    'works under Jest in a project of %s',
    { timeout: 2 * minute },
    async (_name, project, config, flags) => {
      const jest = programOf('jest', 'bin/jest.js');
      const folder = join(consumer.folder, project);
      const { code, stderr } = await run(
        process.execPath,
        [...flags, jest, '--ci', '--no-cache', '--config', config],
        { cwd: folder, env: { DATABASE_URL: database.url } },
      );
      expect(stderr).toContain('1 passed');
      expect(code).toBe(0);
    },
  );
});
