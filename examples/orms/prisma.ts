/**
 * Decides what Prisma with a cache looks like: the pool of its adapter is wrapped. An application gives the adapter to its
 * generated client, `new PrismaClient({ adapter })`; here it is asked as the client would ask it.
 */
import { PrismaPg } from '@prisma/adapter-pg';
import { createCache } from 'lookaside';
import { withCache } from 'lookaside/pg';
import pg from 'pg';
import { show } from './stage.js';

show('Prisma', async (connectionString) => {
  const cache = createCache();
  const pool = withCache(new pg.Pool({ connectionString }), cache);
  const adapter = new PrismaPg(pool, { disposeExternalPool: true });

  const connection = await adapter.connect();
  const query = (sql: string, args: (string | number)[]) =>
    connection.queryRaw({
      sql,
      args,
      argTypes: args.map(() => ({ scalarType: 'unknown', arity: 'scalar' })),
    });
  return {
    cache,
    priceOf: async (name) => {
      const { rows } = await query('SELECT "price" FROM "products" WHERE "name" = $1 LIMIT $2', [name, 1]);
      return rows[0]?.[0] as number | undefined;
    },
    setPrice: (name, price) => query('UPDATE "products" SET "price" = $2 WHERE "name" = $1', [name, price]),
    close: () => connection.dispose(),
  };
});
