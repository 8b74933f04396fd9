/** Decides what is done with each ORM of the examples: a product is read, read again, changed and read. Knows no ORM. */

import type { Cache } from 'lookaside';
import pg from 'pg';
import { databaseOf, schema } from '../products.js';

/** A shop on some ORM. */
export interface Shop {
  readonly cache: Cache;
  priceOf(name: string): Promise<number | undefined>;
  setPrice(name: string, price: number): Promise<unknown>;
  close(): Promise<unknown>;
}

let before: Promise<void> = Promise.resolve();

/** One after the other, if several are imported. @param open gets the database's URL */
export function show(name: string, open: (url: string) => Promise<Shop>): void {
  before = before
    .then(() => run(name, open))
    .catch((error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    });
}

async function run(name: string, open: (url: string) => Promise<Shop>): Promise<void> {
  const { url, stop } = await databaseOf(process.env);
  const keeper = new pg.Client({ connectionString: url });
  await keeper.connect();
  await keeper.query(`${schema}; update products set price = 3 where name = 'tea'`);
  await keeper.query('select pg_stat_force_next_flush()'); // else it is seen later, as a write by somebody else
  const shop = await open(url);
  const tell = async (): Promise<void> => {
    const before = shop.cache.stats().nearHits;
    const price = await shop.priceOf('tea');
    const isHit = shop.cache.stats().nearHits > before;
    console.log(`${name}: tea costs ${price}, from the ${isHit ? 'cache' : 'database'}`);
  };
  await tell();
  await tell();
  await shop.setPrice('tea', 4);
  console.log(`${name}: tea is to cost 4`);
  await tell();
  await shop.close();
  await shop.cache.close();
  await othersHaveLeft(keeper);
  await keeper.end();
  await stop();
}

/** A connection that was closed here is there for a moment longer, and what it wrote is counted when it goes. */
async function othersHaveLeft(keeper: pg.Client): Promise<void> {
  for (let asked = 0; asked < 5_000; asked++) {
    const { rowCount } = await keeper.query(
      'select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    if (rowCount === 0) return;
  }
}
