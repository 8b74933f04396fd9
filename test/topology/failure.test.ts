/** A store that is silent, gone, of no use, or back: queries go on, nothing stale is served, nothing piles up. */
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { manualClock } from '../../src/clock.js';
import type { Config } from '../../src/index.js';
import { diagnose } from '../../src/index.js';
import { describeWithRedis, type RedisServer, redisServer } from '../support/servers.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { Sharer } from './sharer.js';

describeWithRedis('a store outside of this process', () => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let client: Redis;
  let serial = 0;
  const opened: Sharer[] = [];

  beforeEach(async () => {
    server = await redisServer();
    proxy = await startTcpProxy({ port: server.port });
    client = new Redis(server.url);
  });
  afterEach(async () => {
    for (const { cache } of opened.splice(0)) await cache.close();
    client.disconnect();
    await proxy.close();
    await server.stop();
  });

  const topology = (port: number) => ({ kind: 'single', url: `redis://127.0.0.1:${port}` }) as const;

  /** One behind the proxy with a clock of its own, and one that reaches the store always. */
  async function pair(config: Config = {}) {
    const namespace = `failure-${serial++}`;
    const clock = manualClock();
    const far = Sharer.open(namespace, { ...config, topology: topology(proxy.port) }, clock);
    const near = Sharer.open(namespace, { topology: topology(server.port) });
    opened.push(far, near);
    await far.cache.ready();
    await near.cache.ready();
    return { far, near, clock };
  }

  const until = async (sharer: Sharer, isThere: boolean): Promise<void> => {
    await expect.poll(() => sharer.place.store.trouble() === null).toBe(isThere);
  };

  it('that falls silent delays a query by the limit at most, and the next ones not at all', async () => {
    const { far, clock } = await pair();
    await far.read({ query: () => 'first' });
    proxy.lose('toClient');
    const reading = far.read({ query: () => 'second' });
    await expect.poll(() => proxy.bytesLost).toBeGreaterThan(0);
    clock.advance(500);
    expect(await reading).toEqual(['database', 'second']);
    expect(await far.read({ query: () => 'third' })).toEqual(['database', 'third']);
    expect(far.cache.stats().bypassed).toEqual({ 'store-failed': 1, 'store-away': 1 });
    expect(far.cache.health()).toMatchObject({
      status: 'degraded',
      reason: expect.stringContaining('500 ms') as string,
    });
  });

  it('that comes back hears first what it was not told, and is trusted then', async () => {
    const { far, near, clock } = await pair();
    for (const sharer of [far, near]) await sharer.read({ query: () => 'before' });
    expect(await near.read({ query: () => 'other' })).toEqual(['near', 'before']);
    proxy.cut();
    await until(far, false);
    const placed = await far.write();
    await placed.end();
    expect(await far.read({ query: () => 'during' })).toEqual(['database', 'during']);
    expect(far.cache.stats()).toMatchObject({ owed: 1 });
    proxy.mend();
    await expect.poll(() => (clock.advance(100), far.cache.stats().owed)).toBe(0);
    expect(far.cache.health()).toEqual({ status: 'ok' });
    expect(await near.read({ query: () => 'after' })).toEqual(['database', 'after']);
    expect((await far.read({ query: () => 'later' }))[1]).not.toBe('before');
  });

  it('that is lost between INTENT and END blocks the others until it was told', async () => {
    const { far, near, clock } = await pair();
    await near.read({ query: () => 'before' });
    const placed = await far.write();
    proxy.cut();
    await until(far, false);
    await placed.end();
    expect(await near.read({ query: () => 'blocked' })).toEqual(['database', 'blocked']);
    expect(near.cache.stats().bypassed).toEqual({ 'write-under-way': 1 });
    proxy.mend();
    await expect.poll(() => (clock.advance(100), far.cache.stats().owed)).toBe(0);
    await near.read({ query: () => 'after' });
    expect(await near.read({ query: () => 'other' })).toEqual(['near', 'after']);
  });

  it('that is away costs neither connections nor memory by the number of queries', async () => {
    const { far, clock } = await pair();
    proxy.cut();
    await until(far, false);
    for (let turn = 0; turn < 2_000; turn++) {
      await (await far.write()).end();
      expect((await far.read({ query: () => 'read' }))[0]).toBe('database');
      clock.advance(10);
    }
    expect(proxy.connections).toBe(0);
    expect(far.cache.stats()).toMatchObject({ owed: 1, writes: 2_000, flights: 0 });
    proxy.mend();
    await expect.poll(() => (clock.advance(100), far.cache.stats().owed)).toBe(0);
    expect(proxy.connections).toBe(1);
  });

  it('that is away fails writes by name where the configuration says reject', async () => {
    const { far, near, clock } = await pair({ onStoreDown: 'reject' });
    await near.read({ query: () => 'before' });
    proxy.cut();
    await until(far, false);
    await expect(far.write()).rejects.toMatchObject({
      code: 'LOOKASIDE_STORE_UNAVAILABLE',
      cause: {
        code: 'LOOKASIDE_STORE_AWAY',
        message: expect.stringMatching(
          /^The store cannot be used at the moment: (?!The store)[^.]+(\.\d[^.]*)*\.$/,
        ) as string,
      },
    });
    expect(await near.read({ query: () => 'other' })).toEqual(['near', 'before']); // nothing was written
    proxy.mend();
    await expect.poll(() => (clock.advance(100), far.cache.health().status)).toBe('ok');
    await (await far.write()).end();
    expect(await near.read({ query: () => 'after' })).toEqual(['database', 'after']);
  });

  it('that cannot be reached at first is used once it can', async () => {
    proxy.cut();
    const clock = manualClock();
    const far = Sharer.open(`failure-${serial++}`, { topology: topology(proxy.port) }, clock);
    opened.push(far);
    await expect(far.cache.ready()).rejects.toMatchObject({ code: 'LOOKASIDE_STORE_AWAY' });
    expect(await far.read({ query: () => 'without' })).toEqual(['database', 'without']);
    proxy.mend();
    await expect.poll(() => (clock.advance(100), far.cache.health().status)).toBe('ok');
    await far.cache.ready();
    await far.read({ query: () => 'stored' });
    expect(await far.read({ query: () => 'other' })).toEqual(['near', 'stored']);
  });

  it.each([
    ['may evict the record of a write', ['config', 'set', 'maxmemory-policy', 'allkeys-lru'], 'eviction'],
    ['hides who it is', ['acl', 'setuser', 'default', '-info'], 'replication-id'],
    ['is a replica', ['replicaof', '127.0.0.1', '1'], 'role'],
  ])('that %s is refused, by start-up and by the doctor', async (_what, command, name) => {
    await client.config('SET', 'maxmemory', '100mb');
    await client.call(command[0] as string, ...command.slice(1));
    const sharer = Sharer.open(`failure-${serial++}`, { topology: topology(server.port) });
    opened.push(sharer);
    await expect(sharer.cache.ready()).rejects.toMatchObject({ code: 'LOOKASIDE_STORE_UNFIT' });
    expect(await sharer.read({ query: () => 'database' })).toEqual(['database', 'database']);
    const findings = await diagnose({ topology: topology(server.port) });
    expect(findings).toMatchObject([{ severity: 'error', name: 'use' }]);
    const told = { eviction: 'volatile-lru', 'replication-id': 'allow the user INFO', role: 'its primary' };
    expect(findings[0]?.text).toContain(told[name as keyof typeof told]);
  });

  it('is warned of what will hurt, and found fit without', async () => {
    expect(await diagnose({ topology: topology(server.port) })).toEqual([]);
    await client.config('SET', 'maxmemory', '100mb');
    expect(await diagnose({ topology: topology(server.port) })).toMatchObject([
      { severity: 'warning', name: 'memory' },
    ]);
    const { near } = await pair();
    await expect.poll(() => near.failures).toEqual(['server-memory']);
  });

  it('that wants a password says so', async () => {
    await client.config('SET', 'requirepass', 'secret');
    expect(await diagnose({ topology: topology(server.port) })).toMatchObject([
      { severity: 'error', text: expect.stringContaining('NOAUTH') as string },
    ]);
    const url = `redis://:wrong@127.0.0.1:${server.port}`;
    expect(await diagnose({ topology: { kind: 'single', url } })).toMatchObject([
      { severity: 'error', text: expect.stringContaining('WRONGPASS') as string },
    ]);
  });
});
