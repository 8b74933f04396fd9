/** Decides how lookaside joins an Express application: `req.lookaside` and a scope per request. */
import type { Cache } from '../cache/cache.js';
import { type CacheSource, continueInScope, openCache, type RequestScopeOptions } from './scope.js';

declare global {
  // biome-ignore lint/style/noNamespace: Express is typed by a global namespace
  namespace Express {
    interface Request {
      /** The cache given to, or made by, the lookaside middleware. */
      lookaside: Cache;
    }
  }
}

/** What is used of Express' request: any object will do. */
type RequestLike = object;

export type LookasideExpressOptions<Request extends RequestLike = RequestLike> = CacheSource &
  RequestScopeOptions<Request>;

export interface LookasideMiddleware<Request extends RequestLike> {
  (request: Request, response: unknown, next: (error?: unknown) => void): void;
  readonly cache: Cache;
  /** Express has no close hook: to be called when the server closes. Closes the cache only if it was made here. */
  readonly close: () => Promise<void>;
}

/**
 * `app.use(lookaside({ cache }))`, behind the body parsers: they go on in the socket's own context, which a
 * scope does not reach through.
 */
export function lookaside<Request extends RequestLike = RequestLike>(
  options: LookasideExpressOptions<Request>,
): LookasideMiddleware<Request> {
  const { cache, close } = openCache(options);
  const middleware = (request: Request, _response: unknown, next: (error?: unknown) => void): void => {
    (request as { lookaside?: Cache }).lookaside = cache;
    continueInScope(cache, options.scope?.(request), next);
  };
  return Object.assign(middleware, { cache, close });
}

export default lookaside;
