/** Replies leave together at the end of a round of the event loop: none is lost, mixed up or kept for long. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextRound } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedServer } from '../../src/server/index.js';
import { listeningServer, plain, socketPath } from './support.js';

let server: EmbeddedServer;
let port: number;
const path = socketPath();

beforeAll(async () => {
  ({ server, port } = await listeningServer());
  await server.listen({ path });
});

afterAll(() => server.close());

async function allThatIsSaid(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  await once(socket, 'close');
  return text;
}

describe.each([
  ['TCP', () => connect({ port, host: '127.0.0.1' })],
  ['a unix socket', () => connect({ path })],
])('over %s', (_name, open) => {
  it.each([1, 100, 20_000])('who says no more after %i requests is answered all of them', async (count) => {
    const socket = open();
    const said = allThatIsSaid(socket);
    socket.end('PING\r\n'.repeat(count));
    expect(await said).toBe('+PONG\r\n'.repeat(count));
  });

  it('who quits is answered first, and nothing behind is served', async () => {
    const socket = open();
    const said = allThatIsSaid(socket);
    socket.write('SET left 1\r\nINCR left\r\nQUIT\r\nINCR left\r\n');
    expect(await said).toBe('+OK\r\n:2\r\n+OK\r\n');
    expect(plain(server.execute('GET', 'left'))).toBe('2');
  });

  it('everybody is answered what they asked for, however many ask at once and whatever the length', async () => {
    const sockets = Array.from({ length: 20 }, open);
    const said = await Promise.all(
      sockets.map(async (socket, number) => {
        const value = String.fromCharCode(97 + number).repeat(1 + number ** 4);
        server.execute('SET', `value:${number}`, value);
        const all = allThatIsSaid(socket);
        socket.write(`GET value:${number}\r\nECHO ${number}\r\n`.repeat(5));
        socket.end();
        return { all: await all, value, number };
      }),
    );
    for (const { all, value, number } of said)
      expect(all).toBe(
        `$${value.length}\r\n${value}\r\n$${String(number).length}\r\n${number}\r\n`.repeat(5),
      );
  });
});

it('who does not read keeps little more alive than what waits for it', async () => {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.write('SUBSCRIBE news\r\n');
  await once(socket, 'data');
  socket.pause();
  const before = process.memoryUsage().arrayBuffers;
  const message = 'x'.repeat(4096);
  for (let sent = 0; sent < 4000; sent++) {
    expect(server.execute('PUBLISH', 'news', message)).toBe(1);
    await nextRound();
  }
  // 16 MB were sent. A buffer of the writer for each that waits would be some hundred times as much.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100e6);
  socket.destroy();
});
