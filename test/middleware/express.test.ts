/** The Express middleware, over HTTP on a free port; functions stand for what a handler reads. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterEach, expect, it } from 'vitest';
import { type Cache, createCache } from '../../src/index.js';
import { type LookasideExpressOptions, lookaside } from '../../src/middleware/express.js';

let serial = 0;
const caches: Cache[] = [];
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
  for (const cache of caches.splice(0)) await cache.close();
});

function newCache(): Cache {
  const cache = createCache({ namespace: `express-${serial++}` });
  caches.push(cache);
  return cache;
}

type Options = Partial<Pick<LookasideExpressOptions<express.Request>, 'scope'>>;
const fresh: Options = {
  scope: (request) => (request.headers['x-fresh'] === 'yes' ? { bypass: true } : undefined),
};

/** Counts how often the value behind a route was made. */
async function counting(cache: Cache, options: Options = {}): Promise<string> {
  let made = 0;
  const app = express();
  app.use(express.json());
  app.use(lookaside<express.Request>({ cache, ...options }));
  app.all('/', async (request, response) => {
    const value = await request.lookaside.getOrSet({ key: 'value', load: async () => ++made });
    response.json({ made: value, body: request.body as unknown });
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('gives each request the cache, in the scope that it asks for', async () => {
  const url = await counting(newCache(), fresh);
  const made = async (headers = {}) =>
    ((await (await fetch(url, { headers })).json()) as { made: number }).made;
  expect(await made()).toBe(1);
  expect(await made()).toBe(1);
  expect(await made({ 'x-fresh': 'yes' })).toBe(2);
  expect(await made()).toBe(1);
});

it('keeps the scope behind a body parser in front of it', async () => {
  const url = await counting(newCache(), fresh);
  const post = async (headers = {}): Promise<unknown> =>
    (
      await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: '{"a":1}',
      })
    ).json();
  expect(await post()).toEqual({ made: 1, body: { a: 1 } });
  expect(await post({ 'x-fresh': 'yes' })).toEqual({ made: 2, body: { a: 1 } });
  expect(await post()).toEqual({ made: 1, body: { a: 1 } });
});

it('answers as the application does when the scope cannot be told', async () => {
  const url = await counting(newCache(), {
    scope: () => {
      throw new Error('no such tenant');
    },
  });
  expect((await fetch(url)).status).toBe(500);
});

it('leaves a cache that it was given open, and closes one that it made', async () => {
  const cache = newCache();
  await lookaside({ cache }).close();
  expect(cache.health()).toEqual({ status: 'ok' });
  const own = lookaside({ config: { namespace: `express-${serial++}` } });
  expect(own.cache.health()).toEqual({ status: 'ok' });
  await own.close();
  expect(own.cache.health()).toEqual({ status: 'closed' });
});

it.each([
  [{}, 'LOOKASIDE_INVALID_ARGUMENT'],
  [{ cache: {}, config: {} }, 'LOOKASIDE_INVALID_ARGUMENT'],
  [{ cache: {} }, 'LOOKASIDE_INVALID_ARGUMENT'],
  [{ config: { ttl: 'soon' } }, 'LOOKASIDE_CONFIG_INVALID'],
])('refuses %j', (options, code) => {
  expect(() => lookaside(options as never)).toThrow(expect.objectContaining({ code }));
});
