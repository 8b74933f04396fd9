/** What a cache is from createCache to close: one per namespace, its modes, its events, its server, its end. */
import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Cache, createCache } from '../../src/index.js';
import { converse, encode } from '../compat/wire.js';
import { bundle } from '../consistency/history/bundle.js';
import { socketPath } from '../server/support.js';
import { newCache } from './support.js';

const caches: Cache[] = [];
afterEach(async () => {
  for (const cache of caches.splice(0)) await cache.close();
});

function open(...config: Parameters<typeof newCache>): Cache {
  const cache = newCache(...config);
  caches.push(cache);
  return cache;
}

describe('a namespace', () => {
  it('is one cache in a process, whoever asks, until it is closed', async () => {
    const config = { namespace: 'lifecycle-one', ttl: '1m', near: { max: '2mb' } } as const;
    const cache = createCache(config);
    expect(createCache({ ...config, ttl: 60_000 })).toBe(cache);
    await cache.close();
    const next = createCache(config);
    expect(next).not.toBe(cache);
    await next.close();
  });

  it('refuses a second configuration by name', () => {
    open({ namespace: 'lifecycle-two' });
    expect(() => createCache({ namespace: 'lifecycle-two', ttl: '1s' })).toThrow(
      expect.objectContaining({
        code: 'LOOKASIDE_CONFIG_CONFLICT',
        message: expect.stringContaining('"lifecycle-two"') as string,
      }),
    );
  });
});

describe('a mode', () => {
  it('observe serves nothing, and counts what it would have', async () => {
    const cache = open({ mode: 'observe' });
    let loads = 0;
    const get = () => cache.getOrSet({ key: 'k', tags: ['t'], load: async () => ++loads });
    expect([await get(), await get(), await get()]).toEqual([1, 2, 3]);
    expect(cache.stats()).toMatchObject({ nearHits: 0, storeHits: 0, joined: 0, wouldHit: 2, misses: 3 });
    await cache.invalidate({ tags: ['t'] });
    await get();
    expect(cache.stats().wouldHit).toBe(2);
  });

  it('off does nothing, and everything works', async () => {
    const cache = open({ mode: 'off' });
    let loads = 0;
    const get = () => cache.getOrSet({ key: 'k', tables: ['any'], load: async () => ++loads });
    expect([await get(), await get()]).toEqual([1, 2]);
    await cache.invalidate({ tags: ['t'], tables: ['any'], all: true });
    await cache.clear();
    expect(cache.stats()).toMatchObject({ misses: 0, fills: 0 });
    expect(cache.health()).toEqual({ status: 'ok' });
  });
});

describe('events', () => {
  it('tell what was invalidated and when the cache closed', async () => {
    const cache = newCache();
    const seen: unknown[] = [];
    cache.on('invalidate', (tables) => void seen.push(tables));
    cache.on('close', () => void seen.push('close'));
    const never = (): void => void seen.push('never');
    cache.on('invalidate', never).off('invalidate', never);
    await cache.invalidate({ tags: ['t'] });
    await cache.close();
    expect(seen).toEqual([[expect.stringContaining('tag:t')], 'close']);
  });

  it('whose listeners throw disturb nobody and are reported', async () => {
    const cache = open();
    const failures: unknown[] = [];
    const reached: string[] = [];
    cache.on('invalidate', () => {
      throw new Error('in a listener');
    });
    cache.on('invalidate', () => void reached.push('the next listener'));
    cache.on('failure', ({ reason, error }) => {
      failures.push([reason, String(error)]);
      throw new Error('in the listener of failures');
    });
    cache.on('close', () => {
      throw new Error('at the end');
    });
    await cache.invalidate({ tags: ['t'] });
    await cache.close();
    expect(reached).toEqual(['the next listener']);
    expect(failures).toEqual([
      ['listener', 'Error: in a listener'],
      ['listener', 'Error: at the end'],
    ]);
  });
});

describe('the embedded server', () => {
  it('says where it listens once it is ready, on a port it was given', async () => {
    const cache = open({ topology: { listen: { port: 0, password: 'secret' } } });
    await cache.ready();
    const { port = 0 } = cache.address() ?? {};
    expect(port).toBeGreaterThan(0);
    const endpoint = { host: '127.0.0.1', port };
    expect((await converse(endpoint, encode(['PING']))).toString()).toContain('-NOAUTH');
    const both = Buffer.concat([encode(['AUTH', 'secret']), encode(['PING'])]);
    expect((await converse(endpoint, both)).toString()).toContain('+PONG');
  });

  it('says where it listens on a unix socket', async () => {
    const path = socketPath();
    const cache = open({ topology: { listen: { path } } });
    await cache.ready();
    expect(cache.address()).toEqual({ path });
    await cache.close();
    expect(cache.address()).toBeNull();
  });

  it('does not listen unless it is asked to', async () => {
    const cache = open();
    await cache.ready();
    expect(cache.address()).toBeNull();
  });

  it('that cannot listen fails ready() by name, and the cache works without it', async () => {
    const first = open({ topology: { listen: { port: 0 } } });
    await first.ready();
    const { port = 0 } = first.address() ?? {};
    const second = open({ topology: { listen: { port } } });
    const failures: string[] = [];
    second.on('failure', ({ reason }) => void failures.push(reason));
    await expect(second.ready()).rejects.toThrow(
      expect.objectContaining({ code: 'LOOKASIDE_SERVER_LISTEN' }),
    );
    expect(failures).toEqual(['listen']);
    expect(second.stats().failures).toEqual({ listen: 1 });
    const get = () => second.getOrSet({ key: 'k', load: async () => 1 });
    expect([await get(), await get()]).toEqual([1, 1]);
    expect(second.stats().nearHits).toBe(1);
  });

  it('that a client shuts down takes the cache out of the way, and says so', async () => {
    const cache = open({ topology: { listen: { port: 0 } } });
    await cache.ready();
    const down = new Promise<void>((resolve) =>
      cache.on('failure', ({ reason }) => {
        if (reason === 'server') resolve();
      }),
    );
    const { port = 0 } = cache.address() ?? {};
    const client = connect(port, '127.0.0.1');
    client.write(encode(['SHUTDOWN', 'NOSAVE']));
    await down;
    client.destroy();
    expect(await cache.getOrSet({ key: 'k', load: async () => 1 })).toBe(1);
    await cache.invalidate({ tags: ['t'] });
    await cache.clear();
    expect(cache.health().status).toBe('degraded');
    expect(cache.stats()).toMatchObject({ bypassed: { closed: 1 }, failures: { server: 1 } });
  });
});

describe('after close', () => {
  it('reads bypass, and nothing fails', async () => {
    const cache = newCache();
    let loads = 0;
    const get = () => cache.getOrSet({ key: 'k', tags: ['t'], tables: ['any'], load: async () => ++loads });
    await cache.close();
    expect([await get(), await get()]).toEqual([1, 2]);
    await cache.invalidate({ tables: ['any'], tags: ['t'], all: true });
    await cache.clear();
    await cache.close();
    expect(cache.health()).toEqual({ status: 'closed' });
    expect(cache.stats()).toMatchObject({ entries: 0, bytes: 0, bypassed: { closed: 2 } });
  });

  it('a load that was under way is answered and not kept', async () => {
    const cache = newCache();
    let finish: (value: string) => void = () => undefined;
    const slow = cache.getOrSet({ key: 'k', load: () => new Promise<string>((done) => (finish = done)) });
    await new Promise((resolve) => setImmediate(resolve));
    await cache.close();
    finish('late');
    expect(await slow).toBe('late');
    expect(cache.stats()).toMatchObject({ entries: 0, failures: {} });
  });
});

it('a cache keeps no process alive', async () => {
  const contents = `
    import { createCache } from './src/index.ts';
    const cache = createCache({ namespace: 'alive' });
    cache.getOrSet({ key: 'k', ttl: '1h', load: async () => 1 })
      .then(() => cache.invalidate({ tags: ['t'] }))
      .then(() => console.log('done'));`;
  const program = await bundle({ contents }, null);
  const { status, stdout } = spawnSync(process.execPath, [program.file], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  await program.dispose();
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'done\n' });
});
