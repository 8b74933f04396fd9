/**
 * Decides what every store has to make true, whatever keeps it: several caches that share it, as several processes do,
 * never answer with less than was acknowledged. One set of behaviours, run over each topology.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../src/index.js';
import { Sharer } from './sharer.js';

export interface StoreUnderTest {
  /** How a process reaches the store. The first may be the one that holds it. */
  readonly configs: readonly [Config, Config];
  /** Loses everything, as FLUSHALL does. */
  readonly flush: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

let serial = 0;

export function behavesAsAStore(name: string, start: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let store: StoreUnderTest;
    const opened: Sharer[] = [];
    beforeAll(async () => {
      store = await start();
      namespace = `suite-${process.pid}-${serial++}`;
      for (const config of store.configs) {
        const sharer = Sharer.open(namespace, config);
        opened.push(sharer);
        await sharer.cache.ready();
      }
    });
    afterAll(async () => {
      for (const { cache } of opened) await cache.close();
      await store.stop();
    });
    let namespace = '';
    const one = (): Sharer => opened[0] as Sharer;
    const other = (): Sharer => opened[1] as Sharer;
    const notStoredYet = (): Promise<never> => Promise.reject(new Error('not stored yet')); // and stored by nobody
    const stored = async (table: string): Promise<void> => {
      await expect.poll(() => other().read({ table, query: notStoredYet })).toBeDefined();
    };

    it('serves one what another stored, and asks for tokens alone from then on', async () => {
      await one().read({ table: 'served', query: () => 'first' });
      await stored('served');
      expect(await other().read({ table: 'served', query: () => 'second' })).toEqual(['near', 'first']);
    });

    it('serves nobody what another’s write changed, once the write is acknowledged', async () => {
      const read = (sharer: Sharer, answer: string) => sharer.read({ table: 'w', query: () => answer });
      for (const [writer, reader] of [
        [one(), other()],
        [other(), one()],
      ] as const) {
        await read(reader, 'before');
        const placed = await writer.write('w');
        expect(await read(reader, 'during')).toEqual(['database', 'during']);
        await placed.end();
        expect(await read(reader, 'after')).toEqual(['database', 'after']);
        expect((await read(reader, 'later'))[1]).toBe('after');
        await (await writer.write('w')).end();
      }
    });

    it('lets a write to one value leave the results of other values alone', async () => {
      const read = (value: string, answer: string) =>
        other().read({ table: 'p', value, query: () => answer });
      await read('7', 'seven');
      await read('8', 'eight');
      const placed = await one().write('p', { '1': ['7'] });
      expect(await read('7', 'during')).toEqual(['database', 'during']);
      expect(await read('8', 'during')).toEqual(['near', 'eight']);
      await placed.end();
      expect(await read('7', 'after')).toEqual(['database', 'after']);
      expect(await read('8', 'after')).toEqual(['near', 'eight']);
      await (await one().write('p')).end();
      expect(await read('8', 'whole table')).toEqual(['database', 'whole table']);
    });

    it('stores nothing that was read while a write was under way', async () => {
      const placed = await one().write('f');
      expect(await other().read({ table: 'f', query: () => 'old' })).toEqual(['database', 'old']);
      await placed.end();
      expect(await other().read({ table: 'f', query: () => 'new' })).toEqual(['database', 'new']);
    });

    it('stores dead what a write overtook', async () => {
      let placed: Awaited<ReturnType<Sharer['write']>> | undefined;
      const slow = other().read({
        table: 'o',
        query: async () => {
          placed = await one().write('o');
          await placed.end();
          return 'of before the write';
        },
      });
      expect(await slow).toEqual(['database', 'of before the write']);
      for (const sharer of [one(), other()])
        expect((await sharer.read({ table: 'o', query: () => 'new' }))[1]).toBe('new');
    });

    it('forgets with everything, and begins anew', async () => {
      await other().read({ table: 'l', query: () => 'before' });
      const placed = await one().write('l');
      await store.flush();
      expect((await other().read({ table: 'l', query: () => 'intent lost' }))[1]).toBe('intent lost');
      await placed.end();
      expect(await other().read({ table: 'l', query: () => 'after' })).toEqual(['database', 'after']);
      expect((await other().read({ table: 'l', query: () => 'later' }))[1]).toBe('after');
    });

    it('shares executions, tags and what functions declare', async () => {
      let loads = 0;
      const get = (sharer: Sharer, load = async () => ++loads) =>
        sharer.cache.getOrSet({ key: 'f', tags: ['t'], load });
      expect(await Promise.all([get(one()), get(one()), get(one())])).toEqual([1, 1, 1]);
      // Loading it would be right, too, until it is there.
      await expect.poll(() => get(other(), notStoredYet)).toBe(1);
      await other().cache.invalidate({ tags: ['t'] });
      expect(await get(one())).toBe(2);
      await one().cache.invalidate({ all: true });
      expect(await get(other())).toBe(3);
    });

    it('drops entries on request and goes on', async () => {
      await one().read({ table: 'c', query: () => 'first' });
      await stored('c');
      await other().cache.clear();
      expect(await other().read({ table: 'c', query: () => 'second' })).toEqual(['database', 'second']);
    });

    it('keeps namespaces apart', async () => {
      const stranger = Sharer.open(`${namespace}-b`, store.configs[1]);
      try {
        await stranger.cache.ready();
        await one().read({ table: 'n', query: () => 'ours' });
        expect(await stranger.read({ table: 'n', query: () => 'theirs' })).toEqual(['database', 'theirs']);
      } finally {
        await stranger.cache.close();
      }
    });

    it('fails at nothing meanwhile', () => {
      expect(one().failures).toEqual([]);
      expect(other().failures).toEqual([]);
    });
  });
}
