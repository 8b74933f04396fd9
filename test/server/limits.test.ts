/** What clients may not do: endless requests, unread replies, too many connections, and whom CLIENT KILL hits. */
import { connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { EmbeddedServer, ServerConfig } from '../../src/server/index.js';
import { converse, encode } from '../compat/wire.js';
import { listeningServer } from './support.js';

let server: EmbeddedServer;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.close();
});

async function start(config: ServerConfig = {}): Promise<{ host: string; port: number }> {
  const listening = await listeningServer(config);
  server = listening.server;
  return { host: '127.0.0.1', port: listening.port };
}

/** A connection that gathers what it is told, and the promise of its end. */
function open(endpoint: { host: string; port: number }): {
  socket: Socket;
  text: () => string;
  closed: Promise<void>;
} {
  const socket = connect(endpoint);
  sockets.push(socket);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => resolve());
  });
  return { socket, text: () => text, closed };
}

it('takes a request that arrives byte by byte', async () => {
  const endpoint = await start();
  const { socket, text, closed } = open(endpoint);
  socket.setNoDelay(true);
  const bytes = Buffer.concat([
    encode(['SET', 'key', 'a\r\nvalue']),
    encode(['GET', 'key']),
    Buffer.from('ping\r\n'),
    encode(['QUIT']),
  ]);
  for (const byte of bytes)
    await new Promise<void>((resolve) => socket.write(Buffer.from([byte]), () => resolve()));
  await closed;
  expect(text()).toBe('+OK\r\n$8\r\na\r\nvalue\r\n+PONG\r\n+OK\r\n');
});

it('takes a value of many megabytes and gives it back', async () => {
  const endpoint = await start();
  const value = 'x'.repeat(32 * 1024 * 1024);
  const answer = await converse(
    endpoint,
    Buffer.concat([encode(['SET', 'key', value]), encode(['GET', 'key']), encode(['QUIT'])]),
  );
  expect(answer.length).toBe('+OK\r\n$33554432\r\n\r\n+OK\r\n'.length + value.length);
});

it('allocates nothing for a length that is only announced', async () => {
  const endpoint = await start();
  const before = process.memoryUsage();
  const many = Array.from({ length: 50 }, () => open(endpoint));
  await Promise.all(
    many.map(
      ({ socket }) =>
        new Promise<void>((resolve) => socket.write('*1000000\r\n$500000000\r\nabc', () => resolve())),
    ),
  );
  expect(await converse(endpoint, encode(['PING']))).toEqual(Buffer.from('+PONG\r\n'));
  const after = process.memoryUsage();
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(50_000_000);
});

it('cuts a client whose unfinished request passes the query buffer limit', async () => {
  const endpoint = await start({ limits: { queryBufferBytesMax: 100_000 } });
  const { socket, text, closed } = open(endpoint);
  socket.write(`*2\r\n$3\r\nGET\r\n$400000\r\n${'x'.repeat(300_000)}`);
  await closed;
  expect(text()).toBe('');
});

it('refuses longer arguments and more of them than its limits', async () => {
  const endpoint = await start({ limits: { bulkBytesMax: 100, argumentsMax: 3 } });
  expect((await converse(endpoint, Buffer.from('*2\r\n$3\r\nGET\r\n$101\r\n'))).toString()).toBe(
    '-ERR Protocol error: invalid bulk length\r\n',
  );
  expect((await converse(endpoint, Buffer.from('*4\r\n'))).toString()).toBe(
    '-ERR Protocol error: invalid multibulk length\r\n',
  );
});

it('gives a client that reads late everything in its order', async () => {
  const endpoint = await start();
  const values = ['a', 'b', 'c'].map((letter) => letter.repeat(300_000));
  for (const [index, value] of values.entries()) server.execute('SET', `k${index}`, value);
  const { socket, text } = open(endpoint);
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  socket.pause();
  let expected = '';
  for (let turn = 0; turn < 30; turn++) {
    const value = values[turn % 3] ?? '';
    expected += `$${value.length}\r\n${value}\r\n:${turn + 1}\r\n`;
    const requests = Buffer.concat([encode(['GET', `k${turn % 3}`]), encode(['INCR', 'turns'])]);
    await new Promise<void>((resolve) => socket.write(requests, () => resolve()));
  }
  await new Promise<void>((resolve) => {
    socket.on('data', () => {
      if (text().length >= expected.length) resolve();
    });
    socket.resume();
  });
  expect(text() === expected).toBe(true);
});

it('cuts a client that does not read what it asked for', async () => {
  const endpoint = await start({ limits: { outputBufferBytesMax: 1_000_000 } });
  server.execute('SET', 'big', 'x'.repeat(100_000));
  const slow = open(endpoint);
  slow.socket.pause();
  slow.socket.write(Buffer.concat(Array.from({ length: 500 }, () => encode(['GET', 'big']))));
  slow.socket.resume();
  await slow.closed;
  expect(slow.text().length).toBeLessThan(50_000_000);
  expect(server.stats().outputLimitDisconnections).toBe(1);
  expect(server.executeText('INFO', 'stats')).toContain('client_output_buffer_limit_disconnections:1');
  expect(await converse(endpoint, encode(['PING']))).toEqual(Buffer.from('+PONG\r\n'));
});

it('refuses one connection too many', async () => {
  const endpoint = await start({ limits: { clientsMax: 1 } });
  const first = open(endpoint);
  first.socket.write('PING\r\n');
  await new Promise((resolve) => first.socket.once('data', resolve));
  const second = open(endpoint);
  await second.closed;
  expect(second.text()).toBe('-ERR max number of clients reached\r\n');
  expect(server.stats().connectionsRejected).toBe(1);
  first.socket.destroy();
});

it('kills clients by id and answers the one that killed itself', async () => {
  const endpoint = await start();
  const victim = open(endpoint);
  victim.socket.write('CLIENT ID\r\n');
  await new Promise((resolve) => victim.socket.once('data', resolve));
  const id = victim.text().slice(1).trim();
  expect((await converse(endpoint, encode(['CLIENT', 'KILL', 'ID', id]))).toString()).toBe(':1\r\n');
  await victim.closed;
  const self = open(endpoint);
  self.socket.write('CLIENT KILL TYPE normal SKIPME no\r\nPING\r\n');
  await self.closed;
  expect(self.text()).toBe(':1\r\n');
});

it('keeps a queued transaction within the query buffer limit', async () => {
  const endpoint = await start({ limits: { queryBufferBytesMax: 10_000 } });
  const commands = [
    ['MULTI'],
    ...Array.from({ length: 20 }, () => ['SET', 'key', 'x'.repeat(1000)]),
    ['EXEC'],
    ['QUIT'],
  ];
  const answer = (await converse(endpoint, Buffer.concat(commands.map(encode)))).toString();
  expect(answer).toContain('-ERR the transaction is larger than client-query-buffer-limit');
  expect(answer).toContain('-EXECABORT');
});

it('hangs up on everybody when it closes', async () => {
  const endpoint = await start();
  const client = open(endpoint);
  client.socket.write('PING\r\n');
  await new Promise((resolve) => client.socket.once('data', resolve));
  await server.close();
  await client.closed;
  await expect(converse(endpoint, encode(['PING']))).rejects.toThrow('ECONNREFUSED');
});

it('loses a client and not the process when a command fails', async () => {
  const endpoint = await start();
  const warnings: unknown[] = [];
  const gather = (warning: Error): void => void warnings.push(warning);
  process.on('warning', gather);
  server.onTouch('', () => {
    throw new Error('a bug in a listener');
  });
  expect((await converse(endpoint, encode(['SET', 'key', 'value']))).toString()).toMatch(
    /^-ERR internal error/,
  );
  expect((await converse(endpoint, encode(['GET', 'key']))).toString()).toContain('value');
  process.off('warning', gather);
  expect(warnings).toEqual([expect.objectContaining({ code: 'LOOKASIDE_SERVER_BUG' })]);
});
