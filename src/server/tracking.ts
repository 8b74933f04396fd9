/**
 * Decides who is told that keys it may hold are no longer what they were: CLIENT TRACKING. Knows neither commands nor
 * sockets. (Redis: `tracking.c`, https://redis.io/docs/manual/client-side-caching)
 */
import { byteString } from './byte-string.js';
import type { ChangeFeed } from './change-feed.js';
import type { Client, ClientRegistry } from './client.js';
import type { FoundKey } from './key-specs.js';
import type { ChangeCause, KeyspaceObserver } from './keyspace/keyspace-core.js';
import { PushReply, type Reply } from './resp/reply.js';
import type { TrackingState } from './tracking-state.js';

const INVALIDATE = '__redis__:invalidate';
/** Most keys dropped from a full table at once. */
const DROPS_MAX = 1000;

interface Broadcast {
  readonly clients: Set<Client>;
  /** Which keys were written since the last message, and who wrote each. */
  written: Map<string, Client | null>;
}

export class Tracking implements KeyspaceObserver {
  /** `tracking-table-max-keys`; 0 is no limit. */
  keysMax = 1_000_000;
  /** Whose command runs. */
  current: Client | null = null;
  /** Who may hold which key, by the number of the client: one that is gone is found missing when it is to be told. */
  private readonly byKey = new Map<string, Set<number>>();
  private readonly broadcasts = new Map<string, Broadcast>();
  private readonly trackers = new Set<Client>();
  private items = 0;
  private isBroadcastDue = false;
  private toldOfFlush: object | null = null;

  constructor(
    private readonly feed: ChangeFeed,
    private readonly clients: ClientRegistry,
  ) {}

  get clientCount(): number {
    return this.trackers.size;
  }

  get keyCount(): number {
    return this.byKey.size;
  }

  get itemCount(): number {
    return this.items;
  }

  get prefixCount(): number {
    return this.broadcasts.size;
  }

  /** Replaces what the client asked for before; prefixes add up. */
  start(client: Client, state: TrackingState): void {
    const own = client.tracking;
    if (own !== null) for (const prefix of own.prefixes) state.prefixes.add(prefix);
    client.tracking = state;
    this.trackers.add(client);
    if (state.mode === 'broadcast')
      for (const prefix of state.prefixes) {
        const broadcast = this.broadcasts.get(prefix);
        if (broadcast === undefined)
          this.broadcasts.set(prefix, { clients: new Set([client]), written: new Map() });
        else broadcast.clients.add(client);
      }
    this.listen();
  }

  stop(client: Client): void {
    const { tracking } = client;
    if (tracking === null) return;
    client.tracking = null;
    this.trackers.delete(client);
    for (const prefix of tracking.prefixes) {
      const broadcast = this.broadcasts.get(prefix);
      broadcast?.clients.delete(client);
      if (broadcast?.clients.size === 0) this.broadcasts.delete(prefix);
    }
    if (this.trackers.size === 0) {
      this.byKey.clear();
      this.items = 0;
    }
    this.listen();
  }

  /** The client has read these keys, and may hold on to what it was told. */
  remember({ id, tracking }: Client, keys: readonly FoundKey[]): void {
    if (tracking === null || tracking.mode === 'broadcast') return;
    if (tracking.counts === 'announced' && !tracking.isNextAnnounced) return;
    if (tracking.counts === 'not-renounced' && tracking.isNextAnnounced) return;
    for (const { key } of keys) {
      const name = byteString(key);
      const holders = this.byKey.get(name);
      if (holders === undefined) this.byKey.set(name, new Set([id]));
      else if (holders.has(id)) continue;
      else holders.add(id);
      this.items++;
    }
  }

  /** Called after each command while anybody tracks: a full table forgets its oldest keys, and says so. */
  trim(): void {
    this.toldOfFlush = null;
    if (this.keysMax === 0 || this.byKey.size <= this.keysMax) return;
    let dropped = 0;
    for (const key of this.byKey.keys()) {
      if (this.byKey.size <= this.keysMax || dropped++ >= DROPS_MAX) return;
      this.invalidate(key, null);
    }
  }

  get isActive(): boolean {
    return this.trackers.size > 0;
  }

  changed(_database: number, key: string, cause: ChangeCause): void {
    const writer = cause === 'written' ? this.current : null;
    for (const [prefix, { written }] of this.broadcasts)
      if (key.startsWith(prefix)) {
        written.set(key, writer);
        this.broadcastLater();
      }
    this.invalidate(key, this.current);
  }

  /** Once for each command, however many databases it empties. */
  flushed(): void {
    if (this.toldOfFlush !== null && this.toldOfFlush === this.current) return;
    this.toldOfFlush = this.current;
    for (const client of this.trackers) this.tell(client, null);
    this.byKey.clear();
    this.items = 0;
  }

  private invalidate(key: string, current: Client | null): void {
    const holders = this.byKey.get(key);
    if (holders === undefined) return;
    this.byKey.delete(key);
    this.items -= holders.size;
    for (const id of holders) {
      const client = this.clients.byId(id);
      const tracking = client?.tracking ?? null;
      if (client === undefined || tracking === null || tracking.mode === 'broadcast') continue;
      if (tracking.skipsOwn && client === current) continue;
      this.tell(client, [key]);
    }
  }

  private broadcastLater(): void {
    if (this.isBroadcastDue) return;
    this.isBroadcastDue = true;
    queueMicrotask(() => this.broadcast());
  }

  private broadcast(): void {
    this.isBroadcastDue = false;
    for (const broadcast of this.broadcasts.values()) {
      const { clients, written } = broadcast;
      if (written.size === 0) continue;
      broadcast.written = new Map();
      // In the order of their bytes, as Redis' radix tree has them.
      const all = [...written.keys()].sort();
      for (const client of clients) {
        const keys =
          client.tracking?.skipsOwn === true ? all.filter((key) => written.get(key) !== client) : all;
        if (keys.length > 0) this.tell(client, keys);
      }
    }
  }

  private tell(tracker: Client, keys: Reply): void {
    const { tracking } = tracker;
    if (tracking === null) return;
    const { redirectsTo } = tracking;
    const target = redirectsTo === 0 ? tracker : this.clients.byId(redirectsTo);
    if (target === undefined) {
      tracking.isRedirectBroken = true;
      if (tracker.respVersion === 3)
        this.send(tracker, new PushReply(['tracking-redir-broken', redirectsTo]));
    } else if (target.respVersion === 3 || target.origin.transport.isInProcess)
      this.send(target, new PushReply(['invalidate', keys]));
    else if (target !== tracker && target.subscriptionCount > 0)
      this.send(target, new PushReply(['message', INVALIDATE, keys]));
  }

  /** What a command of the client's own made invalid is told behind its reply. */
  private send(client: Client, push: PushReply): void {
    if (client === this.current) client.sendAfterReply(push);
    else client.send(push);
  }

  private listen(): void {
    this.feed.tell(this, this.trackers.size > 0);
  }
}
