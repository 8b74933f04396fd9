/** Decides what Objection with a cache looks like: the pool of its Knex is wrapped. */
import knex from 'knex';
import { createCache } from 'lookaside';
import { withCache } from 'lookaside/mysql2';
import mysql from 'mysql2';
import { Model } from 'objection';
import { show } from './stage.js';

class Product extends Model {
  static override tableName = 'products';
  id!: number;
  name!: string;
  price!: number;
}

show('Objection', async (uri) => {
  const cache = createCache();
  const pool = withCache(mysql.createPool({ uri }), cache);
  const connectionPool = pool as knex.Knex.MySQLPoolLike; // its types want another `end`
  const db = knex.default({ client: 'mysql2', connectionPool });
  Model.knex(db);
  return {
    cache,
    priceOf: async (name) => (await Product.query().findOne({ name }))?.price,
    setPrice: async (name, price) => Product.query().patch({ price }).where({ name }),
    close: async () => {
      await db.destroy();
      await pool.promise().end();
    },
  };
});
