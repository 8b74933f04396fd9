/** The Fastify and Express examples, as the processes they are, over HTTP, on real Postgres. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CacheStats } from '../../src/index.js';
import { valueOf } from '../support/query.js';
import { describeWithPostgres, postgres, type TestDatabase } from '../support/servers.js';
import { buildPackage, type Example, runExample } from './child.js';

describeWithPostgres('an example over HTTP', () => {
  let database: TestDatabase;
  let example: Example;
  let url: string;

  beforeAll(async () => {
    buildPackage();
    database = await postgres().createDatabase();
  });
  afterAll(() => database.drop());
  afterEach(() => void example.child.kill('SIGKILL'));

  const get = async <T>(path: string, headers: Record<string, string> = {}): Promise<T> =>
    (await (await fetch(url + path, { headers })).json()) as T;
  const put = async (path: string, body: object): Promise<number> =>
    (
      await fetch(url + path, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    ).status;
  const hits = async (): Promise<number> => (await get<CacheStats>('/stats')).nearHits;

  for (const framework of ['fastify', 'express'])
    describe(framework, () => {
      beforeEach(async () => {
        example = runExample(`examples/${framework}/server.ts`, { DATABASE_URL: database.url, PORT: '0' });
        url = (await example.said(/Listening on (http:\S+)/))[1] as string; // the group matched
      });

      it('serves reads from the cache, and the next read shows a write', async () => {
        await put('/products/1', { price: 3 });
        const first = await get<object>('/products/1');
        const before = await hits();
        expect(await get('/products/1')).toEqual(first);
        expect(await hits()).toBe(before + 1);
        expect(await put('/products/1', { price: 5 })).toBe(204);
        expect(await get('/products/1')).toEqual({ id: 1, name: 'tea', price: 5 });
        expect(await put('/products/9', { price: 5 })).toBe(404);
        expect((await fetch(`${url}/products/9`)).status).toBe(404);
      });

      it('reads past the cache for a request that asks for it, and for no other', async () => {
        await get('/products/2');
        await get('/products/2');
        const before = await hits();
        // Not through the application: only a read past the cache can show it before the ttl ends.
        await valueOf(database.url, 'update products set price = price + 1 where id = 2 returning price');
        const cached = await get<{ price: number }>('/products/2');
        const asked = await get<{ price: number }>('/products/2', { 'cache-control': 'no-cache' });
        expect(asked.price).toBe(cached.price + 1);
        expect(await hits()).toBe(before + 1);
      });

      it('closes the cache and the pool, and ends', async () => {
        await get('/products/1');
        example.child.kill('SIGTERM');
        const { code, output } = await example.ended;
        expect(output).toContain('Closed: closed');
        expect(code).toBe(0);
      });
    });
});
