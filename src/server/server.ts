/** Decides how the parts of a server are joined and what it offers to its process. Knows no particular command. */

import type { Socket } from 'node:net';
import { type Clock, type Random, systemClock, systemRandom } from '../clock.js';
import { invariant, LookasideError, messageOf } from '../errors.js';
import { AccessControl } from './acl/access-control.js';
import type { User } from './acl/user.js';
import { BlockingTable } from './blocking.js';
import type { Bytes } from './byte-string.js';
import { ChangeFeed } from './change-feed.js';
import { Client, type ClientOrigin, ClientRegistry } from './client.js';
import { ClientMemory } from './client-memory.js';
import { ClientPause } from './client-pause.js';
import {
  CommandTable,
  type ListenAddress,
  type LogLevel,
  type ServerContext,
  type ServerIdentity,
  type ShutdownOptions,
} from './command.js';
import { allCommands } from './commands/index.js';
import { type CommitGate, untilSafe } from './commit-gate.js';
import { valuesOf } from './conf-file/wishes.js';
import { findParameter } from './config-parameters.js';
import { Dispatcher } from './dispatch.js';
import { fetchAhead } from './fetch-ahead.js';
import { IdleCheck } from './idle-check.js';
import { type BulkForm, type CommandArguments, ReplyError, type Value, valueOf } from './in-process.js';
import { InProcessCalls } from './in-process-calls.js';
import { InProcessTransport } from './in-process-transport.js';
import { Journal } from './introspection/journal.js';
import { Keyspace } from './keyspace/keyspace.js';
import { listenersOf } from './listen-settings.js';
import { Connection, type ConnectionHost } from './net/connection.js';
import {
  type AcceptedSocket,
  isLoopbackAddress,
  Listener,
  type ListenOptions,
  type ReadHandler,
} from './net/listener.js';
import { Outbox } from './net/outbox.js';
import { Notifications } from './notifications.js';
import { isLocal } from './permission.js';
import { AofChangeLog } from './persistence/aof/change-log.js';
import { Persistence } from './persistence/persistence.js';
import type { Propagation } from './propagation.js';
import { PROTECTED_MODE_ANSWER } from './protected-mode.js';
import { PubSub } from './pubsub.js';
import type { RequestParser } from './resp/parser.js';
import { ErrorReply, fail, type Reply } from './resp/reply.js';
import { GivenRequest, type Request, type RequestSlices } from './resp/request.js';
import { ReplyWriter } from './resp/writer.js';
import type { EmbeddedServer, InProcessClient, ServerConfig, ServerStats } from './server-api.js';
import { clientsBytesMax, type OutputLimit, type Settings, settingsOf } from './settings.js';
import { startParameters } from './start-parameters.js';
import { Statistics } from './statistics.js';
import { Tracking } from './tracking.js';
import { WatchTable } from './watch.js';

export function createServer(config: ServerConfig = {}): EmbeddedServer {
  return new Server(config);
}

const LOST = new ErrorReply('MISCONF Errors writing to the AOF file');
class Server implements EmbeddedServer, ServerContext, ConnectionHost {
  readonly clock: Clock;
  readonly settings: Settings;
  readonly keyspace: Keyspace;
  readonly clients = new ClientRegistry();
  readonly commands = new CommandTable(allCommands);
  readonly statistics = new Statistics();
  readonly watches: WatchTable;
  readonly blocking: BlockingTable;
  readonly tracking: Tracking;
  readonly acl: AccessControl;
  readonly journal: Journal;
  readonly idleCheck: IdleCheck;
  readonly pause: ClientPause;
  readonly persistence: Persistence;
  /** Settles when what was on disk is there. */
  private readonly started: Promise<void>;
  readonly clientMemory = new ClientMemory(
    this.clients,
    () => clientsBytesMax(this.settings),
    () => this.statistics.evictedClients++,
  );
  readonly pubsub = new PubSub();
  readonly notifications: Notifications;
  readonly identity: ServerIdentity;
  propagation: Propagation | null = null;
  commitGate: CommitGate | null = null;
  readonly writer = new ReplyWriter();
  readonly outbox = new Outbox(this.writer);
  private readonly calls: InProcessCalls;
  readonly random: Random;
  private readonly logLine: (level: LogLevel, message: string) => void;
  readonly closed: Promise<void>;
  private resolveClosed: () => void = () => undefined;
  private readonly dispatcher: Dispatcher;
  private readonly builtIn: Client;
  private listeners: Listener[] = [];
  private readonly warned = new Set<string>();
  private isClosed = false;
  /** Until the first request of a turn, which begins as the turn does. */
  private turnStartMs: number | undefined;
  /** Connections that were sent something outside of their own turn. */
  private unflushed: Connection[] = [];

  constructor(config: ServerConfig) {
    const { clock = systemClock, random = systemRandom, name = 'lookaside' } = config;
    this.clock = clock;
    this.random = random;
    this.logLine = config.log ?? (() => undefined);
    this.settings = settingsOf(config);
    this.settings.configFile = config.configFile ?? null;
    this.acl = new AccessControl(this.commands, clock);
    this.journal = new Journal(clock);
    this.acl.setDefaultPassword(this.settings.password);
    const { memory, databases } = this.settings;
    this.keyspace = new Keyspace({ clock, random, databases, memory });
    const feed = new ChangeFeed(this.keyspace);
    this.tracking = new Tracking(feed, this.clients);
    this.watches = new WatchTable(feed);
    this.notifications = new Notifications(feed, (channel, message) => this.pubsub.publish(channel, message));
    this.blocking = new BlockingTable(clock, this.keyspace);
    this.pause = new ClientPause(clock, (client, args) => this.dispatchSafely(client, args));
    this.identity = {
      name,
      runId: random.hex(20),
      replicationId: random.hex(20),
      startedMonotonicMs: clock.monotonicMs(),
    };
    this.idleCheck = new IdleCheck(clock, this.clients, () => this.settings.network.idleSecondsMax);
    this.persistence = new Persistence({ host: this, files: config.files });
    this.startWith(config);
    if (this.persistence.isOn) this.persistence.log = this.newChangeLog();
    this.dispatcher = new Dispatcher(this, this.commands);
    this.calls = new InProcessCalls(this.commands, this.dispatcher, () => this.beginTurn());
    this.builtIn = this.newInProcessClient(
      0,
      new InProcessTransport((closing) => this.disconnected(closing)),
    );
    this.builtIn.deniesBlocking = true;
    this.closed = new Promise((resolve) => {
      this.resolveClosed = resolve;
    });
    this.started = this.persistence.start();
    this.started.catch((error: unknown) => {
      this.log('warning', messageOf(error));
      this.shutdown({ saves: false });
    });
  }

  private newChangeLog(): AofChangeLog {
    return new AofChangeLog({
      server: this,
      newClient: () => {
        const client = this.newInProcessClient(0, new InProcessTransport(() => undefined));
        client.deniesBlocking = true;
        return client;
      },
      connect: (propagation, gate) => {
        this.propagation = propagation;
        this.commitGate = gate;
      },
    });
  }

  private startWith({ parameters = [], parametersByOption = [] }: ServerConfig): void {
    const { rewriting } = this.settings;
    rewriting.standard = valuesOf(this);
    startParameters(this, parameters);
    rewriting.atStart = valuesOf(this);
    rewriting.byOption = new Set(parametersByOption);
    const { withoutEffect } = this.settings;
    if (withoutEffect.size > 0)
      this.log(
        'warning',
        `These parameters have no effect in this version: ${[...withoutEffect.keys()].join(', ')}`,
      );
  }

  get replicationId(): string {
    return this.identity.replicationId;
  }

  get limits(): Settings['limits'] {
    return this.settings.limits;
  }

  execute(...args: CommandArguments): Value {
    return this.madeSafe(this.executeFor(this.builtIn, args, 'buffer'));
  }

  executeText(...args: CommandArguments): Value {
    return this.madeSafe(this.executeFor(this.builtIn, args, 'text'));
  }

  executeMany(commands: readonly CommandArguments[]): Value[] {
    const values = commands.map((args) => this.executeFor(this.builtIn, args, 'buffer'));
    const refusal = this.refusalToCommit();
    return refusal === null ? values : values.map(() => refusal);
  }

  connect(listener?: (push: Value[]) => void): InProcessClient {
    const transport = new InProcessTransport((closing) => this.disconnected(closing), listener);
    const client = this.clients.add((id) => this.newInProcessClient(id, transport));
    return {
      execute: async (...args) => {
        // Calls wait for each other, as the requests of one connection do.
        while (client.isBlocked) await transport.idle();
        if (client.closesAfterReply) throw new LookasideError('SERVER_CLOSED', 'this client has been closed');
        let value = this.executeFor(client, args, 'buffer');
        if (client.isBlocked) value = valueOf(await transport.lateReply(), client.respVersion, 'buffer');
        const { commitGate } = this;
        if (commitGate !== null && !(await untilSafe(commitGate))) value = commitGate.refusal ?? LOST;
        if (client.closesAfterReply) this.disconnected(client);
        if (value instanceof ErrorReply) throw new ReplyError(value.message);
        return value;
      },
      close: () => {
        client.closesAfterReply = true;
        transport.destroy();
      },
    };
  }

  onTouch(prefix: string, listener: (key: string | null) => void): () => void {
    return this.watches.onTouch(prefix, listener);
  }

  async listen(options: ListenOptions): Promise<{ port?: number; path?: string }> {
    this.assertOpen();
    if (
      !('path' in options) &&
      options.isProtected !== true &&
      !isLoopbackAddress(options.host ?? '127.0.0.1') &&
      this.settings.password === null
    )
      throw new LookasideError(
        'SERVER_LISTEN',
        `${options.host} can be reached by others; set a password or listen on 127.0.0.1`,
      );
    const listener = await Listener.open(options, (accepted) => this.accept(accepted));
    if (this.isClosed) {
      await listener.close();
      this.assertOpen();
    }
    this.listeners.push(listener);
    const { address } = listener;
    return address.kind === 'tcp' ? { port: address.port } : { path: address.path };
  }

  parameter(name: string): string | undefined {
    return findParameter(name)?.get(this);
  }

  async listenAsConfigured(): Promise<string[]> {
    for (const { options, mayFail } of listenersOf(this.settings.network)) {
      try {
        await this.listen(options);
      } catch (error) {
        if (!mayFail) throw error;
      }
    }
    return this.addresses().map((address) =>
      address.kind === 'unix'
        ? address.path
        : address.host.includes(':')
          ? `[${address.host}]:${address.port}`
          : `${address.host}:${address.port}`,
    );
  }

  stats(): ServerStats {
    const { hits, misses, expired, evicted } = this.keyspace.statistics;
    return {
      keys: this.keyspace.databases.reduce((sum, db) => sum + db.size, 0),
      usedBytes: this.keyspace.usedBytes,
      maxBytes: this.settings.memory.maxBytes,
      clients: this.clients.size,
      commands: this.statistics.commandsProcessed,
      hits,
      misses,
      expired,
      evicted,
      protocolErrors: this.statistics.protocolErrors,
      outputLimitDisconnections: this.statistics.outputLimitDisconnections,
      connectionsRejected: this.statistics.connectionsRejected,
    };
  }

  ready(): Promise<void> {
    return this.started;
  }

  async close(): Promise<void> {
    const problem = this.shutdown({ isForced: true });
    await this.closed;
    if (problem !== null) throw new LookasideError('SAVE_FAILED', problem);
  }

  // What commands ask for.

  runQueued(client: Client, args: readonly Bytes[]): Reply {
    return this.dispatcher.runQueued(client, args);
  }

  addresses(): readonly ListenAddress[] {
    return this.listeners.map(({ address }) => address);
  }

  log(level: LogLevel, message: string): void {
    this.logLine(level, message);
  }

  changeReplicationId(): void {
    this.identity.replicationId = this.random.hex(20);
  }

  warnOnce(code: string, message: string): void {
    if (this.warned.has(code)) return;
    this.warned.add(code);
    process.emitWarning(message, { code });
  }

  shutdown({ saves = this.persistence.savesAtEnd, isForced = false }: ShutdownOptions): string | null {
    if (this.isClosed) return null;
    const saveProblem = this.persistence.saveAtEnd(saves);
    if (saveProblem !== null && !isForced) return saveProblem;
    this.isClosed = true;
    this.outbox.flush();
    const problem = saveProblem ?? this.persistence.end();
    if (saveProblem !== null) this.persistence.end();
    const { listeners } = this;
    this.listeners = [];
    for (const client of this.clients) {
      client.closesAfterReply = true;
      client.origin.transport.destroy();
    }
    this.idleCheck.stop();
    this.pause.close();
    this.keyspace.close();
    void Promise.all([...listeners.map((listener) => listener.close()), this.persistence.settled()]).then(
      () => this.resolveClosed(),
    );
    return problem;
  }

  // What connections ask for.

  wantsToFlush(connection: Connection): void {
    if (this.unflushed.length === 0) queueMicrotask(() => this.flushAll());
    this.unflushed.push(connection);
  }

  beginTurn(): number {
    const nowMs = this.clock.monotonicMs();
    this.keyspace.beginTurn(nowMs);
    this.turnStartMs = nowMs;
    return nowMs;
  }

  monotonicMs(): number {
    return this.clock.monotonicMs();
  }

  outputLimitOf(client: Client): OutputLimit {
    return this.settings.outputLimits[client.subscriptionCount > 0 ? 'pubsub' : 'normal'];
  }

  buffersChanged(client: Client): void {
    this.clientMemory.changed(client);
  }

  mayTakeShortcuts(client: Client): boolean {
    return this.dispatcher.mayTakeShortcuts(client);
  }

  readAhead(client: Client, { ahead, slices }: RequestParser): void {
    fetchAhead(ahead, slices, this.keyspace.core.ahead, client.db);
  }

  turnEnded(): void {
    this.turnStartMs = undefined;
    this.keyspace.core.ahead.drop();
    this.dispatcher.shortcuts.settle();
  }

  takeShortcut(client: Client, request: RequestSlices): boolean {
    const startMs = this.turnStartMs;
    this.turnStartMs = undefined;
    return this.dispatcher.takeShortcut(client, request, this.writer, startMs);
  }

  dispatch(client: Client, request: Request): Reply {
    return this.dispatcher.dispatch(client, request);
  }

  /** For a command that no connection runs. */
  private dispatchSafely(client: Client, args: readonly Bytes[]): Reply {
    try {
      return this.dispatcher.dispatch(client, new GivenRequest(args));
    } catch (error) {
      this.failed(error);
      client.closesAfterReply = true;
      return fail('internal error, the connection is closed');
    }
  }

  failed(error: unknown): void {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.emitWarning(`A command of the embedded server failed: ${detail}`, {
      code: 'LOOKASIDE_SERVER_BUG',
    });
  }

  connected(origin: ClientOrigin): Client {
    return this.clients.add((id) => this.newClient(id, this.acl.defaultUser, origin));
  }

  disconnected(client: Client): void {
    client.transaction = null;
    this.watches.unwatch(client);
    this.blocking.forget(client);
    this.pubsub.forget(client);
    this.tracking.stop(client);
    this.pause.forget(client);
    this.clientMemory.forget(client);
    this.journal.monitors.delete(client);
    this.clients.remove(client);
  }

  private flushAll(): void {
    const { unflushed } = this;
    this.unflushed = [];
    for (const connection of unflushed) connection.flushSent();
  }

  private accept({ socket, ...origin }: AcceptedSocket): ReadHandler | null {
    this.statistics.connectionsReceived++;
    if (this.isClosed) {
      socket.destroy();
      return null;
    }
    const { isProtected } = this.settings.network;
    if (isProtected && this.acl.defaultUser.hasNoPassword && !origin.isUnix && !isLocal(origin.address)) {
      this.statistics.connectionsRejected++;
      return refuse(socket, PROTECTED_MODE_ANSWER);
    }
    if (this.clients.size >= this.settings.limits.clientsMax) {
      this.statistics.connectionsRejected++;
      return refuse(socket, '-ERR max number of clients reached\r\n');
    }
    return new Connection(socket, this, origin);
  }

  private newClient(id: number, user: User | null, origin: ClientOrigin): Client {
    const db = this.keyspace.databases[0];
    invariant(db !== undefined, 'there is at least one database');
    const isAuthenticated = user === null || !this.acl.needsLogin;
    return new Client(id, db, user, isAuthenticated, this.clock.monotonicMs(), origin);
  }

  private newInProcessClient(id: number, transport: InProcessTransport): Client {
    const origin = { address: 'in-process:0', localAddress: 'in-process:0', isUnix: false, transport };
    const client = this.newClient(id, null, origin);
    transport.client = client;
    return client;
  }

  private executeFor(client: Client, args: CommandArguments, bulk: BulkForm): Value {
    this.assertOpen();
    return this.calls.run(client, args, bulk);
  }

  /** The caller cannot wait, so the thread does, where a change has to be on disk before it counts. */
  private madeSafe(value: Value): Value {
    if (this.commitGate === null) return value;
    return this.refusalToCommit() ?? value;
  }

  private refusalToCommit(): ErrorReply | null {
    const { commitGate } = this;
    if (commitGate === null) return null;
    return commitGate.position === null || commitGate.commitNow() ? null : (commitGate.refusal ?? LOST);
  }

  private assertOpen(): void {
    if (this.isClosed) throw new LookasideError('SERVER_CLOSED', 'it was closed by close() or SHUTDOWN');
  }
}

function refuse(socket: Socket, answer: string): null {
  socket.on('error', () => socket.destroy());
  socket.end(answer, () => socket.destroy());
  return null;
}
