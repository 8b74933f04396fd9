/**
 * Decides what an Express application with lookaside looks like: a pool, one line that wraps it, the middleware, a
 * scope per request. Needs DATABASE_URL, or starts a Postgres of its own from npm.
 */
import express from 'express';
import { createCache } from 'lookaside';
import { lookaside } from 'lookaside/express';
import { withCache } from 'lookaside/pg';
import { Pool } from 'pg';
import { databaseOf, schema } from '../products.js';

async function main(): Promise<void> {
  const { url, stop } = await databaseOf(process.env);
  const cache = createCache();
  const pool = withCache(new Pool({ connectionString: url }), cache);
  pool.on('error', (error) => console.error(`A connection was lost: ${error.message}`));
  await pool.query(schema);
  await cache.ready(); // need not be awaited: until then the database answers

  const app = express();
  app.use(express.json()); // first: a scope does not reach through the reading of a body
  app.use(
    lookaside<express.Request>({
      cache,
      // Whoever says so is answered by the database.
      scope: (request) => (request.headers['cache-control'] === 'no-cache' ? { bypass: true } : undefined),
    }),
  );

  app.get('/products/:id', async (request, response) => {
    const { rows } = await pool.query<object>('select * from products where id = $1', [request.params.id]);
    if (rows[0] === undefined) response.status(404).json({ error: 'There is no such product' });
    else response.json(rows[0]);
  });

  app.put('/products/:id', async (request, response) => {
    const { price } = request.body as { price: number };
    const values = [request.params.id, price];
    const { rowCount } = await pool.query('update products set price = $2 where id = $1', values);
    response.status(rowCount === 1 ? 204 : 404).end();
  });

  app.get('/stats', (request, response) => {
    response.json(request.lookaside.stats());
  });

  const server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
    const address = server.address();
    console.log(`Listening on http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`);
  });

  // Express has no close hook: behind the requests, in front of the pool.
  const close = async (): Promise<void> => {
    await new Promise((resolve) => server.close(resolve));
    await cache.close();
    await pool.end();
    await stop();
    console.log(`Closed: ${cache.health().status}`);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void close());
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
