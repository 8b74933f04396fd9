/** `bounded`: hits that ask nobody, as long as the server can tell of changes, and what ends them. */
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { manualClock } from '../../src/clock.js';
import { describeWithRedis, type RedisServer, redisServer } from '../support/servers.js';
import { startTcpProxy } from '../support/tcp-proxy.js';
import { Sharer } from './sharer.js';

describeWithRedis('a bounded cache', () => {
  let server: RedisServer;
  let client: Redis;
  let serial = 0;
  const opened: Sharer[] = [];

  beforeAll(async () => {
    server = await redisServer();
    client = new Redis(server.url);
  });
  afterEach(async () => {
    for (const { cache } of opened.splice(0)) await cache.close();
  });
  afterAll(async () => {
    client.disconnect();
    await server.stop();
  });

  async function open(
    clock = manualClock(),
    namespace = `bounded-${serial++}`,
    port = server.port,
  ): Promise<Sharer> {
    const topology = { kind: 'single', url: `redis://${server.host}:${port}` } as const;
    const sharer = Sharer.open(namespace, { topology, consistency: 'bounded', bound: '1s' }, clock);
    opened.push(sharer);
    await sharer.cache.ready();
    return sharer;
  }

  /** A result that is served without asking: read, stored, and its tokens known. */
  async function warm(sharer: Sharer, table = 'a', value?: string): Promise<void> {
    const read = { table, query: () => 'first', ...(value === undefined ? {} : { value }) };
    await sharer.read(read);
    await sharer.read(read);
    expect(peek(sharer, table, value)).toBe('first');
  }

  const peek = (sharer: Sharer, table = 'a', value?: string) => sharer.peek({ table, value });

  async function calls(command: string): Promise<number> {
    const stats = await client.info('commandstats');
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  }

  it('asks nobody for a hit', async () => {
    const sharer = await open();
    await warm(sharer);
    const before = await calls('hgetall');
    for (let turn = 0; turn < 100; turn++) expect(peek(sharer)).toBe('first');
    expect(await calls('hgetall')).toBe(before);
    expect(sharer.cache.stats()).toMatchObject({ bound: { limitMs: 1_000 } });
  });

  it('hears of another’s write, and of its own before it is acknowledged', async () => {
    const sharer = await open();
    const other = await open(manualClock(), sharer.namespace);
    await warm(sharer);
    await (await other.write()).end();
    await expect.poll(() => peek(sharer)).toBeUndefined();
    await warm(other, 'b', '7');
    await warm(other, 'b', '8');
    const placed = await other.write('b', { '1': ['7'] });
    expect(peek(other, 'b', '7')).toBeUndefined();
    await placed.end();
    expect(peek(other, 'b', '7')).toBeUndefined();
    expect(await other.read({ table: 'b', value: '7', query: () => 'new' })).toEqual(['database', 'new']);
    expect(await other.read({ table: 'b', value: '8', query: () => 'new' })).toEqual(['near', 'first']);
  });

  it('serves nothing without asking once the bound is over and the server has not been heard', async () => {
    const clock = manualClock();
    const sharer = await open(clock);
    await warm(sharer);
    clock.advance(900);
    expect(peek(sharer)).toBe('first');
    clock.advance(200); // the answers to the heartbeats meanwhile are still on their way
    expect(peek(sharer)).toBeUndefined();
    expect(sharer.cache.stats().bound?.lagMs).toBeGreaterThan(1_000);
    await expect.poll(() => peek(sharer)).toBe('first'); // they came
  });

  it('forgets all when the connection is lost, and knows again when there is another', async () => {
    const clock = manualClock();
    const sharer = await open(clock);
    await warm(sharer);
    const tracking = String(await client.call('CLIENT', 'LIST'))
      .split('\n')
      .filter((line) => / flags=\w*t\w* /.test(line));
    const ids = tracking.map((line) => /id=(\d+)/.exec(line)?.[1] ?? '');
    expect(ids).toHaveLength(1);
    await client.call('CLIENT', 'KILL', 'ID', ids[0] as string);
    await expect.poll(() => peek(sharer)).toBeUndefined();
    expect(await sharer.read({ table: 'a', query: () => 'second' })).toEqual(['near', 'first']); // asked
    clock.advance(100);
    await sharer.place.ready();
    await warm(sharer);
    expect(sharer.failures.filter((reason) => reason === 'store')).toHaveLength(1);
  });

  it('keeps no answer whose end is told in the same breath', async () => {
    const proxy = await startTcpProxy({ port: server.port });
    try {
      const sharer = await open(manualClock(), undefined, proxy.port);
      const writer = await open(manualClock(), sharer.namespace);
      await warm(sharer, 'a', '7');
      await (await writer.write('a', { '1': ['8'] })).end();
      await expect.poll(() => peek(sharer, 'a', '7')).toBeUndefined(); // still true, but not known to be
      proxy.stall('toClient');
      const asked = await calls('hgetall');
      const reading = sharer.read({ table: 'a', value: '7', query: () => 'second' });
      await expect.poll(() => calls('hgetall')).toBe(asked + 1);
      await (await writer.write('a', { '1': ['7'] })).end();
      await client.ping();
      await client.ping(); // what was told of the write has reached the proxy by now
      proxy.resume('toClient');
      expect(await reading).toEqual(['near', 'first']); // it began before the write was acknowledged
      expect(peek(sharer, 'a', '7')).toBeUndefined();
      expect(await sharer.read({ table: 'a', value: '7', query: () => 'new' })).toEqual(['database', 'new']);
    } finally {
      await proxy.close();
    }
  });

  it('forgets all when the server does', async () => {
    const sharer = await open();
    await warm(sharer);
    await client.flushall();
    await expect.poll(() => peek(sharer)).toBeUndefined();
    expect(await sharer.read({ table: 'a', query: () => 'second' })).toEqual(['database', 'second']);
  });

  it('does without what the server no longer remembers', async () => {
    await client.config('SET', 'tracking-table-max-keys', '10');
    try {
      const sharer = await open();
      const values = Array.from({ length: 40 }, (_, index) => String(index));
      for (const value of values) await sharer.read({ table: 'a', value, query: () => value });
      for (const value of values) await sharer.read({ table: 'a', value, query: () => value });
      const known = (): number => values.filter((value) => peek(sharer, 'a', value) !== undefined).length;
      await expect.poll(known).toBeLessThanOrEqual(10);
      await (await sharer.write('a')).end();
      for (const value of values)
        expect(await sharer.read({ table: 'a', value, query: () => 'new' })).toEqual(['database', 'new']);
    } finally {
      await client.config('SET', 'tracking-table-max-keys', '1000000');
    }
  });
});
