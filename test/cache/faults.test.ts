/** A store that fails: queries go on, nothing stale is served, and `reject` fails writes by name. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Command } from '../../src/cache/executor.js';
import { tableKey } from '../../src/cache/protocol/keys.js';
import type { PlacedWrite } from '../../src/cache/writes.js';
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

const everything = (): boolean => true;
const changes = ([name]: Command): boolean => name !== 'HGETALL' && name !== 'GET';

function counting({ cache }: OwnCache) {
  let loads = 0;
  return (key = 'k') => cache.getOrSet({ key, tags: ['t'], load: async () => ++loads });
}

const table = (own: OwnCache) => [{ table: tableKey(own.cache.namespace, 'tag:t'), pins: null }];
const owner = { backend: 'a test', hasEnded: async () => true };
const write = async (own: OwnCache): Promise<PlacedWrite> => own.engine.beginWrite(table(own), owner);

describe('a store that fails', () => {
  it('makes reads misses, is counted by reason, and is used again when it is back', async () => {
    const own = open();
    const get = counting(own);
    own.fail = everything;
    expect([await get(), await get()]).toEqual([1, 2]);
    expect(own.cache.stats()).toMatchObject({
      failures: { lookup: expect.any(Number) as number },
      bypassed: { 'store-failed': 2 },
    });
    own.fail = null;
    expect([await get(), await get()]).toEqual([3, 3]);
  });

  it('at the intent lets the write through and serves nothing until it was told', async () => {
    const own = open();
    const get = counting(own);
    expect([await get(), await get()]).toEqual([1, 1]);
    own.fail = changes;
    const placed = await write(own);
    expect(await get()).toBe(2);
    expect(own.cache.health()).toEqual({
      status: 'degraded',
      reason: 'the store was not told of a write yet',
    });
    await placed.end();
    expect(await get()).toBe(3);
    own.clock.advance(60_000);
    expect(await get()).toBe(4);
    own.fail = null;
    own.clock.advance(60_000);
    expect(own.cache.health()).toEqual({ status: 'ok' });
    expect([await get(), await get()]).toEqual([5, 5]);
    expect(own.cache.stats()).toMatchObject({ owed: 0, bypassed: { 'store-behind': 3 } });
  });

  it('at the end answers the write, and serves nothing until it was told', async () => {
    const own = open();
    const get = counting(own);
    await get();
    const placed = await write(own);
    own.fail = changes;
    await placed.end();
    expect([await get(), await get()]).toEqual([2, 3]);
    own.fail = null;
    own.clock.advance(60_000);
    expect([await get(), await get()]).toEqual([4, 4]);
  });

  it('fails the write by name where the configuration says reject, and is told later all the same', async () => {
    const own = open({}, 'reject');
    const get = counting(own);
    await get();
    own.fail = changes;
    expect(() => own.engine.beginWrite(table(own), owner)).toThrow(
      expect.objectContaining({
        code: 'LOOKASIDE_STORE_UNAVAILABLE',
        cause: expect.objectContaining({ message: 'the store is away' }) as Error,
      }),
    );
    own.fail = null;
    own.clock.advance(60_000);
    expect(own.cache.stats()).toMatchObject({ owed: 0, failures: { intent: 1 } });
    expect(own.cache.health()).toEqual({ status: 'ok' });
  });

  it('makes an invalidation fail: somebody relies on it', async () => {
    const own = open();
    await own.cache.getOrSet({ key: 'k', tags: ['t'], load: async () => 'carries the tag' });
    own.fail = changes;
    await expect(own.cache.invalidate({ tags: ['t'] })).rejects.toThrow('the store is away');
  });
});

describe('a write under way', () => {
  it('keeps what it conflicts with from being served and from being stored, and nothing else', async () => {
    const own = open();
    const get = counting(own);
    const other = () => own.cache.getOrSet({ key: 'o', load: async () => 'other' });
    await get();
    await other();
    const placed = await write(own);
    expect([await get(), await get()]).toEqual([2, 3]);
    await other();
    expect(own.cache.stats()).toMatchObject({ nearHits: 1, bypassed: { 'write-under-way': 2 } });
    await placed.end();
    expect([await get(), await get()]).toEqual([4, 4]);
  });

  it('whose outcome is unknown blocks until it has ended, and is then ended for its owner', async () => {
    const own = open();
    const get = counting(own);
    let ended = false;
    const placed = await own.engine.beginWrite(table(own), { backend: 'b', hasEnded: async () => ended });
    placed.orphan();
    own.clock.advance(60_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect([await get(), await get()]).toEqual([1, 2]);
    expect(own.cache.stats()).toMatchObject({ unresolved: 1, resolved: 0 });
    ended = true;
    own.clock.advance(60_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(own.cache.stats()).toMatchObject({ unresolved: 0, resolved: 1 });
    expect([await get(), await get()]).toEqual([3, 3]);
  });

  it('inside a function keeps its result from being stored: it has to run each time', async () => {
    const own = open();
    let runs = 0;
    const get = () =>
      own.cache.getOrSet({
        key: 'writes',
        tags: ['other'],
        load: async () => {
          const placed = await write(own);
          await placed.end();
          return ++runs;
        },
      });
    expect([await get(), await get()]).toEqual([1, 2]);
    expect(own.cache.stats().notFilled).toEqual({ 'built-on-uncached-reads': 2 });
  });

  it('after close is nobody’s business, however many there are', async () => {
    const own = ownCache({}, 'reject');
    const before = await write(own);
    await own.cache.close();
    await before.end();
    for (let index = 0; index < 100; index++) await (await write(own)).end();
    expect(own.failures).toEqual([]);
    expect(own.cache.stats()).toMatchObject({ owed: 0, failures: {} });
  });
});
