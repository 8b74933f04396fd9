/** Decides the routes of the API over cities and countries. Knows nothing of the database or of caching. */
import Fastify, { type FastifyInstance } from 'fastify';
import type { Cities, CityChange } from './cities.js';

export function buildApi(cities: Cities): FastifyInstance {
  const app = Fastify();

  app.get<{ Params: { id: number } }>(
    '/cities/:id',
    { schema: { params: cityParams } },
    async (request, reply) =>
      (await cities.find(request.params.id)) ?? reply.code(404).send({ error: 'There is no such city' }),
  );

  app.get<{ Querystring: { prefix: string } }>(
    '/cities',
    { schema: { querystring: searchQuery } },
    async (request) => ({ cities: await cities.search(request.query.prefix) }),
  );

  app.get<{ Params: { code: string } }>('/countries/:code/top', async (request) => ({
    cities: await cities.topTen(request.params.code),
  }));

  app.get<{ Params: { code: string } }>(
    '/countries/:code/totals',
    async (request, reply) =>
      (await cities.totals(request.params.code)) ??
      reply.code(404).send({ error: 'There is no city in such a country' }),
  );

  app.patch<{ Params: { id: number }; Body: CityChange }>(
    '/cities/:id',
    { schema: { params: cityParams, body: cityChange } },
    async (request, reply) =>
      (await cities.change(request.params.id, request.body)) ??
      reply.code(404).send({ error: 'There is no such city' }),
  );

  return app;
}

const cityParams = {
  type: 'object',
  properties: { id: { type: 'integer', minimum: 1, maximum: 2_147_483_647 } },
} as const;

const searchQuery = {
  type: 'object',
  required: ['prefix'],
  properties: { prefix: { type: 'string', minLength: 2, maxLength: 100 } },
} as const;

const cityChange = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 200 },
    population: { type: 'integer', minimum: 0, maximum: 2_147_483_647 },
  },
} as const;
