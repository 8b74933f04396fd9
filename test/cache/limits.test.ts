/** Time and room: what expires when, what gives way, and what a damaged entry is. Time stands still here. */
import { afterEach, expect, it } from 'vitest';
import { decodeEntry, encodeEntry } from '../../src/cache/entry.js';
import { type OwnCache, ownCache } from './support.js';

const opened: OwnCache[] = [];
afterEach(async () => {
  for (const { cache } of opened.splice(0)) await cache.close();
});

function open(...options: Parameters<typeof ownCache>): OwnCache {
  const own = ownCache(...options);
  opened.push(own);
  return own;
}

function loader(own: OwnCache, size = 0) {
  const loads = new Map<string, number>();
  const get = (key: string, ttl?: '1s') =>
    own.cache.getOrSet({
      key,
      ...(ttl === undefined ? {} : { ttl }),
      load: async () => {
        loads.set(key, (loads.get(key) ?? 0) + 1);
        return key + 'x'.repeat(size);
      },
    });
  return { get, loads };
}

/** What nobody asks for again is not worth the store. */
async function twice(get: (key: string) => Promise<string>, key: string): Promise<void> {
  await get(key);
  await get(key);
}

it('an entry is served for at most its time to live, and at least nine tenths of it', async () => {
  const own = open();
  const { get, loads } = loader(own);
  await get('k');
  own.clock.advance(8_999);
  await get('k');
  expect(loads.get('k')).toBe(1);
  own.clock.advance(1_001);
  await get('k');
  expect(loads.get('k')).toBe(2);
});

it('entries of one moment do not all end in one moment', async () => {
  const own = open();
  const { get, loads } = loader(own);
  const keys = Array.from({ length: 200 }, (_, index) => `k${index}`);
  for (const key of keys) await get(key);
  own.clock.advance(9_500);
  for (const key of keys) await get(key);
  const reloaded = keys.filter((key) => loads.get(key) === 2).length;
  expect(reloaded).toBeGreaterThan(50);
  expect(reloaded).toBeLessThan(150);
});

it('near holds no more bytes than its limit, and what was asked for again goes on in the store', async () => {
  const own = open({ nearBytesMax: 10_000 });
  const { get, loads } = loader(own, 1_000);
  for (let index = 0; index < 50; index++) {
    await get(`k${index}`);
    await get(`k${index}`);
    expect(own.cache.stats().bytes).toBeLessThanOrEqual(10_000);
  }
  expect(own.cache.stats().entries).toBe(9);
  expect(own.cache.stats().evictions).toBeGreaterThan(40);
  for (let index = 0; index < 50; index++) await get(`k${index}`);
  expect([...loads.values()]).toEqual(Array.from({ length: 50 }, () => 1));
  expect(own.cache.stats().misses).toBe(50);
  expect(own.cache.stats().storeHits).toBeGreaterThan(35);
});

it('what was spilled keeps its time to live and its tokens', async () => {
  const own = open({ nearBytesMax: 3_000 });
  const { get, loads } = loader(own, 1_000);
  for (const key of ['a', 'b', 'c', 'd', 'e']) await twice(get, key);
  own.clock.advance(5_000);
  const before = own.cache.stats().storeHits;
  await get('a');
  expect(own.cache.stats().storeHits).toBe(before + 1);
  await own.cache.invalidate({ all: true });
  await get('b');
  expect(loads.get('b')).toBe(2);
  own.clock.advance(5_001);
  await get('a');
  expect(loads.get('a')).toBe(2);
});

it('what is asked for again survives a scan of what is asked for once', async () => {
  const own = open({ nearBytesMax: 10_000 });
  const { get } = loader(own, 1_000);
  await get('hot');
  for (let index = 0; index < 100; index++) {
    await get('hot');
    await get(`cold${index}`);
  }
  expect(own.cache.stats()).toMatchObject({ nearHits: 100, storeHits: 0, misses: 101 });
});

it('clear frees what is held, near and in the store, and costs only misses', async () => {
  const own = open({ nearBytesMax: 3_000 });
  const { get, loads } = loader(own, 1_000);
  for (const key of ['a', 'b', 'c', 'd']) await twice(get, key);
  const keys = () => own.server.stats().keys;
  const before = keys();
  await own.cache.clear();
  expect(own.cache.stats()).toMatchObject({ entries: 0, bytes: 0 });
  expect(keys()).toBeLessThan(before);
  expect(await get('a')).toContain('a');
  expect(loads.get('a')).toBe(2);
});

it('an entry that somebody damaged in the store is a miss', async () => {
  const own = open({ nearBytesMax: 3_000 });
  const { get, loads } = loader(own, 1_000);
  for (const key of ['a', 'b', 'c', 'd']) await twice(get, key);
  const stored = own.server.execute('KEYS', 'lookaside:e:*') as Buffer[];
  expect(stored.length).toBeGreaterThan(0);
  for (const key of stored) own.server.execute('SETRANGE', key, '0', 'damaged');
  for (const key of stored) own.server.execute('SET', key, 'no entry', 'KEEPTTL');
  for (const key of ['a', 'b']) expect(await get(key)).toMatch(/^[ab]x+$/);
  expect([loads.get('a'), loads.get('b')]).toEqual([2, 2]);
  expect(own.cache.stats().failures).toEqual({ 'entry-another-version': 2 });
});

it('no damage of an entry’s bytes is more than a miss', () => {
  const dependencies = { refs: [{ table: 't', pin: null }], vector: ['token'] };
  const payload = { method: 0, bytes: Buffer.from('payload') };
  const bytes = encodeEntry(dependencies, 'name', payload);
  expect(decodeEntry(bytes, 'name')).toEqual({ dependencies, payload });
  expect(decodeEntry(bytes, 'other')).toBe('foreign');
  for (let length = 0; length < bytes.length; length++)
    expect(decodeEntry(bytes.subarray(0, length), 'name')).toBe(length === 0 ? 'another-version' : 'damaged');
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ 0x10;
    expect(decodeEntry(damaged, 'name')).toBe(at === 0 ? 'another-version' : 'damaged');
  }
});
