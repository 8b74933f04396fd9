/**
 * Decides how reads are tracked (CLIENT TRACKING, RESP3) where a primary has to be confirmed: by a second store of the
 * same kind, whose connections remember what is read on them. Whatever changes about its connections voids all that was
 * read on any. Knows neither sentinels nor slots.
 */
import type { Session, Tracking } from '../cache/executor.js';
import type { Connection, ConnectionEvents } from './connection.js';
import { HEARTBEATS_PER_BOUND, type RemoteStore } from './single.js';
import { type OnTouch, openTracked } from './tracked-connection.js';

/** A store whose nodes have to be confirmed, with all of its connections tracked. */
export interface TrackedStore {
  session(): Session | null;
  /** By when the node that holds the key has answered something that was asked of it. */
  toldAllAtMs(key: string): number;
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** How a tracked store is made: with what opens its connections, and whom it tells that they are others. */
export interface TrackedStoreParts {
  readonly track: <A>(
    open: OpenWithProtocol<A>,
  ) => (address: A, events: ConnectionEvents) => Promise<Connection>;
  readonly onSessionChange: () => void;
  readonly heartbeatMs: number;
}

/** The store, with tracked reads where there is a bound for how late they may be told of changes. */
export function withTracking(
  store: RemoteStore,
  boundMs: number | null,
  make: (parts: TrackedStoreParts) => TrackedStore,
): RemoteStore {
  if (boundMs === null) return store;
  const tracking = new LeasedTracking(boundMs / HEARTBEATS_PER_BOUND, make);
  return {
    tracking,
    ready: async () => {
      await Promise.all([store.ready(), tracking.ready()]);
    },
    session: () => store.session(),
    trouble: () => store.trouble(),
    ...('nodes' in store ? { nodes: () => store.nodes?.() ?? [] } : {}),
    settled: (keys) => store.settled?.(keys) ?? null,
    close: async () => {
      await Promise.all([store.close(), tracking.close()]);
    },
  };
}

type OpenWithProtocol<A> = (address: A, events: ConnectionEvents, protocol: 3) => Promise<Connection>;

class LeasedTracking implements Tracking {
  private onTouch: OnTouch = () => undefined;
  private readonly store: TrackedStore;

  constructor(heartbeatMs: number, make: (parts: TrackedStoreParts) => TrackedStore) {
    const onTouch: OnTouch = (key) => this.onTouch(key);
    this.store = make({
      track: (open) => (address, events) =>
        openTracked((tracked) => open(address, tracked, 3), events, onTouch),
      onSessionChange: () => onTouch(null),
      heartbeatMs,
    });
  }

  session(): Session | null {
    return this.store.session();
  }

  toldAllAtMs(key: string): number {
    return this.store.toldAllAtMs(key);
  }

  watch(onTouch: OnTouch): void {
    this.onTouch = onTouch;
  }

  ready(): Promise<void> {
    return this.store.ready();
  }

  close(): Promise<void> {
    return this.store.close();
  }
}
