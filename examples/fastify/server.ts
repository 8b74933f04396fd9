/**
 * Decides what a Fastify application with lookaside looks like: a pool, one line that wraps it, the plugin, a scope
 * per request. Needs DATABASE_URL, or starts a Postgres of its own from npm.
 */
import Fastify from 'fastify';
import { createCache } from 'lookaside';
import { lookaside } from 'lookaside/fastify';
import { withCache } from 'lookaside/pg';
import { Pool } from 'pg';
import { databaseOf, schema } from '../products.js';

interface Product {
  readonly id: number;
  readonly name: string;
  readonly price: number;
}

async function main(): Promise<void> {
  const { url, stop } = await databaseOf(process.env);
  const cache = createCache();
  const pool = withCache(new Pool({ connectionString: url }), cache);
  pool.on('error', (error) => console.error(`A connection was lost: ${error.message}`));
  await pool.query(schema);
  await cache.ready(); // need not be awaited: until then the database answers

  const app = Fastify();
  await app.register(lookaside, {
    cache,
    // Whoever says so is answered by the database.
    scope: (request) => (request.headers['cache-control'] === 'no-cache' ? { bypass: true } : undefined),
  });

  app.get<{ Params: { id: string } }>('/products/:id', async (request, reply) => {
    const { rows } = await pool.query<Product>('select * from products where id = $1', [request.params.id]);
    return rows[0] ?? reply.code(404).send({ error: 'There is no such product' });
  });

  app.put<{ Params: { id: string }; Body: { price: number } }>('/products/:id', async (request, reply) => {
    const values = [request.params.id, request.body.price];
    const { rowCount } = await pool.query('update products set price = $2 where id = $1', values);
    return reply.code(rowCount === 1 ? 204 : 404).send();
  });

  app.get('/stats', async () => app.lookaside.stats());

  // The cache was given to the plugin, so it is ours to close: behind the requests, in front of the pool.
  app.addHook('onClose', async () => {
    await cache.close();
    await pool.end();
    await stop();
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void app.close().then(() => console.log(`Closed: ${cache.health().status}`)));

  console.log(`Listening on ${await app.listen({ port: Number(process.env['PORT'] ?? 3000) })}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
