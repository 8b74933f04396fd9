/** Decides what Kysely with a cache looks like: the pool of its dialect is wrapped. */
import { Kysely, MysqlDialect } from 'kysely';
import { createCache } from 'lookaside';
import { withCache } from 'lookaside/mysql2';
import mysql from 'mysql2';
import { show } from './stage.js';

interface Tables {
  products: { id: number; name: string; price: number };
}

show('Kysely', async (uri) => {
  const cache = createCache();
  const pool = withCache(mysql.createPool({ uri }), cache);
  const db = new Kysely<Tables>({ dialect: new MysqlDialect({ pool }) });
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
