/** Decides what Knex with a cache looks like: the pool that it is given is wrapped. */
import knex from 'knex';
import { createCache } from 'lookaside';
import { withCache } from 'lookaside/mysql2';
import mysql from 'mysql2';
import { show } from './stage.js';

interface Product {
  id: number;
  name: string;
  price: number;
}

show('Knex', async (uri) => {
  const cache = createCache();
  const pool = withCache(mysql.createPool({ uri }), cache);
  const connectionPool = pool as knex.Knex.MySQLPoolLike; // its types want another `end`
  const db = knex.default({ client: 'mysql2', connectionPool });
  // Before Knex 3.3, which builds its own: db.client.driver = cachedDriver(mysql, cache)
  return {
    cache,
    priceOf: async (name) => (await db<Product>('products').where({ name }).first())?.price,
    setPrice: async (name, price) => db<Product>('products').where({ name }).update({ price }),
    close: async () => {
      await db.destroy();
      await pool.promise().end(); // Knex leaves a pool that it was given open
    },
  };
});
