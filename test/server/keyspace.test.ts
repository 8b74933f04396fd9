/** Expiry, eviction and SCAN, on a clock and a random source that the tests own. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock, seededRandom } from '../../src/clock.js';
import {
  createServer,
  type EmbeddedServer,
  type EvictionPolicy,
  type ServerConfig,
} from '../../src/server/index.js';
import { plain } from './support.js';

const clock = manualClock();
const create = (config: ServerConfig = {}): EmbeddedServer =>
  createServer({ clock, random: seededRandom(7), ...config });

const keysOf = (server: EmbeddedServer): string[] => (plain(server.execute('KEYS', '*')) as string[]).sort();

describe('expiry', () => {
  it('hides a key the moment after its time', () => {
    const server = create();
    server.execute('SET', 'key', 'value', 'PX', 100);
    clock.advance(100);
    expect(plain(server.execute('GET', 'key'))).toBe('value');
    clock.advance(1);
    expect(
      server.executeMany([
        ['GET', 'key'],
        ['TTL', 'key'],
        ['EXISTS', 'key'],
        ['TYPE', 'key'],
      ]),
    ).toEqual([null, -2, 0, 'none']);
  });

  it('removes what nobody asks for and keeps the rest', () => {
    const server = create();
    for (let index = 0; index < 5000; index++) server.execute('SET', `k${index}`, 'v', 'PX', 10);
    server.execute('SET', 'stays', 'v', 'EX', 1000);
    server.execute('SET', 'for ever', 'v');
    clock.advance(500);
    expect(server.execute('DBSIZE')).toBe(2);
    expect(server.stats().expired).toBe(5000);
  });

  it('stands still within one transaction', async () => {
    let nowMs = 1_000_000;
    const running = { ...clock, wallMs: () => (nowMs += 1000) };
    const client = create({ clock: running }).connect();
    await client.execute('MULTI');
    await client.execute('SET', 'key', 'value', 'PX', 1);
    await client.execute('GET', 'key');
    expect(plain(await client.execute('EXEC'))).toEqual(['OK', 'value']);
    expect(await client.execute('GET', 'key')).toBeNull();
  });
});

describe('the memory limit', () => {
  const fill = (server: EmbeddedServer, count: number, ...options: string[]): void => {
    for (let index = 0; index < count; index++)
      server.execute('SET', `k${index}`, 'v'.repeat(100), ...options);
  };

  it('counts what is stored, and nothing once it is gone', () => {
    const server = create();
    fill(server, 10);
    server.execute('HSET', 'hash', 'f', 'v'.repeat(10_000), 'g', 'w');
    server.execute('HSET', 'hash', 'f', 'v');
    server.execute('HDEL', 'hash', 'g');
    expect(server.stats().usedBytes).toBeGreaterThan(1000);
    server.execute('DEL', 'hash', ...keysOf(server));
    expect(server.stats().usedBytes).toBe(0);
    fill(server, 10, 'EX', '10');
    server.execute('FLUSHALL');
    expect(server.stats().usedBytes).toBe(0);
  });

  it('refuses commands that need memory under noeviction, and no others', async () => {
    const server = create({ memory: { maxBytes: 3000, policy: 'noeviction' } });
    fill(server, 100);
    const client = server.connect();
    const oom = "OOM command not allowed when used memory > 'maxmemory'.";
    expect(plain(server.execute('SET', 'x', 'y'))).toBe(`-${oom}`);
    expect(plain(server.execute('GET', 'k0'))).toBe('v'.repeat(100));
    await client.execute('MULTI');
    await expect(client.execute('SET', 'x', 'y')).rejects.toThrow(oom);
    await expect(client.execute('EXEC')).rejects.toThrow('EXECABORT');
    expect(server.execute('DEL', 'k0', 'k1')).toBe(2);
    expect(server.execute('SET', 'x', 'y')).toBe('OK');
  });

  it('never evicts a key without an expiry under a volatile policy', () => {
    const server = create({ memory: { maxBytes: 60_000, policy: 'volatile-lru' } });
    fill(server, 100);
    for (let index = 0; index < 1000; index++)
      server.execute('SET', `t${index}`, 'v'.repeat(100), 'EX', 1000);
    const left = keysOf(server);
    expect(left.filter((key) => key.startsWith('k'))).toHaveLength(100);
    expect(left.length).toBeLessThan(500);
    fill(server, 1000);
    expect(plain(server.execute('SET', 'x', 'y'))).toMatch(/^-OOM/);
  });

  it.each<[EvictionPolicy, number]>([
    ['allkeys-lru', 0.9],
    ['volatile-lru', 0.9],
    ['allkeys-lfu', 0.9],
    ['volatile-lfu', 0.9],
  ])('%s keeps the keys that are used', (policy, share) => {
    const server = create({ memory: { maxBytes: 190_000, policy } });
    for (let index = 0; index < 500; index++)
      server.execute('SET', `hot${index}`, 'v'.repeat(100), 'EX', 10_000);
    for (let round = 0; round < 30; round++) {
      clock.advance(50);
      for (let index = 0; index < 500; index++) server.execute('GET', `hot${index}`);
      for (let index = 0; index < 100; index++)
        server.execute('SET', `cold${round}:${index}`, 'v'.repeat(100), 'EX', 10_000);
    }
    const hot = keysOf(server).filter((key) => key.startsWith('hot')).length;
    expect(server.stats().evicted).toBeGreaterThan(1500);
    expect(hot / 500).toBeGreaterThan(share);
  });

  it('volatile-ttl takes what would go first anyway', () => {
    const server = create({ memory: { maxBytes: 100_000, policy: 'volatile-ttl' } });
    for (let index = 0; index < 1000; index++)
      server.execute('SET', `k${index}`, 'v'.repeat(100), 'EX', index < 500 ? 100_000 : 1000);
    const late = keysOf(server).filter((key) => Number(key.slice(1)) < 500).length;
    expect(late).toBeGreaterThan(450);
  });

  it.each<EvictionPolicy>(['allkeys-random', 'volatile-random'])('%s stays under the limit', (policy) => {
    const server = create({ memory: { maxBytes: 100_000, policy } });
    fill(server, 2000, 'EX', '1000');
    server.execute('PING');
    const { usedBytes, keys } = server.stats();
    expect(usedBytes).toBeLessThanOrEqual(100_000);
    expect(keys).toBeGreaterThan(100);
  });

  it('can be changed while the server runs', () => {
    const server = create();
    fill(server, 1000);
    server.execute('CONFIG', 'SET', 'maxmemory', '100kb', 'maxmemory-policy', 'allkeys-random');
    server.execute('PING');
    expect(server.stats().usedBytes).toBeLessThanOrEqual(100 * 1024);
  });
});

describe('SCAN', () => {
  it('returns every key that is there from start to end, whatever happens meanwhile', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), key: fc.nat(60) }),
      fc.record({ kind: fc.constant('delete' as const), key: fc.nat(60) }),
      fc.record({ kind: fc.constant('scan' as const), key: fc.integer({ min: 1, max: 5 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const server = create();
        for (let key = 0; key < 30; key++) server.execute('SET', String(key), 'v');
        const always = new Set(keysOf(server));
        const seen = new Set<string>();
        const scan = (from: string, count: number): string => {
          const [next, keys] = plain(server.execute('SCAN', from, 'COUNT', count)) as [string, string[]];
          for (const key of keys) seen.add(key);
          return next;
        };
        let cursor = scan('0', 1);
        for (const { kind, key } of steps) {
          if (kind === 'add') server.execute('SET', String(key), 'v');
          else if (kind === 'delete') {
            server.execute('DEL', String(key));
            always.delete(String(key));
          } else if (cursor !== '0') cursor = scan(cursor, key);
        }
        for (let turn = 0; cursor !== '0'; turn++) {
          expect(turn).toBeLessThan(200);
          cursor = scan(cursor, 3);
        }
        expect([...always].filter((key) => !seen.has(key))).toEqual([]);
      }),
    );
  });
});
