/** Decides what TypeORM with a cache looks like: it builds its own pool, with the driver that it is given. */
import { createCache } from 'lookaside';
import { cachedDriver } from 'lookaside/mysql2';
import mysql from 'mysql2';
import { DataSource, EntitySchema } from 'typeorm';
import { show } from './stage.js';

interface Product {
  id: number;
  name: string;
  price: number;
}

const Product = new EntitySchema<Product>({
  name: 'Product',
  tableName: 'products',
  columns: { id: { type: 'integer', primary: true }, name: { type: 'text' }, price: { type: 'integer' } },
});

show('TypeORM', async (url) => {
  const cache = createCache();
  const source = new DataSource({
    type: 'mysql',
    url,
    driver: cachedDriver(mysql, cache),
    entities: [Product],
  });
  await source.initialize();
  const products = source.getRepository(Product);
  return {
    cache,
    priceOf: async (name) => (await products.findOneBy({ name }))?.price,
    setPrice: (name, price) => products.update({ name }, { price }),
    close: () => source.destroy(),
  };
});
