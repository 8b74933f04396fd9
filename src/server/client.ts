/** Decides what the server remembers about one client. Knows no socket: only how to hang up. */
import type { User } from './acl/user.js';
import type { Bytes } from './byte-string.js';
import type { Database } from './keyspace/database.js';
import type { Reply, RespVersion } from './resp/reply.js';
import type { TrackingState } from './tracking-state.js';

/** What a client hangs from. In-process clients have one too, that only ends them. */
export interface Transport {
  /**
   * Writes what answers no request at hand: a push, or the late reply of a blocked command. It leaves in the order
   * of the calls, after what the client was answered before, and with whatever else is written in this turn.
   */
  send(reply: Reply): void;
  /** Whether there is anybody to send anything to. */
  readonly takesPushes: boolean;
  /** The caller is the application itself; pushes to it travel apart from replies. */
  readonly isInProcess: boolean;
  /** The late reply of a command that waited: from now on the client's requests are served again. */
  unblocked(reply: Reply): void;
  /** Hangs up at once; what was written and has not left is lost. */
  destroy(): void;
  /** Reply bytes not yet taken by the peer. */
  readonly outputBytes: number;
  /** Bytes held for an unfinished request. */
  readonly inputBytes: number;
}

export interface Subscriptions {
  readonly channel: Set<string>;
  readonly pattern: Set<string>;
  readonly shard: Set<string>;
}

/** Commands between MULTI and EXEC. */
export interface Transaction {
  readonly queue: Bytes[][];
  /** What the queue holds. */
  bytes: number;
  /** A command could not be queued: EXEC will refuse. */
  hasError: boolean;
  /** One of the queued commands needs memory. */
  needsMemory: boolean;
  /** One of the queued commands changes data. */
  hasWrite: boolean;
}

/** Whether replies are written. `skip-next`: CLIENT REPLY SKIP was just run, the next reply is left out. */
export type ReplyMode = 'on' | 'off' | 'skip-next' | 'skip';

export interface ClientOrigin {
  readonly address: string;
  readonly localAddress: string;
  /** Through a unix socket. */
  readonly isUnix: boolean;
  readonly transport: Transport;
}

export class Client {
  name = '';
  libName = '';
  libVersion = '';
  respVersion: RespVersion = 2;
  transaction: Transaction | null = null;
  /** Set when a watched key changed. */
  isWatchBroken = false;
  replyMode: ReplyMode = 'on';
  /** Waits for a key: until then no request of it is served. */
  isBlocked = false;
  /** A command of it that would wait is answered at once, because the caller cannot wait. */
  deniesBlocking = false;
  /** What CLIENT TRACKING asked for; null while it is off. */
  tracking: TrackingState | null = null;
  /** Hears of every command (MONITOR). */
  isMonitor = false;
  /** May be hung up on when all clients together need too much memory. */
  isEvictable = true;
  /** Hang up once the reply has left. */
  closesAfterReply = false;
  /** While EXEC runs: the replies so far, among which pushes to this very client find their place. */
  execReplies: Reply[] | null = null;
  readonly subscriptions: Subscriptions = { channel: new Set(), pattern: new Set(), shard: new Set() };
  private unsent: Reply[] = [];
  lastCommand = '';
  lastActiveMs: number;

  constructor(
    readonly id: number,
    public db: Database,
    /** Null: the process itself, which needs no permission. */
    public user: User | null,
    public isAuthenticated: boolean,
    readonly createdMs: number,
    readonly origin: ClientOrigin,
  ) {
    this.lastActiveMs = createdMs;
  }

  get subscriptionCount(): number {
    const { channel, pattern, shard } = this.subscriptions;
    return channel.size + pattern.size + shard.size;
  }

  /** Where RESP2 travels, nothing tells a push from a reply, so a subscriber may ask for little else. */
  get isLimitedToSubscribing(): boolean {
    return this.respVersion === 2 && this.subscriptionCount > 0 && !this.origin.transport.isInProcess;
  }

  /** See `Transport.send`. */
  send(reply: Reply): void {
    this.origin.transport.send(reply);
  }

  /** Sends it behind the reply to the command that is running now. */
  sendAfterReply(reply: Reply): void {
    this.unsent.push(reply);
  }

  /** The reply has been written. */
  replied(): void {
    if (this.unsent.length === 0) return;
    const { unsent } = this;
    this.unsent = [];
    for (const reply of unsent) this.send(reply);
  }
}

/** All clients that are connected, by id. */
export class ClientRegistry {
  private readonly clients = new Map<number, Client>();
  private nextId = 1;

  get size(): number {
    return this.clients.size;
  }

  add(create: (id: number) => Client): Client {
    const client = create(this.nextId++);
    this.clients.set(client.id, client);
    return client;
  }

  remove(client: Client): void {
    this.clients.delete(client.id);
  }

  byId(id: number): Client | undefined {
    return this.clients.get(id);
  }

  [Symbol.iterator](): IterableIterator<Client> {
    return this.clients.values();
  }
}
