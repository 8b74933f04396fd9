/** Decides what a user can do with a cache: the public face over the engine. */
import type { EventEmitter } from 'node:events';
import { keepAwake } from '../clock.js';
import { DURATION_FORMAT, type Duration, parseDuration } from '../config/units.js';
import { LookasideError } from '../errors.js';
import type { Table } from '../sql/plan.js';
import { compactValue, keyOfTable, rootOf } from './bind.js';
import { type AttachedDatabase, type CacheCore, coreSymbol, type HasCore } from './core.js';
import { FunctionCache, keyOfCall } from './functions.js';
import { Leases } from './leases.js';
import { NAMESPACE_ROOT, tagRef } from './protocol/keys.js';
import type { Ref, Target } from './protocol/refs.js';
import { currentScope, runInScope } from './scope.js';
import type { CacheStats } from './stats.js';

/** What a cached function's result depends on and how long it may be served. */
export interface DependencyOptions {
  /** Default: the cache's `ttl`. */
  readonly ttl?: Duration;
  /** Names of your own, for `invalidate({ tags })`. */
  readonly tags?: readonly string[];
  /** Tables of attached databases: any write to them through the cache invalidates the result. */
  readonly tables?: readonly string[];
  /**
   * For what is expensive to load: of several processes that need it at once one loads it, and the others wait for its
   * result, for so long at most. Default: each process loads it for itself.
   */
  readonly lease?: Duration;
}

export interface GetOrSetOptions<T> extends DependencyOptions {
  readonly key: string;
  readonly load: () => Promise<T>;
}

export interface WrapOptions extends DependencyOptions {
  /** Tells wrapped functions apart; required, since function names do not survive bundling. */
  readonly name: string;
}

export interface RowReference {
  readonly table: string;
  /** Columns and values that the changed rows hold, before and after the change. */
  readonly where: Readonly<Record<string, unknown>>;
}

export interface InvalidateOptions {
  readonly tables?: readonly string[];
  readonly rows?: readonly RowReference[];
  readonly tags?: readonly string[];
  /** Everything in this namespace. */
  readonly all?: boolean;
}

export interface RunOptions {
  /** Neither read from the cache nor fill it. */
  readonly bypass?: boolean;
  /** Read from the database and fill. */
  readonly refresh?: boolean;
  readonly ttl?: Duration;
  /** Added to what is filled inside. */
  readonly tags?: readonly string[];
}

export interface Health {
  /** `degraded`: queries run on the database, for the reason given. */
  readonly status: 'ok' | 'degraded' | 'closed';
  readonly reason?: string;
}

/** Where the embedded server listens for other processes. */
export interface ServerAddress {
  readonly port?: number;
  /** Of a unix socket. */
  readonly path?: string;
}

export interface CacheEventMap {
  /** Tables whose tokens were rotated, by their keys in the store. */
  invalidate: [tables: readonly string[]];
  /** The cache failed and no query noticed. */
  failure: [{ readonly reason: string; readonly error: unknown }];
  close: [];
}

/** What the composition root hands over. */
export interface CacheParts {
  /** The namespace as configured. Default: the one that results are stored under. */
  readonly name?: string;
  readonly core: Omit<CacheCore, 'attach' | 'onPrepare'>;
  readonly events: EventEmitter<CacheEventMap>;
  /** With where the embedded server listens, or null if it was not asked to. */
  readonly ready: () => Promise<ServerAddress | null>;
  /** Entries in the store are dropped; tokens stay. */
  readonly clearStore: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export class Cache implements HasCore {
  readonly [coreSymbol]: CacheCore;
  private readonly databases = new Map<string, AttachedDatabase>();
  private readonly preparations = new Set<() => Promise<void>>();
  private readonly functions: FunctionCache;
  private listensAt: ServerAddress | null = null;
  private closing: Promise<void> | null = null;

  /** @internal Use `createCache`. */
  constructor(private readonly parts: CacheParts) {
    this[coreSymbol] = {
      ...parts.core,
      get ttlMs() {
        return parts.core.ttlMs;
      },
      attach: (database) => void this.databases.set(database.names.database, database),
      onPrepare: (prepare) => void this.preparations.add(prepare),
    };
    const { engine, namespace, clock, random, converse, failed } = parts.core;
    const onFailure = (error: unknown): void => failed('lease', error);
    this.functions = new FunctionCache(engine, namespace, new Leases({ clock, random, converse, onFailure }));
    parts.ready().then(
      (address) => (this.listensAt = address),
      () => undefined, // reported by whoever made it, and thrown by ready()
    );
  }

  get namespace(): string {
    return this.parts.name ?? this.parts.core.namespace;
  }

  /**
   * Settles when the store answers and the catalogs of the pools wrapped so far are known. Need not be awaited:
   * until then reads go to the database.
   *
   * @throws LookasideError when either cannot be had
   */
  async ready(): Promise<void> {
    const awake = keepAwake();
    try {
      await this.parts.ready();
      await Promise.all([...this.preparations].map((prepare) => prepare()));
    } finally {
      awake.cancel();
    }
  }

  /**
   * The value under a key, loaded when it is not cached. It depends on the declared tags and tables, and on
   * every query that went through the cache while it was loaded.
   *
   * @throws what `load` throws; LookasideError `TABLE_UNKNOWN`, `INVALID_ARGUMENT`
   */
  async getOrSet<T>(options: GetOrSetOptions<T>): Promise<T> {
    if (typeof options.key !== 'string' || options.key === '')
      throw new LookasideError('INVALID_ARGUMENT', 'getOrSet needs a key that is not empty');
    return this.load(`key:${options.key}`, options.load, options);
  }

  /**
   * The same function, with its results cached by its arguments. A call whose arguments cannot be told apart
   * by value (functions, class instances) runs uncached. `this` is not passed on.
   *
   * @throws LookasideError `INVALID_ARGUMENT`; the function it gives throws what `fn` throws, `TABLE_UNKNOWN`
   */
  wrap<A extends readonly unknown[], T>(
    fn: (...args: A) => Promise<T>,
    options: WrapOptions,
  ): (...args: A) => Promise<T> {
    if (typeof options.name !== 'string' || options.name === '')
      throw new LookasideError('INVALID_ARGUMENT', 'wrap needs a name that is not empty');
    for (const tag of options.tags ?? []) this.tag(tag);
    if (options.ttl !== undefined) durationOf('ttl', options.ttl);
    if (options.lease !== undefined) durationOf('lease', options.lease);
    return async (...args) => {
      const key = keyOfCall(options.name, args);
      if (key !== null) return this.load(`call:${key}`, () => fn(...args), options);
      this.refuse('arguments-not-comparable');
      return fn(...args);
    };
  }

  /**
   * Results that depend on what is named are never served again.
   *
   * @throws LookasideError `TABLE_UNKNOWN`, `INVALID_ARGUMENT`; the store's error when it could not be told
   */
  async invalidate(options: InvalidateOptions): Promise<void> {
    const { tables, rows, tags, all } = options;
    if ((tables ?? rows ?? tags ?? all) === undefined)
      throw new LookasideError('INVALID_ARGUMENT', 'invalidate needs tables, rows, tags or all');
    if (this.isClosed || this.core.mode === 'off') return; // nothing is served
    const targets: Target[] = [];
    for (const tag of tags ?? []) targets.push({ table: this.tag(tag).table, pins: null });
    for (const name of tables ?? [])
      for (const { key } of await this.findTables(name)) targets.push({ table: key, pins: null });
    for (const row of rows ?? []) targets.push(...(await this.rowTargets(row)));
    if (all === true) {
      targets.push({ table: tagRef(this.parts.core.namespace, NAMESPACE_ROOT).table, pins: null });
      for (const { names } of this.databases.values()) targets.push({ table: rootOf(names), pins: null });
    }
    if (targets.length > 0) await this.core.engine.invalidate(targets);
  }

  /** Runs a function whose reads, however deep, treat the cache as told. */
  run<T>(options: RunOptions, callback: () => T): T {
    const { bypass, refresh, tags } = options;
    for (const tag of tags ?? []) this.tag(tag);
    return runInScope(
      {
        ...(bypass === undefined ? {} : { bypass }),
        ...(refresh === undefined ? {} : { refresh }),
        ...(options.ttl === undefined ? {} : { ttlMs: durationOf('ttl', options.ttl) }),
        ...(tags === undefined ? {} : { tags: [...new Set([...(currentScope()?.tags ?? []), ...tags])] }),
      },
      callback,
    );
  }

  /** Counters since the start, and what is held now. */
  stats(): CacheStats {
    const stats = this.core.engine.stats();
    const tables = Object.entries(stats.tables).map(([key, counted]) => [this.nameOfTable(key), counted]);
    return {
      ...stats,
      tables: Object.fromEntries(tables) as CacheStats['tables'],
      writeHot: stats.writeHot.map((key) => this.nameOfTable(key)),
    };
  }

  health(): Health {
    if (this.closing !== null) return { status: 'closed' };
    const reason = this.core.engine.trouble();
    return reason === null ? { status: 'ok' } : { status: 'degraded', reason };
  }

  /** Where other processes reach the embedded server, once `ready()` has resolved; null if it does not listen. */
  address(): ServerAddress | null {
    return this.isClosed ? null : this.listensAt;
  }

  /** A listener that throws disturbs nobody: its error is a failure of reason `listener`. */
  on<E extends keyof CacheEventMap>(event: E, listener: (...args: CacheEventMap[E]) => void): this {
    this.parts.events.on(event, listener as never);
    return this;
  }

  off<E extends keyof CacheEventMap>(event: E, listener: (...args: CacheEventMap[E]) => void): this {
    this.parts.events.off(event, listener as never);
    return this;
  }

  /** Frees what is held. Costs misses, never freshness. */
  async clear(): Promise<void> {
    if (this.isClosed) return; // nothing is held any more
    this.core.engine.clearNear();
    await this.parts.clearStore();
  }

  /** Reads bypass from now on. Wrapped pools go on working, as if they had never been wrapped. */
  close(): Promise<void> {
    this.closing ??= this.parts.close();
    return this.closing;
  }

  /** By its owner, or by a client that sent SHUTDOWN to the embedded server. */
  private get isClosed(): boolean {
    return this.closing !== null || this.core.engine.trouble() === 'closed';
  }

  private get core(): CacheCore {
    return this[coreSymbol];
  }

  private async load<T>(key: string, load: () => Promise<T>, options: DependencyOptions): Promise<T> {
    if (this.core.mode === 'off') return load();
    const refs: Ref[] = (options.tags ?? []).map((tag) => this.tag(tag));
    const ttlMs = options.ttl === undefined ? this.core.ttlMs : durationOf('ttl', options.ttl);
    if (!this.isClosed && options.tables !== undefined) {
      const found = await this.refsOf(options.tables);
      if (found === null) {
        this.refuse('tables-not-known-yet');
        return load();
      }
      refs.push(...found);
    }
    const leaseMs = options.lease === undefined ? null : durationOf('lease', options.lease);
    return this.functions.load({ key, load, refs, ttlMs, leaseMs });
  }

  /** Null while the database that must know these tables cannot be asked: no reason to fail the caller. */
  private async refsOf(tables: readonly string[]): Promise<readonly Ref[] | null> {
    try {
      const found = await Promise.all(tables.map((name) => this.findTables(name)));
      return found.flat().flatMap(({ root, key }) => [
        { table: root, pin: null },
        { table: key, pin: null },
      ]);
    } catch (error) {
      if (error instanceof LookasideError && error.code === 'LOOKASIDE_TABLE_UNKNOWN') throw error;
      this.core.failed('catalog', error);
      return null;
    }
  }

  /** A function that runs past the cache although it could be cached: one around it cannot inherit from it. */
  private refuse(reason: string): void {
    const { counters } = this.core.engine;
    counters.count(counters.bypassed, reason);
    currentScope()?.collect?.unknown('refused');
  }

  private tag(tag: string): Ref {
    if (typeof tag !== 'string' || tag === '')
      throw new LookasideError('INVALID_ARGUMENT', 'a tag must be a text that is not empty');
    return tagRef(this.parts.core.namespace, tag);
  }

  /** The table in every attached database that has it. */
  private async findTables(
    name: string,
  ): Promise<readonly { database: AttachedDatabase; table: Table; key: string; root: string }[]> {
    if (this.databases.size === 0 || !this.isKnown(name)) await this.ready();
    const found = [...this.databases.values()].flatMap((database) => {
      const table = database.findTable(name);
      if (table === undefined) return [];
      return [{ database, table, key: keyOfTable(database.names, table.id), root: rootOf(database.names) }];
    });
    if (found.length === 0)
      throw new LookasideError(
        'TABLE_UNKNOWN',
        `"${name}"; use schema.table, and wrap a pool of its database first`,
      );
    return found;
  }

  private isKnown(name: string): boolean {
    return [...this.databases.values()].some((database) => database.findTable(name) !== undefined);
  }

  private async rowTargets({ table: name, where }: RowReference): Promise<readonly Target[]> {
    return (await this.findTables(name)).map(({ database, table, key }) => {
      const pins = Object.entries(where).flatMap(([column, value]) => {
        const pin = database.pinOf(table, column, value);
        return pin === null ? [] : [[pin.column, [compactValue(pin.value)]] as const];
      });
      return { table: key, pins: pins.length === 0 ? null : Object.fromEntries(pins) };
    });
  }

  private nameOfTable(key: string): string {
    for (const database of this.databases.values()) {
      const name = database.nameOf(key);
      if (name !== undefined) return name;
    }
    return key;
  }
}

function durationOf(option: 'ttl' | 'lease', duration: Duration): number {
  const ms = parseDuration(duration);
  if (ms === null || ms < 1)
    throw new LookasideError('INVALID_ARGUMENT', `${option} must be ${DURATION_FORMAT}`);
  return ms;
}
