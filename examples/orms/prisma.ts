/** Decides what Prisma with a cache looks like: the pool of its adapter is wrapped. */
import { PrismaPg } from '@prisma/adapter-pg';
import { createCache } from 'lookaside';
import { withCache } from 'lookaside/pg';
import pg from 'pg';
import { PrismaClient } from './prisma/client.js';
import { show } from './stage.js';

show('Prisma', async (connectionString) => {
  const cache = createCache();
  const pool = withCache(new pg.Pool({ connectionString }), cache);
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool, { disposeExternalPool: true }) });
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
