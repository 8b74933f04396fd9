/** What was given up and reaches the store all the same, later than everything that was done instead. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../../src/clock.js';
import { describeWithRedis, type RedisServer, redisServer } from '../support/servers.js';
import { type HeldPacket, startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { Sharer } from './sharer.js';

describeWithRedis('a message of a write that is late', () => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let client: Redis;
  let clock: ManualClock;
  let writer: Sharer;
  let other: Sharer;
  let serial = 0;

  beforeEach(async () => {
    server = await redisServer();
    proxy = await startTcpProxy({ port: server.port });
    client = new Redis(server.url);
    clock = manualClock();
    const topology = (port: number) => ({ kind: 'single', url: `redis://127.0.0.1:${port}` }) as const;
    const namespace = `late-${serial++}`;
    writer = Sharer.open(namespace, { topology: topology(proxy.port) }, clock);
    other = Sharer.open(namespace, { topology: topology(server.port) });
    await Promise.all([writer.cache.ready(), other.cache.ready()]);
    await other.read({ query: () => 'before' });
    expect(await read()).toEqual(['near', 'before']);
  });
  afterEach(async () => {
    await Promise.all([writer.cache.close(), other.cache.close()]);
    client.disconnect();
    await proxy.close();
    await server.stop();
  });

  const read = (answer = 'not stored') => other.read({ query: () => answer });
  const fieldsOf = async (): Promise<readonly string[]> => client.hkeys(writer.table('a'));
  const hasIntent = async (): Promise<boolean> => (await fieldsOf()).some((name) => name.startsWith('i:'));

  /** The packet of this command waits in the network while its connection is given up. */
  const holdUp = (command: string): Promise<HeldPacket> =>
    proxy.hold({ direction: 'toServer', matches: (bytes) => bytes.includes(command) });

  /** Until its time is over. */
  const givenUp = async <T>(doing: T | Promise<T>): Promise<T> => {
    let isOver = false;
    const ending = Promise.resolve(doing).finally(() => (isOver = true));
    await expect.poll(() => (clock.advance(500), isOver)).toBe(true);
    return ending;
  };

  /** By then its connection is over: the bytes are those, and nobody is there to read the answer. */
  const arrive = async ({ bytes }: HeldPacket): Promise<void> => {
    const socket = connect(server.port, '127.0.0.1');
    socket.write(bytes);
    await once(socket, 'data'); // it has been done
    socket.destroy();
  };

  const recover = async (): Promise<void> => {
    await expect.poll(() => (clock.advance(100), writer.cache.health().status)).toBe('ok');
    expect(writer.cache.stats()).toMatchObject({ owed: 0 });
    await read('after');
    expect(await read()).toEqual(['near', 'after']);
  };

  it('an INTENT blocks until its process meets it, which ends it: its write is over', async () => {
    const holding = holdUp('i:');
    const writing = writer.write();
    const held = await holding;
    const placed = await givenUp(writing);
    await placed.end();
    await recover();
    expect(await hasIntent()).toBe(false);
    await arrive(held);
    expect(await hasIntent()).toBe(true);
    expect(await read('blocked')).toEqual(['database', 'blocked']);
    expect(await writer.read({ query: () => 'blocked' })).toEqual(['database', 'blocked']);
    await expect.poll(async () => (clock.advance(1_000), hasIntent())).toBe(false);
    await read('at last');
    expect(await read()).toEqual(['near', 'at last']);
  });

  it('an END costs a miss', async () => {
    const placed = await writer.write();
    const holding = holdUp('HDEL');
    const ending = placed.end();
    const held = await holding;
    expect(await read('blocked')).toEqual(['database', 'blocked']);
    await givenUp(ending);
    await recover();
    const before = await client.hgetall(writer.table('a'));
    await arrive(held);
    expect(await client.hgetall(writer.table('a'))).not.toEqual(before);
    expect(await read('once more')).toEqual(['database', 'once more']);
    expect(await read()).toEqual(['near', 'once more']);
    expect(await hasIntent()).toBe(false);
  });
});
