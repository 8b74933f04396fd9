/** Clients are paused, listed, woken, and hung up on when they need too much. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { manualClock } from '../../src/clock.js';
import { createServer, type EmbeddedServer } from '../../src/server/index.js';
import { converse, encode } from '../compat/wire.js';
import { listeningServer, plain } from './support.js';

/** Whether the promise is settled once everything that can happen now has happened. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const mark = (): void => {
    settled = true;
  };
  promise.then(mark, mark);
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

async function closing(server: EmbeddedServer, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } finally {
    await server.close();
  }
}

it('CLIENT PAUSE WRITE lets reads pass and holds writes, in their order, until its time is over', async () => {
  const clock = manualClock();
  const server = createServer({ clock });
  await closing(server, async () => {
    const [writer, reader] = [server.connect(), server.connect()];
    await reader.execute('CLIENT', 'PAUSE', '1000', 'WRITE');
    const written = writer.execute('SET', 'k', 'v');
    expect(plain(await reader.execute('GET', 'k'))).toBe(null);
    const published = reader.execute('PUBLISH', 'c', 'm');
    expect(await isSettled(written)).toBe(false);
    clock.advance(999);
    expect(await isSettled(published)).toBe(false);
    clock.advance(1);
    expect(await written).toBe('OK');
    expect(await published).toBe(0);
    expect(plain(await reader.execute('GET', 'k'))).toBe('v');
  });
});

it('CLIENT PAUSE ALL holds everything, an EXEC too; CLIENT UNPAUSE ends it, and the built-in client never waits', async () => {
  const server = createServer({ clock: manualClock() });
  await closing(server, async () => {
    const client = server.connect();
    await client.execute('MULTI');
    await client.execute('SET', 'k', 'v');
    server.execute('CLIENT', 'PAUSE', '1000');
    const done = client.execute('EXEC');
    expect(await isSettled(done)).toBe(false);
    expect(server.execute('GET', 'k')).toBe(null);
    server.execute('CLIENT', 'UNPAUSE');
    expect(await done).toEqual(['OK']);
  });
});

it('a connection that is paused keeps what it sent ahead, and answers in order afterwards', async () => {
  const { server, port } = await listeningServer();
  await closing(server, async () => {
    server.execute('CLIENT', 'PAUSE', '100000');
    const commands = [['SET', 'n', '1'], ['INCR', 'n'], ['INCR', 'n'], ['QUIT']];
    const socket = connect({ host: '127.0.0.1', port });
    socket.write(Buffer.concat(commands.map(encode)));
    const line = (): string => String(plain(server.execute('CLIENT', 'LIST')));
    while (!/flags=b/.test(line())) await new Promise((resolve) => setImmediate(resolve));
    server.execute('CLIENT', 'UNPAUSE');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    await once(socket, 'close');
    expect(Buffer.concat(chunks).toString()).toBe('+OK\r\n:2\r\n:3\r\n+OK\r\n');
  });
});

it('maxmemory-clients hangs up on the heaviest, but not on who said CLIENT NO-EVICT', async () => {
  const { server, port } = await listeningServer();
  await closing(server, async () => {
    server.execute('CONFIG', 'SET', 'maxmemory-clients', '1mb');
    const big = `*2\r\n$4\r\nECHO\r\n$3000000\r\n${'x'.repeat(2_000_000)}`;
    const light = connect({ host: '127.0.0.1', port });
    light.write(encode(['PING']));
    await once(light, 'data');
    const heavy = connect({ host: '127.0.0.1', port });
    heavy.write(big);
    await new Promise((resolve) => heavy.on('error', resolve).on('close', resolve));
    light.write(encode(['PING']));
    await once(light, 'data');
    light.destroy();
    const safe = connect({ host: '127.0.0.1', port });
    safe.write(Buffer.concat([encode(['CLIENT', 'NO-EVICT', 'ON']), Buffer.from(big)]));
    await once(safe, 'data');
    safe.write('x'.repeat(1_000_000) + '\r\n');
    let answer = 0;
    while (answer < 3_000_000) answer += ((await once(safe, 'data')) as [Buffer])[0].length;
    expect(answer).toBeGreaterThan(3_000_000);
    safe.destroy();
  });
});

it('a subscriber that does not read is cut by the limit of its class, and hurts nobody', async () => {
  const { server, port } = await listeningServer();
  await closing(server, async () => {
    server.execute('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 8mb 0 0');
    const slow = connect({ host: '127.0.0.1', port });
    slow.write(encode(['SUBSCRIBE', 'c']));
    await once(slow, 'data');
    slow.pause();
    let published = 0;
    const message = 'x'.repeat(1_000_000);
    while (server.execute('PUBLISH', 'c', message) === 1 && published < 100) {
      published++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(published).toBeGreaterThan(7);
    expect(published).toBeLessThan(100);
    expect(server.stats().outputLimitDisconnections).toBe(1);
    expect((await converse({ host: '127.0.0.1', port }, encode(['PING']))).toString()).toBe('+PONG\r\n');
    slow.destroy();
  });
});

it('a soft limit cuts who stays above it for too long', async () => {
  const clock = manualClock();
  const { server, port } = await listeningServer({ clock });
  await closing(server, async () => {
    server.execute('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 0 1mb 10');
    const slow = connect({ host: '127.0.0.1', port });
    slow.write(encode(['SUBSCRIBE', 'c']));
    await once(slow, 'data');
    slow.pause();
    const message = 'x'.repeat(1_000_000);
    for (let count = 0; count < 20; count++) expect(server.execute('PUBLISH', 'c', message)).toBe(1);
    clock.advance(10_000);
    expect(server.execute('PUBLISH', 'c', message)).toBe(1);
    clock.advance(1);
    server.execute('PUBLISH', 'c', message);
    expect(server.execute('PUBLISH', 'c', message)).toBe(0);
    slow.destroy();
  });
});

it('timeout hangs up on who is silent, but not on who waits or listens', async () => {
  const clock = manualClock();
  const { server, port } = await listeningServer({ clock });
  await closing(server, async () => {
    server.execute('CONFIG', 'SET', 'timeout', '10');
    const begin = async (...args: string[]): Promise<ReturnType<typeof connect>> => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.write(Buffer.concat([encode(['PING']), encode(args)]));
      await once(socket, 'data');
      return socket;
    };
    const silent = await begin('PING');
    const [listening, waiting] = [await begin('SUBSCRIBE', 'c'), await begin('BLPOP', 'none', '0')];
    clock.advance(10_000);
    expect(server.stats().clients).toBe(3);
    clock.advance(1000);
    expect(server.stats().clients).toBe(2);
    await new Promise((resolve) => silent.on('close', resolve));
    listening.destroy();
    waiting.destroy();
  });
});

it('a thousand subscribers all hear a message, in the order of publishing', async () => {
  const { server, port } = await listeningServer();
  await closing(server, async () => {
    const sockets = await Promise.all(
      Array.from({ length: 1000 }, async () => {
        const socket = connect({ host: '127.0.0.1', port });
        socket.write(encode(['SUBSCRIBE', 'c']));
        await once(socket, 'data');
        return socket;
      }),
    );
    const heard = sockets.map(
      (socket) =>
        new Promise<string>((resolve) => {
          let text = '';
          socket.on('data', (chunk) => {
            text += String(chunk);
            if (text.includes('last')) resolve(text);
          });
        }),
    );
    for (const message of ['first', 'second', 'last'])
      expect(server.execute('PUBLISH', 'c', message)).toBe(1000);
    for (const text of await Promise.all(heard)) expect(text).toMatch(/first[^]*second[^]*last/);
    for (const socket of sockets) socket.destroy();
  });
});
