/**
 * Decides how src/ becomes dist/: an ES module and a CommonJS copy, each with its own types. Knows nothing of tests.
 *
 * It builds beside dist/ and swaps at the end, so that whoever reads dist/ meanwhile sees one whole build.
 * `--if-needed` does nothing when dist/ is newer than everything it is made of.
 */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { embedParser } from './embed-parser.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const formats = [
  { folder: 'esm', type: 'module' },
  { folder: 'cjs', type: 'commonjs' },
];

embedParser();
const startedMs = Date.now();
if (!process.argv.includes('--if-needed') || !isUpToDate()) await build();

async function build() {
  const staging = join(root, `dist-${process.pid}`);
  try {
    const codes = await Promise.all(formats.map(({ folder }) => compile(folder, join(staging, folder))));
    if (codes.some((code) => code !== 0)) {
      console.error('The build failed; dist/ is as it was.');
      process.exitCode = 1;
      return;
    }
    for (const { folder, type } of formats)
      writeFileSync(
        join(staging, folder, 'package.json'),
        `${JSON.stringify({ type, sideEffects: false })}\n`,
      );
    for (const program of Object.values(manifest().bin ?? {}))
      chmodSync(join(staging, program.replace(/^(\.\/)?dist\//, '')), 0o755);
    copyFileSync(join(root, 'scripts/lib/parser-notices.txt'), join(staging, 'NOTICES.txt'));
    // Freshness is measured from the start: an edit made during the build makes it stale.
    utimesSync(staging, startedMs / 1000, startedMs / 1000);
    swap(staging);
    console.error(`dist/ built in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function compile(folder, outDir) {
  mkdirSync(outDir, { recursive: true });
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  const compiler = spawn(
    process.execPath,
    [tsc, '-p', join(root, `tsconfig.${folder}.json`), '--outDir', outDir, '--noEmitOnError'],
    { stdio: 'inherit' },
  );
  return new Promise((resolve, reject) => {
    compiler.once('error', reject);
    compiler.once('exit', (code) => resolve(code ?? 1));
  });
}

/** Two builds at once may both get here: the last one wins, and none leaves half a folder. */
function swap(staging) {
  const previous = join(root, `dist-${process.pid}-previous`);
  for (let attempt = 1; ; attempt += 1) {
    if (existsSync(dist)) renameIfThere(dist, previous);
    rmSync(previous, { recursive: true, force: true });
    try {
      renameSync(staging, dist);
      return;
    } catch (error) {
      if (attempt === 10 || (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST')) throw error;
    }
  }
}

function renameIfThere(from, to) {
  try {
    renameSync(from, to);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

function isUpToDate() {
  if (!existsSync(dist)) return false;
  const builtMs = statSync(dist).mtimeMs;
  // Folders too: a file that went away leaves its trace there.
  const sources = [
    'src',
    ...readdirSync(join(root, 'src'), { recursive: true }).map((file) => join('src', file)),
  ];
  const inputs = [...sources, 'tsconfig.base.json', 'tsconfig.esm.json', 'tsconfig.cjs.json', 'package.json'];
  return inputs.every((file) => statSync(join(root, file)).mtimeMs < builtMs);
}

function manifest() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
}
