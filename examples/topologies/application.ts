/**
 * Decides what an application process looks like that shares its cache with others: the same two lines wherever the
 * cache lives. It does what the stage tells it, and ends with it.
 */
import { createCache } from 'lookaside';
import { withCache } from 'lookaside/pg';
import { Pool } from 'pg';
import type { Answer, Order, Settings } from './stage.js';

const { databaseUrl, config } = JSON.parse(process.argv[2] ?? '') as Settings;

const cache = createCache(config);
const pool = withCache(new Pool({ connectionString: databaseUrl }), cache);

/** Answers that did not take a query on the database. */
function hits(): number {
  const { nearHits, storeHits, joined } = cache.stats();
  return nearHits + storeHits + joined;
}

async function obey(order: Order): Promise<Answer> {
  if (order.do === 'write')
    await pool.query('update products set price = $2 where id = $1', [1, order.price]);
  const isTold = cache.health().status === 'ok';
  const before = hits();
  const { rows } = await pool.query<{ price: number }>('select price from products where id = $1', [1]);
  return { price: rows[0]?.price ?? 0, isHit: hits() > before, isTold };
}

async function main(): Promise<void> {
  await cache.ready();
  process.on('message', (order: Order) => {
    if (order.do === 'end') void end();
    else obey(order).then((answer) => process.send?.(answer), failed);
  });
  process.send?.({ price: 0, isHit: false, isTold: true } satisfies Answer);
}

async function end(): Promise<void> {
  await pool.end();
  await cache.close();
  process.disconnect();
}

function failed(error: unknown): void {
  console.error(error);
  process.exit(1);
}

process.on('SIGINT', () => undefined); // the stage ends us, in its order
process.on('disconnect', () => process.exit());
main().catch(failed);
