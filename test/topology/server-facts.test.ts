/** What a server says of itself, and what start-up and the doctor make of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock, systemClock } from '../../src/clock.js';
import { examine } from '../../src/topology/diagnosis.js';
import { factsFrom, judgeServer } from '../../src/topology/server-facts.js';
import { singleStore } from '../../src/topology/single.js';
import { describeWithRedis, type RedisServer, redisServer } from '../support/servers.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { storeOptions } from './stores.js';

const fit = {
  redis_version: '7.0.15',
  role: 'master',
  master_replid: 'a'.repeat(40),
  loading: '0',
  maxmemory: '0',
  maxmemory_policy: 'noeviction',
};
const infoOf = (fields: Partial<Record<string, string>>): string =>
  Object.entries({ ...fit, ...fields })
    .map(([name, value]) => `${name}:${value}\r\n`)
    .join('');

describe('a server', () => {
  it.each([
    ['6.2.0', []],
    ['10.0.1', []],
    ['unknown', []],
    ['6.0.16', [['error', 'version']]],
    ['5', [['error', 'version']]],
  ])('that calls itself %s is judged by what is sent to it', (version, expected) => {
    const findings = judgeServer(factsFrom(infoOf({ redis_version: version })));
    expect(findings.map(({ severity, name }) => [severity, name])).toEqual(expected);
  });

  it.each([
    [{ master_replid: '' }, 'replication-id'],
    [{ master_replid: '0'.repeat(40) }, 'replication-id'],
    [{ role: 'slave' }, 'role'],
    [{ loading: '1' }, 'loading'],
    [{ maxmemory: '1000', maxmemory_policy: 'allkeys-random' }, 'eviction'],
  ])('that says %j is of no use', (fields, name) => {
    expect(judgeServer(factsFrom(infoOf(fields)))).toMatchObject([{ severity: 'error', name }]);
  });

  it('may have any policy where its memory has no limit', () => {
    expect(judgeServer(factsFrom(infoOf({ maxmemory_policy: 'allkeys-lru' })))).toEqual([]);
  });
});

describeWithRedis('the doctor', () => {
  let server: RedisServer;
  let proxy: TcpProxy;
  beforeAll(async () => {
    server = await redisServer();
    proxy = await startTcpProxy({ port: server.port });
  });
  afterAll(async () => {
    await proxy.close();
    await server.stop();
  });

  /** @param clock by which the server is compared; what waits goes by the machine's own */
  async function examined(clock = systemClock, delayMs = 0) {
    const address = { host: proxy.host, port: proxy.port };
    const store = singleStore(address, { ...storeOptions, commandTimeoutMs: 5_000 });
    await store.ready();
    proxy.delay('toClient', delayMs);
    try {
      return await examine(store, { clock, commandTimeoutMs: 500 });
    } finally {
      proxy.mend();
      await store.close();
    }
  }

  it('tells a clock that is more than a minute off', async () => {
    const atMs = systemClock.wallMs();
    expect((await examined(manualClock(atMs))).map(({ name }) => name)).not.toContain('clock');
    for (const offMs of [90_000, -90_000])
      expect(await examined(manualClock(atMs + offMs))).toMatchObject([
        { severity: 'warning', name: 'clock', text: expect.stringContaining('synchronise') as string },
      ]);
  });

  it('tells a server that is far away', async () => {
    expect(await examined(systemClock, 150)).toMatchObject([
      { severity: 'warning', name: 'latency', text: expect.stringContaining('nearer') as string },
    ]);
  });
});
