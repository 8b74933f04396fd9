/** Decides what Objection with a cache looks like: the pool of its Knex is wrapped. */
import knex from 'knex';
import { createCache } from 'lookaside';
import { withCache } from 'lookaside/pg';
import { Model } from 'objection';
import pg from 'pg';
import { show } from './stage.js';

class Product extends Model {
  static override tableName = 'products';
  id!: number;
  name!: string;
  price!: number;
}

show('Objection', async (connectionString) => {
  const cache = createCache();
  const pool = withCache(new pg.Pool({ connectionString }), cache);
  const db = knex.default({ client: 'pg', connectionPool: pool });
  Model.knex(db);
  return {
    cache,
    priceOf: async (name) => (await Product.query().findOne({ name }))?.price,
    setPrice: async (name, price) => Product.query().patch({ price }).where({ name }),
    close: async () => {
      await db.destroy();
      await pool.end();
    },
  };
});
