/** Who is let in to a cache's server can do it no harm. */
import { expect, it } from 'vitest';
import { createCache } from '../../src/index.js';
import { converseInCommands } from '../compat/wire.js';

it('a remote client may not make the server drop what the cache needs, debug it or reach files', async () => {
  const cache = createCache({
    namespace: 'let-in',
    memory: { policy: 'volatile-lru' },
    topology: { listen: { port: 0, password: 'secret' } },
  });
  try {
    await cache.ready();
    const port = cache.address()?.port ?? 0;
    const replies = await converseInCommands({ host: '127.0.0.1', port }, [
      ['AUTH', 'secret'],
      ['CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru'],
      ['CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random'],
      ['CONFIG', 'SET', 'maxmemory-policy', 'volatile-ttl'],
      ['DEBUG', 'SLEEP', '10'],
      ['CONFIG', 'SET', 'dir', '/'],
      ['CONFIG', 'REWRITE'],
      ['ACL', 'SAVE'],
      ['MODULE', 'LOAD', 'x.so'],
    ]);
    const told = replies.map(([mark, text]) => `${mark}${String(text)}`);
    expect(told[0]).toBe('+OK');
    expect(told[1]).toMatch(/^-ERR CONFIG SET failed .* part of a cache/);
    expect(told[2]).toMatch(/^-ERR CONFIG SET failed .* part of a cache/);
    expect(told[3]).toBe('+OK');
    expect(told[4]).toMatch(/^-ERR DEBUG command not allowed/);
    expect(told[5]).toMatch(/^-ERR CONFIG SET failed .*can't set protected config/);
    expect(told[6]).toBe('-ERR The server is running without a config file');
    expect(told[7]).toMatch(/^-ERR This Redis instance is not configured to use an ACL file/);
    expect(told[8]).toMatch(/^-ERR unknown command 'MODULE'/);
  } finally {
    await cache.close();
  }
});
