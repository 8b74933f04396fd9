/** Very many connections, and calls from the application beside connections, are served as if each were alone. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { createServer } from '../../src/server/index.js';
import { listeningServer, plain, socketPath } from './support.js';

const IDLE = 10_000;
/** A connection that has nothing under way: Node's socket and handle, and ours on top. */
const BYTES_PER_CONNECTION_MAX = 24 * 1024;

it('ten thousand idle connections cost little, and each is answered', { timeout: 120_000 }, async () => {
  const server = createServer({ limits: { clientsMax: IDLE + 100 } });
  const path = socketPath();
  await server.listen({ path });
  const before = process.memoryUsage().rss;
  const program = fileURLToPath(new URL('idle-clients.ts', import.meta.url));
  const child = fork(program, [path, String(IDLE)], { execArgv: ['--import', 'tsx'] });
  const said = async (): Promise<unknown> => {
    const gone = once(child, 'exit').then(([code]) => `it ended with ${String(code)}`);
    return Promise.race([once(child, 'message').then(([message]) => message as unknown), gone]);
  };
  try {
    expect(await said()).toBe('connected');
    expect(server.stats().clients).toBe(IDLE);
    expect((process.memoryUsage().rss - before) / IDLE).toBeLessThan(BYTES_PER_CONNECTION_MAX);
    child.send('ask');
    expect(await said()).toEqual(Array.from({ length: IDLE / 100 }, () => '+PONG\r\n'));
    child.send('end');
    expect(await said()).toBe('it ended with 0');
    expect(server.execute('PING')).toBe('PONG');
  } finally {
    child.kill();
    await server.close();
  }
});

it('the application and connections count together without losing a step', async () => {
  const { server, port } = await listeningServer();
  const clients = Array.from({ length: 4 }, () => new Redis({ port }));
  const rounds = 200;
  const [inProcess, ...others] = await Promise.all([
    (async () => {
      const seen: number[] = [];
      for (let round = 0; round < rounds; round++) {
        seen.push(Number(server.execute('INCR', 'n')));
        await new Promise((resolve) => setImmediate(resolve));
      }
      return seen;
    })(),
    ...clients.map(async (client) => {
      const seen: number[] = [];
      for (let round = 0; round < rounds; round++) seen.push(await client.incr('n'));
      return seen;
    }),
  ]);
  const all = [inProcess, ...others];
  for (const seen of all) expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(new Set(all.flat()).size).toBe(rounds * all.length);
  expect(plain(server.execute('GET', 'n'))).toBe(String(rounds * all.length));
  for (const client of clients) client.disconnect();
  await server.close();
});

it('a transaction of a connection is never split by the application', async () => {
  const { server, port } = await listeningServer();
  const client = new Redis({ port });
  const moved: unknown[] = [];
  const done = new AbortController();
  const application = (async () => {
    while (!done.signal.aborted) {
      moved.push(server.execute('MGET', 'from', 'to'));
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  await client.mset('from', '300', 'to', '0');
  const from = moved.length;
  for (let round = 0; round < 300; round++) await client.multi().decr('from').incr('to').exec();
  done.abort();
  await application;
  for (const pair of moved.slice(from)) {
    const [left, right] = (pair as [Buffer, Buffer]).map(Number);
    expect((left ?? 0) + (right ?? 0)).toBe(300);
  }
  expect(moved.length).toBeGreaterThan(from);
  client.disconnect();
  await server.close();
});
