/** Decides what Sequelize with a cache looks like: it builds its own pool, with the driver that it is given. */
import { createCache } from 'lookaside';
import { cachedDriver } from 'lookaside/mysql2';
import mysql from 'mysql2';
import { DataTypes, type Model, Sequelize } from 'sequelize';
import { show } from './stage.js';

interface Product extends Model {
  price: number;
}

show('Sequelize', async (url) => {
  const cache = createCache();
  const sequelize = new Sequelize(url, {
    dialect: 'mysql',
    dialectModule: cachedDriver(mysql, cache),
    logging: false,
  });
  const Products = sequelize.define<Product>(
    'Product',
    { name: DataTypes.TEXT, price: DataTypes.INTEGER },
    { tableName: 'products', timestamps: false },
  );
  return {
    cache,
    priceOf: async (name) => (await Products.findOne({ where: { name } }))?.price,
    setPrice: (name, price) => Products.update({ price }, { where: { name } }),
    close: () => sequelize.close(),
  };
});
