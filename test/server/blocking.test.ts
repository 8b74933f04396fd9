/** Clients of the embedded server wait for keys: in process, by the injected clock, until they leave. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { manualClock } from '../../src/clock.js';
import { createServer, type EmbeddedServer } from '../../src/server/index.js';
import { listeningServer, plain } from './support.js';

let server: EmbeddedServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

const info = (open: EmbeddedServer): string => String(plain(open.execute('info', 'clients')));

async function socketTo(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  return socket;
}

async function answer(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString('latin1');
}

test('a call in process waits until somebody pushes', async () => {
  server = createServer();
  const waiting = server.connect().execute('blpop', 'queue', '0');
  expect(info(server)).toContain('blocked_clients:1');
  server.execute('rpush', 'queue', 'job');
  expect(plain(await waiting)).toEqual(['queue', 'job']);
  expect(info(server)).toContain('blocked_clients:0');
});

test('calls of one client in process are run one after the other, also behind one that waits', async () => {
  server = createServer();
  const client = server.connect();
  const calls = [client.execute('blpop', 'a', 0), client.execute('blpop', 'b', 0), client.execute('ping')];
  server.execute('rpush', 'b', 'second');
  expect(server.execute('llen', 'b')).toBe(1);
  server.execute('rpush', 'a', 'first');
  expect((await Promise.all(calls)).map(plain)).toEqual([['a', 'first'], ['b', 'second'], 'PONG']);
});

test('a call that cannot wait is answered at once', () => {
  server = createServer();
  expect(server.execute('blpop', 'queue', '0')).toBeNull();
  expect(server.execute('bzmpop', '0', '1', 'queue', 'min')).toBeNull();
  expect(server.execute('blmove', 'queue', 'other', 'left', 'right', '0')).toBeNull();
});

test('the time to wait is that of the injected clock', async () => {
  const clock = manualClock();
  server = createServer({ clock });
  const waiting = server.connect().execute('blpop', 'queue', '1.5');
  clock.advance(1499);
  expect(info(server)).toContain('blocked_clients:1');
  clock.advance(1);
  expect(await waiting).toBeNull();
});

test('a time longer than any timer of the system passes as well', async () => {
  const clock = manualClock();
  server = createServer({ clock });
  const days30 = 30 * 86_400;
  const waiting = server.connect().execute('blpop', 'queue', String(days30));
  clock.advance(days30 * 1000 - 1);
  expect(info(server)).toContain('blocked_clients:1');
  clock.advance(1);
  expect(await waiting).toBeNull();
});

test('who is closed while it waits is told so, and takes nothing', async () => {
  server = createServer();
  const client = server.connect();
  const waiting = client.execute('blpop', 'queue', '0');
  client.close();
  await expect(waiting).rejects.toThrow('closed while it waited');
  server.execute('rpush', 'queue', 'job');
  expect(server.execute('llen', 'queue')).toBe(1);
});

test('closing the server ends every wait', async () => {
  server = createServer();
  const waiting = server.connect().execute('bzpopmin', 'queue', '0');
  await Promise.all([expect(waiting).rejects.toThrow('closed while it waited'), server.close()]);
});

test('a connection that left takes nothing', async () => {
  const listening = await listeningServer();
  server = listening.server;
  const socket = await socketTo(listening.port);
  socket.write('CLIENT ID\r\nBLPOP queue 0\r\n');
  await answer(socket);
  const other = await socketTo(listening.port);
  other.write('PING\r\n');
  await answer(other);
  expect(info(server)).toContain('blocked_clients:1');
  socket.destroy();
  // The server hears of it in a turn of its own, which comes before those of a connection made later.
  while (info(server).includes('blocked_clients:1')) {
    other.write('PING\r\n');
    await answer(other);
  }
  server.execute('rpush', 'queue', 'job');
  expect(server.execute('llen', 'queue')).toBe(1);
  other.destroy();
});

test('an answer that a client asked not to be given is not given late, either', async () => {
  const listening = await listeningServer();
  server = listening.server;
  const socket = await socketTo(listening.port);
  socket.write('CLIENT REPLY SKIP\r\nBLPOP queue 0\r\nPING\r\n');
  while (info(server).includes('blocked_clients:0')) {
    const other = await socketTo(listening.port);
    other.end('PING\r\n');
    await once(other.resume(), 'close');
  }
  server.execute('rpush', 'queue', 'job');
  expect(await answer(socket)).toBe('+PONG\r\n');
  socket.destroy();
});

test('much that is sent ahead of an answer is served in order', async () => {
  const listening = await listeningServer();
  server = listening.server;
  const socket = await socketTo(listening.port);
  const echo = `ECHO ${'x'.repeat(1000)}\r\n`;
  const count = 4000;
  socket.write('BLPOP queue 0\r\n');
  socket.write(echo.repeat(count));
  while (info(server).includes('blocked_clients:0')) {
    const other = await socketTo(listening.port);
    other.end('PING\r\n');
    await once(other.resume(), 'close');
  }
  server.execute('rpush', 'queue', 'job');
  const expected = `*2\r\n$5\r\nqueue\r\n$3\r\njob\r\n${`$1000\r\n${'x'.repeat(1000)}\r\n`.repeat(count)}`;
  let bytes = 0;
  let text = '';
  socket.on('data', (chunk) => {
    bytes += chunk.length;
    text += chunk.toString('latin1');
    if (bytes >= expected.length) socket.destroy();
  });
  await once(socket, 'close');
  expect(text === expected).toBe(true);
});
