/**
 * Decides what caching any async function looks like: getOrSet, wrap, invalidate, run, uncached. No database, no
 * framework: what is cached here is a price list that some slow service gives.
 */
import { createCache, uncached } from 'lookaside';

const prices = new Map([
  ['tea', 3],
  ['coffee', 4],
]);
let asked = 0;

/** The slow service. */
async function fetchPrice(article: string): Promise<number | undefined> {
  asked++;
  return prices.get(article);
}

async function main(): Promise<void> {
  const cache = createCache({ ttl: '1m' });

  // The same function, with its results cached by its arguments.
  const priceOf = cache.wrap(fetchPrice, { name: 'priceOf', tags: ['prices'] });
  console.log(`tea costs ${await priceOf('tea')}, asked ${asked}`);
  console.log(`tea costs ${await priceOf('tea')}, asked ${asked}`);

  // A value under a key of its own. It inherits what priceOf depends on.
  const total = (): Promise<number> =>
    cache.getOrSet({
      key: 'total',
      ttl: '10s',
      load: async () => ((await priceOf('tea')) ?? 0) + ((await priceOf('coffee')) ?? 0),
    });
  console.log(`both cost ${await total()}, asked ${asked}`);

  // What depends on a tag is never served again, however it came to depend on it.
  prices.set('tea', 5);
  await cache.invalidate({ tags: ['prices'] });
  console.log(`both cost ${await total()}, asked ${asked}`);

  // Everything inside goes past the cache, however deep.
  console.log(`uncached ${await uncached(total)}, asked ${asked}`);
  // Everything inside is loaded afresh, and kept.
  console.log(`refreshed ${await cache.run({ refresh: true }, total)}, asked ${asked}`);
  console.log(`kept ${await total()}, asked ${asked}`);

  await cache.close();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
