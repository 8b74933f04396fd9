/** Decides what Drizzle with a cache looks like: the pool that it is given is wrapped. */
import { eq } from 'drizzle-orm';
import { int, mysqlTable, varchar } from 'drizzle-orm/mysql-core';
import { drizzle } from 'drizzle-orm/mysql2';
import { createCache } from 'lookaside';
import { withCache } from 'lookaside/mysql2';
import mysql from 'mysql2';
import { show } from './stage.js';

const products = mysqlTable('products', {
  id: int().primaryKey(),
  name: varchar({ length: 100 }).notNull(),
  price: int().notNull(),
});

show('Drizzle', async (uri) => {
  const cache = createCache();
  const pool = withCache(mysql.createPool({ uri }), cache);
  const db = drizzle({ client: pool });
  return {
    cache,
    priceOf: async (name) => (await db.select().from(products).where(eq(products.name, name)))[0]?.price,
    setPrice: (name, price) => db.update(products).set({ price }).where(eq(products.name, name)),
    close: () => pool.promise().end(),
  };
});
