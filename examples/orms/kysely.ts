/** Decides what Kysely with a cache looks like: the pool of its dialect is wrapped. */
import { Kysely, PostgresDialect } from 'kysely';
import { createCache } from 'lookaside';
import { withCache } from 'lookaside/pg';
import pg from 'pg';
import { show } from './stage.js';

interface Tables {
  products: { id: number; name: string; price: number };
}

show('Kysely', async (connectionString) => {
  const cache = createCache();
  const pool = withCache(new pg.Pool({ connectionString }), cache);
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return {
    cache,
    priceOf: async (name) => {
      const product = await db
        .selectFrom('products')
        .select('price')
        .where('name', '=', name)
        .executeTakeFirst();
      return product?.price;
    },
    setPrice: (name, price) => db.updateTable('products').set({ price }).where('name', '=', name).execute(),
    close: () => db.destroy(),
  };
});
