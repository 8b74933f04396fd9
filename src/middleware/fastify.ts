/** Decides how lookaside joins a Fastify application: a decorator, a scope per request, a close hook. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type { Cache, RunOptions } from '../cache/cache.js';
import { type CacheSource, continueInScope, openCache, type RequestScopeOptions } from './scope.js';

export type LookasideFastifyOptions = CacheSource & RequestScopeOptions<FastifyRequest>;

declare module 'fastify' {
  interface FastifyInstance {
    /** The cache given to, or made by, the lookaside plugin. */
    lookaside: Cache;
  }
}

/**
 * `await app.register(lookaside, { cache })`: decorates `app.lookaside`. With `{ config }` the plugin makes the
 * cache and closes it with the application; a cache it was given stays open.
 */
export const lookaside = fastifyPlugin(
  // Async, so that what it throws is the error of `register`, not an uncaught one.
  async (app: FastifyInstance, options: LookasideFastifyOptions): Promise<void> => {
    const { cache, close } = openCache(options);
    try {
      app.decorate('lookaside', cache);
    } catch (error) {
      await close(); // nobody else would
      throw error;
    }
    app.addHook('onClose', close);
    if (options.scope !== undefined) addScope(app, cache, options.scope);
  },
  { name: 'lookaside', fastify: '>=5' },
);

export default lookaside;

function addScope(
  app: FastifyInstance,
  cache: Cache,
  scopeOf: (request: FastifyRequest) => RunOptions | undefined,
): void {
  const scopes = new WeakMap<FastifyRequest, RunOptions>();
  app.addHook('onRequest', (request, _reply, next) => {
    const scope = scopeOf(request);
    if (scope !== undefined) scopes.set(request, scope);
    continueInScope(cache, scope, next);
  });
  // Reading a body goes on in the socket's own context, so the scope is entered again behind it.
  app.addHook('preValidation', (request, _reply, next) => {
    continueInScope(cache, scopes.get(request), next);
  });
}
