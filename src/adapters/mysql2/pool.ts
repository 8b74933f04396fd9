/**
 * Decides how a pool of mysql2 is wrapped: its hits are answered without a connection, everything else runs through its own
 * methods on connections that are watched. Knows no statement.
 */
import type { CacheCore } from '../../cache/core.js';
import { keepScope } from '../../cache/scope.js';
import { hostOf } from '../host.js';
import { KnownPool, type Taken } from '../pool.js';
import { isCached } from '../statements.js';
import { markWrapped } from '../wrapped.js';
import { mayTakeApart, partsOf } from './calls.js';
import type { Capture } from './capture.js';
import { WatchedConnection } from './connection.js';
import { type Database, databasesOf } from './databases.js';
import { factsKey, isQuery } from './driver.js';
import { type Filling, fillBy, withFilling } from './filling.js';
import type { Host, PoolReader } from './host.js';
import { keyed, plainKey, protocolPrefix } from './keys.js';
import { optionsOfCall } from './options.js';
import { connectOwn, placeOf } from './own-connection.js';
import type { Payload, Protocol } from './payload.js';
import { queryPool } from './pool-query.js';
import { type CachedStatement, type RunRead, requestOf } from './reads.js';
import { answerInto, canReplay, type Result, resultOf } from './replay.js';
import type {
  Field,
  MysqlConnection,
  MysqlPool,
  PromisePool,
  QueryCommand,
  QueryFunction,
  ResultCallback,
  RowOptions,
} from './shapes.js';

/** A call of `query` or `execute` with a callback, whichever of the driver's overloads it used. */
interface PoolCall {
  readonly protocol: Protocol;
  readonly given: readonly [sql: unknown, values: unknown, callback: unknown];
  readonly text: string;
  readonly values: unknown;
  readonly callback: ResultCallback;
}

/** One that may be answered from the cache. */
interface CachedCall extends PoolCall {
  readonly database: Database;
  readonly reader: PoolReader;
  readonly statement: CachedStatement;
  readonly key: string;
  readonly own: readonly unknown[];
  readonly overrides: RowOptions | null;
}

/** How the caller hears of it: on a tick of its own. */
interface Told {
  readonly answered: (result: Result) => void;
  readonly failed: (failure: Failure) => void;
}

/** With what the driver called back when it failed. */
interface Failure {
  readonly given: Parameters<ResultCallback>;
  /** That it had told of before. */
  readonly fields: Field[] | null;
}

type HearFailure = (failure: Failure) => void;

/** What the pool's own results are keyed on and decoded as. */
interface Baseline {
  readonly database: Database;
  readonly reader: PoolReader;
}

export class WatchedPool extends KnownPool<MysqlConnection, Database, Baseline> {
  private readonly host: Host;
  private readonly driverQuery: QueryFunction;
  private readonly driverExecute: QueryFunction;
  /** Somebody else stands between its callers and the driver, and goes on hearing of what is asked. */
  private readonly isQueryReplaced: boolean;
  private sample: MysqlConnection | null = null;
  private readonly shortened = new WeakSet<PromisePool>();
  private readonly ownQuery: QueryFunction = (sql, values, callback) => this.query(sql, values, callback);
  private isReturnDropped = false;

  constructor(
    private readonly pool: MysqlPool,
    core: CacheCore,
  ) {
    super(core, 'pool.getConnection()');
    this.isQueryReplaced = Object.hasOwn(pool, 'query');
    this.driverQuery = pool.query.bind(pool);
    this.driverExecute = pool.execute.bind(pool);
    const host = hostOf({
      core,
      databases: databasesOf(core),
      // Whoever asks has a connection.
      connect: () => connectOwn(placeOf(this.sample as MysqlConnection, pool.config.connectionConfig)),
      isEnded: () => pool._closed,
      isUsual: (database) => database === this.database,
      refresh: (database) => this.refresh(database),
    });
    this.host = {
      ...host,
      adopt: (database, reader) => this.adopt(() => ({ database, reader: reader() })),
    };
    for (let index = 0; index < pool._allConnections.length; index++) {
      const connection = pool._allConnections.get(index);
      if (connection !== undefined) this.watch(connection, false);
    }
    this.listen();
    core.onPrepare(() => this.prepare());
  }

  protected hasEnded(): boolean {
    return this.pool._closed;
  }

  protected get hasRoom(): boolean {
    const { _freeConnections: free, _allConnections: all, config } = this.pool;
    return free.length > 0 || all.length < config.connectionLimit;
  }

  protected take(): Promise<Taken<MysqlConnection>> {
    return new Promise((resolve, reject) => {
      this.pool.getConnection((error, connection) => {
        if (connection === undefined) reject(error ?? new Error('the pool gave no connection'));
        else resolve({ connection, giveBack: () => connection.release?.() });
      });
    });
  }

  /**
   * A hit costs the promise API no more than a promise: neither a callback, nor the stack that it keeps for an error.
   *
   * @param promised of this very pool
   */
  shorten(promised: PromisePool): PromisePool {
    if (this.shortened.has(promised)) return promised;
    this.shortened.add(promised);
    const query = promised.query.bind(promised);
    const execute = promised.execute.bind(promised);
    promised.query = (sql, values) => {
      const result = this.near('text', sql, values);
      return result === null ? this.dropping(() => query(sql, values)) : promised.Promise.resolve(result);
    };
    promised.execute = (sql, values) => {
      const result = this.near('binary', sql, values);
      return result === null ? execute(sql, values) : promised.Promise.resolve(result);
    };
    return promised;
  }

  /** The promise API makes nothing of what `query` returns, unless somebody else stands between the two. */
  private dropping<T>(task: () => T): T {
    this.isReturnDropped = this.pool.query === this.ownQuery;
    try {
      return task();
    } finally {
      this.isReturnDropped = false;
    }
  }

  /** The hit's whole way: one look-up per text and per parameters, the tokens, the copy. Null: there may be none. */
  private near(protocol: Protocol, sql: unknown, values: unknown): Result | null {
    const { baseline, pool } = this;
    if (typeof sql !== 'string' || baseline === null || pool._closed) return null;
    const { database, reader } = baseline;
    const statement = database.known(sql);
    if (statement === undefined || !isCached(statement)) return null;
    const key = plainKey(values);
    if (key === null || !this.sends(protocol, sql, values, reader)) return null;
    const payload = this.core.engine.peek(statement.group, protocolPrefix(protocol) + key);
    if (payload === undefined || !this.checkWhenDue(database)) return null;
    return this.decoded(payload, { reader, overrides: null });
  }

  /** Whether the driver would send these values as they were keyed. */
  private sends(protocol: Protocol, text: string, values: unknown, { keepsValues }: PoolReader): boolean {
    if (protocol === 'binary') return !Array.isArray(values) || !values.includes(undefined);
    return keepsValues && mayTakeApart({ text, values }, this.pool.config.connectionConfig.queryFormat);
  }

  private listen(): void {
    const { pool } = this;
    pool.prependListener('connection', (connection: MysqlConnection) => this.watch(connection, true));
    pool.prependListener('acquire', (connection: MysqlConnection) => this.taken(connection));
    pool.prependListener('release', (connection: MysqlConnection) => this.returned(connection));
    const getConnection = pool.getConnection.bind(pool);
    // A connection that was waited for is handed over by whoever gave it back: not in his scope.
    pool.getConnection = (callback) => getConnection(keepScope(callback));
    pool.query = this.ownQuery;
    const promise = pool.promise.bind(pool);
    pool.promise = (PromiseClass) => this.shorten(promise(PromiseClass));
    pool.execute = (sql, values, callback) => this.execute(sql, values, callback);
  }

  private query(sql: unknown, values: unknown, callback: unknown): unknown {
    const { connectionConfig } = this.pool.config;
    const isReturnDropped = this.isReturnDropped;
    this.isReturnDropped = false;
    const call = this.cachedCall('text', sql, values, callback);
    if (call === null) return this.sendPlainly(sql, values, callback);
    if (isReturnDropped) return this.answerPlainly(call);
    const command = call.reader.driver.createQuery(sql, values, callback, connectionConfig);
    if (command.namedPlaceholders === undefined)
      command.namedPlaceholders = connectionConfig.namedPlaceholders;
    // What a query is asked for afterwards is what a connection would have sent.
    const nameText = (): void => {
      this.sample?._resolveNamedPlaceholders(command);
      command.sql = this.pool.format(call.text, call.values);
    };
    this.answer(call, {
      answered: (result) => {
        nameText();
        answerInto(command, result, 'text');
      },
      failed: ({ given, fields }) => {
        nameText();
        if (fields !== null) command.emit('fields', fields);
        call.callback(...given);
        command.emit('end');
      },
    });
    return command;
  }

  private sendPlainly(sql: unknown, values: unknown, callback: unknown): unknown {
    const { baseline, pool } = this;
    const isLast = typeof values === 'function';
    const tell = isLast ? values : callback;
    if (typeof tell !== 'function' || baseline === null || this.isQueryReplaced)
      return this.driverQuery(sql, values, callback);
    const asked = { sql, values: isLast ? undefined : values, tell: tell as ResultCallback };
    return queryPool(pool, baseline.reader.driver, asked);
  }

  private execute(sql: unknown, values: unknown, callback: unknown): unknown {
    const near = typeof callback === 'function' ? this.near('binary', sql, values) : null;
    if (near !== null) return process.nextTick(callback as ResultCallback, null, near[0], near[1]);
    const call = this.cachedCall('binary', sql, values, callback);
    if (call === null) return this.driverExecute(sql, values, callback);
    return this.answerPlainly(call);
  }

  private answerPlainly(call: CachedCall): undefined {
    const { callback: tell } = call;
    this.answer(call, {
      answered: ([rows, fields]) => tell(null, rows, fields),
      failed: ({ given }) => tell(...given),
    });
    return undefined;
  }

  /** Null: the driver's own way. */
  private cachedCall(
    protocol: Protocol,
    sql: unknown,
    values: unknown,
    callback: unknown,
  ): CachedCall | null {
    const { baseline, pool } = this;
    const call = poolCallOf(protocol, sql, values, callback);
    if (call === null || baseline === null || pool._closed || !baseline.database.isCurrent) return null;
    const { database, reader } = baseline;
    if (!this.checkWhenDue(database)) return null;
    const statement = database.statement(call.text);
    if (statement === undefined || !isCached(statement)) return null;
    const { overrides, refusal } = optionsOfCall(sql);
    if (refusal !== null) return null;
    const keys = this.keysOf(call, reader);
    if (keys === null) return null;
    const { key, own } = keys;
    // In so many words: spreading costs a hundred times as much.
    return {
      protocol,
      given: call.given,
      text: call.text,
      values: call.values,
      callback: call.callback,
      database,
      reader,
      statement,
      overrides,
      own,
      key: protocolPrefix(protocol) + key,
    };
  }

  private keysOf(
    { protocol, text, values }: PoolCall,
    { keepsValues }: PoolReader,
  ): { readonly key: string; readonly own: readonly unknown[] } | null {
    const escape = (value: unknown): string => this.pool.escape(value);
    if (protocol === 'binary') {
      const found = keyed(values, protocol, escape);
      return found === null ? null : { key: found.key, own: found.values ?? [] };
    }
    const { queryFormat } = this.pool.config.connectionConfig;
    const parts = keepsValues ? partsOf({ text, values }, queryFormat, escape) : null;
    return parts === null ? null : { key: parts.key, own: parts.values };
  }

  private answer(call: CachedCall, told: Told): void {
    const { core } = this;
    const { database, statement, key, own } = call;
    const near = core.engine.peek(statement.group, key);
    const result = near === undefined ? null : this.decoded(near, call);
    if (result !== null) return process.nextTick(told.answered, result);
    const read = {
      core,
      database,
      prefix: '',
      statement,
      key,
      values: own,
      facts: factsKey(call.reader.facts),
      joins: !isTimed(call), // whoever set himself a time waits for nobody who set none
    };
    let failure: Failure | null = null;
    const hear: HearFailure = (heard) => (failure = heard);
    const served = core.engine.read(requestOf(read, () => this.fill(call, hear)));
    const answered = (given: Result): void => process.nextTick(told.answered, given);
    const failed = (error: Error): void =>
      process.nextTick(told.failed, failure ?? { given: [error], fields: null });
    served.then((outcome) => {
      const given = outcome.from === 'database' ? outcome.result : this.decoded(outcome.payload, call);
      if (given !== null) answered(given);
      else this.run(call, null, hear).then(answered, failed);
    }, failed);
  }

  /** Null where it cannot be decoded here: the driver meets what was thrown again, and tells the caller. */
  private decoded(
    payload: Payload,
    { reader, overrides }: Pick<CachedCall, 'reader' | 'overrides'>,
  ): Result | null {
    if (!canReplay(payload, reader.driver)) return null;
    try {
      const config = this.pool.config.connectionConfig;
      return resultOf(payload, { driver: reader.driver, config, facts: reader.facts }, overrides);
    } catch (error) {
      this.core.failed('read', error);
      return null;
    }
  }

  private async fill(call: CachedCall, hear: HearFailure): ReturnType<RunRead> {
    const { database, text, own, key } = call;
    let capture: Capture | null = null;
    const filling: Filling = { database, text, values: own, key, captured: (taken) => (capture = taken) };
    const result = await this.run(call, filling, hear);
    // Of a connection that took no capture there is nothing to keep.
    return { result, outcome: () => capture?.outcome() ?? { payload: null, reason: 'not-captured' } };
  }

  /** By the driver's own method. */
  private run(call: CachedCall, filling: Filling | null, hear: HearFailure): Promise<Result> {
    const { protocol, own } = call;
    return new Promise((resolve, reject) => {
      let sent: unknown = null;
      const told: ResultCallback = (...given) => {
        const [error, rows, fields] = given;
        if (!error) return resolve([rows, fields] as Result);
        hear({ given, fields: isQuery(sent) ? fieldsTold(sent) : null });
        reject(error);
      };
      if (protocol === 'binary') {
        const asked = ownOf(call);
        this.driverExecute(filling === null ? asked : withFilling(asked, filling), own, told);
        return;
      }
      sent = this.sendQuery(call, told);
      // A connection takes it on a later tick.
      if (filling !== null && isQuery(sent)) fillBy(sent, filling);
    });
  }

  private sendQuery(call: CachedCall, told: ResultCallback): QueryCommand {
    const isPlain = typeof call.given[0] === 'string';
    if (this.isQueryReplaced)
      return (
        isPlain ? this.driverQuery(call.text, call.own, told) : this.driverQuery(ownOf(call), told)
      ) as QueryCommand;
    return queryPool(this.pool, call.reader.driver, {
      sql: isPlain ? call.text : ownOf(call),
      values: isPlain ? call.own : undefined,
      tell: told,
    });
  }

  /** While a look is due that takes no connection, hits go to one of those who ask. */
  protected override checkWhenDue(database: Database): boolean {
    const isDue = database.isCheckDue;
    return super.checkWhenDue(database) && !(isDue && this.sparesConnections);
  }

  /** Over the connection that is used next, whichever that is, where none may be taken. */
  protected override lookAt(database: Database): Promise<void> {
    const { _allConnections: all } = this.pool;
    if (!this.sparesConnections || all.length === 0) return super.lookAt(database);
    const looks = Array.from({ length: all.length }, (_, index) => all.get(index)).map(
      (connection) => connection && this.watched.get(connection)?.lookInUse(database),
    );
    return Promise.race(looks.filter((look) => look !== undefined));
  }

  /** Whoever finds every connection taken is told of an error: none is to be taken that he has not taken himself. */
  private get sparesConnections(): boolean {
    const { waitForConnections, queueLimit } = this.pool.config;
    return waitForConnections === false || (queueLimit ?? 0) > 0;
  }

  private watch(connection: MysqlConnection, settingUp: boolean): void {
    if (this.watched.has(connection)) return;
    this.sample ??= connection;
    markWrapped(connection, { core: this.core, wrapper: this });
    this.watched.set(connection, new WatchedConnection(connection, this.host, settingUp));
  }
}

/** What the driver is asked instead of what it was: whatever the caller does to his values, it is what was keyed. */
function ownOf({ given: [sql], text, own }: CachedCall): object {
  const options = typeof sql === 'object' ? (sql as object) : {};
  return { ...options, sql: text, values: own };
}

/** Null until all of its columns were described. */
const fieldsTold = ({ _fields: [fields], _fieldCount }: QueryCommand): Field[] | null =>
  fields?.length === _fieldCount ? (fields ?? null) : null;

const isTimed = ({ given: [sql] }: CachedCall): boolean =>
  Boolean(typeof sql === 'object' && (sql as { readonly timeout?: unknown }).timeout);

/** Null for what is not answered by a callback, and for what the driver refuses by itself. */
function poolCallOf(protocol: Protocol, sql: unknown, values: unknown, callback: unknown): PoolCall | null {
  const tell = typeof values === 'function' ? values : callback;
  if (typeof tell !== 'function') return null;
  const given = [sql, values, callback] as const;
  const named = typeof values === 'function' ? undefined : values;
  if (typeof sql === 'string')
    return { protocol, given, text: sql, values: named, callback: tell as ResultCallback };
  if (typeof sql !== 'object' || sql === null) return null;
  const options = sql as { readonly sql?: unknown; readonly values?: unknown };
  if (typeof options.sql !== 'string') return null;
  // As the driver chooses between the two.
  const chosen =
    protocol === 'text' ? (named === undefined ? options.values : named) : (options.values ?? named);
  return { protocol, given, text: options.sql, values: chosen, callback: tell as ResultCallback };
}
