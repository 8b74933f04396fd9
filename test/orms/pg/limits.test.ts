/** What docs/orms.md says that ORMs do not do on Postgres, or do at a price: each limit as it is. */
import { EntitySchema, MikroORM, PostgreSqlKnexDialect } from '@mikro-orm/postgresql';
import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { DataTypes, Sequelize } from 'sequelize';
import { DataSource, EntitySchema as TypeOrmSchema } from 'typeorm';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cachedDriver } from '../../../src/adapters/pg/index.js';
import { type Cache, type Config, createCache } from '../../../src/index.js';
import type { Town } from '../library.js';
import { poolFor, postgresGround } from './ground.js';

const authors = pgTable('authors', { id: integer().primaryKey(), name: text().notNull() });

postgresGround.describe('a limit of ORMs', () => {
  let town: Town;
  const ending: (() => Promise<unknown>)[] = [];
  const cacheWith = (config: Config = {}): Cache => {
    const cache = createCache({ namespace: 'orm-limits', changes: { kind: 'none' }, ...config });
    ending.push(() => cache.close());
    return cache;
  };
  beforeEach(async () => {
    town = await postgresGround.found();
    await town.furnish();
  });
  afterEach(async () => {
    for (const end of ending.splice(0).reverse()) await end();
    await town.end();
  });

  const sequelizeOn = (cache: Cache) => {
    const { user, ...config } = town.config;
    const sequelize = new Sequelize({
      dialect: 'postgres',
      dialectModule: cachedDriver(pg, cache),
      ...config,
      username: user,
      logging: false,
    });
    ending.push(() => sequelize.close());
    return sequelize.define(
      'Author',
      { id: { type: DataTypes.INTEGER, primaryKey: true }, name: DataTypes.TEXT },
      { tableName: 'authors', timestamps: false },
    );
  };

  it('findOrCreate of Sequelize creates a function, which ends everything; findCreateFind does not', async () => {
    const cache = cacheWith();
    const Authors = sequelizeOn(cache);
    const isHit = async (): Promise<boolean> => {
      const { nearHits } = cache.stats();
      await Authors.findByPk(1);
      return cache.stats().nearHits > nearHits;
    };
    await isHit();
    await Authors.findCreateFind({ where: { id: 8, name: 'Found' } });
    expect(await isHit()).toBe(true);
    await Authors.findOrCreate({ where: { id: 9, name: 'Created' } });
    expect(await isHit()).toBe(false);
    await expect.poll(isHit).toBe(true);
  });

  it('Sequelize and MikroORM write values into their texts: each counts towards limits.statements', async () => {
    const cache = cacheWith({ limits: { statements: 4 } });
    const Authors = sequelizeOn(cache);
    const { database, ...config } = town.config;
    class CachedDialect extends PostgreSqlKnexDialect {
      _driver(): typeof pg {
        return cachedDriver(pg, cache);
      }
    }
    const Author = new EntitySchema<{ id: number; name: string }>({
      name: 'Author',
      tableName: 'authors',
      properties: { id: { type: 'integer', primary: true }, name: { type: 'text' } },
    });
    const orm = await MikroORM.init({
      ...config,
      dbName: database,
      entities: [Author],
      driverOptions: { client: CachedDialect },
    });
    ending.push(() => orm.close());
    const db = drizzle({ client: poolFor({ config: town.config, cache }) });
    ending.push(() => db.$client.end());
    /** Of ten different keys read twice. */
    const hitsOf = async (read: (id: number) => PromiseLike<unknown>): Promise<number> => {
      const before = cache.stats().nearHits;
      for (let call = 0; call < 20; call++) await read(call % 10);
      return cache.stats().nearHits - before;
    };
    expect(await hitsOf((id) => db.select().from(authors).where(eq(authors.id, id)))).toBe(10);
    expect(await hitsOf((id) => Authors.findByPk(id))).toBe(0);
    expect(await hitsOf((id) => orm.em.fork().findOne(Author, { id }))).toBe(0);
  });

  it('a hit waits for a free connection where the ORM takes one first, and not in Drizzle', async () => {
    const pool = poolFor({ config: town.config, cache: cacheWith() }, { max: 1 });
    ending.push(() => pool.end());
    const db = drizzle({ client: pool });
    const kysely = new Kysely<{ authors: { id: number; name: string } }>({
      dialect: new PostgresDialect({ pool }),
    });
    const byDrizzle = async () => db.select().from(authors).where(eq(authors.id, 1));
    const byKysely = async () => kysely.selectFrom('authors').selectAll().where('id', '=', 1).execute();
    await byDrizzle();
    await byKysely();
    const held = await pool.connect();
    expect(await byDrizzle()).toStrictEqual([{ id: 1, name: 'Ursula Le Guin' }]);
    const waiting = byKysely();
    await expect.poll(() => pool.waitingCount).toBe(1);
    held.release();
    expect(await waiting).toHaveLength(1);
  });

  it('save of TypeORM takes the row that it compares with from the cache', async () => {
    const cache = cacheWith();
    const { user, ...config } = town.config;
    const Author = new TypeOrmSchema<{ id: number; name: string }>({
      name: 'Author',
      tableName: 'authors',
      columns: { id: { type: 'integer', primary: true }, name: { type: 'text' } },
    });
    const source = new DataSource({
      type: 'postgres',
      ...config,
      username: user,
      driver: cachedDriver(pg, cache),
      entities: [Author],
    });
    await source.initialize();
    ending.push(() => source.destroy());
    await source.manager.save(Author, { id: 1, name: 'Saved' });
    await source.manager.save(Author, { id: 1, name: 'Saved' });
    const { nearHits, writes } = cache.stats();
    await source.manager.save(Author, { id: 1, name: 'Saved' });
    expect(cache.stats()).toMatchObject({ nearHits: nearHits + 1, writes });
  });

  it('TypeORM goes on with pg in JavaScript where it finds pg-native', async () => {
    const { user, ...config } = town.config;
    const native = { get: () => ({ Pool: pg.Pool, Client: pg.Client }), configurable: true };
    const withNative = Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(pg), native });
    const cache = cacheWith();
    const source = new DataSource({
      type: 'postgres',
      ...config,
      username: user,
      driver: cachedDriver(withNative as typeof pg, cache),
      nativeDriver: {}, // as if the package were installed
    });
    await source.initialize();
    ending.push(() => source.destroy());
    for (let call = 0; call < 2; call++) await source.query('select * from authors where id = 1');
    expect(cache.stats().nearHits).toBe(1);
  });
});
