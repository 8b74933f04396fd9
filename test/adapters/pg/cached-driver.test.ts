/** Decides what the module is that cachedDriver gives: pg in every respect, but for what its classes make. */
import { createRequire } from 'node:module';
import pg, * as namespace from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cachedDriver, explain, withCache } from '../../../src/adapters/pg/index.js';
import { createCache } from '../../../src/index.js';
import { describeWithPostgres } from '../../support/servers.js';
import { type Fixture, fixture, forgiving } from './fixture.js';

const schema = `
  create table people (id int primary key, name text);
  insert into people select g, 'p' || g from generate_series(1, 5) g;
`;
const read = 'select name from people where id = $1';

/** What TypeScript makes of `import * as pg` in CommonJS: getters that cannot be defined again, and a default. */
function importedStar(module: typeof pg): typeof pg {
  const star = { default: module };
  for (const name of Object.keys(module))
    Object.defineProperty(star, name, { enumerable: true, get: () => module[name as keyof typeof pg] });
  return star as unknown as typeof pg;
}

const shapes: readonly { readonly name: string; readonly module: typeof pg }[] = [
  { name: 'import pg from', module: pg },
  { name: 'import * as pg from', module: namespace },
  { name: 'require', module: createRequire(import.meta.url)('pg') as typeof pg },
  { name: 'import * as pg from, in CommonJS', module: importedStar(pg) },
];

describeWithPostgres('cachedDriver', () => {
  let given: Fixture;
  beforeAll(async () => {
    given = await fixture(schema);
  });
  afterAll(() => given.end());

  describe.each(shapes)('of $name', ({ module }) => {
    it('has all that the module has, and leaves that as it was', () => {
      const before = Object.getOwnPropertyDescriptors(module);
      const driver = cachedDriver(module, given.cache);
      expect(Object.getOwnPropertyDescriptors(module)).toStrictEqual(before);
      expect(Object.keys(driver).sort()).toStrictEqual(Object.keys(module).sort());
      for (const name of ['types', 'defaults', 'Query', 'Connection', 'DatabaseError', 'TypeOverrides'])
        expect(driver).toHaveProperty(name, module[name as keyof typeof pg]);
      expect(driver).not.toBe(module);
      expect(driver.Pool).not.toBe(module.Pool);
      expect([driver.Pool.name, driver.Client.name]).toStrictEqual([module.Pool.name, module.Client.name]);
    });

    it('makes pools that read from the cache', async () => {
      const pool = forgiving(new (cachedDriver(module, given.cache).Pool)(given.database.config));
      expect(pool).toBeInstanceOf(module.Pool);
      const ask = () => pool.query<{ name: string }>(read, [1]);
      await ask();
      expect(await given.isHit(ask)).toBe(true);
      expect((await explain(pool, read, [1])).reads).toStrictEqual([
        { table: 'public.people', pin: 'id = 1' },
      ]);
      await pool.end();
    });

    it('makes clients that read from the cache and tell of writes', async () => {
      const client = new (cachedDriver(module, given.cache).Client)(given.database.config);
      expect(client).toBeInstanceOf(module.Client);
      await client.connect();
      const ask = () => client.query<{ name: string }>(read, [2]);
      await ask();
      expect(await given.isHit(ask)).toBe(true);
      await client.query('update people set name = $1 where id = 2', ['changed']);
      expect((await given.pool.query(read, [2])).rows).toStrictEqual([{ name: 'changed' }]);
      await client.end();
    });
  });

  it('gives the same for the same cache, through whichever import', () => {
    const driver = cachedDriver(pg, given.cache);
    expect(cachedDriver(pg, given.cache)).toBe(driver);
    expect(cachedDriver(driver, given.cache)).toBe(driver);
    const star = cachedDriver(namespace as typeof pg & { default: typeof pg }, given.cache);
    expect(star.Pool).toBe(driver.Pool);
    expect(star.default).toBe(driver);
  });

  it('makes subclasses wrapped as their parents are, once', async () => {
    const driver = cachedDriver(pg, given.cache);
    class OwnClient extends driver.Client {
      greeting = 'hello';
    }
    class OwnPool extends driver.Pool {
      override query(...call: unknown[]): never {
        asked++;
        return (super.query as (...same: unknown[]) => unknown).apply(this, call) as never;
      }
    }
    let asked = 0;
    const pool = forgiving(new OwnPool({ ...given.database.config, Client: OwnClient }));
    expect(pool).toBeInstanceOf(OwnPool);
    expect(pool).toBeInstanceOf(pg.Pool);
    const { query } = pool as unknown as { readonly query: unknown };
    expect(withCache(pool, given.cache)).toHaveProperty('query', query);
    const ask = (): Promise<unknown> => pool.query(read, [3]);
    await ask();
    expect(asked).toBe(1);
    expect(await given.isHit(ask)).toBe(true);
    expect(asked).toBe(1); // a hit does not get to what the cache is in front of
    const client = await pool.connect();
    expect(client).toBeInstanceOf(OwnClient);
    expect(client).toHaveProperty('greeting', 'hello');
    client.release();
    await pool.end();
  });

  it('leaves the connection that looks for writes of others as it is', async () => {
    const cache = createCache({ namespace: 'cached-driver-connections' });
    const made: pg.Client[] = [];
    class Counted extends cachedDriver(pg, cache).Client {
      constructor(config?: pg.ClientConfig) {
        super(config);
        made.push(this);
      }
    }
    const client = new Counted(given.database.config);
    await client.connect();
    await client.query(read, [1]);
    await expect.poll(() => made.length).toBe(2);
    expect(made.map((one) => Object.hasOwn(one, 'query'))).toStrictEqual([true, false]);
    await client.end();
    await cache.close();
  });

  it('leaves a working driver behind when the cache is closed, and tells of no failure', async () => {
    const cache = createCache({ namespace: 'cached-driver-closed' });
    const driver = cachedDriver(pg, cache);
    await cache.ready();
    await cache.close();
    const client = new driver.Client(given.database.config);
    await client.connect();
    for (let call = 0; call < 2; call++) expect((await client.query(read, [4])).rowCount).toBe(1);
    expect(cache.stats().failures).toStrictEqual({});
    expect(cache.stats().nearHits).toBe(0);
    await client.end();
  });

  it('refuses pg-native where an ORM would take it', () => {
    const withNative = Object.defineProperties(
      {},
      { ...Object.getOwnPropertyDescriptors(pg), native: { get: () => pg } },
    ) as typeof pg;
    expect(() => cachedDriver(withNative, given.cache).native).toThrow(
      expect.objectContaining({ code: 'LOOKASIDE_POOL_UNSUPPORTED' }),
    );
    expect(cachedDriver(pg, given.cache).native).toBe(pg.native);
  });

  it.each([null, {}, { Pool: pg.Pool }, { Pool: pg.Pool, Client: Map }])(
    'refuses what is not the module: %s',
    (value) => {
      expect(() => cachedDriver(value as never, given.cache)).toThrow(
        expect.objectContaining({ code: 'LOOKASIDE_POOL_UNSUPPORTED' }),
      );
    },
  );

  it('refuses what is no cache, and a second one', async () => {
    expect(() => cachedDriver(pg, {} as never)).toThrow(
      expect.objectContaining({ code: 'LOOKASIDE_INVALID_ARGUMENT' }),
    );
    const other = createCache({ namespace: 'cached-driver-other' });
    expect(() => cachedDriver(cachedDriver(pg, given.cache), other)).toThrow(
      expect.objectContaining({ code: 'LOOKASIDE_CONFIG_CONFLICT' }),
    );
    expect(cachedDriver(pg, other).Pool).not.toBe(cachedDriver(pg, given.cache).Pool);
    await other.close();
  });

  it('is pg itself when the mode is off', async () => {
    const off = createCache({ namespace: 'cached-driver-off', mode: 'off' });
    expect(cachedDriver(pg, off)).toBe(pg);
    await off.close();
  });
});
