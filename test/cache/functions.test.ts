/** getOrSet and wrap by the public door: what is kept, for whom, until when. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Cache, Config } from '../../src/index.js';
import { gate, newCache } from './support.js';

const caches: Cache[] = [];
afterEach(async () => {
  for (const cache of caches.splice(0)) await cache.close();
});

function open(config: Config = {}): Cache {
  const cache = newCache(config);
  caches.push(cache);
  return cache;
}

describe('getOrSet', () => {
  it('loads once per key', async () => {
    const cache = open();
    let loads = 0;
    const get = (key: string) => cache.getOrSet({ key, load: async () => `${key}${++loads}` });
    expect([await get('a'), await get('a'), await get('b'), await get('a')]).toEqual([
      'a1',
      'a1',
      'b2',
      'a1',
    ]);
    expect(cache.stats()).toMatchObject({ nearHits: 2, misses: 2, fills: 2, entries: 2 });
  });

  it('keeps the same key with other declarations apart', async () => {
    const cache = open();
    let loads = 0;
    const get = (...tags: string[]) => cache.getOrSet({ key: 'k', tags, load: async () => ++loads });
    expect([await get(), await get('a'), await get('a', 'b'), await get('a')]).toEqual([1, 2, 3, 2]);
    await cache.invalidate({ tags: ['b'] });
    expect([await get(), await get('a'), await get('a', 'b')]).toEqual([1, 2, 4]);
  });

  it('gives every caller a copy of his own', async () => {
    const cache = open();
    const load = async () => ({ list: [1], at: new Date(0) });
    const get = () => cache.getOrSet({ key: 'k', load });
    const first = await get();
    first.list.push(2);
    first.at.setTime(9);
    const second = await get();
    expect(second).toEqual({ list: [1], at: new Date(0) });
    second.list.push(3);
    expect(await get()).toEqual({ list: [1], at: new Date(0) });
  });

  it('keeps what callers share of one execution apart, too', async () => {
    const cache = open();
    const go = gate();
    const get = () =>
      cache.getOrSet({
        key: 'k',
        load: async () => {
          await go.passed;
          return { list: [1] };
        },
      });
    const running = [get(), get(), get()];
    go.open();
    const [first, second, third] = await Promise.all(running);
    first?.list.push(2);
    expect([second, third]).toEqual([{ list: [1] }, { list: [1] }]);
  });

  it('does not keep a failure, and tells it as it is', async () => {
    const cache = open();
    const failure = new Error('not today');
    let loads = 0;
    const get = () =>
      cache.getOrSet({
        key: 'k',
        load: async () => {
          if (++loads === 1) throw failure;
          return loads;
        },
      });
    await expect(get()).rejects.toBe(failure);
    expect(await get()).toBe(2);
    expect(await get()).toBe(2);
  });

  it('lets concurrent callers share one load', async () => {
    const cache = open();
    const go = gate();
    let loads = 0;
    const get = () =>
      cache.getOrSet({
        key: 'k',
        load: async () => {
          loads++;
          await go.passed;
          return loads;
        },
      });
    const running = Array.from({ length: 50 }, get);
    go.open();
    expect(new Set(await Promise.all(running))).toEqual(new Set([1]));
    expect(loads).toBe(1);
    expect(cache.stats()).toMatchObject({ misses: 1, joined: 49, flights: 0 });
  });

  it('lets callers of a load that fails run their own', async () => {
    const cache = open();
    const go = gate();
    let loads = 0;
    const get = () =>
      cache.getOrSet({
        key: 'k',
        load: async () => {
          const mine = ++loads;
          await go.passed;
          if (mine === 1) throw new Error('the first');
          return 'fine';
        },
      });
    const running = Promise.allSettled([get(), get()]);
    go.open();
    const [first, second] = await running;
    expect(first).toMatchObject({ status: 'rejected' });
    expect(second).toEqual({ status: 'fulfilled', value: 'fine' });
  });

  it('shares no more executions at once than the limit', async () => {
    const cache = open({ limits: { flights: 0 } });
    const go = gate();
    let loads = 0;
    const get = () =>
      cache.getOrSet({
        key: 'k',
        load: async () => {
          await go.passed;
          return ++loads;
        },
      });
    const running = [get(), get(), get()];
    go.open();
    expect(await Promise.all(running)).toEqual([1, 2, 3]);
  });

  it.each([
    [{ key: '' }, 'a key that is not empty'],
    [{ key: 7 }, 'a key that is not empty'],
    [{ key: 'k', tags: [''] }, 'a tag must be a text that is not empty'],
    [{ key: 'k', ttl: 'soon' }, 'ttl must be'],
    [{ key: 'k', ttl: 0 }, 'ttl must be'],
  ])('refuses %j', async (options, words) => {
    const running = open().getOrSet({ load: async () => 1, ...options } as never);
    await expect(running).rejects.toThrow(
      expect.objectContaining({
        code: 'LOOKASIDE_INVALID_ARGUMENT',
        message: expect.stringContaining(words) as string,
      }),
    );
  });

  it('refuses tables that no wrapped database has', async () => {
    await expect(open().getOrSet({ key: 'k', load: async () => 1, tables: ['ghosts'] })).rejects.toThrow(
      expect.objectContaining({ code: 'LOOKASIDE_TABLE_UNKNOWN' }),
    );
  });
});

describe('wrap', () => {
  function wrapped(cache: Cache) {
    let calls = 0;
    return cache.wrap(async (...args: unknown[]) => `${++calls}:${args.length}`, { name: 'f' });
  }

  it('tells calls apart by their arguments', async () => {
    const call = wrapped(open());
    const different = () => [
      [],
      [undefined],
      [null],
      [0],
      [-0],
      ['0'],
      [0n],
      [[0]],
      [{ a: 1, b: 2 }],
      [new Date(0)],
      [Buffer.from('0')],
      [new Map([[1, 2]])],
      [1, 2],
      [12],
      ['x'.repeat(500)],
      ['x'.repeat(501)],
    ];
    const first = [];
    for (const args of different()) first.push(await call(...args));
    expect(new Set(first).size).toBe(different().length);
    const again = [];
    for (const args of different()) again.push(await call(...args));
    expect(again).toEqual(first);
  });

  it('takes objects with another order of properties for other arguments: a function may see it', async () => {
    const cache = open();
    const list = cache.wrap(async (object: object) => Object.keys(object), { name: 'keys' });
    expect(await list({ a: 1, b: 2 })).toEqual(['a', 'b']);
    expect(await list({ b: 2, a: 1 })).toEqual(['b', 'a']);
  });

  it('runs a call uncached whose arguments cannot be compared', async () => {
    const cache = open();
    const call = wrapped(cache);
    class Own {
      readonly a = 1;
    }
    for (const argument of [() => 1, Symbol('s'), new Own(), new Proxy({}, {}), Object.create(null)])
      expect(await call(argument)).not.toBe(await call(argument));
    expect(cache.stats().bypassed).toEqual({ 'arguments-not-comparable': 10 });
  });

  it('keeps functions of different names apart, and shares those of one name', async () => {
    const cache = open();
    const one = cache.wrap(async (x: number) => `one ${x}`, { name: 'one' });
    const two = cache.wrap(async (x: number) => `two ${x}`, { name: 'two' });
    const again = cache.wrap(async (x: number) => `again ${x}`, { name: 'one' });
    expect([await one(1), await two(1), await again(1)]).toEqual(['one 1', 'two 1', 'one 1']);
  });

  it.each([
    [{}, 'a name that is not empty'],
    [{ name: '' }, 'a name that is not empty'],
    [{ name: 'f', ttl: 'soon' }, 'ttl must be'],
    [{ name: 'f', tags: [''] }, 'a tag must be'],
  ])('refuses %j at once', (options, words) => {
    expect(() => open().wrap(async () => 1, options as never)).toThrow(words);
  });
});

describe('a value', () => {
  const shared = { s: 1 };
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  it.each([
    ['undefined', undefined],
    ['null', null],
    ['minus zero', -0],
    ['not a number', Number.NaN],
    ['a bigint', 2n ** 70n],
    ['a date', new Date('2026-02-03T04:05:06.789Z')],
    ['an invalid date', new Date(Number.NaN)],
    ['a map in a map', new Map<unknown, unknown>([[{ a: 1 }, new Map([[1, new Set([1n])]])]])],
    ['a buffer', Buffer.from([0, 255, 7])],
    ['typed arrays', [new Uint8Array([1, 2]), new Float64Array([0.1]), new BigInt64Array([-1n])]],
    ['a pattern', /a+/giu],
    ['undefined properties', { a: undefined }],
    ['a sparse array', [1, , 3]], // oxlint-disable-line no-sparse-arrays -- it is what is tested
    ['shared parts', [shared, shared]],
    ['a cycle', cyclic],
    ['lone surrogates', '\ud800 ü'],
  ])('comes back exactly from a hit: %s', async (_, value) => {
    const cache = open();
    const get = () => cache.getOrSet<unknown>({ key: 'k', load: async () => value });
    await get();
    const hit = await get();
    expect(cache.stats().nearHits).toBe(1);
    expect(hit).toStrictEqual(value);
    if (Buffer.isBuffer(value)) expect(Buffer.isBuffer(hit)).toBe(true);
  });

  class Money {
    constructor(readonly amount: number) {}
  }
  let deep: object = {};
  for (let level = 0; level < 20_000; level++) deep = { deep };
  const withLastIndex = /a/g;
  withLastIndex.lastIndex = 3;
  it.each([
    ['an instance of a class', new Money(1)],
    ['an instance inside a list', [1, new Money(1)]],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['an error', new Error('e')],
    ['a getter', Object.defineProperty({}, 'a', { get: () => 1, enumerable: true })],
    ['a hidden property', Object.defineProperty({}, 'a', { value: 1 })],
    ['a symbol key', { [Symbol('s')]: 1 }],
    ['a subclass of Map', new (class extends Map {})()],
    ['a list with a name', Object.assign([1], { name: 'x' })],
    ['no prototype', Object.assign(Object.create(null) as object, { a: 1 })],
    ['a proxy', new Proxy({ a: 1 }, {})],
    ['a pattern in use', withLastIndex],
    ['a nesting deeper than the stack', deep],
  ])('is given to its caller and not stored: %s', async (_, value) => {
    const cache = open();
    const get = () => cache.getOrSet<unknown>({ key: 'k', load: async () => value });
    expect(await get()).toBe(value);
    expect(await get()).toBe(value);
    expect(cache.stats()).toMatchObject({ misses: 2, fills: 0, notFilled: { 'not-reproducible': 2 } });
  });

  it('larger than the limit is given to its caller and not stored', async () => {
    const cache = open({ limits: { entry: '1kb' } });
    const get = () => cache.getOrSet({ key: 'k', load: async () => 'x'.repeat(2_000) });
    expect((await get()).length + (await get()).length).toBe(4_000);
    expect(cache.stats()).toMatchObject({ misses: 2, notFilled: { 'too-large': 2 }, bytes: 0 });
  });
});
