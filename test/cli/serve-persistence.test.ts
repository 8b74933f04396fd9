/** `lookaside serve` keeps its data in each of the four ways: none, RDB, AOF and both, as its options say. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../scripts/lib/free-port.js';
import { converseInCommands } from '../compat/wire.js';
import { buildPackage, type Example, runExample } from '../examples/child.js';
import { approvedAtTheEnd } from '../persistence/approved.js';

let serving: Example | null = null;

beforeAll(buildPackage);
afterEach(() => {
  serving?.child.kill('SIGKILL');
  serving = null;
});

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'lookaside-serve-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return approvedAtTheEnd(dir);
}

async function ask(dir: string, options: readonly string[], signal: NodeJS.Signals, ...lines: string[]) {
  const port = await freePort();
  const program = ['serve', '--port', String(port), '--dir', dir, ...options];
  const started = runExample('dist/esm/bin.js', {}, program);
  serving = started;
  await started.said(/Ready to accept connections/);
  const replies = await converseInCommands(
    { host: '127.0.0.1', port },
    lines.map((line) => line.split(' ')),
  );
  started.child.kill(signal);
  await started.ended;
  return replies.map(([, text]) => text);
}

const kinds = [
  ['none', ['--save', ''], { afterTerm: false, afterKill: false }],
  ['RDB', ['--save', '900', '1'], { afterTerm: true, afterKill: false }],
  [
    'AOF',
    ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'],
    { afterTerm: true, afterKill: true },
  ],
  [
    'both',
    ['--save', '900', '1', '--appendonly', 'yes', '--appendfsync', 'always'],
    { afterTerm: true, afterKill: true },
  ],
] as const;

it.each(kinds)('%s', { timeout: 60_000 }, async (name, options, { afterTerm, afterKill }) => {
  const dir = folder();
  expect(await ask(dir, options, 'SIGTERM', 'SET a 1', 'RPUSH l x y', 'CONFIG GET appendonly')).toEqual([
    'OK',
    '2',
    expect.anything(),
  ]);
  expect(existsSync(join(dir, 'dump.rdb'))).toBe(options.includes('900' as never));
  expect(existsSync(join(dir, 'appendonlydir'))).toBe(name === 'AOF' || name === 'both');
  expect(existsSync(join(dir, 'lookaside.lock'))).toBe(false);
  const [a, b] = await ask(dir, options, 'SIGKILL', 'GET a', 'SET b 2');
  expect(a).toBe(afterTerm ? '1' : null);
  expect(b).toBe('OK');
  // What a killed process left is taken over.
  const [later] = await ask(dir, options, 'SIGTERM', 'GET b', 'DBSIZE');
  expect(later).toBe(afterKill ? '2' : null);
});
