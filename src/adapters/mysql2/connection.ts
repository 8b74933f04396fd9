/**
 * Decides what happens to each command of one connection of mysql2: from the cache, to the database, or to the database with an
 * intent around it, in the order in which the caller gave them. Holds no policy on what may be cached.
 */
import type { Backend, MysqlSession } from '../../sql/mysql/database.js';
import { readLastMade } from '../../sql/mysql/statistics.js';
import type { TextQuery } from '../../sql/text-query.js';
import type { TransactionSet } from '../../sql/transaction-set.js';
import { KnownConnection } from '../connection.js';
import { isCached } from '../statements.js';
import type { Effect } from '../transaction.js';
import { type Call, callOf, type Parts, partsOf } from './calls.js';
import { kindOf } from './commands.js';
import { ConnectionReads } from './connection-reads.js';
import type { Database, Statement } from './databases.js';
import { type Driver, driverOf, factsOf, isQuery } from './driver.js';
import { fillingOf } from './filling.js';
import type { Host, PoolReader } from './host.js';
import { meantBy } from './keys.js';
import { textQueryOn } from './own-connection.js';
import type { Payload } from './payload.js';
import { PreparedTexts } from './prepared-texts.js';
import { answerInto } from './replay.js';
import { Session } from './session.js';
import type { Command, ExecuteCommand, MysqlConnection, QueryCommand, QueryFunction } from './shapes.js';
import { forgetsTheLast, givesNoRows, signsOf } from './texts.js';
import { Tracker } from './tracker.js';
import { isBusy, turnFor } from './turn.js';

export class WatchedConnection extends KnownConnection<MysqlSession, Payload, Backend, Host> {
  private readonly driver: Driver;
  private readonly driverAdd: (command: Command) => void;
  private readonly driverQuery: QueryFunction;
  protected readonly session: Session;
  protected readonly tracker: Tracker;
  protected readonly rows = null;
  private readonly reads: ConnectionReads;
  private readonly prepared: PreparedTexts;
  /** Of the query that the driver is making a text of, what it is made of. */
  private made: { readonly command: QueryCommand; readonly parts: Parts } | null = null;
  private readonly lossHeard: (() => void)[] = [];
  /** What is with the server reads tables: if it succeeds, the next transaction was that. */
  private isReadSent = false;
  /** It may use the tables that it locked, and no others. */
  private hasLockedTables = false;
  /** Its session is the one that a reset leaves, which has another character set than the one that it began with. */
  private wasReset = false;
  /** It has written, and was not told as which transaction. */
  private isUntold = false;
  /** Statements since the last one that may have given rows, of which `FOUND_ROWS()` tells. */
  private sinceRows = Number.POSITIVE_INFINITY;
  /** Looks at catalogs, which wait for a moment between two statements. */
  private readonly looksDue = new Map<Database, { readonly done: Promise<void>; readonly run: () => void }>();

  constructor(
    private readonly connection: MysqlConnection,
    host: Host,
    settingUp: boolean,
  ) {
    super(host, settingUp);
    const { core, databases } = host;
    this.driver = driverOf(connection);
    this.driverAdd = connection.addCommand.bind(connection);
    this.driverQuery = connection.query.bind(connection);
    this.session = new Session({
      connection,
      core,
      databases,
      query: this.ownQuery,
      connected: () => this.connected(),
      hasEnded: this.isClosing,
    });
    this.prepared = new PreparedTexts(connection, this.session);
    this.tracker = new Tracker({
      connection,
      host,
      driver: this.driver,
      writes: this.writes,
      close: () => this.gate.close(),
      add: (command) => this.give(command),
      onAnswer: ({ changedSession }) => {
        if (changedSession) this.session.depart();
        if (this.isReadSent) this.isNextSpecial = this.isNextUnsure = false;
        if (this.writes.status !== 'I') return;
        this.unseen = false;
        this.transactionReads.end();
      },
      ownNames: () => this.session.ownNames,
      onMade: (made) => this.tellMade(made),
      onUntold: () => {
        this.isUntold = this.session.ownNames !== 'none';
      },
    });
    this.reads = new ConnectionReads({
      connection,
      driver: this.driver,
      host,
      session: this.session,
      gate: this.gate,
      tracker: this.tracker,
      refusal: () => this.refusal(),
      refusalToFill: (isItsOwn) => this.refusalToFill(isItsOwn),
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

  /** Its user has given it back while a transaction is open. */
  get isLeftOpen(): boolean {
    return this.tracker.isIdle() && this.tracker.hasTransaction;
  }

  protected readonly isClosing = (): boolean => this.ended || this.connection._closing === true;

  private readonly escape = (value: unknown): string => this.connection.escape(value);

  private tellMade(made: TransactionSet): void {
    const { database } = this.session;
    if (database !== null) this.host.core.changes?.committed(database.names, made);
  }

  override givenBack(): void {
    this.askForMade();
  }

  /** A statement that answers with rows (`INSERT … RETURNING`) does not say which transaction it was. */
  private askForMade(): void {
    if (!this.isUntold) return;
    this.isUntold = false;
    this.whenIdle(async () => {
      if (!this.ended) this.tellMade(await readLastMade(this.ownQuery));
    }).catch((error: unknown) => {
      if (!this.isClosing()) this.host.core.failed('changes', error);
    });
  }

  /** Runs one of our own statements on this connection, at once. */
  protected readonly ownQuery: TextQuery = (sql) =>
    textQueryOn(this.connection, (command) => {
      this.tracker.expectPlain(command);
      this.tracker.pass(command);
    })(sql);

  protected adopt(database: Database): void {
    // What its session was before is what hardly any statement of its pool will meet.
    if (this.connection._pool?.config.resetOnRelease === true && !this.wasReset) return;
    this.host.adopt(database, this.reader);
  }

  private readonly reader = (): PoolReader => {
    const { connection, driver, session } = this;
    return { driver, facts: factsOf(connection), keepsValues: session.keepsValues };
  };

  /**
   * Before the next statement that leaves nothing to be asked of the one before: `ROW_COUNT()`, `FOUND_ROWS()` and
   * `SHOW WARNINGS` would tell of ours.
   */
  override lookInUse(database: Database): Promise<void> {
    let due = this.looksDue.get(database);
    if (due === undefined) {
      let run = (): void => undefined;
      const done = new Promise<void>((resolve, reject) => {
        run = () => {
          // Another connection may have looked meanwhile.
          if (this.ended || (database.isCurrent && !database.isCheckDue)) resolve();
          else this.look(database).then(() => resolve(), reject);
        };
      });
      this.looksDue.set(database, (due = { done, run }));
    }
    return due.done;
  }

  /** Whether there are statements of ours to run, which the next of its user's may have to wait for. */
  private get hasOwnDue(): boolean {
    return this.looksDue.size > 0 || this.isUntold;
  }

  private lookNow(): void {
    const due = [...this.looksDue.values()];
    this.looksDue.clear();
    for (const { run } of due) run();
  }

  protected override refusal(): string | null {
    // The driver says so itself, as of a connection that was given up and whose socket is still closing.
    if (this.connection._closing === true) return 'closed';
    return super.refusal() ?? (this.hasLockedTables ? 'session' : null);
  }

  private query(sql: unknown, values: unknown, callback: unknown): unknown {
    const { connection, driver } = this;
    const isKnown = typeof sql === 'string' || (typeof sql === 'object' && sql !== null);
    if (this.ended || !isKnown) return this.driverQuery(sql, values, callback);
    // A pool has looked for it already.
    if (isQuery(sql) && fillingOf(sql) !== null) return this.driverQuery(sql);
    const command = isQuery(sql) ? sql : driver.createQuery(sql, values, callback, connection.config);
    connection._resolveNamedPlaceholders(command);
    const parts =
      typeof command.sql === 'string' && this.session.keepsValues
        ? partsOf({ text: command.sql, values: command.values }, connection.config.queryFormat, this.escape)
        : null;
    if (parts !== null) {
      if (this.answerAtOnce(callOf(command, parts, this.escape))) return command;
      this.made = { command, parts };
    }
    try {
      return this.driverQuery(command);
    } finally {
      this.made = null;
    }
  }

  /** A decoded result needs no place in the queue that is empty. */
  private answerAtOnce(call: Call): boolean {
    if (this.hasOwnDue || !this.gate.isOpen() || isBusy(this.connection)) return false;
    const result = this.reads.near(call, this.statementOf(call));
    if (result === null) return false;
    const { command, values, protocol } = call;
    // Whoever asks the query for its text, asks for what it would have sent.
    if (values.length > 0) command.sql = this.connection.format(command.sql, values);
    process.nextTick(() => answerInto(command, result, protocol));
    return true;
  }

  private take(command: Command): void {
    const found = kindOf(command);
    switch (found.kind) {
      case 'quiet':
        return this.inOrder(command, () => this.give(command));
      case 'prepare':
        return this.inOrder(command, () => {
          this.prepared.preparing(found.command);
          this.give(command);
        });
      case 'renew':
        return this.inOrder(command, () => this.renew(command));
      case 'statement': {
        const call = callOf(found.command, this.partsOf(found.command), this.escape);
        if (!isQuery(found.command) && Array.isArray(found.command.parameters))
          found.command.parameters = call.values; // what is planned is what is sent
        return this.enter(call);
      }
    }
  }

  /** Of a query: what its text was made of, where the text says the same to this session. */
  private partsOf(command: QueryCommand | ExecuteCommand): Parts | null {
    const filling = isQuery(command) ? fillingOf(command) : null;
    if (filling !== null) return this.session.keepsValues ? filling : null;
    return this.made?.command === command ? this.made.parts : null;
  }

  private inOrder(command: Command, task: () => void): void {
    if (this.gate.isIdle) task();
    else this.gate.wait(task, command);
  }

  private enter(call: Call): void {
    this.doubtStandby(call.text);
    if (this.hasOwnDue && this.gate.isIdle && forgetsTheLast(call.text, this.sinceRows)) {
      this.askForMade();
      this.lookNow();
    }
    this.sinceRows = givesNoRows(call.text) ? this.sinceRows + 1 : 0;
    if (!this.gate.isOpen()) return this.gate.wait(() => this.run(call), call.command);
    if (!this.mustAsk(() => this.statementOf(call))) return this.run(call);
    this.gate.hold(this.session.ask(() => this.writes.status));
    this.gate.wait(() => this.run(call), call.command);
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
        this.hasLockedTables = false;
        this.wasReset = 'resetConnectionResponse' in command;
        release();
      }
      return isDone;
    };
    this.give(command);
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
    this.lookNow();
    for (const hear of this.lossHeard.splice(0)) hear();
    if (this.connection._closing !== true) this.host.core.changes?.lookSoon();
  }

  /** Called in order, and only when the gate is open. */
  private run(call: Call, isItsTurn = false): void {
    if (this.ended) return this.give(call.command);
    if (this.session.isStandby) return this.bypass(call, 'standby');
    const statement = this.statementOf(call);
    const filling = fillingOf(call.command);
    if (!isItsTurn && filling === null && isBusy(this.connection) && mayBeAnswered(call, statement))
      return this.awaitTurn(call);
    if (filling !== null) this.reads.capture(call, filling, statement);
    else if (!this.settingUp) this.adoptOwn();
    const begun = this.noteForReads(statement);
    if (statement !== undefined && isCached(statement)) {
      if (filling !== null) return this.sendRead(call);
      const reason = this.reads.refusalOf(call);
      return reason === null ? this.reads.read(call, statement) : this.bypass(call, reason);
    }
    this.noteBypass(statement);
    this.runEffect(call, statement, begun);
  }

  /** What the driver was given before is answered before: a ping, a statement that is being prepared. */
  private awaitTurn(call: Call): void {
    const release = this.gate.close();
    const { command } = call;
    const task = (): void => {
      // It could not be prepared, of which the driver has told its caller.
      if (!isQuery(command) && command.statement === undefined) this.sendRead(call);
      else this.run(call, true);
      release();
    };
    const lost = (error: Error | null): void => {
      release();
      command.onResult?.(error);
    };
    this.give(turnFor(task, lost));
  }

  private bypass(call: Call, reason: string): void {
    this.host.core.engine.noteBypass(reason);
    this.sendRead(call);
  }

  private sendRead({ command }: Call): void {
    this.isReadSent = true;
    this.tracker.expectPlain(command);
    this.tracker.pass(command);
  }

  private statementOf({ text, command }: Call): Statement | undefined {
    const { database } = this.session;
    if (text === null || database === null) return undefined;
    if (!isQuery(command) && !this.prepared.meansIn(command, database)) return undefined;
    return database.statement(text);
  }

  private runEffect(call: Call, statement: Statement | undefined, begun?: () => void): void {
    const effect = this.effectOf({ text: call.text, values: meantBy(call.values) }, statement);
    if (isAtomic(statement, effect)) this.tracker.expectPlain(call.command);
    this.noteSession(statement);
    const succeeded = this.lettingTablesGo(statement, begun);
    const after = this.aftermath(statement, { succeeded, rejected: undefined });
    this.tracker.run(call.command, effect, after, (until) => this.gate.hold(until));
  }

  /** One that fails keeps them. */
  private lettingTablesGo(
    statement: Statement | undefined,
    begun: (() => void) | undefined,
  ): (() => void) | undefined {
    if (!this.hasLockedTables || signsOf(statement).locksTables !== false) return begun;
    return () => {
      this.hasLockedTables = false;
      begun?.();
    };
  }

  /** What becomes of the session, whether the statement succeeds or not. */
  private noteSession(statement: Statement | undefined): void {
    const { session } = this;
    const plan = statement?.plan;
    const signs = signsOf(statement);
    this.isNextSpecial = signs.setsTransaction ?? this.isNextSpecial;
    this.isNextUnsure = signs.maySetTransaction ?? this.isNextUnsure;
    this.isReadSent = false;
    if (plan?.kind === 'write' && plan.changesCatalog) session.revealTables();
    if (signs.createsTable) session.createdTable();
    if (signs.losesCount) session.loseCount();
    if (signs.changesTracking) session.loseNames();
    // The lock that tells of this session's end is among them.
    if (signs.releasesLocks) session.forget();
    if (signs.locksTables === true) this.hasLockedTables = true;
    const mayDoAnything = plan?.kind === 'write' && plan.writes.scope === 'everything';
    if (plan?.session !== 'keeps' || mayDoAnything) session.depart();
  }
}

/** Without a packet, by its callback. */
const mayBeAnswered = ({ command }: Call, statement: Statement | undefined): boolean =>
  statement !== undefined && isCached(statement) && command.onResult !== undefined;

/** If it fails outside of a transaction, nothing of it is left, and none is open. */
function isAtomic(statement: Statement | undefined, effect: Effect): boolean {
  if (statement === undefined || effect.commits !== 'no') return false;
  const { plan } = statement;
  return plan.session === 'keeps' && (plan.kind !== 'write' || plan.writes.scope === 'tables');
}
