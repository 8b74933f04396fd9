/** Decides what Drizzle with a cache looks like: the pool that it is given is wrapped. */
import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import { createCache } from 'lookaside';
import { withCache } from 'lookaside/pg';
import pg from 'pg';
import { show } from './stage.js';

const products = pgTable('products', {
  id: integer().primaryKey(),
  name: text().notNull(),
  price: integer().notNull(),
});

show('Drizzle', async (connectionString) => {
  const cache = createCache();
  const db = drizzle({ client: withCache(new pg.Pool({ connectionString }), cache) });
  return {
    cache,
    priceOf: async (name) => (await db.select().from(products).where(eq(products.name, name)))[0]?.price,
    setPrice: (name, price) => db.update(products).set({ price }).where(eq(products.name, name)),
    close: () => db.$client.end(),
  };
});
