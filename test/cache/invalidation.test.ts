/** What an invalidation reaches, and that nothing loaded before it is served after it. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Cache, uncached } from '../../src/index.js';
import { gate, newCache } from './support.js';

const caches: Cache[] = [];
afterEach(async () => {
  for (const cache of caches.splice(0)) await cache.close();
});

function open(): Cache {
  const cache = newCache();
  caches.push(cache);
  return cache;
}

describe('an invalidation', () => {
  it('by tag reaches what carries the tag, and nothing else', async () => {
    const cache = open();
    let loads = 0;
    const get = (key: string, tags: string[]) => cache.getOrSet({ key, tags, load: async () => ++loads });
    const all = async () => [await get('a', ['x']), await get('b', ['y']), await get('c', ['x', 'y'])];
    expect(await all()).toEqual([1, 2, 3]);
    await cache.invalidate({ tags: ['x'] });
    expect(await all()).toEqual([4, 2, 5]);
    await cache.invalidate({ tags: ['never used'] });
    expect(await all()).toEqual([4, 2, 5]);
  });

  it('of all reaches everything', async () => {
    const cache = open();
    let loads = 0;
    const get = (key: string) => cache.getOrSet({ key, load: async () => ++loads });
    await get('a');
    await get('b');
    await cache.invalidate({ all: true });
    expect([await get('a'), await get('b')]).toEqual([3, 4]);
  });

  it('reaches no other namespace', async () => {
    const [mine, other] = [open(), open()];
    const get = (cache: Cache, value: number) =>
      cache.getOrSet({ key: 'k', tags: ['t'], load: async () => value });
    await get(other, 1);
    await mine.invalidate({ tags: ['t'], all: true });
    expect(await get(other, 2)).toBe(1);
  });

  it('keeps a load that began before it from ever being served after it', async () => {
    const cache = open();
    const [go, began] = [gate(), gate()];
    const slow = cache.getOrSet({
      key: 'k',
      tags: ['t'],
      load: async () => {
        began.open();
        await go.passed;
        return 'old';
      },
    });
    await began.passed;
    await cache.invalidate({ tags: ['t'] });
    const get = () => cache.getOrSet({ key: 'k', tags: ['t'], load: async () => 'new' });
    const meanwhile = get();
    go.open();
    expect(await slow).toBe('old');
    expect(await meanwhile).toBe('new');
    expect(await get()).toBe('new');
    expect(cache.stats().notFilled).toEqual({ 'overtaken-by-a-write': 1 });
  });

  it('keeps a shared load from being taken by who began after it, also for what it inherited', async () => {
    const cache = open();
    const [go, began] = [gate(), gate()];
    let price = 1;
    const priceOf = () => cache.getOrSet({ key: 'price', tags: ['prices'], load: async () => price });
    const label = (wait: boolean) =>
      cache.getOrSet({
        key: 'label',
        load: async () => {
          const text = `costs ${await priceOf()}`;
          if (wait) {
            began.open();
            await go.passed;
          }
          return text;
        },
      });
    const early = label(true);
    await began.passed;
    price = 2;
    await cache.invalidate({ tags: ['prices'] });
    const late = label(false);
    go.open();
    expect(await early).toBe('costs 1');
    expect(await late).toBe('costs 2');
    expect(await label(false)).toBe('costs 2');
  });

  it.each([
    [{}, 'LOOKASIDE_INVALID_ARGUMENT'],
    [{ tag: ['x'] }, 'LOOKASIDE_INVALID_ARGUMENT'],
    [{ tags: [''] }, 'LOOKASIDE_INVALID_ARGUMENT'],
    [{ tables: ['ghosts'] }, 'LOOKASIDE_TABLE_UNKNOWN'],
    [{ rows: [{ table: 'ghosts', where: { id: 1 } }] }, 'LOOKASIDE_TABLE_UNKNOWN'],
  ])('that would reach nothing is refused: %j', async (options, code) => {
    await expect(open().invalidate(options as never)).rejects.toThrow(expect.objectContaining({ code }));
  });

  it('of an empty list is nothing', async () => {
    const cache = open();
    await cache.invalidate({ tags: [], tables: [], rows: [] });
    expect(cache.stats().tables).toEqual({});
  });
});

describe('a function around another', () => {
  it('inherits what the other depends on, from a load and from a hit', async () => {
    const cache = open();
    let value = 1;
    const inner = () => cache.getOrSet({ key: 'inner', tags: ['t'], load: async () => value });
    const outer = (key: string) => cache.getOrSet({ key, load: async () => (await inner()) * 10 });
    expect([await outer('loads'), await outer('hits')]).toEqual([10, 10]);
    value = 2;
    await cache.invalidate({ tags: ['t'] });
    expect([await outer('loads'), await outer('hits')]).toEqual([20, 20]);
  });

  it('inherits also where the result of the other cannot be stored', async () => {
    class Money {
      constructor(readonly amount: number) {}
    }
    const cache = open();
    let price = 1;
    const base = () => cache.getOrSet({ key: 'base', tags: ['prices'], load: async () => price });
    const money = () => cache.getOrSet({ key: 'money', load: async () => new Money(await base()) });
    const label = () => cache.getOrSet({ key: 'label', load: async () => `costs ${(await money()).amount}` });
    expect([await label(), await label()]).toEqual(['costs 1', 'costs 1']);
    price = 2;
    await cache.invalidate({ tags: ['prices'] });
    expect(await label()).toBe('costs 2');
  });

  it('is not stored when the other was read past the cache, however deep', async () => {
    const cache = open();
    let value = 1;
    const deepest = () => cache.getOrSet({ key: 'deepest', tags: ['t'], load: async () => value });
    const middle = () => cache.getOrSet({ key: 'middle', load: () => uncached(deepest) });
    const outer = () => cache.getOrSet({ key: 'outer', load: middle });
    expect(await outer()).toBe(1);
    value = 2;
    expect(await outer()).toBe(2);
    expect(cache.stats().notFilled).toMatchObject({ 'built-on-uncached-reads': 4 });
  });

  it('is not stored when the other failed and something else was given instead', async () => {
    const cache = open();
    let works = false;
    const inner = () =>
      cache.getOrSet({
        key: 'inner',
        load: async () => {
          if (!works) throw new Error('away');
          return 'value';
        },
      });
    const outer = () => cache.getOrSet({ key: 'outer', load: () => inner().catch(() => 'instead') });
    expect(await outer()).toBe('instead');
    works = true;
    expect(await outer()).toBe('value');
  });

  it('is not stored when a call inside could not be compared, whose tags it would have inherited', async () => {
    const cache = open();
    let value = 1;
    const inner = cache.wrap(async (...args: unknown[]) => (args.length === 1 ? value : 0), {
      name: 'inner',
      tags: ['t'],
    });
    const outer = () => cache.getOrSet({ key: 'outer', tags: ['other'], load: () => inner(() => undefined) });
    expect(await outer()).toBe(1);
    value = 2;
    await cache.invalidate({ tags: ['t'] });
    expect(await outer()).toBe(2);
  });
});
