/**
 * Decides what happens to each command of one connection: from the cache, to the database, or to the database with an
 * intent around it, in the order in which the caller gave them. Holds no policy on what may be cached.
 */
import type { Backend, TextQuery } from '../../sql/mysql/database.js';
import { readStatistics } from '../../sql/mysql/statistics.js';
import { anything, effectOf, nothing } from '../effect.js';
import type { Aftermath } from '../follower.js';
import { Gate } from '../gate.js';
import { type Effect, TransactionWrites } from '../transaction.js';
import { TransactionReads } from '../transaction-reads.js';
import { type Call, callOf, partsOf } from './calls.js';
import { kindOf } from './commands.js';
import { ConnectionReads } from './connection-reads.js';
import type { Database, Statement } from './databases.js';
import { mysqlDialect } from './dialect.js';
import { type Driver, driverOf, factsOf, isQuery } from './driver.js';
import { fillingOf } from './filling.js';
import type { Host, PoolReader } from './host.js';
import { textQueryOn } from './own-connection.js';
import { PreparedTexts } from './prepared-texts.js';
import { isCached } from './reads.js';
import { answerInto } from './replay.js';
import { resolverOf } from './resolver.js';
import { Session } from './session.js';
import type { Command, MysqlConnection, QueryFunction } from './shapes.js';
import { locksTables, looksHarmless } from './texts.js';
import { Tracker } from './tracker.js';

export class WatchedConnection {
  private readonly driver: Driver;
  private readonly driverAdd: (command: Command) => void;
  private readonly driverQuery: QueryFunction;
  private readonly gate: Gate;
  private readonly session: Session;
  private readonly writes = new TransactionWrites();
  private readonly tracker: Tracker;
  private readonly transactionReads = new TransactionReads();
  private readonly reads: ConnectionReads;
  private readonly prepared: PreparedTexts;
  /** Of queries, what their text is made of. */
  private readonly parts = new WeakMap<Command, NonNullable<ReturnType<typeof partsOf>>>();
  private readonly lossHeard: (() => void)[] = [];
  /** Statements may be on their way, or a transaction open, since before the connection came to be watched. */
  private unseen: boolean;
  private ended = false;
  /** `SET TRANSACTION`: the next statement, whichever it is, runs as it says. */
  private isNextSpecial = false;
  /** It may use the tables that it locked, and no others. */
  private hasLockedTables = false;
  private refreshing = false;

  /** @param settingUp statements until `settle` prepare the session: what they set is part of the baseline */
  constructor(
    readonly connection: MysqlConnection,
    private readonly host: Host,
    private settingUp: boolean,
  ) {
    const { core, databases } = host;
    this.driver = driverOf(connection);
    this.driverAdd = connection.addCommand.bind(connection);
    this.driverQuery = connection.query.bind(connection);
    this.gate = new Gate(() => (this.needsPreparation() ? this.prepareNow() : null));
    this.prepared = new PreparedTexts(connection);
    this.session = new Session({
      connection,
      core,
      databases,
      query: this.ownQuery,
      connected: () => this.connected(),
      hasEnded: () => this.ended || connection._closing === true,
    });
    this.tracker = new Tracker({
      connection,
      host,
      driver: this.driver,
      writes: this.writes,
      close: () => this.gate.close(),
      add: (command) => this.give(command),
      onAnswer: ({ changedSession }) => {
        if (changedSession) this.session.depart();
        if (this.writes.status !== 'I') return;
        this.unseen = false;
        this.transactionReads.end();
      },
    });
    this.reads = new ConnectionReads({
      connection,
      driver: this.driver,
      host,
      session: this.session,
      gate: this.gate,
      writes: this.writes,
      tracker: this.tracker,
      isNextSpecial: () => this.isNextSpecial || this.hasLockedTables,
      mayReadInTransaction: () => this.transactionReads.mayRead,
      refresh: (database) => this.refresh(database),
    });
    // A connection that is new has nothing but its handshake under way.
    this.unseen = !settingUp && (connection._handshakePacket !== null || connection._commands.length > 0);
    this.listen();
  }

  private listen(): void {
    const { connection } = this;
    connection.query = (sql, values, callback) => this.query(sql, values, callback);
    connection.addCommand = (command) => {
      this.take(command);
      return command;
    };
    const notify = connection._notifyError.bind(connection);
    connection._notifyError = (error) => {
      this.returnWaiting();
      this.lose();
      notify(error);
    };
    connection.stream.once('close', () => this.lose());
  }

  /** The connection's session is as its user wants it, once what was called so far has run. */
  settle(): void {
    if (!this.settingUp) return;
    const settled = (): void => {
      this.settingUp = false;
      if (this.session.hasMoved) this.session.forget();
    };
    if (this.gate.isIdle) settled();
    else this.gate.wait(settled);
  }

  /** Runs a task of ours, once the connection is known, behind what was called so far; later calls wait for it. */
  whenIdle<T>(task: (connection: WatchedConnection) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.gate.wait(() => {
        const running = task(this);
        this.gate.hold(running);
        running.then(resolve, reject);
      });
    });
  }

  /** Its user has given it back while a transaction is open. */
  get isLeftOpen(): boolean {
    return this.tracker.isIdle() && this.tracker.hasTransaction;
  }

  /** Offers the database of this connection as a baseline, if its session may be one. */
  adoptOwn(): void {
    const { database } = this.session;
    if (database?.isCurrent === true && this.session.isBase && this.session.refusal() === null)
      this.host.adopt(database, this.reader());
  }

  /** Whether its session is the one that the database's catalog is for, in a state to read it. */
  sees(database: Database): boolean {
    return this.session.database === database && !this.session.isUncertain && this.writes.status === 'I';
  }

  /** Reads the catalog again where it is out of date; twice when another look at it was under way already. */
  async reload(): Promise<void> {
    await this.askIfStale();
    const { database } = this.session;
    for (let attempt = 0; attempt < 2; attempt++)
      if (database?.state.isSettled === true && !database.isCurrent && this.sees(database))
        await database.load(this.ownQuery);
  }

  private async askIfStale(): Promise<void> {
    if (this.session.mayBeAsked && this.writes.status === 'I' && !this.isNextSpecial)
      await this.session.ask(() => this.writes.status);
  }

  /** Compares the catalog with the database's, or reads it again if it is known to be out of date. */
  async lookAt(database: Database): Promise<void> {
    await this.askIfStale();
    if (!this.sees(database)) return;
    if (database.isCurrent) await database.check(this.ownQuery);
    else await database.load(this.ownQuery);
  }

  private readonly escape = (value: unknown): string => this.connection.escape(value);

  /** Runs one of our own statements on this connection, at once. */
  readonly ownQuery: TextQuery = (sql) => this.askOwn(sql);

  private readonly askOwn: TextQuery = (sql) =>
    textQueryOn(this.connection, (command) => {
      this.tracker.expectPlain(command);
      this.tracker.pass(command);
    })(sql);

  private reader(): PoolReader {
    const { connection, driver, session } = this;
    return { driver, facts: factsOf(connection), keepsValues: session.keepsValues };
  }

  private query(sql: unknown, values: unknown, callback: unknown): unknown {
    const { connection, driver } = this;
    const isKnown = typeof sql === 'string' || (typeof sql === 'object' && sql !== null);
    if (this.ended || !isKnown) return this.driverQuery(sql, values, callback);
    const command = isCommand(sql) ? sql : driver.createQuery(sql, values, callback, connection.config);
    connection._resolveNamedPlaceholders(command);
    const parts =
      typeof command.sql === 'string' && this.session.keepsValues
        ? partsOf({ text: command.sql, values: command.values }, connection.config.queryFormat, this.escape)
        : null;
    if (parts !== null) {
      if (this.answerAtOnce(callOf(command, parts, this.escape))) return command;
      this.parts.set(command, parts);
    }
    return this.driverQuery(command);
  }

  /** A decoded result needs no text made of it, nor a place in the queue that is empty. */
  private answerAtOnce(call: Call): boolean {
    if (!this.gate.isOpen()) return false;
    const result = this.reads.near(call, this.statementOf(call));
    if (result !== null) process.nextTick(() => answerInto(call.command, result, call.protocol));
    return result !== null;
  }

  private take(command: Command): void {
    const found = kindOf(command);
    switch (found.kind) {
      case 'quiet':
        return this.inOrder(command, () => this.give(command));
      case 'prepare':
        return this.inOrder(command, () => {
          const { database, isUncertain } = this.session;
          this.prepared.preparing(found.command, isUncertain ? null : database);
          this.give(command);
        });
      case 'renew':
        return this.inOrder(command, () => this.renew(command));
      case 'statement': {
        const call = callOf(found.command, this.parts.get(command), this.escape);
        if (!isQuery(found.command) && Array.isArray(found.command.parameters))
          found.command.parameters = call.values; // what is planned is what is sent
        return this.enter(call);
      }
    }
  }

  private inOrder(command: Command, task: () => void): void {
    if (this.gate.isIdle) task();
    else this.gate.wait(task, command);
  }

  private enter(call: Call): void {
    // A replica may be the primary since: what could write is not sent before that is known.
    if (this.session.isStandby && (call.text === null || !looksHarmless(call.text))) this.session.forget();
    if (!this.gate.isOpen()) return this.gate.wait(() => this.run(call), call.command);
    if (!this.mustAsk(call)) return this.run(call);
    this.gate.hold(this.session.ask(() => this.writes.status));
    this.gate.wait(() => this.run(call), call.command);
  }

  /** One question more is worth it where a result may come of it, or a narrower write. */
  private mustAsk(call: Call): boolean {
    if (!this.session.mayBeAsked || this.writes.status !== 'I' || this.isNextSpecial) return false;
    const statement = this.statementOf(call);
    if (statement === undefined) return false;
    const { plan, refusal } = statement;
    return (
      isCached(statement) ||
      refusal === 'unknown-relation' ||
      (plan.kind === 'write' && plan.session === 'keeps' && plan.writes.scope === 'tables')
    );
  }

  /** To the driver, which says itself what it does with commands of a connection that is closed. */
  private give(command: Command): void {
    const { connection } = this;
    const error = connection._fatalError ?? connection._protocolError ?? null;
    if (connection._closing === true || error !== null) connection._addCommandClosedState(command);
    else this.driverAdd(command);
  }

  /** Another user, or a new session: whatever was known of it holds no longer. */
  private renew(command: Command): void {
    const release = this.gate.close();
    const execute = command.execute.bind(command);
    command.execute = (packet, on) => {
      const isDone = execute(packet, on);
      if (isDone) {
        this.tracker.renew();
        this.session.renew();
        release();
      }
      return isDone;
    };
    this.give(command);
  }

  private needsPreparation(): boolean {
    if (this.ended || this.isNextSpecial) return false;
    return this.session.isUnknown || this.mayLoad();
  }

  private mayLoad(): boolean {
    const { database } = this.session;
    return database !== null && !database.isLoaded && database.mayLoad && this.writes.status === 'I';
  }

  private async prepareNow(): Promise<void> {
    if (this.session.isUnknown) await this.session.learn();
    await this.watchChanges();
    if (this.mayLoad()) await this.session.database?.load(this.ownQuery);
  }

  /** Nothing is served of a database before what changed while nobody watched it is known. */
  private async watchChanges(): Promise<void> {
    const { session, host } = this;
    const { database } = session;
    if (database === null || this.writes.status !== 'I' || session.refusal() === 'pooler') return;
    const from = host.observe(database);
    if (from === null) return;
    const { core, databases, ask } = host;
    core.engine.resolveWith(
      database.names,
      resolverOf({ ask, state: database.state, proxied: databases.proxied }),
    );
    await core.changes?.watch(from, () => readStatistics(this.ownQuery));
  }

  /** The protocol names the session before it says that it is ready. */
  private connected(): Promise<void> {
    const { connection } = this;
    if (connection.threadId !== null || this.ended) return Promise.resolve();
    return new Promise((resolve) => {
      connection.once('connect', resolve);
      this.lossHeard.push(resolve);
    });
  }

  /** What waits here would have waited with the driver, which is about to tell all of it of the loss. */
  private returnWaiting(): void {
    const { connection } = this;
    for (const command of this.gate.withdraw() as Command[])
      if (connection._command) connection._commands.push(command);
      else connection._command = command;
  }

  private lose(): void {
    if (this.ended) return;
    this.ended = true;
    this.tracker.lose();
    for (const hear of this.lossHeard.splice(0)) hear();
    if (this.connection._closing !== true) this.host.core.changes?.lookSoon();
  }

  /** Called in order, and only when the gate is open. */
  private run(call: Call): void {
    if (this.ended) return this.give(call.command);
    if (this.session.isStandby) return this.bypass(call, 'standby');
    const statement = this.statementOf(call);
    const filling = fillingOf(call.command);
    if (filling !== null) this.reads.capture(call, filling, statement);
    else if (!this.settingUp) this.adoptOwn();
    const begun = this.noteForReads(statement);
    if (statement !== undefined && isCached(statement)) {
      if (filling !== null) return this.sendRead(call);
      const reason = this.reads.refusalOf(call);
      return reason === null ? this.reads.read(call, statement) : this.bypass(call, reason);
    }
    if (statement === undefined || statement.plan.kind === 'bypass' || statement.plan.kind === 'read')
      this.host.core.engine.noteBypass(this.refusalOf(statement));
    this.runEffect(call, statement, begun);
  }

  /** @returns what is to be called when the statement has succeeded */
  private noteForReads(statement: Statement | undefined): (() => void) | undefined {
    if (this.host.core.transactions !== 'untilWrite') return undefined;
    return this.transactionReads.sending(statement, {
      idle: this.writes.status === 'I' && this.tracker.isIdle(),
      level: this.isNextSpecial ? null : this.session.isolation,
    });
  }

  /** A table that is not known is perhaps only not known yet. */
  private refusalOf(statement: Statement | undefined): string {
    if (statement === undefined) return 'not-planned';
    const isNew = statement.refusal === 'unknown-relation' && this.session.database?.isCurrent === false;
    return isNew ? 'catalog-stale' : statement.refusal;
  }

  private bypass(call: Call, reason: string): void {
    this.host.core.engine.noteBypass(reason);
    this.sendRead(call);
  }

  private sendRead({ command }: Call): void {
    this.isNextSpecial = false;
    this.tracker.expectPlain(command);
    this.tracker.pass(command);
  }

  private statementOf({ text, command }: Call): Statement | undefined {
    const { database } = this.session;
    if (text === null || database === null) return undefined;
    if (!isQuery(command) && !this.prepared.meansIn(command, database)) return undefined;
    return database.statement(text);
  }

  /** By whichever connection; what only this one's session is, over this one. */
  private refresh(database: Database): void {
    if (this.session.isBase) return this.host.refresh(database);
    if (this.refreshing || !database.mayLoad) return;
    this.refreshing = true;
    this.whenIdle((connection) => connection.lookAt(database))
      .catch((error: unknown) => this.host.core.failed('catalog', error))
      .finally(() => {
        this.refreshing = false;
      });
  }

  private runEffect(call: Call, statement: Statement | undefined, begun?: () => void): void {
    const effect = this.effectOf(call, statement);
    const { database, backend } = this.session;
    if (isAtomic(statement, effect)) this.tracker.expectPlain(call.command);
    this.noteSession(statement);
    const after: Aftermath<Backend> = {
      succeeded: begun,
      rejected: undefined,
      ended: this.overtakenPlan(statement),
      control: statement?.plan.kind === 'transaction' ? statement.plan.transaction : null,
      backend,
      isProxied: backend === null || this.session.isPooled,
      state: database?.state ?? null,
    };
    this.tracker.run(call.command, effect, after, (until) => this.gate.hold(until));
  }

  /** What becomes of the session, whether the statement succeeds or not. */
  private noteSession(statement: Statement | undefined): void {
    const { session } = this;
    const plan = statement?.plan;
    this.isNextSpecial = statement !== undefined && /^\s*set\s+transaction\b/i.test(statement.text);
    if (plan?.kind === 'write' && plan.changesCatalog) session.revealTables();
    if (statement !== undefined && !statement.several && /^\s*create\s+table\b/i.test(statement.text))
      session.createdTable();
    if (/\bflush\b.*\bstatus\b/is.test(statement?.text ?? '')) session.loseCount();
    // The lock that tells of this session's end is among them.
    if (/\brelease_all_locks\b/i.test(statement?.text ?? '')) session.forget();
    this.hasLockedTables = locksTables(statement) ?? this.hasLockedTables;
    const mayDoAnything = plan?.kind === 'write' && plan.writes.scope === 'everything';
    if (plan?.session !== 'keeps' || mayDoAnything) session.depart();
  }

  /** A write that waited for a lock while the catalog changed may have done more than was planned. */
  private overtakenPlan(statement: Statement | undefined): Aftermath<Backend>['ended'] {
    const { database } = this.session;
    if (database === null || statement?.plan.kind !== 'write' || statement.plan.changesCatalog)
      return undefined;
    const { version } = database;
    if (!database.isCurrent) return undefined; // counted as a write of everything
    return () => {
      if (database.isCurrent && database.version === version) return;
      return this.host.core.engine.invalidate([database.root]);
    };
  }

  private effectOf(call: Call, statement: Statement | undefined): Effect {
    const { database, isUncertain } = this.session;
    if (database === null || statement === undefined) {
      if (call.text !== null && looksHarmless(call.text)) return nothing;
      return anything(database === null ? this.host.databases.roots() : [database.root]);
    }
    const { plan } = statement;
    const stale = !database.isCurrent;
    if (stale && !(plan.kind === 'write' && plan.changesCatalog)) this.refresh(database);
    const effect = effectOf(statement, call.values, {
      database,
      dialect: mysqlDialect,
      planHolds: !stale && !isUncertain && !this.writes.changedCatalog,
    });
    return this.unseen && effect.commits !== 'no'
      ? { ...effect, targets: [...effect.targets, database.root], changesCatalog: true }
      : effect;
  }
}

const isCommand = (value: unknown): value is ReturnType<Driver['createQuery']> =>
  typeof value === 'object' && value !== null && isQuery(value as Command);

/** If it fails outside of a transaction, nothing of it is left, and none is open. */
function isAtomic(statement: Statement | undefined, effect: Effect): boolean {
  if (statement === undefined || effect.commits !== 'no') return false;
  const { plan } = statement;
  return plan.session === 'keeps' && (plan.kind !== 'write' || plan.writes.scope === 'tables');
}
