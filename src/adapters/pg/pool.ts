/**
 * Decides how a pool of pg is wrapped: its hits are answered without a connection, everything else runs through its own
 * methods on connections that are watched. Knows no statement.
 */
import type { CacheCore } from '../../cache/core.js';
import type { DecodedResult } from '../../cache/engine.js';
import { keepScope } from '../../cache/scope.js';
import { hostOf } from '../host.js';
import { KnownPool, type Taken } from '../pool.js';
import { isCached } from '../statements.js';
import { makeOwn, markWrapped } from '../wrapped.js';
import type { CapturingQuery } from './capture.js';
import { type Answered, WatchedClient } from './client.js';
import { type Database, databasesOf } from './databases.js';
import { type Driver, driverOf } from './driver.js';
import type { Host } from './host.js';
import { connectOwn } from './own-connection.js';
import { plainKey } from './parameters.js';
import type { Payload } from './payload.js';
import { callOf, type TextCall } from './query-arguments.js';
import { answer, answerHit, type CachedStatement, requestOf, restore, wireOf } from './reads.js';
import type {
  ClientConstructor,
  PgClient,
  PgPool,
  PgResult,
  QueryCallback,
  QueryFunction,
} from './shapes.js';

export class WatchedPool extends KnownPool<PgClient, Database, { readonly database: Database }> {
  private readonly host: Host;
  private readonly driver: Driver;
  private readonly query: QueryFunction;
  private types: PgClient['_types'] | null = null;

  constructor(
    private readonly pool: PgPool,
    core: CacheCore,
  ) {
    super(core, 'pool.connect()');
    const OwnClient = pool.Client;
    this.driver = driverOf(OwnClient);
    this.query = pool.query.bind(pool);
    const make = (): PgClient => makeOwn(() => new OwnClient(pool.options));
    const host = hostOf({
      core,
      databases: databasesOf(core),
      connect: connectOwn(make),
      isEnded: () => pool.ending,
      isUsual: (database) => database === this.database,
      refresh: (database) => this.refresh(database),
    });
    const adopt = (database: Database): void => this.adopt(() => ({ database }));
    this.host = { ...host, driver: this.driver, adopt };
    pool.Client = this.watchingConstructor(OwnClient);
    for (const client of pool._clients) this.watch(client, false);
    pool.prependListener('acquire', (client: PgClient) => {
      this.types ??= client._types;
      this.taken(client);
    });
    pool.prependListener('release', (_error: unknown, client: PgClient) => this.returned(client));
    pool.query = (text, values, callback) => this.run(text, values, callback);
    const connect = pool.connect.bind(pool);
    // A connection that was waited for is handed over by whoever gave it back: not in his scope.
    pool.connect = (callback) => connect(callback && keepScope(callback));
    core.onPrepare(() => this.prepare());
  }

  protected hasEnded(): boolean {
    return this.pool.ending;
  }

  protected get hasRoom(): boolean {
    const { idleCount, totalCount, options } = this.pool;
    return idleCount > 0 || totalCount < options.max;
  }

  protected async take(): Promise<Taken<PgClient>> {
    const client = await this.pool.connect();
    return { connection: client, giveBack: () => client.release() };
  }

  /** The hit's whole way: one look-up per text and per parameters, the tokens, the copy. */
  private run(text: unknown, values: unknown, callback: unknown): unknown {
    let answered: Answered;
    try {
      const near = this.answerFromNear(text, values, callback);
      if (near === missed) answered = this.answerFromCache(text, values, callback, looked);
      else answered = near ?? this.answerFromCache(text, values, callback, null);
    } catch (error) {
      // A parser of the application that throws: pg meets it again and tells the caller.
      this.core.failed('read', error);
      answered = null;
    }
    return answered === null ? this.query(text, values, callback) : answered.value;
  }

  private answerFromNear(text: unknown, values: unknown, callback: unknown): Answered {
    if (typeof text !== 'string' || callback !== undefined || this.pool.ending) return null;
    const database = this.baseline?.database;
    const statement = database?.known(text);
    if (database === undefined || statement === undefined || !isCached(statement)) return null;
    const key = plainKey(values);
    if (key === null) return null;
    const payload = this.core.engine.peek(statement.group, key);
    if (payload !== undefined) {
      this.checkWhenDue(database);
      return { value: this.pool.Promise.resolve(this.restorePlain(payload)) };
    }
    return this.answerOnceConfirmed(text, values, statement.group, key) ?? missed;
  }

  /** Where the store has to be asked for nothing but the tokens. */
  private answerOnceConfirmed(
    text: string,
    values: unknown,
    group: CachedStatement['group'],
    key: string,
  ): Answered {
    const { database } = this;
    if (database?.isCurrent !== true) return null;
    // What was keyed is what is asked for, whatever the caller does to his list meanwhile.
    const keyed = Array.isArray(values) ? (values as unknown[]).slice() : values;
    const confirmed = this.core.engine.confirm(group, key, (payload, ignored) => {
      if (payload !== undefined) return this.restorePlain(payload);
      const answered = this.answerFromCache(text, keyed, undefined, { ignored });
      return (answered === null ? this.query(text, keyed, undefined) : answered.value) as Promise<PgResult>; // no callback
    });
    this.checkWhenDue(database);
    return confirmed === null ? null : { value: this.pool.Promise.resolve(confirmed) };
  }

  private restorePlain(payload: Payload): PgResult {
    return restore(payload, this.driver, plainOptions, this.clientTypes);
  }

  private answerFromCache(
    text: unknown,
    values: unknown,
    callback: unknown,
    looking: Looking | null,
  ): Answered {
    const call = callOf(text, values, callback);
    const { database } = this;
    if (call?.kind !== 'text' || call.text === null || database === null || this.pool.ending) return null;
    const statement = database.statement(call.text);
    if (
      statement === undefined ||
      !isCached(statement) ||
      call.options.refusal !== null ||
      !database.isCurrent
    )
      return null;
    return this.read(call, statement, database, looking);
  }

  /** Null where the parameters keep the read from being cached. @param looking among the decoded results, if done */
  private read(
    call: TextCall,
    statement: CachedStatement,
    database: Database,
    looking: Looking | null,
  ): Answered {
    const { core, driver } = this;
    const wire = wireOf(call, driver);
    if (wire === null) {
      core.engine.noteBypass('parameters');
      return null;
    }
    const near = looking === null ? core.engine.peek(statement.group, wire.key) : undefined;
    if (near !== undefined)
      return {
        value: answerHit(
          restore(near, driver, call.options, this.clientTypes),
          undefined,
          call.callback,
          this.pool.Promise,
        ),
      };
    const read = { core, driver, database, prefix: '', statement, call, wire };
    const request = requestOf(read, (query) => this.fill(query));
    const served = core.engine.read(request, looking?.ignored);
    this.checkWhenDue(database);
    const restored = (payload: Payload): PgResult => restore(payload, driver, call.options, this.clientTypes);
    return { value: answer(served, restored, call.callback, this.pool.Promise) };
  }

  private fill(query: CapturingQuery): Promise<PgResult> {
    return new Promise((resolve, reject) => {
      const callback: QueryCallback = (error, result) =>
        error ? reject(error) : resolve(result as PgResult);
      this.query(query, undefined, callback);
    });
  }

  private get clientTypes(): PgClient['_types'] {
    return this.types as PgClient['_types']; // a connection was acquired before anything was kept
  }

  private watchingConstructor(OwnClient: ClientConstructor): ClientConstructor {
    return new Proxy(OwnClient, {
      construct: (target, given, newTarget) => {
        const client = makeOwn(() => Reflect.construct(target, given, newTarget) as PgClient);
        this.watch(client, true);
        return client;
      },
    });
  }

  private watch(client: PgClient, settingUp: boolean): void {
    this.types ??= client._types;
    markWrapped(client, { core: this.core, wrapper: this });
    this.watched.set(client, new WatchedClient(client, this.host, settingUp));
  }
}

/** There is no decoded result that may be served. */
const missed = { value: undefined };

/** What looking among the decoded results gave: one that is not vouched for, if any. */
interface Looking {
  readonly ignored?: DecodedResult<Payload>;
}

const looked: Looking = {};

const plainOptions = { rowMode: undefined, types: undefined, refusal: null } as const;
