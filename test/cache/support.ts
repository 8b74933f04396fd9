/** Decides how a test of the cache gets one: by the public door, or with a clock and an executor of its own. */
import { EventEmitter } from 'node:events';
import { Cache, type CacheEventMap } from '../../src/cache/cache.js';
import { clearEntries } from '../../src/cache/clear.js';
import { Engine, type EngineLimits } from '../../src/cache/engine.js';
import { type Command, converse, type Session, type WatchableStore } from '../../src/cache/executor.js';
import { type ManualClock, manualClock, seededRandom } from '../../src/clock.js';
import { type Config, createCache } from '../../src/index.js';
import { createServer, type EmbeddedServer } from '../../src/server/index.js';
import { embeddedStore } from '../../src/topology/embedded.js';

let serial = 0;

/** A cache of its own, by the public door. */
export const newCache = (config: Config = {}): Cache =>
  createCache({ namespace: `cache-test-${process.pid}-${serial++}`, ttl: '1h', ...config });

export interface Gate {
  readonly passed: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}

export interface OwnCache {
  readonly cache: Cache;
  readonly engine: Engine;
  readonly clock: ManualClock;
  readonly server: EmbeddedServer;
  /** While set, each command that it names fails with this error, as a store that is away would. */
  fail: ((command: Command) => boolean) | null;
  readonly failures: string[];
}

/**
 * The same parts that `createCache` joins, with time standing still and a store that others share and that can be made
 * to fail.
 */
export function ownCache(
  limits: Partial<EngineLimits> = {},
  onStoreDown: 'bypass' | 'reject' = 'bypass',
): OwnCache {
  const clock = manualClock();
  const random = seededRandom(7);
  const namespace = `own-${serial++}`;
  const server = createServer({ clock, random, memory: { maxBytes: 0, policy: 'noeviction' } });
  const events = new EventEmitter<CacheEventMap>();
  const embedded = embeddedStore(server);
  const real = embedded.session();
  const own: { fail: OwnCache['fail'] } = { fail: null };
  const guarded = <T>(commands: readonly Command[], run: () => T): T => {
    if (own.fail !== null && commands.some(own.fail)) throw new Error('the store is away');
    return run();
  };
  const session: Session = {
    ...real,
    run: (commands) => guarded(commands, () => real.run(commands)),
    runBinary: (commands) => guarded(commands, () => real.runBinary(commands)),
  };
  const store: WatchableStore = { ...embedded, session: () => session };
  const failures: string[] = [];
  const engine = new Engine({
    store,
    isStoreShared: true,
    boundMs: null,
    clock,
    random,
    namespace,
    mode: 'on',
    onStoreDown,
    writeHot: 'bypass',
    limits: {
      nearBytesMax: 1_048_576,
      entryBytesMax: 1_048_576,
      flightsMax: 100,
      shapesPerTableMax: 4,
      compressAboveBytes: 1_048_576,
      ...limits,
    },
    events: { onInvalidate: () => undefined, onFailure: (reason) => void failures.push(reason) },
  });
  const cache = new Cache({
    core: {
      engine,
      namespace,
      mode: 'on',
      mayRefuseWrites: onStoreDown === 'reject',
      ttlMs: 10_000,
      changes: null,
      converse: async (conversation) => converse(session, conversation),
      clock,
      random,
      statementsMax: 10,
      transactions: 'bypass',
      effects: {},
      pooler: 'bypass',
      sessionKeys: [],
      mayCache: () => true,
      failed: (reason) => void failures.push(reason),
    },
    events,
    ready: async () => null,
    clearStore: async () => converse(session, clearEntries(namespace)),
    close: async () => {
      engine.close();
      await server.close();
    },
  });
  return Object.assign(own, { cache, engine, clock, server, failures });
}
