/**
 * Decides what happens to each statement of one client of pg: from the cache, to the database, or to the database
 * with an intent around it, in the order in which the caller gave them. Holds no policy on what may be cached.
 */
import type { OwnRows } from '../../cache/changes.js';
import type { TransactionControl } from '../../sql/plan.js';
import type { Backend, SessionState } from '../../sql/postgres/database.js';
import { handOverSql } from '../../sql/postgres/statistics.js';
import type { TextQuery } from '../../sql/text-query.js';
import { KnownConnection } from '../connection.js';
import type { Aftermath } from '../follower.js';
import { type Statement as AnyStatement, isCached } from '../statements.js';
import { type CapturingQuery, isCapturing } from './capture.js';
import type { Database } from './databases.js';
import type { Driver } from './driver.js';
import type { Host } from './host.js';
import { asTexts } from './own-connection.js';
import { plainKey } from './parameters.js';
import type { Payload } from './payload.js';
import { type Call, callOf, type SubmittableCall, type TextCall } from './query-arguments.js';
import { answer, answerHit, type CachedStatement, requestOf, restore, wireOf } from './reads.js';
import { Session } from './session.js';
import type { PgClient, PgResult, QueryCallback, QueryFunction, TransactionStatus } from './shapes.js';
import { Tracker } from './tracker.js';

type Statement = AnyStatement<Payload>;

export class WatchedClient extends KnownConnection<SessionState, Payload, Backend, Host> {
  private readonly send: QueryFunction;
  protected readonly session: Session;
  protected readonly tracker: Tracker;
  private readonly namedTexts = new Map<string, string>();
  protected readonly rows: OwnRows | null;
  /** The query under way whose result may be kept. */
  private filling: CapturingQuery | null = null;

  constructor(
    private readonly client: PgClient,
    host: Host,
    settingUp: boolean,
  ) {
    super(host, settingUp);
    this.send = client.query.bind(client);
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

  /** Its user has given it back while a transaction is open. */
  get isLeftOpen(): boolean {
    return this.tracker.isIdle() && (this.writes.status === 'T' || this.writes.status === 'E');
  }

  protected adopt(database: Database): void {
    this.host.adopt(database);
  }

  protected override isAlone(): boolean {
    return this.client.pipeline !== true && super.isAlone();
  }

  protected readonly isClosing = (): boolean => this.ended || this.client._ending === true;

  /** Runs one of our own statements on this connection, at once. */
  protected readonly ownQuery: TextQuery = (sql) =>
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
    this.doubtStandby(call.text);
    if (!this.gate.isOpen()) return this.defer(call);
    if (!this.mustAsk(() => this.statementOf(call))) return this.run(call);
    this.gate.hold(this.session.ask(() => this.writes.status));
    return this.defer(call);
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

  /** Between two queries of its user, who has not begun to end it: pg takes none from then on. */
  private isFree(): boolean {
    const isReady =
      !this.isClosing() && this.tracker.isIdle() && this.gate.isIdle && this.writes.status === 'I';
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
    this.noteBypass(statement);
    return this.runEffect(call, statement, begun);
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
    const reason = this.refusalToFill(isItsOwn);
    if (reason !== null) query.refuse(reason);
    this.filling = query;
    if (statement !== undefined && isCached(statement)) return this.tracker.pass(call);
    query.refuse('planned-otherwise');
    this.noteForReads(undefined);
    return this.runEffect(call, statement);
  }

  private runEffect(call: Call, statement: Statement | undefined, begun?: () => void): unknown {
    const effect = this.effectOf(call, statement);
    const told = this.sessionAfter(call, statement);
    const after = this.aftermath(statement, begun === undefined ? told : { ...told, succeeded: begun });
    return this.tracker.run(call, effect, after, (until) => this.gate.hold(until));
  }

  /** What becomes of the session: at once what it can no longer be trusted in, the rest when the statement has succeeded. */
  private sessionAfter(
    call: Call,
    statement: Statement | undefined,
  ): Pick<Aftermath<Backend>, 'succeeded' | 'rejected'> {
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
}

/** Whether it undoes what was set since, and leaves a transaction open all the same. */
const undoes = (control: TransactionControl): boolean =>
  (control.control === 'savepoint' && control.undoes) ||
  ((control.control === 'commit' || control.control === 'rollback') && control.chain);

/** What to return; null: ask the database. */
export type Answered = { readonly value: unknown } | null;
