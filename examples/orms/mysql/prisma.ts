/** Decides what Prisma with a cache looks like on MySQL and MariaDB: its adapter is ours, over a wrapped pool of mysql2. */
import { createCache } from 'lookaside';
import { withCache } from 'lookaside/mysql2';
import { PrismaMysql2 } from 'lookaside/prisma';
import mysql from 'mysql2';
import { PrismaClientForMysql as PrismaClient } from '../prisma/client.js';
import { show } from './stage.js';

show('Prisma', async (uri) => {
  const cache = createCache();
  const pool = withCache(mysql.createPool({ uri }), cache);
  const prisma = new PrismaClient({ adapter: new PrismaMysql2(pool, { disposeExternalPool: true }) });
  return {
    cache,
    priceOf: async (name) => {
      const product = await prisma.product.findFirst({ where: { name } });
      return product?.['price'] as number | undefined;
    },
    setPrice: (name, price) => prisma.product.updateMany({ where: { name }, data: { price } }),
    close: () => prisma.$disconnect(),
  };
});
