// Decides the same in CommonJS: require gives the same names.
const { createCache, uncached } = require('lookaside');

let asked = 0;

async function main() {
  const cache = createCache({ ttl: '1m' });
  const square = cache.wrap(
    async (number) => {
      asked++;
      return number * number;
    },
    { name: 'square', tags: ['squares'] },
  );
  console.log(`${await square(4)}, asked ${asked}`);
  console.log(`${await square(4)}, asked ${asked}`);
  await cache.invalidate({ tags: ['squares'] });
  console.log(`${await square(4)}, asked ${asked}`);
  console.log(`${await uncached(() => square(4))}, asked ${asked}`);
  await cache.close();
}

main().catch((/** @type {unknown} */ error) => {
  console.error(error);
  process.exitCode = 1;
});
