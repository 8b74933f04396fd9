/** Decides how the parts are joined: the only file that knows config, server, topology and cache at once. */
import { EventEmitter } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { Cache, type CacheEventMap } from './cache/cache.js';
import { clearStore } from './cache/clear.js';
import { Engine, type EngineLimits } from './cache/engine.js';
import { converse, openSession } from './cache/executor.js';
import { Polling } from './changes/poll.js';
import { warnOfSiblings } from './changes/siblings.js';
import { type Clock, type Random, systemClock, systemRandom } from './clock.js';
import { resolveConfig } from './config/config.js';
import type { Config, ResolvedConfig } from './config/schema.js';
import { LookasideError, messageOf } from './errors.js';
import { diagnose as diagnoseStore } from './topology/diagnosis.js';
import { openPlace, type Place } from './topology/place.js';
import type { Finding } from './topology/server-facts.js';

export type { Finding } from './topology/server-facts.js';

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

/**
 * What is wrong with the store that a configuration names: what keeps it from being used, and what is to be changed.
 * Connects to it and writes nothing.
 *
 * @throws LookasideError `CONFIG_INVALID`
 */
export async function diagnose(config: Config = {}): Promise<readonly Finding[]> {
  return diagnoseStore(resolveConfig(config));
}

function compose(config: ResolvedConfig): Cache {
  const clock = systemClock;
  const random = systemRandom;
  const namespace = namespaceOf(config, random);
  const events = new EventEmitter<CacheEventMap>();
  const announce = failureReporter(events);
  const tell = announcer(events, announce);
  const failed = (reason: string, error: unknown): void => {
    engine.counters.count(engine.counters.failures, reason);
    announce(reason, error);
  };
  const place = openPlace(config, { clock, random, failed, onServerClosed: () => engine.close() });
  const { store } = place;
  if (!place.isShared && config.mode !== 'off') warnOfSiblings();
  const engine = new Engine({
    store,
    isStoreShared: place.isShared,
    boundMs: config.boundMs,
    clock,
    random,
    namespace,
    mode: config.mode === 'observe' ? 'observe' : 'on',
    onStoreDown: config.onStoreDown,
    writeHot: config.writeHot,
    limits: limitsOf(config),
    events: { onInvalidate: (tables) => tell('invalidate', tables), onFailure: announce },
  });
  const changes = pollingOf(config, { engine, place, clock, random, failed });
  return new Cache({
    name: config.namespace,
    core: {
      engine,
      namespace,
      mode: config.mode,
      mayRefuseWrites: config.onStoreDown === 'reject',
      get ttlMs() {
        return changes?.isBlind === true ? config.ttlUnwatched : config.ttl;
      },
      changes,
      converse: async (conversation) => converse(openSession(store), conversation),
      clock,
      random,
      statementsMax: config.limits.statements,
      transactions: config.transactions,
      pooler: config.sessions.pooler,
      sessionKeys: config.sessions.key,
      effects: config.effects,
      mayCache: tableFilter(config),
      failed,
    },
    events,
    ready: () => place.ready(),
    clearStore: () => clearStore(store, namespace),
    close: async () => {
      registry.delete(config.namespace);
      engine.close();
      await changes?.close();
      await place.close();
      tell('close');
    },
  });
}

/**
 * Under which name results are stored. What was stored before a restart is not trusted: somebody may have written
 * meanwhile. In a store of its own this process gives every life another name; in one that others share they all have to
 * use the same, and there the new replication id of the server says that nobody vouches for the old tokens.
 */
function namespaceOf({ namespace, persistence, topology }: ResolvedConfig, random: Random): string {
  const isShared = topology.kind !== 'embedded' || topology.listen !== undefined;
  return persistence.kind === 'none' || isShared ? namespace : `${namespace}.${random.hex(6)}`;
}

const limitsOf = (config: ResolvedConfig): EngineLimits => ({
  nearBytesMax: config.near.max,
  entryBytesMax: config.limits.entry,
  flightsMax: config.limits.flights,
  shapesPerTableMax: config.limits.shapesPerTable,
  compressAboveBytes: config.limits.compressAbove,
});

interface PollingParts {
  readonly engine: Engine;
  readonly place: Place;
  readonly clock: Clock;
  readonly random: Random;
  readonly failed: Report;
}

function pollingOf(
  { changes }: ResolvedConfig,
  { engine, place, clock, random, failed }: PollingParts,
): Polling | null {
  if (changes.kind === 'none') return null;
  return new Polling({
    store: place.store,
    isStoreShared: place.isShared,
    clock,
    intervalMs: changes.interval,
    process: random.hex(8),
    liveUntilMs: () => engine.liveUntilMs,
    underWay: () => engine.writesUnderWay,
    rotate: (tables) => engine.invalidateForeign(tables),
    onFailure: (error) => failed('changes', error),
  });
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
    // What was expected says itself what it is about; it need not be a failure.
    const said = error instanceof LookasideError ? error.message : `${reason} failed: ${messageOf(error)}`;
    process.emitWarning(`lookaside: ${said}`, {
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
