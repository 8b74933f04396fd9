/** Decides whether the proxy does to a connection what its callers think it does. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';

/** Answers each packet with the same in capitals. */
async function startEcho(): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => socket.write(bytes.toString().toUpperCase()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Also after an error. */
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => socket.once('close', () => resolve()));

const portOf = (server: Server): number => (server.address() as { port: number }).port;

describe('a proxy', () => {
  let server: Server;
  let proxy: TcpProxy;
  let sockets: Socket[];
  beforeEach(async () => {
    server = await startEcho();
    proxy = await startTcpProxy({ port: portOf(server), keptBytesMax: 64_000 });
    sockets = [];
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await proxy.close();
    server.close();
  });

  const dial = async (): Promise<Socket> => {
    const socket = connect(proxy.port, proxy.host);
    socket.on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  };
  const ask = async (socket: Socket, text: string): Promise<string> => {
    socket.write(text);
    return String((await once(socket, 'data'))[0]);
  };

  it('passes on both ways, and the end', async () => {
    const socket = await dial();
    expect(await ask(socket, 'one')).toBe('ONE');
    expect(proxy.connections).toBe(1);
    socket.end();
    await closed(socket);
    await expect.poll(() => proxy.connections).toBe(0);
  });

  it.each(['toServer', 'toClient'] as const)(
    'keeps what goes %s until it is resumed, in order',
    async (way) => {
      const socket = await dial();
      await ask(socket, 'one');
      proxy.stall(way);
      socket.write('two ');
      const other = await dial();
      other.write('other');
      proxy.stall(way === 'toServer' ? 'toClient' : 'toServer');
      socket.write('three');
      let seen = '';
      socket.on('data', (bytes) => (seen += bytes.toString()));
      proxy.resume('toServer');
      proxy.resume('toClient');
      await expect.poll(() => seen).toBe('TWO THREE');
      expect(String((await once(other, 'data'))[0])).toBe('OTHER');
    },
  );

  it('holds one packet between two others, then lets it go', async () => {
    const socket = await dial();
    const held = proxy.hold({ direction: 'toServer', matches: (bytes) => bytes.includes('two') });
    expect(await ask(socket, 'one ')).toBe('ONE ');
    socket.write('two ');
    const packet = await held;
    expect(packet.bytes.toString()).toBe('two ');
    const bystander = await dial();
    expect(await ask(bystander, 'two')).toBe('TWO');
    let seen = '';
    socket.on('data', (bytes) => (seen += bytes.toString()));
    packet.release();
    await expect.poll(() => seen).toBe('TWO ');
  });

  it('drops a packet with its connection', async () => {
    const socket = await dial();
    const held = proxy.hold({ direction: 'toClient', matches: (bytes) => bytes.includes('ONE') });
    socket.write('one');
    const over = closed(socket);
    (await held).drop();
    await over;
    expect(proxy.connections).toBe(0);
  });

  it('cuts and refuses until it is mended', async () => {
    const socket = await dial();
    await ask(socket, 'one');
    const over = closed(socket);
    proxy.cut();
    await over;
    const refused = connect(proxy.port, proxy.host);
    sockets.push(refused);
    refused.on('error', () => undefined);
    await closed(refused);
    proxy.mend();
    expect(await ask(await dial(), 'again')).toBe('AGAIN');
  });

  it('loses one direction without telling anybody, and resets who lost bytes when mended', async () => {
    const socket = await dial();
    await ask(socket, 'one');
    const bystander = await dial();
    proxy.lose('toServer');
    const over = closed(socket);
    socket.write('two');
    await expect.poll(() => proxy.bytesLost).toBe(3);
    proxy.mend();
    expect(await ask(bystander, 'three')).toBe('THREE');
    await over;
  });

  it('delays each packet', async () => {
    const socket = await dial();
    proxy.delay('toClient', 40);
    const askedMs = performance.now();
    expect(await ask(socket, 'one')).toBe('ONE');
    expect(performance.now() - askedMs).toBeGreaterThanOrEqual(39);
    proxy.delay('toClient', 0);
    expect(await ask(socket, 'two')).toBe('TWO');
  });

  it('keeps no more than it is told to', async () => {
    const socket = await dial();
    proxy.stall('toServer');
    const piece = Buffer.alloc(1_000_000, 'a');
    for (let times = 0; times < 40; times++) socket.write(piece);
    expect(socket.writableNeedDrain).toBe(true);
    let received = 0;
    socket.on('data', (bytes) => (received += bytes.length));
    proxy.resume('toServer');
    await expect.poll(() => received, { timeout: 10_000 }).toBe(40_000_000);
  });
});
