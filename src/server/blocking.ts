/**
 * Decides how clients wait for keys: who is served when one becomes ready, in which order, and until when they
 * wait. Knows no particular command: each says how it tries again. (Redis: `blocked.c`.)
 */
import type { Clock, Timer } from '../clock.js';
import type { Client } from './client.js';
import type { TypeName } from './keyspace/container.js';
import type { Database } from './keyspace/database.js';
import { typeNameOf } from './keyspace/entry.js';
import type { Keyspace } from './keyspace/keyspace.js';
import type { Effect } from './propagation.js';
import { ErrorReply, NO_REPLY, type Reply } from './resp/reply.js';

/** What a command that found nothing waits for. */
export interface Wait {
  /** One of these becoming ready is enough. */
  readonly keys: readonly string[];
  /** A key that holds anything else is not ready. */
  readonly type: TypeName;
  /** 0 is for ever. */
  readonly timeoutMs: number;
  /** The answer when the time is over. */
  readonly timedOut: Reply;
  /** The answer when the key is gone or holds anything else; by default it goes on waiting. */
  readonly gone?: Reply;
  /** The answer where nobody may wait: inside MULTI, or in a synchronous call. By default that of a timeout. */
  readonly refused?: Reply;
  /**
   * Tries again, with the key that is ready; undefined goes on waiting. The command's arguments are gone by then,
   * its database and client are not.
   */
  readonly retry: (key: string) => Reply | undefined;
  /** What trying again has done, for those who repeat it. */
  readonly effects: (reply: Reply) => readonly Effect[];
}

const UNBLOCKED = new ErrorReply('UNBLOCKED client unblocked via CLIENT UNBLOCK');
/** Timers of the system hold no longer delays. */
const TIMER_MS_MAX = 2 ** 30;

interface Waiter {
  readonly client: Client;
  readonly db: Database;
  readonly wait: Wait;
  timer: Timer | null;
}

export class BlockingTable {
  /** By database, then by key; those who wait for one key in the order in which they came. */
  private readonly byDatabase = new Map<number, Map<string, Set<Waiter>>>();
  private readonly byClient = new Map<Client, Waiter>();
  /** In the order in which they became ready. */
  private ready = new Map<string, { readonly database: number; readonly key: string }>();
  /** Hears what was done for a client that had waited. */
  onServed: ((database: number, effects: readonly Effect[]) => void) | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly keyspace: Keyspace,
  ) {}

  /** How many clients wait. */
  get size(): number {
    return this.byClient.size;
  }

  /** Whether `serve` has something to do. */
  get hasReady(): boolean {
    return this.ready.size > 0;
  }

  /** What a command that found nothing returns: the client waits if it may. */
  wait(client: Client, db: Database, wait: Wait): Reply {
    if (client.deniesBlocking || client.execReplies !== null)
      return wait.refused === undefined ? wait.timedOut : wait.refused;
    const waiter: Waiter = { client, db, wait, timer: null };
    client.isBlocked = true;
    this.byClient.set(client, waiter);
    const byKey = this.byDatabase.get(db.index) ?? new Map<string, Set<Waiter>>();
    this.byDatabase.set(db.index, byKey);
    for (const key of wait.keys) {
      const others = byKey.get(key);
      if (others === undefined) byKey.set(key, new Set([waiter]));
      else others.add(waiter);
    }
    if (wait.timeoutMs > 0) this.startTimer(waiter, this.clock.monotonicMs() + wait.timeoutMs);
    this.keyspace.keyWaiters = this;
    return NO_REPLY;
  }

  /** A key was written; called only while somebody waits. */
  changed(database: number, key: string): void {
    if (this.byDatabase.get(database)?.has(key) !== true) return;
    const id = `${database}:${key}`;
    if (!this.ready.has(id)) this.ready.set(id, { database, key });
  }

  /** The databases changed places or were replaced as a whole: any key may be ready. */
  allChanged(database: number): void {
    for (const key of this.byDatabase.get(database)?.keys() ?? []) this.changed(database, key);
  }

  /** Answers whoever can be answered now. Called after a command, or the EXEC it was part of, has run. */
  serve(): void {
    while (this.ready.size > 0) {
      const { ready } = this;
      this.ready = new Map();
      for (const { database, key } of ready.values()) this.serveKey(database, key);
    }
  }

  /** CLIENT UNBLOCK: false when the client does not wait. */
  unblock(client: Client, how: 'timeout' | 'error'): boolean {
    const waiter = this.byClient.get(client);
    if (waiter === undefined) return false;
    this.answer(waiter, how === 'error' ? UNBLOCKED : waiter.wait.timedOut);
    return true;
  }

  /** The client is gone. */
  forget(client: Client): void {
    const waiter = this.byClient.get(client);
    if (waiter !== undefined) this.remove(waiter);
  }

  private serveKey(database: number, key: string): void {
    const waiters = this.byDatabase.get(database)?.get(key);
    const [first] = waiters ?? [];
    if (waiters === undefined || first === undefined) return;
    let entry = first.db.peek(key);
    for (const waiter of waiters) {
      if (entry === undefined || typeNameOf(entry) !== waiter.wait.type) {
        if (waiter.wait.gone !== undefined) this.answer(waiter, waiter.wait.gone);
        continue;
      }
      const reply = waiter.wait.retry(key);
      if (reply === undefined) continue;
      if (this.onServed !== null) this.onServed(database, waiter.wait.effects(reply));
      this.answer(waiter, reply);
      // Those in front may have taken everything.
      entry = waiter.db.peek(key);
    }
  }

  private answer(waiter: Waiter, reply: Reply): void {
    this.remove(waiter);
    waiter.client.origin.transport.unblocked(reply);
  }

  private remove(waiter: Waiter): void {
    const { client, db, wait } = waiter;
    waiter.timer?.cancel();
    client.isBlocked = false;
    this.byClient.delete(client);
    const byKey = this.byDatabase.get(db.index);
    for (const key of wait.keys) {
      const others = byKey?.get(key);
      others?.delete(waiter);
      if (others?.size === 0) byKey?.delete(key);
    }
    if (this.byClient.size === 0) this.keyspace.keyWaiters = null;
  }

  private startTimer(waiter: Waiter, endMs: number): void {
    const leftMs = endMs - this.clock.monotonicMs();
    waiter.timer = this.clock.after(Math.min(leftMs, TIMER_MS_MAX), () => {
      if (leftMs > TIMER_MS_MAX) this.startTimer(waiter, endMs);
      else this.answer(waiter, waiter.wait.timedOut);
    });
  }
}
