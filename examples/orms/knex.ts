/** Decides what Knex with a cache looks like: the pool that it is given is wrapped. */
import knex from 'knex';
import { createCache } from 'lookaside';
import { withCache } from 'lookaside/pg';
import pg from 'pg';
import { show } from './stage.js';

interface Product {
  id: number;
  name: string;
  price: number;
}

show('Knex', async (connectionString) => {
  const cache = createCache();
  const pool = withCache(new pg.Pool({ connectionString }), cache);
  const db = knex.default({ client: 'pg', connectionPool: pool });
  // Before Knex 3.3, which builds its own: db.client.driver = cachedDriver(pg, cache)
  return {
    cache,
    priceOf: async (name) => (await db<Product>('products').where({ name }).first())?.price,
    setPrice: async (name, price) => db<Product>('products').where({ name }).update({ price }),
    close: async () => {
      await db.destroy();
      await pool.end(); // Knex leaves a pool that it was given open
    },
  };
});
