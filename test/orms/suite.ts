/**
 * Decides what every ORM has to prove through a cache, whatever its database: reads are hits and the same, writes
 * invalidate, transactions, migrations, errors, streams and closing behave. Knows no ORM and no driver.
 */
import assert from 'node:assert';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Cache, createCache } from '../../src/index.js';
import type { Ground, Library, OpenLibrary, Town } from './library.js';

export interface OrmSuite {
  readonly name: string;
  readonly ground: Ground;
  readonly open: OpenLibrary;
}

export function describeOrm({ name, ground, open }: OrmSuite): void {
  ground.describe(`${name} through a cache`, () => {
    let town: Town;
    let cache: Cache;
    let plain: Library;
    let cached: Library;

    beforeAll(async () => {
      town = await ground.found();
      cache = createCache({
        namespace: `orm-${name.replaceAll(' ', '-')}-${process.pid}`,
        ttl: '1h',
        changes: { kind: 'none' }, // a rotation at a moment of its own choosing would be a miss that no test meant
      });
      await cache.ready();
      plain = await open({ config: town.config, cache: null });
      cached = await open({ config: town.config, cache });
    });
    beforeEach(async () => {
      await town.furnish();
      await cache.invalidate({ all: true }); // the furniture was moved past the cache
    });
    afterAll(async () => {
      await Promise.all([plain.close(), cached.close()]);
      expect(cache.stats().failures).toStrictEqual({});
      await cache.close();
      await town.end();
    });

    const counts = (): { readonly hits: number; readonly others: number } => {
      const { nearHits, storeHits, joined, misses, bypassed } = cache.stats();
      const passed = Object.values(bypassed).reduce((sum, count) => sum + count, 0);
      return { hits: nearHits + storeHits + joined, others: misses + passed };
    };
    /** Fails, with what the cache counted, unless all that is asked meanwhile comes from it, and something is asked. */
    const expectAllHits = async (run: () => Promise<unknown>, what: string): Promise<void> => {
      const [statsBefore, before] = [cache.stats(), counts()];
      await run();
      const after = counts();
      const isAllHits = after.hits > before.hits && after.others === before.others;
      expect(isAllHits, `${what}: ${JSON.stringify({ before: statsBefore, after: cache.stats() })}`).toBe(
        true,
      );
    };
    const readAll = async (library: Library): Promise<Record<string, unknown>> => {
      const results: Record<string, unknown> = {};
      for (const [read, run] of Object.entries(library.reads)) results[read] = await run();
      return results;
    };
    /** @returns what is read now */
    const expectTruth = async (): Promise<Record<string, unknown>> => {
      const read = await readAll(cached);
      assert.deepStrictEqual(read, await readAll(plain));
      return read;
    };
    const nameOf = async (library: Pick<Library, 'nameOf'>, id: number): Promise<string | undefined> =>
      library.nameOf(id);

    describe('reads', () => {
      it('are the same as without one, cold, warm and hot', async () => {
        const expected = await readAll(plain);
        expect(Object.keys(expected).length).toBeGreaterThan(4);
        for (const temperature of ['cold', 'warm', 'hot'])
          assert.deepStrictEqual(await readAll(cached), expected, temperature);
      });

      it('are all answered from the cache when they were asked before', async () => {
        for (const [read, run] of Object.entries(cached.reads)) {
          await run();
          await expectAllHits(run, read);
        }
      });

      it('belong to the caller, who may change them', async () => {
        const expected = await readAll(plain);
        for (const run of Object.values(cached.reads)) spoil(await run());
        assert.deepStrictEqual(await readAll(cached), expected);
      });
    });

    describe('writes', () => {
      const writes: Readonly<Record<string, (library: Library) => Promise<unknown>>> = {
        'an update': (library) => library.rename(1, 'Ursula K. Le Guin'),
        'an insert': (library) => library.addBook(2, 'A new one'),
        'a delete': (library) => library.removeBook(1),
        'a delete that cascades': (library) => library.removeAuthor(3),
        'an upsert of a row that is there': (library) => library.putAuthor(2, 'Changed'),
        'an upsert of a new row': (library) => library.putAuthor(9, 'Added'),
        'a change to many rows': (library) => library.raisePrices(),
        'a write in SQL of its own': (library) => library.rawRename(2, 'Raw'),
      };

      it.each(Object.keys(writes))('%s ends what it changes', async (write) => {
        const before = await readAll(cached); // and kept, as was shown above
        await writes[write]?.(cached);
        assert.notDeepStrictEqual(await expectTruth(), before);
      });

      it('of a row leave what is known of another', async () => {
        await nameOf(cached, 1);
        await cached.rename(2, 'Another');
        await expectAllHits(() => nameOf(cached, 1), 'the other row');
        expect(await nameOf(cached, 2)).toBe('Another');
      });

      it('that fail are told as without a cache, and end nothing wrongly', async () => {
        const failed = async (library: Library): Promise<unknown> =>
          library.rename(1, 'Stanisław Lem').then(
            () => 'did not fail',
            (error: unknown) =>
              error instanceof Error ? [error.constructor.name, error.name, error.message] : error,
          );
        expect(await failed(cached)).toStrictEqual(await failed(plain));
        expect(await failed(cached)).not.toBe('did not fail');
        await expectTruth();
      });
    });

    describe('a transaction', () => {
      it('sees its own writes, which others see once it is committed', async () => {
        await readAll(cached);
        await cached.transaction(async (inside) => {
          expect(await inside.nameOf(1)).toBe('Ursula Le Guin');
          await inside.rename(1, 'Inside');
          expect(await inside.nameOf(1)).toBe('Inside');
          expect(await nameOf(cached, 1)).toBe('Ursula Le Guin');
        });
        expect(await nameOf(cached, 1)).toBe('Inside');
        await expectTruth();
      });

      it('that is rolled back leaves nothing', async () => {
        await readAll(cached);
        const boom = new Error('boom');
        const running = cached.transaction(async (inside) => {
          await inside.rename(1, 'Never');
          expect(await inside.nameOf(1)).toBe('Never');
          throw boom;
        });
        await expect(running).rejects.toBe(boom);
        expect(await nameOf(cached, 1)).toBe('Ursula Le Guin');
        await expectTruth();
      });

      it('keeps what it did outside of a part that was rolled back', async () => {
        await readAll(cached);
        await cached.transaction(async (inside) => {
          await inside.rename(1, 'Kept');
          const part = inside.nested(async (within) => {
            await within.rename(2, 'Undone');
            throw new Error('of the part');
          });
          await expect(part).rejects.toThrow('of the part');
        });
        expect([await nameOf(cached, 1), await nameOf(cached, 2)]).toStrictEqual(['Kept', 'Octavia Butler']);
        await expectTruth();
      });
    });

    it('reads from the cache in a transaction until it writes, where the configuration says so and its isolation allows', async () => {
      const untilWrite = createCache({
        namespace: `orm-${name.replaceAll(' ', '-')}-until-write`,
        changes: { kind: 'none' },
        transactions: 'untilWrite',
      });
      const another = await open({ config: town.config, cache: untilWrite });
      const hitsInside = ground.isolation === 'read committed' ? 1 : 0;
      await nameOf(another, 1);
      await another.transaction(async (inside) => {
        const { nearHits } = untilWrite.stats();
        expect(await inside.nameOf(1)).toBe('Ursula Le Guin');
        expect(untilWrite.stats().nearHits).toBe(nearHits + hitsInside);
        await inside.rename(1, 'Written');
        expect(await inside.nameOf(1)).toBe('Written');
        expect(untilWrite.stats().nearHits).toBe(nearHits + hitsInside);
      });
      expect(await nameOf(another, 1)).toBe('Written');
      await another.close();
      await untilWrite.close();
    });

    it('gives streams as without one', async () => {
      const { stream } = cached;
      if (stream === undefined) return expect(plain.stream).toBeUndefined();
      const expected = await plain.stream?.();
      assert.deepStrictEqual(await stream(), expected);
      await cached.rename(1, 'Streamed');
      assert.notDeepStrictEqual(await stream(), expected);
      assert.deepStrictEqual(await stream(), await plain.stream?.());
    });

    it('closes all connections', async () => {
      const expected = await readAll(plain);
      const before = await town.connections(); // from now on the others make none
      const another = await open({ config: town.config, cache });
      assert.deepStrictEqual(await readAll(another), expected);
      await another.close();
      await expect.poll(() => town.connections()).toBeLessThanOrEqual(before);
    });

    it('migrates, and shows the new schema at once', async () => {
      const columns = async (library: Library): Promise<readonly string[]> =>
        Object.keys((await library.everythingOfAuthor(1)) as object);
      expect(await columns(cached)).not.toContain('motto');
      await columns(cached);
      await cached.migrate();
      expect(await columns(cached)).toContain('motto');
      await expectTruth();
      await vi.waitFor(() => expectAllHits(() => nameOf(cached, 1), 'after the migration'), {
        timeout: 20_000,
      });
    });
  });
}

/** Changes whatever can be changed in a result. */
function spoil(value: unknown): void {
  if (value instanceof Date) value.setTime(0);
  else if (Buffer.isBuffer(value)) value.fill(0);
  else if (value !== null && typeof value === 'object')
    for (const [key, inner] of Object.entries(value as Record<string, unknown>)) {
      spoil(inner);
      if (Array.isArray(value) || Reflect.getOwnPropertyDescriptor(value, key)?.writable === true)
        (value as Record<string, unknown>)[key] = 'spoilt';
    }
}
