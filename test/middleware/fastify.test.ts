/** The Fastify plugin, by inject: no port, no database; functions stand for what a handler reads. */
import Fastify, { type FastifyRequest } from 'fastify';
import { afterEach, expect, it } from 'vitest';
import { type Cache, createCache } from '../../src/index.js';
import { lookaside } from '../../src/middleware/fastify.js';

let serial = 0;
const caches: Cache[] = [];
afterEach(async () => {
  for (const cache of caches.splice(0)) await cache.close();
});

function newCache(): Cache {
  const cache = createCache({ namespace: `fastify-${serial++}` });
  caches.push(cache);
  return cache;
}

const scopeOf = (request: FastifyRequest): { bypass: true } | undefined =>
  request.headers['x-fresh'] === 'yes' ? { bypass: true } : undefined;

/** Counts how often the value behind a route was made. */
async function counting(cache: Cache, options: object = {}) {
  let made = 0;
  const app = Fastify();
  await app.register(lookaside, { cache, ...options });
  const load = () => app.lookaside.getOrSet({ key: 'value', load: async () => ++made });
  app.get('/', async () => ({ made: await load() }));
  app.post('/', async (request) => ({ made: await load(), body: request.body }));
  return app;
}

it('decorates the application with the cache, also inside its plugins', async () => {
  const cache = newCache();
  const app = Fastify();
  await app.register(lookaside, { cache });
  await app.register(async (inner) => {
    inner.get('/', async () => ({ namespace: inner.lookaside.namespace }));
  });
  expect((await app.inject('/')).json()).toEqual({ namespace: cache.namespace });
  expect(app.lookaside).toBe(cache);
});

it('runs each request in the scope that it asks for', async () => {
  const app = await counting(newCache(), { scope: scopeOf });
  const made = async (headers = {}) =>
    (await app.inject({ url: '/', headers })).json<{ made: number }>().made;
  expect(await made()).toBe(1);
  expect(await made()).toBe(1);
  expect(await made({ 'x-fresh': 'yes' })).toBe(2);
  expect(await made()).toBe(1);
});

it('keeps the scope behind the reading of a body', async () => {
  const app = await counting(newCache(), { scope: scopeOf });
  const post = async (headers = {}) =>
    (await app.inject({ method: 'POST', url: '/', headers, payload: { a: 1 } })).json<object>();
  expect(await post()).toEqual({ made: 1, body: { a: 1 } });
  expect(await post({ 'x-fresh': 'yes' })).toEqual({ made: 2, body: { a: 1 } });
  expect(await post()).toEqual({ made: 1, body: { a: 1 } });
});

it('keeps the scopes of requests at the same time apart', async () => {
  const app = await counting(newCache(), { scope: scopeOf });
  await app.inject('/');
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      app.inject({ url: '/', headers: index % 2 === 0 ? { 'x-fresh': 'yes' } : {} }),
    ),
  );
  const numbers = answers.map((answer) => answer.json<{ made: number }>().made);
  expect(numbers.filter((_, index) => index % 2 === 1)).toEqual(Array.from({ length: 10 }, () => 1));
  expect(numbers.filter((_, index) => index % 2 === 0).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 10 }, (_, index) => index + 2),
  );
});

it('answers as the application does when the scope cannot be told', async () => {
  const app = await counting(newCache(), {
    scope: () => {
      throw new Error('no such tenant');
    },
  });
  const answer = await app.inject('/');
  expect(answer.statusCode).toBe(500);
  expect(answer.json()).toMatchObject({ message: 'no such tenant' });
});

it('leaves a cache that it was given open', async () => {
  const cache = newCache();
  const app = await counting(cache);
  await app.close();
  expect(cache.health()).toEqual({ status: 'ok' });
});

it('closes a cache that it made', async () => {
  const app = Fastify();
  await app.register(lookaside, { config: { namespace: `fastify-${serial++}` } });
  const cache = app.lookaside;
  expect(cache.health()).toEqual({ status: 'ok' });
  await app.close();
  expect(cache.health()).toEqual({ status: 'closed' });
});

it.each([
  [{}, 'LOOKASIDE_INVALID_ARGUMENT'],
  [{ cache: {}, config: {} }, 'LOOKASIDE_INVALID_ARGUMENT'],
  [{ cache: {} }, 'LOOKASIDE_INVALID_ARGUMENT'],
  [{ config: { ttl: 'soon' } }, 'LOOKASIDE_CONFIG_INVALID'],
])('refuses to start with %j', async (options, code) => {
  const app = Fastify();
  app.register(lookaside, options as never);
  await expect(app.ready()).rejects.toThrow(expect.objectContaining({ code }));
});

it('refuses to be registered twice: a second one would not be seen', async () => {
  const app = Fastify();
  const cache = newCache();
  await app.register(lookaside, { cache });
  app.register(lookaside, { cache });
  await expect(app.ready()).rejects.toThrow('lookaside');
});
