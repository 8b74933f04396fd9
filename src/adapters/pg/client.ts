/**
 * Decides what happens to each statement of one connection: from the cache, to the database, or to the database
 * with an intent around it, in the order in which the caller gave them. Holds no policy on what may be cached.
 */
import type { CacheCore } from '../../cache/core.js';
import { type ConnectionProbe, probeConnection, type TextQuery } from '../../sql/postgres/database.js';
import { type CapturingQuery, isCapturing } from './capture.js';
import type { Database, Databases } from './databases.js';
import type { Driver } from './driver.js';
import { anything, effectOf } from './effect.js';
import { plainKey } from './parameters.js';
import { type Call, callOf, type TextCall } from './query-arguments.js';
import { answer, type CachedStatement, isCached, type Read, requestOf, restore, wireOf } from './reads.js';
import type {
  PgClient,
  PgResult,
  QueryCallback,
  QueryFunction,
  TransactionStatus,
  TypeParsers,
} from './shapes.js';
import type { Statement } from './statements.js';
import { Tracker } from './tracker.js';
import { type Effect, TransactionWrites } from './transaction.js';

/** What a connection needs of the pool, or of the direct client, that it belongs to. */
export interface Host {
  readonly core: CacheCore;
  readonly driver: Driver;
  readonly databases: Databases;
  /** Asks the same server over another connection, whatever became of this one. */
  readonly ask: <T>(task: (query: TextQuery) => Promise<T>) => Promise<T>;
  /** A connection in its settled session is in use. */
  readonly adopt: (database: Database) => void;
  /** Has the catalog looked at over some connection, soon. */
  readonly refresh: (database: Database) => void;
}

/** Texts and nothing else, whatever parsers the application registered. */
const asTexts: TypeParsers = { getTypeParser: () => (raw) => raw };

export class WatchedClient {
  private readonly send: QueryFunction;
  private readonly waiting: (() => void)[] = [];
  private readonly namedTexts = new Map<string, string>();
  private readonly writes = new TransactionWrites();
  private readonly tracker: Tracker;
  private holds = 0;
  private probe: ConnectionProbe | 'wanted' | 'impossible' = 'wanted';
  private database: Database | null = null;
  /** Settings were changed that the planner does not know of. */
  private departed = false;
  /** A transaction was open already when the connection came to be watched. */
  private unseen: boolean;
  private ended = false;

  /** @param settingUp statements until `settle` prepare the session: what they set is part of the baseline */
  constructor(
    readonly client: PgClient,
    private readonly host: Host,
    private settingUp: boolean,
  ) {
    this.send = client.query.bind(client) as QueryFunction;
    this.tracker = new Tracker({ client, host, writes: this.writes, send: this.send });
    this.writes.status = client.getTransactionStatus?.() ?? null;
    this.unseen = client.readyForQuery !== undefined && this.writes.status !== 'I';
    client.connection.prependListener('readyForQuery', ({ status = 'I' }: { status?: TransactionStatus }) => {
      if (status === 'I') this.unseen = false;
      this.tracker.ready(status);
    });
    client.connection.on('readyForQuery', () => this.tracker.readyHandled());
    client.connection.prependListener('end', () => {
      this.ended = true;
      this.tracker.lose();
    });
    // oxlint-disable-next-line unicorn/no-this-assignment -- the patched function is called with the client as this
    const watched = this;
    client.query = function query(config, values, callback) {
      return watched.query(config, values, callback);
    };
  }

  /** The connection's session is as its user wants it, once what was called so far has run. */
  settle(): void {
    if (!this.settingUp) return;
    this.settingUp = false;
    const settled = (): void => {
      if (this.departed && typeof this.probe !== 'string') this.probe = 'wanted';
    };
    if (this.holds > 0 || this.waiting.length > 0) this.waiting.push(settled);
    else settled();
  }

  /** Resolves when the connection is known and its catalog is loaded, or neither can be had. */
  prepare(): Promise<void> {
    if (!this.needsPreparation()) return Promise.resolve();
    const preparing = this.prepareNow();
    this.hold(preparing);
    return preparing;
  }

  /** Runs one of our own statements on this connection. */
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

  /** Offers the database of this connection as a baseline, if its session may be one. */
  adoptOwn(): void {
    if (this.database !== null && this.refusalOfSession() === null) this.host.adopt(this.database);
  }

  /** Reads the catalog again where it is out of date; twice when another look at it was under way already. */
  async reload(): Promise<void> {
    const { database } = this;
    for (let attempt = 0; attempt < 2; attempt++)
      if (database?.state.isSettled === true && !database.isCurrent && this.sees(database))
        await database.load(this.ownQuery);
  }

  /** Whether its session is the one that the database's catalog is for, in a state to read it. */
  sees(database: Database): boolean {
    return this.database === database && !this.departed && this.writes.status === 'I';
  }

  /** Runs a task of ours behind what was called so far; what is called meanwhile waits. */
  whenIdle(task: (client: WatchedClient) => Promise<void>): Promise<void> {
    const running = new Promise<void>((resolve, reject) => {
      this.waiting.push(() => {
        const settled = task(this);
        this.hold(settled);
        settled.then(resolve, reject);
      });
    });
    queueMicrotask(() => this.drain());
    return running;
  }

  private query(config: unknown, values: unknown, callback: unknown): unknown {
    const call = callOf(config, values, callback);
    if (call === null || this.ended) return this.send(config, values, callback);
    if (this.holds === 0 && this.waiting.length === 0 && this.needsPreparation())
      this.hold(this.prepareNow());
    return this.holds > 0 || this.waiting.length > 0 ? this.defer(call) : this.run(call);
  }

  /** Behind what was called before; answered as if it had been sent at once. */
  private defer(call: Call): unknown {
    if (call.kind === 'submittable') {
      this.waiting.push(() => void this.run(call));
      return call.submittable;
    }
    if (call.callback !== undefined) {
      this.waiting.push(() => void this.run(call));
      return undefined;
    }
    const PromiseClass = this.client._Promise ?? Promise;
    return new PromiseClass((resolve) => {
      this.waiting.push(() => resolve(this.run(call)));
    });
  }

  /** Later calls wait until the promise settles. It never rejects. */
  private hold(until: Promise<unknown>): void {
    this.holds++;
    const release = (): void => {
      this.holds--;
      this.drain();
    };
    until.then(release, release);
  }

  private drain(): void {
    while (this.holds === 0 && this.waiting.length > 0) {
      if (this.needsPreparation()) return this.hold(this.prepareNow());
      this.waiting.shift()?.();
    }
  }

  private needsPreparation(): boolean {
    if (this.ended || this.writes.status === 'E') return false;
    if (this.probe === 'wanted') return true;
    const { database } = this;
    return database !== null && !database.isLoaded && database.mayLoad && this.writes.status === 'I';
  }

  private async prepareNow(): Promise<void> {
    const { core, databases } = this.host;
    if (this.probe === 'wanted') {
      try {
        await this.connected();
        const lock = { high: lockHalf(core), low: lockHalf(core) };
        this.probe = await probeConnection(this.ownQuery, { lock, expectedPid: this.client.processID });
        this.database = databases.of(this.probe);
        this.departed = false;
      } catch (error) {
        this.probe = 'impossible';
        if (!this.ended) core.failed('probe', error);
      }
    }
    const { database } = this;
    if (database !== null && !database.isLoaded && database.mayLoad && this.writes.status === 'I')
      await database.load(this.ownQuery);
  }

  /** The protocol tells the server process before it says that it is ready. */
  private connected(): Promise<void> | void {
    const { client } = this;
    if (client.processID !== null || client.readyForQuery === true || this.ended) return;
    return new Promise((resolve) => {
      client.connection.once('readyForQuery', resolve);
      client.connection.once('end', resolve);
    });
  }

  /** Returns what pg would. Called in order, and only when nothing is held. */
  private run(call: Call): unknown {
    if (call.kind === 'submittable' && isCapturing(call.submittable))
      return this.runFill(call.submittable, call);
    const statement = this.statementOf(call);
    if (!this.settingUp) this.adoptOwn();
    if (statement !== undefined && isCached(statement) && call.kind === 'text') {
      const reason = call.options.refusal ?? this.refusal();
      if (reason === null) {
        const answered = this.readGuarded(call, statement);
        return answered === null ? this.tracker.pass(call) : answered.value;
      }
      this.host.core.engine.noteBypass(reason);
      return this.tracker.pass(call);
    }
    if (statement === undefined || statement.plan.kind === 'bypass' || statement.plan.kind === 'read')
      this.host.core.engine.noteBypass(statement?.refusal ?? 'not-planned');
    return this.runEffect(call, statement);
  }

  private statementOf(call: Call): Statement | undefined {
    if (call.kind === 'text' && call.name !== null) {
      if (call.text !== null) this.namedTexts.set(call.name, call.text);
      const text = call.text ?? this.namedTexts.get(call.name);
      return text === undefined ? undefined : this.database?.statement(text);
    }
    return call.text === null ? undefined : this.database?.statement(call.text);
  }

  /** Null: ask the database. A parser of the application that throws is met again by pg, which tells the caller. */
  private readGuarded(call: TextCall, statement: CachedStatement): Answered {
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
    const database = this.database as Database; // it planned the statement
    const PromiseClass = this.client._Promise ?? Promise;
    const key = plainKey(call.values);
    const near = key === null ? undefined : engine.peek(statement.group, key);
    if (near !== undefined)
      return {
        value: this.answerHit(restore(near, driver, call.options, this.client._types), call.callback),
      };
    const wire = wireOf(call, driver);
    if (wire === null || driver.Field === null) {
      engine.noteBypass('parameters');
      return null;
    }
    let submitted = (): void => undefined;
    const submission = new Promise<void>((resolve) => (submitted = resolve));
    const read: Read = { core, driver, database, statement, call, wire };
    const request = requestOf(read, (query) => {
      const running = this.sendCapturing(query);
      submitted();
      return running;
    });
    this.hold(submission);
    const served = engine.read(request).finally(submitted);
    if (database.isCheckDue) this.host.refresh(database);
    const result = served.then((outcome) =>
      outcome.from === 'database'
        ? outcome.result
        : restore(outcome.payload, driver, call.options, this.client._types),
    );
    return { value: answer(result, call.callback, PromiseClass) };
  }

  private answerHit(result: PgResult, callback: QueryCallback | undefined): unknown {
    if (callback === undefined) return (this.client._Promise ?? Promise).resolve(result);
    process.nextTick(callback, null, result);
    return undefined;
  }

  private sendCapturing(query: CapturingQuery): Promise<PgResult> {
    return new Promise((resolve, reject) => {
      const callback: QueryCallback = (error, result) =>
        error ? reject(error) : resolve(result as PgResult);
      this.send(query, undefined, callback);
    });
  }

  /** A miss that came through the pool: runs here, and fills if this connection may. */
  private runFill(query: CapturingQuery, call: Extract<Call, { kind: 'submittable' }>): unknown {
    const statement = this.database?.statement(query.text);
    const reason = this.refusal();
    if (reason !== null) query.refuse(reason);
    if (statement === undefined || !isCached(statement)) {
      query.refuse('planned-otherwise');
      return this.runEffect(call, statement);
    }
    return this.send(query, call.values, call.callback);
  }

  /** Why a read of this connection may neither hit nor fill now; null when it may. */
  private refusal(): string | null {
    if (!this.tracker.isIdle()) return 'queued';
    if (this.writes.status !== 'I') return 'transaction';
    return this.refusalOfSession();
  }

  private refusalOfSession(): string | null {
    const { probe, database } = this;
    if (probe === 'wanted' || probe === 'impossible' || database === null) return 'connection-unknown';
    if (probe.standby) return 'standby';
    if (probe.pooled) return 'pooler';
    if (this.departed || probe.temporary) return 'session-departed';
    if (database.state.superseded) return 'superseded';
    if (!database.isCurrent) {
      this.host.refresh(database);
      return 'catalog-stale';
    }
    return null;
  }

  private runEffect(call: Call, statement: Statement | undefined): unknown {
    const effect = this.effectOf(call, statement);
    const session = statement?.plan.session ?? 'departs';
    const departedBefore = this.departed;
    if (session === 'departs') this.departed = true;
    const after = {
      // After DISCARD ALL the session is as new, and without its advisory lock.
      ...(session === 'resets' ? { succeeded: () => void (this.probe = 'wanted') } : {}),
      ...(session === 'departs' ? { rejected: () => void (this.departed = departedBefore) } : {}),
      control: statement?.plan.kind === 'transaction' ? statement.plan.transaction : null,
      backend: typeof this.probe === 'string' ? null : this.probe.backend,
      state: this.database?.state ?? null,
    };
    return this.tracker.run(call, effect, after, (until) => this.hold(until));
  }

  private effectOf(call: Call, statement: Statement | undefined): Effect {
    const { database } = this;
    const { databases } = this.host;
    if (database === null || statement === undefined) {
      const harmless = call.text !== null && looksHarmless(call.text);
      return harmless
        ? { targets: [], changesCatalog: false, commits: 'no', prepares: [] }
        : anything(database === null ? databases.roots() : [database.root]);
    }
    const { plan } = statement;
    const stale = !database.isCurrent;
    if (stale && !(plan.kind === 'write' && plan.changesCatalog)) this.host.refresh(database);
    const effect = effectOf(statement, call.values, {
      database,
      prepared: database.state.prepared,
      planHolds: !stale && !this.departed && !this.writes.changedCatalog && !this.isTemporary(),
    });
    return this.unseen && effect.commits !== 'no'
      ? { ...effect, targets: [...effect.targets, database.root], changesCatalog: true }
      : effect;
  }

  private isTemporary(): boolean {
    return typeof this.probe !== 'string' && this.probe.temporary;
  }
}

/** What to return; null: ask the database. */
type Answered = { readonly value: unknown } | null;

const lockHalf = (core: CacheCore): number => Number.parseInt(core.random.hex(4), 16) & 0x7fff_ffff;

/** Without a planner: a single SELECT that calls nothing. Used only while nothing is cached anyway. */
const looksHarmless = (text: string): boolean =>
  /^\s*select\b[^;()]*$/i.test(text) && !/\b(?:into|for)\b/i.test(text);
