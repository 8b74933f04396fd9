/** Decides where a cache keeps its state, as configured: a server in this process, with its listener, or one outside. */
import type { Store } from '../cache/executor.js';
import type { Clock, Random } from '../clock.js';
import type { ResolvedConfig } from '../config/schema.js';
import { LookasideError } from '../errors.js';
import {
  createServer,
  type EmbeddedServer,
  type EvictionPolicy,
  evictionPolicies,
  type ServerConfig,
} from '../server/index.js';
import { createRemoteStore, type RemoteTopology } from './create-store.js';
import { examine } from './diagnosis.js';
import { embeddedStore } from './embedded.js';
import type { RemoteStore } from './single.js';

export interface Place {
  readonly store: Store;
  /** Whether other processes keep their state there, too. */
  readonly isShared: boolean;
  /**
   * Settles when the store can be used, with where the embedded server listens, or null if it does not.
   *
   * @throws LookasideError when it cannot
   */
  ready(): Promise<{ readonly port?: number; readonly path?: string } | null>;
  close(): Promise<void>;
}

export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
  /** Told of what no query notices. */
  readonly failed: (reason: string, error: unknown) => void;
  /** The server in this process was closed by one of its clients. */
  readonly onServerClosed: () => void;
}

export function openPlace(config: ResolvedConfig, surroundings: Surroundings): Place {
  const { topology } = config;
  return topology.kind === 'embedded' || config.mode === 'off'
    ? embedded(config, surroundings)
    : remote(topology, config.boundMs, surroundings);
}

function remote(
  topology: RemoteTopology,
  boundMs: number | null,
  { clock, random, failed }: Surroundings,
): Place {
  const onTrouble = (error: Error): void => failed('store', error);
  const store = createRemoteStore(topology, { clock, random, onTrouble, boundMs });
  void warnOf(store, topology.remote.commandTimeoutMs, clock, failed);
  return {
    store,
    isShared: true,
    ready: async () => {
      await store.ready();
      return null;
    },
    close: () => store.close(),
  };
}

/** What makes the store of no use is told by `onTrouble`; this is the rest. */
async function warnOf(
  store: RemoteStore,
  commandTimeoutMs: number,
  clock: Clock,
  failed: Surroundings['failed'],
): Promise<void> {
  try {
    await store.ready();
    for (const { name, text } of await examine(store, { clock, commandTimeoutMs }))
      failed(`server-${name}`, text);
  } catch (error) {
    if (!(error instanceof LookasideError)) failed('server-check', error); // else the store is away, and that is told
  }
}

function embedded(config: ResolvedConfig, { clock, random, failed, onServerClosed }: Surroundings): Place {
  const listen =
    config.topology.kind === 'embedded' && config.mode !== 'off' ? config.topology.listen : undefined;
  const server = createServer({
    clock,
    random,
    memory: {
      maxBytes: config.memory.max,
      policy: config.memory.policy,
      // Somebody who is let in may not make the server drop what the cache relies on.
      policiesAllowed: policiesAllowed(config),
    },
    ...persistenceOf(config),
    log: (level, message) => {
      if (level === 'warning') failed('server', new Error(message));
    },
    ...(listen?.password === undefined ? {} : { password: listen.password }),
  });
  let isLoaded = config.persistence.kind === 'none' || config.mode === 'off';
  const loaded = server.ready().then(() => {
    isLoaded = true;
  });
  // Nobody is let in before everything is there: it would be taken for all there is.
  const listening = loaded.then(() => (listen === undefined ? null : open(server, listen)));
  listening.catch((error: unknown) => failed('listen', error));
  let closing = false;
  void server.closed.then(() => {
    if (closing) return;
    failed(
      'server',
      new LookasideError('SERVER_CLOSED', 'a client sent SHUTDOWN; every query goes to the database'),
    );
    onServerClosed();
  });
  return {
    store: embeddedStore(server, () => isLoaded),
    isShared: listen !== undefined,
    ready: () => listening,
    close: async () => {
      closing = true;
      await listening.catch(() => undefined); // reported when it happened
      await server.close();
    },
  };
}

/** Redis' own save points. */
const SAVE_POINTS = [
  { seconds: 3600, changes: 1 },
  { seconds: 300, changes: 100 },
  { seconds: 60, changes: 10_000 },
];

function persistenceOf({ persistence, mode }: ResolvedConfig): Pick<ServerConfig, 'persistence'> {
  const { kind, dir, save, fsync, rewrite } = persistence;
  if (kind === 'none' || dir === undefined || mode === 'off') return {};
  return {
    persistence: {
      dir,
      ...(kind === 'aof' ? {} : { save: save ?? SAVE_POINTS }),
      ...(kind === 'rdb'
        ? {}
        : { aof: { ...(fsync && { fsync }), ...(rewrite && { rewrite: rewriteOf(rewrite) }) } }),
    },
  };
}

const rewriteOf = ({ percentage, min }: { percentage?: number | undefined; min?: number | undefined }) => ({
  ...(percentage !== undefined && { percentage }),
  ...(min !== undefined && { bytesMin: min }),
});

/** All policies but those that drop keys without an expiry, unless that is what the cache itself was given. */
const policiesAllowed = ({ memory }: ResolvedConfig): readonly EvictionPolicy[] =>
  evictionPolicies.filter((policy) => policy === memory.policy || !policy.startsWith('allkeys'));

type Listen = NonNullable<Extract<ResolvedConfig['topology'], { readonly kind: 'embedded' }>['listen']>;

const open = (server: EmbeddedServer, { host, port, path }: Listen) =>
  path === undefined ? server.listen({ host, port: port ?? 0 }) : server.listen({ path });
