/**
 * Decides how the tests are run on the versions of Node that this package promises besides the oldest one. The
 * binaries are those of the npm package `node` (its packages per platform), kept under node_modules/.cache.
 *
 * `npm run test:nodes` runs everything; `npm run test:nodes -- test/config --nodes=22,26` some of it on some.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const promised = ['22', '24', '26'];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const windows = process.platform === 'win32';

const arguments_ = process.argv.slice(2);
const chosen = arguments_.find((argument) => argument.startsWith('--nodes='))?.slice('--nodes='.length);
const files = arguments_.filter((argument) => !argument.startsWith('--nodes='));

const outcomes = [];
for (const version of chosen === undefined ? promised : chosen.split(','))
  outcomes.push(await testOn(version));
for (const { name, passed } of outcomes) console.log(`${passed ? 'passed' : 'FAILED'} on ${name}`);
if (outcomes.some(({ passed }) => !passed)) process.exitCode = 1;

async function testOn(version) {
  const program = await install(version);
  const { text } = await run(program, ['--version'], { capture: true });
  const name = `Node ${text.trim()}`;
  console.log(`\n== ${name} ==`);
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  // Programs that tests start find this Node first.
  const PATH = `${dirname(program)}${delimiter}${process.env.PATH ?? ''}`;
  const { code } = await run(program, [vitest, 'run', ...files], { env: { ...process.env, PATH } });
  return { name, passed: code === 0 };
}

/** The newest of a major version at the time of the first run. */
async function install(version) {
  const packageName = `node-${windows ? 'win' : process.platform}-${process.arch}`;
  const folder = join(root, 'node_modules/.cache/nodes', version);
  const program = join(folder, 'node_modules', packageName, 'bin', windows ? 'node.exe' : 'node');
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  const install = [
    'install',
    '--prefix',
    folder,
    '--no-save',
    '--no-package-lock',
    `${packageName}@${version}`,
  ];
  const { code } = await run(windows ? 'npm.cmd' : 'npm', install, {});
  if (code !== 0 || !existsSync(program)) throw new Error(`${packageName}@${version} could not be installed`);
  return program;
}

function run(program, args, { env = process.env, capture = false }) {
  const child = spawn(program, args, {
    cwd: root,
    env,
    stdio: ['inherit', capture ? 'pipe' : 'inherit', 'inherit'],
  });
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, text }));
  });
}
