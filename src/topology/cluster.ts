/**
 * Decides when the nodes of a Redis Cluster may be relied on, and who waits for that. Knows neither sockets nor what is
 * kept.
 */
import type { Session } from '../cache/executor.js';
import type { Clock, Random } from '../clock.js';
import { LookasideError } from '../errors.js';
import { ClusterMembers, type Owner } from './cluster-members.js';
import { ClusterSession } from './cluster-session.js';
import { type Connection, type ConnectionEvents, openConnection } from './connection.js';
import { type Announced, type Endpoint, HANDOVER_MS, reachable } from './lease.js';
import { HOPE_MS, Patience } from './lease-patience.js';
import { withTracking } from './lease-tracking.js';
import type { RemoteStore, RemoteStoreOptions } from './single.js';
import { slotOf } from './slots.js';

export interface ClusterStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Some of them are enough to find the others. */
  readonly nodes: readonly Endpoint[];
  /** The longest pause between two attempts to reach a node. */
  readonly reconnectMsMax: number;
  /** How long `ready` waits for all primaries to be trusted. */
  readonly readyTimeoutMs: number;
  /** How long a write waits for a connection that was lost. */
  readonly lossTimeoutMs: number;
  readonly open: (node: Endpoint, events: ConnectionEvents) => Promise<Connection>;
  readonly onTrouble: (error: Error) => void;
  /** How often each node is asked at least. Default: as often as a lease asks for. */
  readonly heartbeatMs?: number;
  /** There are other connections than before, or slots went elsewhere. */
  readonly onSessionChange?: () => void;
}

/** What a cluster is known by. */
export interface ClusterPlace {
  readonly nodes: readonly Endpoint[];
  /** Where nodes are reached that announce an address of their own network. */
  readonly natMap: Announced;
}

export function clusterStore({ nodes, natMap }: ClusterPlace, options: RemoteStoreOptions): RemoteStore {
  const open = (node: Endpoint, events: ConnectionEvents, protocol: 2 | 3 = 2): Promise<Connection> =>
    openConnection(reachable(node, natMap), options, events, protocol);
  const parts = {
    ...options,
    nodes,
    readyTimeoutMs: options.connectTimeoutMs + options.commandTimeoutMs + 2 * HANDOVER_MS,
    lossTimeoutMs: options.commandTimeoutMs,
    open: (node: Endpoint, events: ConnectionEvents) => open(node, events),
  };
  return withTracking(
    new ClusterStore(parts),
    options.boundMs ?? null,
    ({ track, onSessionChange, heartbeatMs }) =>
      new ClusterStore({ ...parts, open: track(open), onSessionChange, heartbeatMs }),
  );
}

export class ClusterStore implements RemoteStore {
  private readonly members: ClusterMembers;
  private readonly patience: Patience;
  private current: ClusterSession | null = null;
  /** Whom everybody was told of. */
  private lastSession: ClusterSession | null = null;
  private hopefulUntilMs = 0;
  private lossHopefulUntilMs = 0;
  /** Slots whose owner said otherwise, and when: nothing is believed of them until it was asked again. */
  private readonly redirected = new Map<number, { readonly ownerId: string; readonly atMs: number }>();

  constructor(private readonly options: ClusterStoreOptions) {
    this.patience = new Patience(options.clock);
    this.members = new ClusterMembers({
      ...options,
      onChange: () => this.check(),
      onTrouble: (error) => this.lost(error),
    });
  }

  ready(): Promise<void> {
    const { clock, readyTimeoutMs } = this.options;
    return this.patience.wait(() => this.untrustedSlot(), clock.monotonicMs() + readyTimeoutMs);
  }

  session(): ClusterSession | null {
    if (this.members.owners.length === 1) return null;
    if (this.current?.isCurrent() !== true)
      this.current = new ClusterSession(this.members, {
        isSettled: (slot) => this.isSettled(slot),
        redirected: (slot, owner) => this.noteRedirect(slot, owner),
      });
    return this.current;
  }

  /** Of the cluster as a whole; that a part of it cannot be reached is told by who is asked for it. */
  trouble(): Error | null {
    return this.members.trouble;
  }

  /** By when the node that holds the key has answered something that was asked of it. */
  toldAllAtMs(key: string): number {
    return this.session()?.answeredAtMs(key) ?? Number.NEGATIVE_INFINITY;
  }

  settled(tables: readonly string[]): Promise<void> | null {
    const isCutOff = tables.some((table) => this.session()?.isConnected(table) !== true);
    const untilMs = isCutOff ? this.lossHopefulUntilMs : this.hopefulUntilMs;
    return this.patience.waitIfHopeful(() => this.troubleOf(tables), untilMs);
  }

  /** One session for each primary, for what is done to all of them. */
  nodes(): readonly Session[] {
    return this.session()?.perNode() ?? [];
  }

  async close(): Promise<void> {
    this.patience.end(away('the cache was closed'));
    await this.members.close();
  }

  private troubleOf(tables: readonly string[]): Error | null {
    const session = this.session();
    if (session === null) return this.trouble();
    const untrusted = tables.find((table) => !session.isTrusted(table));
    return untrusted === undefined ? null : session.troubleOf(slotOf(untrusted));
  }

  /** Every slot that somebody serves is trusted: a first slot of each owner says so for all. */
  private untrustedSlot(): Error | null {
    const session = this.session();
    if (session === null) return this.trouble();
    const slot = session.untrustedSlot();
    return slot === null ? null : session.troubleOf(slot);
  }

  private isSettled(slot: number): boolean {
    const redirect = this.redirected.get(slot);
    if (redirect === undefined) return true;
    if (this.members.askedAtMs(redirect.ownerId) <= redirect.atMs) return false;
    this.redirected.delete(slot);
    return true;
  }

  private noteRedirect(slot: number, owner: Owner): void {
    this.redirected.set(slot, { ownerId: owner.id, atMs: this.options.clock.monotonicMs() });
    this.hope();
    this.members.hurry();
  }

  private check(): void {
    const session = this.session();
    const isNews = session !== this.lastSession;
    this.lastSession = session;
    if (isNews) this.options.onSessionChange?.();
    if (isNews || this.untrustedSlot() === null) this.hope();
    this.patience.check();
  }

  private hope(): void {
    this.hopefulUntilMs = this.options.clock.monotonicMs() + HOPE_MS;
  }

  private lost(error: Error): void {
    const { clock, lossTimeoutMs, onTrouble } = this.options;
    if (this.current?.isCurrent() === false) this.lossHopefulUntilMs = clock.monotonicMs() + lossTimeoutMs;
    onTrouble(error);
  }
}

const away = (detail: string): LookasideError => new LookasideError('STORE_AWAY', detail);
