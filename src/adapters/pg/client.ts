/**
 * Decides what happens to each statement of one connection: from the cache, to the database, or to the database
 * with an intent around it, in the order in which the caller gave them. Holds no policy on what may be cached.
 */
import type { OwnRows } from '../../cache/changes.js';
import type { TransactionControl } from '../../sql/plan.js';
import type { Backend, TextQuery } from '../../sql/postgres/database.js';
import { handOverSql, readStatistics } from '../../sql/postgres/statistics.js';
import { anything, effectOf, nothing } from '../effect.js';
import type { Aftermath as AnyAftermath } from '../follower.js';
import { Gate } from '../gate.js';
import type { Statement as AnyStatement } from '../statements.js';
import { type Effect, TransactionWrites } from '../transaction.js';
import { TransactionReads } from '../transaction-reads.js';
import { type CapturingQuery, isCapturing } from './capture.js';
import type { Database } from './databases.js';
import { postgresDialect } from './dialect.js';
import type { Driver } from './driver.js';
import type { Host } from './host.js';
import { plainKey } from './parameters.js';
import type { Payload } from './payload.js';
import { type Call, callOf, type SubmittableCall, type TextCall } from './query-arguments.js';
import { answer, answerHit, type CachedStatement, isCached, requestOf, restore, wireOf } from './reads.js';
import { asTexts, resolverOf } from './resolver.js';
import { Session } from './session.js';
import type { PgClient, PgResult, QueryCallback, QueryFunction, TransactionStatus } from './shapes.js';
import { Tracker } from './tracker.js';

type Statement = AnyStatement<Payload>;
type Aftermath = AnyAftermath<Backend>;

export class WatchedClient {
  private readonly send: QueryFunction;
  private readonly gate: Gate;
  private readonly session: Session;
  private readonly writes = new TransactionWrites();
  private readonly tracker: Tracker;
  private readonly transactionReads = new TransactionReads();
  private readonly namedTexts = new Map<string, string>();
  /** What this connection wrote, for those who look for writes of others. */
  private readonly rows: OwnRows | null;
  /** A transaction was open already when the connection came to be watched. */
  private unseen: boolean;
  private ended = false;
  /** The query under way whose result may be kept. */
  private filling: CapturingQuery | null = null;
  private refreshing = false;

  /** @param settingUp statements until `settle` prepare the session: what they set is part of the baseline */
  constructor(
    readonly client: PgClient,
    private readonly host: Host,
    private settingUp: boolean,
  ) {
    this.send = client.query.bind(client);
    this.gate = new Gate(() => (this.needsPreparation() ? this.prepareNow() : null));
    this.session = new Session({
      client,
      core: host.core,
      databases: host.databases,
      query: this.ownQuery,
      onMove: () => this.filling?.refuse('session'),
    });
    this.rows =
      host.core.changes?.ownRows({ isFree: () => this.isFree(), handOver: () => this.handOver() }) ?? null;
    this.tracker = new Tracker({ client, host, writes: this.writes, rows: this.rows, send: this.send });
    this.writes.status = client.getTransactionStatus?.() ?? null;
    this.unseen = client.readyForQuery !== undefined && this.writes.status !== 'I';
    client.connection.prependListener('readyForQuery', ({ status = 'I' }: { status?: TransactionStatus }) => {
      if (status === 'I') {
        this.unseen = false;
        this.session.endTransaction();
        this.transactionReads.end();
      }
      this.tracker.ready(status);
      if (status === 'I' && this.rows?.isWaiting === true) queueMicrotask(() => this.rows?.ready());
    });
    client.connection.on('readyForQuery', () => this.tracker.readyHandled());
    client.connection.prependListener('end', () => {
      this.ended = true;
      this.tracker.lose();
      this.rows?.lost();
      if (client._ending !== true) host.core.changes?.lookSoon();
    });
    client.query = (config, values, callback) => this.query(config, values, callback);
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
  whenIdle<T>(task: (client: WatchedClient) => Promise<T>): Promise<T> {
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
    return this.tracker.isIdle() && (this.writes.status === 'T' || this.writes.status === 'E');
  }

  /** Offers the database of this connection as a baseline, if its session may be one. */
  adoptOwn(): void {
    const { database } = this.session;
    if (database?.isCurrent === true && this.session.isBase && this.session.refusal() === null)
      this.host.adopt(database);
  }

  /** Whether its session is the one that the database's catalog is for, in a state to read it. */
  sees(database: Database): boolean {
    return this.session.database === database && !this.session.isUncertain && this.writes.status === 'I';
  }

  /** Reads the catalog again where it is out of date; twice when another look at it was under way already. */
  async reload(): Promise<void> {
    const { database } = this.session;
    for (let attempt = 0; attempt < 2; attempt++)
      if (database?.state.isSettled === true && !database.isCurrent && this.sees(database))
        await database.load(this.ownQuery);
  }

  /** Compares the catalog with the database's, or reads it again if it is known to be out of date. */
  async lookAt(database: Database): Promise<void> {
    if (!this.sees(database)) return;
    if (database.isCurrent) await database.check(this.ownQuery);
    else await database.load(this.ownQuery);
  }

  /** Runs one of our own statements on this connection, at once. */
  readonly ownQuery: TextQuery = (sql) =>
    new Promise((resolve, reject) => {
      const query = new this.host.driver.Query({ text: sql, types: asTexts });
      const callback: QueryCallback = (error, result) => {
        if (error) return reject(error);
        const { fields, rows } = result as PgResult;
        const [field] = fields;
        if (field !== undefined) this.host.driver.Field ??= field.constructor as Driver['Field'];
        resolve(rows as Awaited<ReturnType<TextQuery>>);
      };
      this.send(query, undefined, callback);
    });

  private query(config: unknown, values: unknown, callback: unknown): unknown {
    const call = callOf(config, values, callback);
    if (call === null || this.ended) return this.send(config, values, callback);
    // A standby may be the primary since: what could write is not sent before that is known.
    if (this.session.isStandby && (call.text === null || !looksHarmless(call.text))) this.session.forget();
    if (!this.gate.isOpen()) return this.defer(call);
    if (!this.mustAsk(call)) return this.run(call);
    this.gate.hold(this.session.ask(() => this.writes.status));
    return this.defer(call);
  }

  /** One question more is worth it where a result may come of it, or a narrower write. */
  private mustAsk(call: Call): boolean {
    if (!this.session.mayBeAsked || this.writes.status !== 'I' || !this.tracker.isIdle()) return false;
    const statement = this.statementOf(call);
    if (statement === undefined) return false;
    const { plan, refusal } = statement;
    return (
      isCached(statement) ||
      refusal === 'unknown-relation' ||
      (plan.kind === 'write' && plan.session === 'keeps' && plan.writes.scope === 'tables')
    );
  }

  /** Behind what was called before; answered as if it had been sent at once. */
  private defer(call: Call): unknown {
    const PromiseClass = this.client._Promise ?? Promise;
    if (call.kind === 'submittable') {
      this.gate.wait(() =>
        this.runLate(call, (error) => call.submittable.handleError?.(error, this.client.connection)),
      );
      return call.submittable;
    }
    const { callback } = call;
    if (callback !== undefined) {
      this.gate.wait(() => this.runLate(call, callback));
      return undefined;
    }
    return new PromiseClass((resolve, reject) => {
      this.gate.wait(() => {
        const running = this.runLate(call, reject);
        if (running !== undefined) resolve(running);
      });
    });
  }

  /** What pg would have thrown at the caller at once can only be told now. */
  private runLate(call: Call, tell: (error: Error) => void): unknown {
    try {
      return this.run(call);
    } catch (error) {
      process.nextTick(tell, error);
      return undefined;
    }
  }

  private needsPreparation(): boolean {
    if (this.ended || this.writes.status === 'E') return false;
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

  /** Between two queries of its user. */
  private isFree(): boolean {
    const isReady = !this.ended && this.tracker.isIdle() && this.gate.isIdle && this.writes.status === 'I';
    // Behind a proxy it would be another session that is asked.
    return isReady && !this.session.isPooled;
  }

  /** Has the session hand its statistics over. False while it is in use. */
  private async handOver(): Promise<boolean> {
    if (!this.isFree()) return false;
    const handing = this.ownQuery(handOverSql);
    this.gate.hold(handing);
    await handing;
    return true;
  }

  /** Returns what pg would. Called in order, and only when the gate is open. */
  private run(call: Call): unknown {
    if (this.ended) return this.tracker.pass(call);
    if (this.session.isStandby) return this.bypass(call, 'standby');
    if (call.kind === 'submittable' && isCapturing(call.submittable))
      return this.fill(call, call.submittable);
    const statement = this.statementOf(call);
    if (!this.settingUp) this.adoptOwn();
    const begun = this.noteForReads(call.kind === 'text' ? statement : undefined);
    if (statement !== undefined && isCached(statement)) {
      const reason = call.kind === 'text' ? (call.options.refusal ?? this.refusal()) : 'submittable';
      if (reason !== null || call.kind !== 'text') return this.bypass(call, reason ?? 'submittable');
      const answered = this.readOrNull(call, statement);
      return answered === null ? this.tracker.pass(call) : answered.value;
    }
    if (statement === undefined || statement.plan.kind === 'bypass' || statement.plan.kind === 'read')
      this.host.core.engine.noteBypass(this.refusalOf(statement));
    return this.runEffect(call, statement, begun);
  }

  /** @returns what is to be called when the statement has succeeded */
  private noteForReads(statement: Statement | undefined): (() => void) | undefined {
    if (this.host.core.transactions !== 'untilWrite') return undefined;
    return this.transactionReads.sending(statement, {
      idle: this.writes.status === 'I' && this.client.pipeline !== true && this.tracker.isIdle(),
      level: this.session.isolation,
    });
  }

  /** A table that is not known is perhaps only not known yet. */
  private refusalOf(statement: Statement | undefined): string {
    if (statement === undefined) return 'not-planned';
    const isNew = statement.refusal === 'unknown-relation' && this.session.database?.isCurrent === false;
    return isNew ? 'catalog-stale' : statement.refusal;
  }

  private bypass(call: Call, reason: string): unknown {
    this.host.core.engine.noteBypass(reason);
    return this.tracker.pass(call);
  }

  private statementOf(call: Call): Statement | undefined {
    let { text } = call;
    if (call.kind === 'text' && call.name !== null) {
      if (text !== null) this.namedTexts.set(call.name, text);
      text ??= this.namedTexts.get(call.name) ?? null;
    }
    return text === null ? undefined : this.session.database?.statement(text);
  }

  /** Null: ask the database. A parser of the application that throws is met again by pg, which tells the caller. */
  private readOrNull(call: TextCall, statement: CachedStatement): Answered {
    try {
      return this.read(call, statement);
    } catch (error) {
      this.host.core.failed('read', error);
      return null;
    }
  }

  private read(call: TextCall, statement: CachedStatement): Answered {
    const { core, driver } = this.host;
    const { engine } = core;
    const database = this.session.database as Database; // it planned the statement
    const PromiseClass = this.client._Promise ?? Promise;
    const prefix = this.session.prefixFor(statement.settings);
    if (prefix === null) {
      engine.noteBypass('session-departed');
      return null;
    }
    const restoreHere = (payload: Parameters<typeof restore>[0]): PgResult =>
      restore(payload, driver, call.options, this.client._types);
    const key = plainKey(call.values);
    const near = key === null ? undefined : engine.peek(statement.group, `${prefix}${key}`);
    if (near !== undefined) return { value: answerHit(restoreHere(near), null, call.callback, PromiseClass) };
    const wire = wireOf(call, driver);
    if (wire === null || driver.Field === null) {
      engine.noteBypass('parameters');
      return null;
    }
    let submitted = (): void => undefined;
    const submission = new Promise<void>((resolve) => (submitted = resolve));
    const read = requestOf({ core, driver, database, prefix, statement, call, wire }, (query) => {
      const running = this.sendCapturing(query);
      submitted();
      return running;
    });
    // The execution to be joined may be waiting for this very connection to come back to the pool.
    const request = { ...read, joins: false };
    // What is called next must reach the connection after this, wherever this is answered from.
    this.gate.hold(submission);
    const served = engine.read(request).finally(submitted);
    if (database.isCheckDue) this.refresh(database);
    return { value: answer(served, restoreHere, call.callback, PromiseClass) };
  }

  private sendCapturing(query: CapturingQuery): Promise<PgResult> {
    this.filling = query;
    return new Promise((resolve, reject) => {
      const callback: QueryCallback = (error, result) =>
        error ? reject(error) : resolve(result as PgResult);
      this.send(query, undefined, callback);
    });
  }

  /** A miss that came through the pool: runs here, and fills if this connection may. */
  private fill(call: SubmittableCall, query: CapturingQuery): unknown {
    const statement = this.statementOf(call);
    const isItsOwn =
      query.database === this.session.database &&
      statement !== undefined &&
      this.session.prefixFor(statement.settings) === '';
    // The transaction of whoever left it open is not the pool's.
    const refusal = this.writes.status === 'I' ? this.refusal() : 'transaction';
    const reason = isItsOwn ? refusal : 'session';
    if (reason !== null) query.refuse(reason);
    this.filling = query;
    if (statement !== undefined && isCached(statement)) return this.tracker.pass(call);
    query.refuse('planned-otherwise');
    this.noteForReads(undefined);
    return this.runEffect(call, statement);
  }

  /** Why a read of this connection may neither hit nor fill now; null when it may. */
  private refusal(): string | null {
    if (!this.tracker.isIdle()) return 'queued';
    const { status } = this.writes;
    if (status !== 'I' && !(status === 'T' && this.transactionReads.mayRead)) return 'transaction';
    const reason = this.session.refusal();
    const { database } = this.session;
    if (reason !== null || database === null || database.isCurrent) return reason;
    this.refresh(database);
    return 'catalog-stale';
  }

  /** By whichever connection; what only this one's session is, over this one. */
  private refresh(database: Database): void {
    if (this.session.isBase) return this.host.refresh(database);
    if (this.refreshing || !database.mayLoad) return;
    this.refreshing = true;
    this.whenIdle((client) => client.lookAt(database))
      .catch((error: unknown) => this.host.core.failed('catalog', error))
      .finally(() => {
        this.refreshing = false;
      });
  }

  private runEffect(call: Call, statement: Statement | undefined, begun?: () => void): unknown {
    const effect = this.effectOf(call, statement);
    const { database, backend } = this.session;
    const after: Aftermath = {
      ...this.sessionAfter(call, statement),
      ...(begun === undefined ? {} : { succeeded: begun }),
      ended: this.overtakenPlan(statement),
      control: statement?.plan.kind === 'transaction' ? statement.plan.transaction : null,
      backend,
      isProxied: backend === null || this.session.isPooled,
      state: database?.state ?? null,
    };
    return this.tracker.run(call, effect, after, (until) => this.gate.hold(until));
  }

  /** What becomes of the session: at once what it can no longer be trusted in, the rest when the statement has succeeded. */
  private sessionAfter(
    call: Call,
    statement: Statement | undefined,
  ): Pick<Aftermath, 'succeeded' | 'rejected'> {
    const { session } = this;
    const plan = statement?.plan;
    const inTransaction = this.tracker.isIdle() ? this.writes.status !== 'I' : null;
    if (statement?.several === true || (plan?.kind === 'transaction' && undoes(plan.transaction)))
      session.undoInTransaction();
    if (plan?.kind === 'write' && plan.changesCatalog) session.revealTables();
    const sets = plan?.kind === 'bypass' && plan.session === 'sets' ? (plan.settings ?? []) : null;
    // Of a cursor, say, and of several under way nobody tells which have succeeded.
    if (sets !== null && call.kind === 'text' && this.client.pipeline !== true) {
      const applied = session.changing(sets, call.values, inTransaction);
      return {
        succeeded: applied && (() => applied(this.writes.status)),
        rejected: undefined,
      };
    }
    const change = plan?.session ?? 'departs';
    return {
      succeeded: change === 'resets' ? () => session.forget() : undefined,
      rejected: change === 'departs' || change === 'sets' ? session.depart() : undefined,
    };
  }

  /** A write that waited for a lock while the catalog changed may have done more than was planned. */
  private overtakenPlan(statement: Statement | undefined): Aftermath['ended'] {
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
      dialect: postgresDialect,
      planHolds: !stale && !isUncertain && !this.writes.changedCatalog,
    });
    if (effect.discounts === true) this.rows?.discount();
    if (effect.targets.length > 0 && effect.counted === undefined) this.rows?.wroteUncounted();
    return this.unseen && effect.commits !== 'no'
      ? { ...effect, targets: [...effect.targets, database.root], changesCatalog: true }
      : effect;
  }
}

/** Whether it undoes what was set since, and leaves a transaction open all the same. */
const undoes = (control: TransactionControl): boolean =>
  (control.control === 'savepoint' && control.undoes) ||
  ((control.control === 'commit' || control.control === 'rollback') && control.chain);

/** What to return; null: ask the database. */
export type Answered = { readonly value: unknown } | null;

/** Without a planner: a single SELECT that calls nothing. Used only while nothing is cached anyway. */
const looksHarmless = (text: string): boolean =>
  /^\s*select\b[^;()]*$/i.test(text) && !/\b(?:into|for)\b/i.test(text);
