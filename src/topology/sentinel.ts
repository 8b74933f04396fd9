/**
 * Decides which node keeps the state under Redis Sentinel: the one that the sentinels name, as long as a majority of
 * them still does. Knows neither sockets nor what is kept.
 */
import type { Command, Replies, Session } from '../cache/executor.js';
import type { Clock, Random } from '../clock.js';
import { LookasideError } from '../errors.js';
import {
  type Connection,
  type ConnectionEvents,
  type ConnectionSettings,
  openConnection,
} from './connection.js';
import { type Announced, type Endpoint, HANDOVER_MS, LEASE_MS, reachable } from './lease.js';
import { HOPE_MS, Patience } from './lease-patience.js';
import { withTracking } from './lease-tracking.js';
import { Watch } from './lease-watch.js';
import { type NamedPrimary, SentinelWitnesses } from './sentinel-witnesses.js';
import { factsFrom } from './server-facts.js';
import type { RemoteStore, RemoteStoreOptions } from './single.js';

export interface SentinelStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** The primary's, as the sentinels know it. */
  readonly name: string;
  readonly sentinels: readonly Endpoint[];
  /** The longest pause between two attempts to reach a server. */
  readonly reconnectMsMax: number;
  /** How long `ready` waits for a primary to be trusted. */
  readonly readyTimeoutMs: number;
  /** How long a write waits for a connection that was lost. */
  readonly lossTimeoutMs: number;
  readonly openNode: (node: Endpoint, events: ConnectionEvents) => Promise<Connection>;
  readonly openSentinel: (sentinel: Endpoint, events: ConnectionEvents) => Promise<Connection>;
  readonly onTrouble: (error: Error) => void;
  /** How often the primary is asked at least. Default: as often as a lease asks for. */
  readonly heartbeatMs?: number;
  /** There is another connection than before, or another primary. */
  readonly onSessionChange?: () => void;
}

/** What a primary under Sentinel is known by. */
export interface SentinelPlace {
  readonly name: string;
  readonly sentinels: readonly Endpoint[];
  /** How sentinels are connected to: they have users, passwords and certificates of their own. */
  readonly settings: ConnectionSettings;
  /** Where nodes and sentinels are reached that announce an address of their own network. */
  readonly natMap: Announced;
}

export function sentinelStore(place: SentinelPlace, options: RemoteStoreOptions): RemoteStore {
  const { name, sentinels, settings, natMap } = place;
  const openNode = (node: Endpoint, events: ConnectionEvents, protocol: 2 | 3 = 2): Promise<Connection> =>
    openConnection(reachable(node, natMap), options, events, protocol);
  const parts = {
    ...options,
    name,
    sentinels,
    readyTimeoutMs: options.connectTimeoutMs + options.commandTimeoutMs + 2 * HANDOVER_MS,
    lossTimeoutMs: options.commandTimeoutMs,
    openNode: (node: Endpoint, events: ConnectionEvents) => openNode(node, events),
    openSentinel: (sentinel: Endpoint, events: ConnectionEvents) =>
      openConnection(reachable(sentinel, natMap), settings, events),
  };
  return withTracking(
    new SentinelStore(parts),
    options.boundMs ?? null,
    ({ track, onSessionChange, heartbeatMs }) =>
      new SentinelStore({ ...parts, openNode: track(openNode), onSessionChange, heartbeatMs }),
  );
}

/** The node that is taken for the primary, and the connection to it. */
interface Reign {
  readonly primary: NamedPrimary;
  readonly watch: Watch;
  session: PrimarySession | null;
}

export class SentinelStore implements RemoteStore {
  private readonly witnesses: SentinelWitnesses;
  private readonly patience: Patience;
  private reign: Reign | null = null;
  private hopefulUntilMs = 0;
  private hadConnection = false;
  /** Whom everybody was told of. */
  private lastSession: Session | null = null;
  private closed = false;
  /** Of nodes that are not the primary any more. */
  private readonly farewells = new Set<Promise<void>>();

  constructor(private readonly options: SentinelStoreOptions) {
    const { clock, random, name, sentinels, reconnectMsMax } = options;
    this.patience = new Patience(clock);
    this.witnesses = new SentinelWitnesses({
      clock,
      random,
      name,
      sentinels,
      reconnectMsMax,
      open: options.openSentinel,
      onChange: () => this.follow(),
    });
  }

  ready(): Promise<void> {
    const { clock, readyTimeoutMs } = this.options;
    return this.patience.wait(() => this.trouble(), clock.monotonicMs() + readyTimeoutMs);
  }

  session(): Session | null {
    const { reign } = this;
    const connection = reign?.watch.connection ?? null;
    if (reign === null || connection === null) return null;
    if (reign.session?.connection !== connection)
      reign.session = new PrimarySession(connection, () => this.trusts(reign, connection));
    return reign.session;
  }

  trouble(): Error | null {
    const { reign } = this;
    const connection = reign?.watch.connection ?? null;
    if (reign === null) return this.witnesses.trouble ?? away('no sentinel has named a primary yet');
    if (connection === null) return reign.watch.trouble;
    if (this.trusts(reign, connection)) return null;
    return away(`a majority of the sentinels does not confirm ${nameOf(reign.primary)} yet, or not any more`);
  }

  /** By when the primary has answered something that was asked of it. */
  toldAllAtMs(): number {
    return this.reign?.watch.connection?.answeredAtMs ?? Number.NEGATIVE_INFINITY;
  }

  settled(): Promise<void> | null {
    return this.patience.waitIfHopeful(() => this.trouble(), this.hopefulUntilMs);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.patience.end(away('the cache was closed'));
    await Promise.all([this.witnesses.close(), this.reign?.watch.close(), ...this.farewells]);
  }

  private trusts({ primary, watch }: Reign, connection: Connection): boolean {
    const nowMs = this.options.clock.monotonicMs();
    return (
      connection.error === null &&
      nowMs < watch.confirmedAtMs(connection) + LEASE_MS &&
      this.witnesses.confirms(primary.named)
    );
  }

  /** Turns to whom the sentinels name now. */
  private follow(): void {
    if (this.closed) return;
    const { primary } = this.witnesses;
    if (primary !== null && primary.named !== this.reign?.primary.named) this.turnTo(primary);
    this.check();
  }

  private check(): void {
    const session = this.session();
    if (session !== this.lastSession) {
      this.lastSession = session;
      this.options.onSessionChange?.();
    }
    if (this.trouble() === null) this.hope(HOPE_MS);
    this.patience.check();
  }

  /** Nothing is to be hoped for from a connection that was lost but that it is made again at once. */
  private hope(forMs: number): void {
    this.hopefulUntilMs = this.options.clock.monotonicMs() + forMs;
  }

  private turnTo(primary: NamedPrimary): void {
    const { clock, random, reconnectMsMax, heartbeatMs, openNode, onTrouble, lossTimeoutMs } = this.options;
    const before = this.reign?.watch.close();
    if (before !== undefined) {
      this.farewells.add(before);
      void before.then(() => this.farewells.delete(before));
    }
    const watch = new Watch({
      clock,
      random,
      reconnectMsMax,
      ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
      open: (events) => openNode(primary, events),
      ask: expectSamePrimary,
      onChange: () => this.check(),
      onOpen: () => {
        this.hadConnection = true;
        this.hope(HOPE_MS);
      },
      onTrouble: (error) => {
        onTrouble(error);
        if (this.hadConnection) this.hope(lossTimeoutMs);
        this.hadConnection = false;
        this.witnesses.hurry(); // whoever is gone may have a successor
      },
    });
    this.reign = { primary, watch, session: null };
  }
}

const nameOf = ({ host, port }: Endpoint): string => `${host}:${port}`;

const away = (detail: string): LookasideError => new LookasideError('STORE_AWAY', detail);

/** The node is what it was when the connection was made: the same primary, with the same replication id. */
export async function expectSamePrimary(connection: Connection): Promise<void> {
  const [info] = await connection.run([['INFO', 'replication']]);
  const { role, replicationId } = factsFrom(typeof info === 'string' ? info : '');
  if (role !== 'primary') throw away('the node is not primary any more');
  if (replicationId !== connection.facts.replicationId)
    throw away('the node became primary again since the connection was made');
}

/** One connection to one primary. */
class PrimarySession implements Session {
  private readonly replicationId: string;

  constructor(
    readonly connection: Connection,
    readonly isTrusted: () => boolean,
  ) {
    this.replicationId = connection.facts.replicationId ?? ''; // judged: it has one
  }

  run(commands: readonly Command[]): Promise<Replies> {
    return this.connection.run(commands);
  }

  runBinary(commands: readonly Command[]): Promise<Replies> {
    return this.connection.runBinary(commands);
  }

  voucher(): string {
    return this.replicationId;
  }
}
