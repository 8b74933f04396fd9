/** What docs/orms.md says that ORMs do not do on MySQL and MariaDB, or do at a price: each limit as it is. */
import { EntitySchema } from '@mikro-orm/core';
import { MariaDbKnexDialect, MySqlKnexDialect } from '@mikro-orm/knex';
import { MikroORM as MikroOrmOnMariadb } from '@mikro-orm/mariadb';
import { MikroORM } from '@mikro-orm/mysql';
import { asc, eq, relations } from 'drizzle-orm';
import * as core from 'drizzle-orm/mysql-core';
import { drizzle } from 'drizzle-orm/mysql2';
import { Kysely, MysqlDialect } from 'kysely';
import * as mariadb from 'mariadb';
import mysql from 'mysql2';
import { DataTypes, Sequelize } from 'sequelize';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cachedDriver, withCache } from '../../../src/adapters/mysql2/index.js';
import { type Cache, type Config, createCache } from '../../../src/index.js';
import { PrismaMysql2 } from '../../../src/prisma/index.js';
import type { Town } from '../library.js';
import { closing, mariadbGround, poolFor } from './ground.js';

const authors = core.mysqlTable('authors', { id: core.int().primaryKey(), name: core.text().notNull() });
const books = core.mysqlTable('books', {
  id: core.int().primaryKey(),
  authorId: core.int('author_id').notNull(),
  title: core.text().notNull(),
  lent: core.time(),
});
const schema = {
  authors,
  books,
  authorsRelations: relations(authors, ({ many }) => ({ books: many(books) })),
  booksRelations: relations(books, ({ one }) => ({
    author: one(authors, { fields: [books.authorId], references: [authors.id] }),
  })),
};

mariadbGround.describe('a limit of ORMs', () => {
  let town: Town;
  const ending: (() => Promise<unknown>)[] = [];
  const cacheWith = (config: Config = {}): Cache => {
    const cache = createCache({ namespace: 'orm-limits', changes: { kind: 'none' }, ...config });
    ending.push(() => cache.close());
    return cache;
  };
  const poolWith = (cache: Cache, options?: mysql.PoolOptions): mysql.Pool => {
    const pool = poolFor({ config: town.config, cache }, options);
    ending.push(closing(pool));
    return pool;
  };
  beforeEach(async () => {
    town = await mariadbGround.found();
    await town.furnish();
  });
  afterEach(async () => {
    for (const end of ending.splice(0).reverse()) await end();
    await town.end();
  });

  const sequelizeOn = (cache: Cache) => {
    const { user, ...config } = town.config;
    const sequelize = new Sequelize({
      dialect: 'mysql',
      dialectModule: cachedDriver(mysql, cache),
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

  it('findOrCreate of Sequelize creates no function here, and ends only what it touches', async () => {
    const cache = cacheWith();
    const Authors = sequelizeOn(cache);
    await Authors.findByPk(1);
    await Authors.findOrCreate({ where: { id: 9, name: 'Created' } });
    const { nearHits } = cache.stats();
    await Authors.findByPk(1);
    expect(cache.stats().nearHits).toBe(nearHits + 1);
    expect(await Authors.findByPk(9)).toMatchObject({ name: 'Created' });
  });

  it('Sequelize and MikroORM write values into their texts: each counts towards limits.statements', async () => {
    const cache = cacheWith({ limits: { statements: 4 } });
    const Authors = sequelizeOn(cache);
    const { database, ...config } = town.config;
    class CachedDialect extends MySqlKnexDialect {
      _driver(): typeof mysql {
        return cachedDriver(mysql, cache);
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
    const db = drizzle({ client: poolWith(cache) });
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
    const pool = poolWith(cacheWith(), { connectionLimit: 1 });
    const db = drizzle({ client: pool });
    const kysely = new Kysely<{ authors: { id: number; name: string } }>({
      dialect: new MysqlDialect({ pool }),
    });
    const byDrizzle = async () => db.select().from(authors).where(eq(authors.id, 1));
    const byKysely = async () => kysely.selectFrom('authors').selectAll().where('id', '=', 1).execute();
    await byDrizzle();
    await byKysely();
    const held = await pool.promise().getConnection();
    expect(await byDrizzle()).toStrictEqual([{ id: 1, name: 'Ursula Le Guin' }]);
    let waited = false;
    pool.once('enqueue', () => {
      waited = true;
    });
    const waiting = byKysely();
    await expect.poll(() => waited).toBe(true);
    held.release();
    expect(await waiting).toHaveLength(1);
  });

  it('relational queries of Drizzle read a TIME into JSON, which is not cached; without it they are', async () => {
    const cache = cacheWith();
    const db = drizzle({ client: poolWith(cache), schema, mode: 'planetscale' });
    const hitsOf = async (columns: { readonly lent: boolean }): Promise<number> => {
      const { nearHits } = cache.stats();
      for (let call = 0; call < 3; call++)
        await db.query.authors.findMany({ with: { books: { columns: { title: true, ...columns } } } });
      return cache.stats().nearHits - nearHits;
    };
    expect(await hitsOf({ lent: true })).toBe(0);
    expect(cache.stats().bypassed).toMatchObject({ 'time-of-day': 3 });
    expect(await hitsOf({ lent: false })).toBe(2);
  });

  it('relational queries of Drizzle for one related row do not run on MariaDB, with a cache or without', async () => {
    const plain = mysql.createPool(town.config);
    ending.push(closing(plain));
    for (const client of [plain, poolWith(cacheWith())])
      for (const mode of ['default', 'planetscale'] as const) {
        const db = drizzle({ client, schema, mode });
        const failed = db.query.books.findFirst({ with: { author: true }, orderBy: asc(books.id) });
        await expect(failed).rejects.toThrow('Failed query');
      }
  });

  it('the driver mariadb is refused, and so are its pools', async () => {
    const cache = cacheWith();
    const pool = mariadb.createPool(town.config);
    ending.push(() => pool.end());
    const refused = { code: 'LOOKASIDE_POOL_UNSUPPORTED' };
    expect(() => withCache(pool as never, cache)).toThrow(expect.objectContaining(refused));
    expect(() => cachedDriver(mariadb as never, cache)).toThrow(expect.objectContaining(refused));
  });

  it('the driver of @mikro-orm/mariadb is refused there, before anything is asked', async () => {
    const cache = cacheWith();
    class CachedDialect extends MariaDbKnexDialect {
      override _driver(): unknown {
        return cachedDriver(mariadb as never, cache);
      }
    }
    const { database, ...config } = town.config;
    const starting = MikroOrmOnMariadb.init({
      ...config,
      dbName: database,
      entities: [
        new EntitySchema({ name: 'Author', properties: { id: { type: 'integer', primary: true } } }),
      ],
      driverOptions: { client: CachedDialect, log: { error: () => undefined } }, // Knex tells of it, too
    });
    await expect(starting).rejects.toThrow('give cachedDriver the module mysql2');
  });

  it('statements of Prisma are prepared, as many per connection as the pool says', async () => {
    const adapter = await new PrismaMysql2(
      poolWith(cacheWith(), { connectionLimit: 1, maxPreparedStatements: 2 }),
    ).connect();
    const ask = async (sql: string): Promise<readonly unknown[][]> =>
      (await adapter.queryRaw({ sql, args: [], argTypes: [] })).rows;
    /** By this connection: how many there are now is only told for the whole server. */
    const counted = async (name: string): Promise<number> =>
      Number((await ask(`show session status like '${name}'`))[0]?.[1]);
    for (let id = 1; id <= 6; id++) await ask(`select * from authors where id = ${id}`);
    const prepared = await counted('Com_stmt_prepare');
    expect(prepared).toBeGreaterThanOrEqual(6);
    expect(prepared - (await counted('Com_stmt_close'))).toBeLessThanOrEqual(3);
  });
});
