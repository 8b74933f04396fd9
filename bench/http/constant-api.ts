/** Decides what the ceiling is: the same server and the same two routes, answering one text without looking at anything. */
import Fastify, { type FastifyInstance } from 'fastify';

const city = JSON.stringify({
  id: 2_988_507,
  name: 'Paris',
  admin: '11',
  population: 2_138_551,
  lat: 48.85341,
  lon: 2.3488,
  version: 0,
  country: { code: 'FR', name: 'France', region: 'Europe', capital: 'Paris' },
});

export function constantApi(): FastifyInstance {
  const app = Fastify();
  app.get('/cities/:id', (_request, reply) => reply.type('application/json').send(city));
  app.patch('/cities/:id', (_request, reply) => reply.type('application/json').send(city));
  return app;
}
