/** A cache whose embedded server outlives the process: its data stays, and what was cached before is not served again. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';
import { type Cache, createCache } from '../../src/index.js';
import { socketPath } from '../server/support.js';
import { checkRdb, folder, lockIn } from './support.js';

const caches: Cache[] = [];

afterEach(async () => {
  for (const cache of caches.splice(0)) await cache.close();
});

function open(...[config]: Parameters<typeof createCache>): Cache {
  const cache = createCache(config);
  caches.push(cache);
  return cache;
}

it.each([
  ['rdb', false],
  ['rdb', true],
  ['aof', true],
  ['rdb+aof', true],
] as const)(
  '%s, shared: %s: what was stored before a restart is not served, what others stored is there',
  async (kind, isShared) => {
    const dir = folder();
    const path = socketPath();
    const config = {
      persistence: { kind, dir },
      ...(isShared ? { topology: { kind: 'embedded', listen: { path } } as const } : {}),
      // So that results have to go to the server.
      near: { max: 0 },
    };
    const first = open(config);
    await first.ready();
    expect(first.namespace).toBe('default');
    const ask = (cache: Cache, load: () => Promise<number>): Promise<number> =>
      cache.getOrSet({ key: 'k', load, ttl: '1h' });
    expect(await ask(first, async () => 1)).toBe(1);
    expect(await ask(first, async () => 2)).toBe(1);
    if (isShared) {
      const client = new Redis(path);
      await client.set('of others', 'x');
      client.disconnect();
    }
    await first.close();
    expect(lockIn(dir)).toBe(false);
    if (kind !== 'aof') checkRdb(join(dir, 'dump.rdb'));
    expect(existsSync(join(dir, 'appendonlydir'))).toBe(kind !== 'rdb');

    const second = open(config);
    await second.ready();
    expect(await ask(second, async () => 3)).toBe(3);
    expect(await ask(second, async () => 4)).toBe(3);
    if (!isShared) return;
    const client = new Redis(path);
    expect(await client.get('of others')).toBe('x');
    client.disconnect();
  },
);

it('two caches on one folder: the second cannot be used and says who holds it', async () => {
  const dir = folder();
  const first = open({ persistence: { kind: 'rdb', dir } });
  await first.ready();
  const second = open({ namespace: 'second', persistence: { kind: 'rdb', dir } });
  await expect(second.ready()).rejects.toThrow(/Another server keeps its files in this folder/);
  expect(await second.getOrSet({ key: 'k', load: async () => 1, ttl: '1h' })).toBe(1);
});
