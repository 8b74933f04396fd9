/** run and uncached: how far they reach, and what they leave alone. */
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { type Cache, uncached } from '../../src/index.js';
import { newCache, ownCache } from './support.js';

const caches: Cache[] = [];
afterEach(async () => {
  for (const cache of caches.splice(0)) await cache.close();
});

function counting() {
  const cache = newCache();
  caches.push(cache);
  let loads = 0;
  return { cache, get: (key = 'k') => cache.getOrSet({ key, load: async () => ++loads }) };
}

it('bypass and uncached neither hit nor fill, through any depth of async calls', async () => {
  const { cache, get } = counting();
  const deep = async (): Promise<number> => {
    await turn();
    return Promise.resolve().then(() => get());
  };
  expect(await uncached(deep)).toBe(1);
  expect(await get()).toBe(2);
  expect(await uncached(deep)).toBe(3);
  expect(await cache.run({ bypass: true }, deep)).toBe(4);
  expect(await get()).toBe(2);
  expect(cache.stats().bypassed).toEqual({ asked: 3 });
});

it('a scope ends where it began: what runs beside it is not in it', async () => {
  const { get } = counting();
  await get();
  const inside = uncached(async () => {
    await turn();
    return get();
  });
  expect(await get()).toBe(1);
  expect(await inside).toBe(2);
  expect(await get()).toBe(1);
});

it('refresh loads and keeps, and takes nobody’s execution', async () => {
  const { cache, get } = counting();
  await get();
  expect(await Promise.all([cache.run({ refresh: true }, get), cache.run({ refresh: true }, get)])).toEqual([
    2, 3,
  ]);
  expect(await get()).toBeGreaterThan(1);
  expect(cache.stats().nearHits).toBe(1);
});

it('tags are added to what is filled inside, those of scopes around it too', async () => {
  const { cache, get } = counting();
  const fill = (key: string) =>
    cache.run({ tags: ['outer'] }, () => cache.run({ tags: ['inner'] }, () => get(key)));
  expect([await fill('a'), await fill('b')]).toEqual([1, 2]);
  expect([await get('a'), await get('b')]).toEqual([1, 2]);
  await cache.invalidate({ tags: ['outer'] });
  expect(await get('a')).toBe(3);
  await fill('b');
  await cache.invalidate({ tags: ['inner'] });
  expect(await get('b')).toBe(5);
});

it('ttl shortens or lengthens what is filled inside', async () => {
  const own = ownCache();
  caches.push(own.cache);
  let loads = 0;
  const get = (key: string) => own.cache.getOrSet({ key, load: async () => ++loads });
  await own.cache.run({ ttl: '1s' }, () => get('short'));
  await own.cache.run({ ttl: '1h' }, () => get('long'));
  await get('default');
  own.clock.advance(1_000);
  expect([await get('short'), await get('long'), await get('default')]).toEqual([4, 2, 3]);
  own.clock.advance(10_000);
  expect([await get('long'), await get('default')]).toEqual([2, 5]);
});

it('gives back what the function gives, and throws what it throws', () => {
  const { cache } = counting();
  expect(cache.run({}, () => 7)).toBe(7);
  expect(uncached(() => 'plain')).toBe('plain');
  expect(() =>
    uncached(() => {
      throw new TypeError('mine');
    }),
  ).toThrow(TypeError);
});

it.each([
  [{ ttl: 'soon' }, 'ttl must be'],
  [{ tags: [''] }, 'a tag must be'],
])('refuses %j', (options, words) => {
  const { cache } = counting();
  expect(() => cache.run(options as never, () => 1)).toThrow(words);
});
