/**
 * Decides who hears that a key changed: clients that WATCH it and listeners of `onTouch`.
 * Knows nothing of commands. While there is neither, the keyspace is told not to report at all.
 */
import { byteStringOfText, textOf } from './byte-string.js';
import type { ChangeFeed } from './change-feed.js';
import type { Client } from './client.js';
import type { Database } from './keyspace/database.js';
import type { KeyspaceObserver } from './keyspace/keyspace-core.js';

interface Watch {
  readonly client: Client;
  readonly db: Database;
  readonly key: string;
  /** The key was past its time already when WATCH was called: its removal is no change. */
  wasStale: boolean;
}

interface TouchListener {
  /** As a byte string. */
  readonly prefix: string;
  readonly listener: (key: string | null) => void;
}

export class WatchTable implements KeyspaceObserver {
  private readonly byKey = new Map<string, Set<Watch>>();
  private readonly byClient = new Map<Client, Map<string, Watch>>();
  private listeners: readonly TouchListener[] = [];

  constructor(private readonly feed: ChangeFeed) {}

  watch(client: Client, key: string): void {
    const { db } = client;
    const id = idOf(db.index, key);
    const own = this.byClient.get(client) ?? new Map<string, Watch>();
    if (own.has(id)) return;
    this.byClient.set(client, own);
    const watch: Watch = { client, db, key, wasStale: db.isStale(key) };
    own.set(id, watch);
    const others = this.byKey.get(id);
    if (others === undefined) this.byKey.set(id, new Set([watch]));
    else others.add(watch);
    this.updateObserver();
  }

  unwatch(client: Client): void {
    client.isWatchBroken = false;
    const own = this.byClient.get(client);
    if (own === undefined) return;
    this.byClient.delete(client);
    for (const [id, watch] of own) {
      const others = this.byKey.get(id);
      others?.delete(watch);
      if (others?.size === 0) this.byKey.delete(id);
    }
    this.updateObserver();
  }

  /** A key that passed its time since WATCH counts as changed, although nobody has removed it yet. */
  hasExpired(client: Client): boolean {
    for (const watch of this.byClient.get(client)?.values() ?? [])
      if (!watch.wasStale && watch.db.isStale(watch.key)) return true;
    return false;
  }

  /** `prefix` and the keys given to the listener are text; keys are compared and decoded as UTF-8. */
  onTouch(prefix: string, listener: (key: string | null) => void): () => void {
    const own: TouchListener = { prefix: byteStringOfText(prefix), listener };
    this.listeners = [...this.listeners, own];
    this.updateObserver();
    return () => {
      this.listeners = this.listeners.filter((other) => other !== own);
      this.updateObserver();
    };
  }

  changed(database: number, key: string): void {
    if (this.byKey.size > 0)
      for (const watch of this.byKey.get(idOf(database, key)) ?? []) {
        if (watch.wasStale && !watch.db.has(key)) watch.wasStale = false;
        else watch.client.isWatchBroken = true;
      }
    if (database !== 0) return;
    for (const { prefix, listener } of this.listeners) if (key.startsWith(prefix)) listener(textOf(key));
  }

  flushed(database: number): void {
    for (const watches of this.byKey.values())
      for (const watch of watches) {
        if (watch.db.index !== database || !watch.db.has(watch.key)) continue;
        if (watch.wasStale) watch.wasStale = false;
        else watch.client.isWatchBroken = true;
      }
    if (database === 0) for (const { listener } of this.listeners) listener(null);
  }

  private updateObserver(): void {
    this.feed.tell(this, this.byKey.size > 0 || this.listeners.length > 0);
  }
}

function idOf(database: number, key: string): string {
  return `${database}:${key}`;
}
