/** The program `lookaside` as its user runs it: what it says and with which exit code it ends. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../scripts/lib/free-port.js';
import { converse, encode } from '../compat/wire.js';
import { buildPackage, type Example, runExample } from '../examples/child.js';

const program = 'dist/esm/bin.js';
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
let serving: Example | null = null;

beforeAll(buildPackage);
afterEach(() => {
  serving?.child.kill('SIGKILL');
  serving = null;
});

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

it('tells what it can do', () => {
  const { status, stdout } = run('--help');
  expect(status).toBe(0);
  expect(stdout).toContain('Usage: lookaside [options] [command]');
  expect(stdout).toMatch(/serve .*Redis-compatible server/);
});

it('tells its version', () => {
  expect(run('--version')).toEqual({ status: 0, stdout: `${manifest.version}\n`, stderr: '' });
});

it('tells what each command takes', () => {
  const { status, stdout } = run('serve', '--help');
  expect(status).toBe(0);
  for (const option of [
    '--port',
    '--bind',
    '--unixsocket',
    '--requirepass',
    '--maxmemory',
    '--maxmemory-policy',
  ])
    expect(stdout).toContain(option);
});

it.each([
  [[], 'Usage: lookaside'],
  [['--colour'], "unknown option '--colour'"],
  [['srve'], "unknown command 'srve'"],
  [['srve'], 'Did you mean serve?'],
  [['serve', '--prot', '1'], `>>> 'prot "1"'\nBad directive or wrong number of arguments`],
  [['serve', '--port'], `>>> 'port'\nwrong number of arguments`],
  [['serve', '--port', 'x'], `>>> 'port "x"'\nargument couldn't be parsed into an integer`],
  [['serve', '--maxmemory', '1tb'], 'argument must be a memory value'],
  [['serve', '--maxmemory-policy', 'lru'], 'argument(s) must be one of the following: volatile-lru'],
  [['serve', 'now'], "can't open config file 'now'"],
  [['top'], "unknown command 'top'"],
])('refuses %j with exit code 1 and says why', (args, words) => {
  const { status, stderr } = run(...args);
  expect(stderr).toContain(words);
  expect(status).toBe(1);
});

it('serves, refuses a port that is taken, and ends when it is told to', async () => {
  const port = await freePort();
  serving = runExample(program, {}, ['serve', '--port', String(port), '--save', '']);
  await serving.said(/Ready to accept connections/);
  expect((await converse({ host: '127.0.0.1', port }, encode(['PING']))).toString()).toBe('+PONG\r\n');

  const second = run('serve', '--port', String(port), '--save', '');
  expect(second.status).toBe(1);
  expect(second.stderr).toContain('LOOKASIDE_SERVER_LISTEN');

  // A client that is connected keeps nobody waiting.
  const client = connect(port, '127.0.0.1');
  await new Promise((resolve) => client.once('connect', resolve));
  serving.child.kill('SIGTERM');
  expect((await serving.ended).code).toBe(0);
  client.destroy();
});
