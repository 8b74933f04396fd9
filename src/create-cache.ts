/** Decides how the parts are joined: the only file that knows config, server, topology and cache at once. */
import { EventEmitter } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { Cache, type CacheEventMap, type ServerAddress } from './cache/cache.js';
import { clearEntries } from './cache/clear.js';
import { Engine } from './cache/engine.js';
import { converse } from './cache/executor.js';
import { type Clock, type Random, systemClock, systemRandom } from './clock.js';
import { resolveConfig } from './config/config.js';
import type { Config, ResolvedConfig } from './config/schema.js';
import { LookasideError } from './errors.js';
import { createServer, type EmbeddedServer, type EvictionPolicy, evictionPolicies } from './server/index.js';
import { embeddedExecutor } from './topology/embedded.js';

interface Registered {
  readonly config: ResolvedConfig;
  readonly cache: Cache;
}

/** One cache per namespace and process, also when this package is loaded twice or a module is re-evaluated. */
const registry: Map<string, Registered> = ((globalThis as { [key: symbol]: unknown })[
  Symbol.for('lookaside')
] ??= new Map<string, Registered>()) as Map<string, Registered>;

/**
 * A cache, at once. Reads go to the database until it is ready; `cache.ready()` may be awaited.
 * The same namespace and options give the same cache.
 *
 * @param config see docs/config.md; `LOOKASIDE_*` variables win over it
 * @throws LookasideError `CONFIG_INVALID`; `CONFIG_CONFLICT` when the namespace has other options already
 */
export function createCache(config: Config = {}): Cache {
  const resolved = resolveConfig(config);
  const known = registry.get(resolved.namespace);
  if (known !== undefined) {
    if (isDeepStrictEqual(known.config, resolved)) return known.cache;
    throw new LookasideError(
      'CONFIG_CONFLICT',
      `namespace "${resolved.namespace}"; use one cache for both, close the first, or give them two namespaces`,
    );
  }
  const cache = compose(resolved);
  registry.set(resolved.namespace, { config: resolved, cache });
  return cache;
}

function compose(config: ResolvedConfig): Cache {
  const { namespace } = config;
  const clock = systemClock;
  const random = systemRandom;
  const events = new EventEmitter<CacheEventMap>();
  const server = serverOf(config, clock, random);
  const executor = embeddedExecutor(server);
  const announce = failureReporter(events);
  const tell = announcer(events, announce);
  const engine = new Engine({
    executor,
    clock,
    random,
    namespace,
    mode: config.mode === 'observe' ? 'observe' : 'on',
    onStoreDown: config.onStoreDown,
    limits: {
      nearBytesMax: config.near.max,
      entryBytesMax: config.limits.entry,
      flightsMax: config.limits.flights,
      shapesPerTableMax: config.limits.shapesPerTable,
    },
    events: { onInvalidate: (tables) => tell('invalidate', tables), onFailure: announce },
  });
  const failed = (reason: string, error: unknown): void => {
    engine.counters.count(engine.counters.failures, reason);
    announce(reason, error);
  };
  const ready = listenIfAsked(server, config);
  ready.catch((error: unknown) => failed('listen', error));
  let closing = false;
  void server.closed.then(() => {
    if (closing) return;
    failed(
      'server',
      new LookasideError('SERVER_CLOSED', 'a client sent SHUTDOWN; every query goes to the database'),
    );
    engine.close();
  });
  return new Cache({
    core: {
      engine,
      namespace,
      mode: config.mode,
      ttlMs: config.ttl,
      clock,
      random,
      statementsMax: config.limits.statements,
      mayCache: tableFilter(config),
      failed,
    },
    events,
    ready,
    clearStore: async () => converse(executor, clearEntries(namespace)),
    close: async () => {
      closing = true;
      registry.delete(namespace);
      engine.close();
      await ready.catch(() => undefined); // reported when it happened
      await server.close();
      tell('close');
    },
  });
}

function serverOf(config: ResolvedConfig, clock: Clock, random: Random): EmbeddedServer {
  return createServer({
    clock,
    random,
    memory: {
      maxBytes: config.memory.max,
      policy: config.memory.policy,
      // Somebody who is let in may not make the server drop what the cache relies on.
      policiesAllowed: policiesAllowed(config),
    },
    ...(config.topology.listen?.password === undefined ? {} : { password: config.topology.listen.password }),
  });
}

/** All policies but those that drop keys without an expiry, unless that is what the cache itself was given. */
function policiesAllowed({ memory }: ResolvedConfig): readonly EvictionPolicy[] {
  return evictionPolicies.filter((policy) => policy === memory.policy || !policy.startsWith('allkeys'));
}

async function listenIfAsked(server: EmbeddedServer, config: ResolvedConfig): Promise<ServerAddress | null> {
  const { listen } = config.topology;
  if (listen === undefined || config.mode === 'off') return null;
  return listen.path === undefined
    ? server.listen({ host: listen.host, port: listen.port ?? 0 })
    : server.listen({ path: listen.path });
}

/** Names match with or without their schema. */
function tableFilter({ include, exclude }: ResolvedConfig): (tableName: string) => boolean {
  const names = (list: readonly string[], table: string): boolean =>
    list.includes(table) || list.includes(table.slice(table.indexOf('.') + 1));
  return (table) => !names(exclude, table) && (include === undefined || names(include, table));
}

type Report = (reason: string, error: unknown) => void;

/** Tells listeners one by one: what one of them throws keeps neither the others nor a query from going on. */
function announcer(
  events: EventEmitter<CacheEventMap>,
  report: Report,
): <E extends keyof CacheEventMap>(event: E, ...args: CacheEventMap[E]) => void {
  return (event, ...args) => {
    for (const listener of events.rawListeners(event) as ((...given: typeof args) => void)[])
      try {
        listener(...args);
      } catch (error) {
        report('listener', error);
      }
  };
}

/** Every failure is an event; the first of each kind is also a warning of the process. */
function failureReporter(events: EventEmitter<CacheEventMap>): Report {
  const warned = new Set<string>();
  const warn = (reason: string, error: unknown): void => {
    if (warned.has(reason)) return;
    warned.add(reason);
    const said = error instanceof Error ? error.message : String(error);
    process.emitWarning(`lookaside: ${reason} failed: ${said}`, {
      type: 'LookasideWarning',
      code: `LOOKASIDE_WARN_${reason.toUpperCase().replaceAll('-', '_')}`,
    });
  };
  const tell = announcer(events, warn);
  return (reason, error) => {
    tell('failure', { reason, error });
    warn(reason, error);
  };
}
