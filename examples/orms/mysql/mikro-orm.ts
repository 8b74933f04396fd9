/** Decides what MikroORM with a cache looks like: its Knex builds a pool with the driver that it is given. */
import { EntitySchema, MikroORM, MySqlKnexDialect } from '@mikro-orm/mysql';
import { createCache } from 'lookaside';
import { cachedDriver } from 'lookaside/mysql2';
import mysql from 'mysql2';
import { show } from './stage.js';

interface Product {
  id: number;
  name: string;
  price: number;
}

const Product = new EntitySchema<Product>({
  name: 'Product',
  tableName: 'products',
  properties: {
    id: { type: 'integer', primary: true },
    name: { type: 'text' },
    price: { type: 'integer' },
  },
});

show('MikroORM', async (clientUrl) => {
  const cache = createCache();
  class CachedDialect extends MySqlKnexDialect {
    _driver(): typeof mysql {
      return cachedDriver(mysql, cache);
    }
  }
  const orm = await MikroORM.init({
    clientUrl,
    entities: [Product],
    driverOptions: { client: CachedDialect },
  });
  return {
    cache,
    priceOf: async (name) => (await orm.em.fork().findOne(Product, { name }))?.price,
    setPrice: async (name, price) => {
      const em = orm.em.fork();
      const product = await em.findOneOrFail(Product, { name });
      product.price = price;
      await em.flush();
    },
    close: () => orm.close(),
  };
});
