/** `lookaside serve`, run as the process it is. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { converse, encode } from '../compat/wire.js';
import { socketPath } from './support.js';

const program = `
  import('./src/cli/serve.ts').then(({ serveCommand }) =>
    serveCommand().exitOverride().parseAsync(process.argv.slice(1), { from: 'user' }),
  ).catch((error) => { console.error(error.message); process.exitCode = 1; });
`;
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

interface Serving {
  readonly child: ChildProcess;
  /** Resolves with what was printed once it holds the text, or at the end. */
  until(text: string): Promise<string>;
  exit: Promise<number | null>;
}

function serve(...args: string[]): Serving {
  const child = spawn(process.execPath, [
    '--import',
    'tsx',
    '--input-type=module',
    '-e',
    program,
    '--',
    ...args,
  ]);
  children.push(child);
  let output = '';
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  const until = (text: string): Promise<string> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (output.includes(text)) resolve(output);
      };
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => {
          output += String(chunk);
          check();
        });
      child.on('close', () => resolve(output));
    });
  return { child, until, exit };
}

async function portOf(serving: Serving): Promise<number> {
  const text = await serving.until('Ready to accept connections');
  return Number(/127\.0\.0\.1:(\d+)/.exec(text)?.[1]);
}

it('serves until it is told to stop', async () => {
  const path = socketPath();
  const serving = serve(
    '--port',
    '0',
    '--unixsocket',
    path,
    '--maxmemory',
    '10mb',
    '--maxmemory-policy',
    'allkeys-lru',
  );
  expect(await serving.until('Ready to accept connections')).toContain(path);
  const answer = await converse({ path }, encode(['CONFIG', 'GET', 'maxmemory*']));
  expect(answer.toString()).toContain('10485760');
  serving.child.kill('SIGTERM');
  expect(await serving.exit).toBe(0);
});

it('ends with SHUTDOWN', async () => {
  const serving = serve('--port', '0', '--requirepass', 'secret');
  const port = await portOf(serving);
  const endpoint = { host: '127.0.0.1', port };
  expect((await converse(endpoint, encode(['SHUTDOWN']))).toString()).toContain('-NOAUTH');
  await converse(endpoint, Buffer.concat([encode(['AUTH', 'secret']), encode(['SHUTDOWN', 'NOSAVE'])]));
  expect(await serving.exit).toBe(0);
});

it.each([
  [['--port', '70000'], 'It must be a port'],
  [['--maxmemory', 'lots'], 'It must be bytes'],
  [['--maxmemory-policy', 'lru'], 'Allowed choices are volatile-lru'],
  [['--host', '0.0.0.0', '--port', '0'], 'set a password'],
  [['--cluster'], "unknown option '--cluster'"],
])('refuses %j by name', async (args, message) => {
  const serving = serve(...args);
  expect(await serving.until(message)).toContain(message);
  expect(await serving.exit).toBe(1);
});
