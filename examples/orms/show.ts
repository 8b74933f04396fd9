/** Decides what is done with each ORM of the examples: a product is read, read again, changed and read. Knows no ORM and no database. */
import type { Cache } from 'lookaside';

/** A shop on some ORM. */
export interface Shop {
  readonly cache: Cache;
  priceOf(name: string): Promise<number | undefined>;
  setPrice(name: string, price: number): Promise<unknown>;
  close(): Promise<unknown>;
}

/** A database with the products, where tea costs 3. */
export interface Site {
  readonly url: string;
  /** Resolves when nobody else is connected any more. */
  othersHaveLeft(): Promise<void>;
  leave(): Promise<void>;
}

/** @param open gets the database's URL */
export type Show = (name: string, open: (url: string) => Promise<Shop>) => void;

/** One after the other, if several are imported. */
export function showOn(find: () => Promise<Site>): Show {
  let before: Promise<void> = Promise.resolve();
  return (name, open) => {
    before = before
      .then(async () => run(name, open, await find()))
      .catch((error: unknown) => {
        console.error(error);
        process.exitCode = 1;
      });
  };
}

async function run(name: string, open: (url: string) => Promise<Shop>, site: Site): Promise<void> {
  try {
    await visit(name, await open(site.url));
    await site.othersHaveLeft();
  } finally {
    await site.leave();
  }
}

async function visit(name: string, shop: Shop): Promise<void> {
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
}
