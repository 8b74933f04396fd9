/**
 * Decides the flow of a read: near, store, flight, database, fill. Knows no driver, no SQL and no server; the
 * order of its steps is the promise (CONSISTENCY §2). Writes are in `writes.ts`.
 */
import type { Clock, Random } from '../clock.js';
import type { TableNames } from './bind.js';
import { type Dependencies, withInherited } from './entry.js';
import type { Store } from './executor.js';
import { Fills } from './fills.js';
import { type Flight, Flights } from './flights.js';
import { Near, type NearEntry, NearGroup } from './near.js';
import { tagRef } from './protocol/keys.js';
import { isComplete, type Looked, type Refusal } from './protocol/lookup.js';
import { covers, type Ref, type Target } from './protocol/refs.js';
import type { Execution, Found, Hit, Manner, ReadRequest, ResultGroup, Served, Stamp } from './request.js';
import { currentScope, type Scope } from './scope.js';
import type { IntentResolver } from './standing.js';
import { StatementCounts } from './statement-counts.js';
import { type CacheStats, Counters } from './stats.js';
import { EntryStore, type FoundEntry } from './store.js';
import type { Cell, Tokens } from './tokens/tokens.js';
import { tokensOf } from './tokens/tokens-of.js';
import { Vouching } from './vouching.js';
import { WriteHeat } from './write-heat.js';
import { type PlacedWrite, type WriteOwner, Writes } from './writes.js';

export type { DecodedResult, Execution, Hit, ReadRequest, ResultGroup, Served } from './request.js';

export interface EngineOptions {
  readonly store: Store;
  /** Whether other processes use the store, too: then tokens are kept there, and every result goes there. */
  readonly isStoreShared: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly namespace: string;
  /** In `bounded`: how long what the store said last counts without asking, in ms; null: it is asked each time. */
  readonly boundMs: number | null;
  /** `observe` serves and stores nothing and counts what would have been hits. */
  readonly mode: 'on' | 'observe';
  readonly onStoreDown: 'bypass' | 'reject';
  /** `bypass`: reads of all rows of a table leave the cache alone while writes end their results before they are used. */
  readonly writeHot: 'bypass' | 'cache';
  readonly limits: EngineLimits;
  readonly events: EngineEvents;
}

export interface EngineLimits {
  readonly nearBytesMax: number;
  readonly entryBytesMax: number;
  readonly flightsMax: number;
  readonly shapesPerTableMax: number;
  /** Larger results are compressed in a store outside of this process. */
  readonly compressAboveBytes: number;
}

export interface EngineEvents {
  readonly onInvalidate: (tables: readonly string[]) => void;
  /** The cache failed and no query noticed. */
  readonly onFailure: (reason: string, error: unknown) => void;
}

export class Engine {
  readonly counters = new Counters();
  private readonly near: Near<unknown, Stamp>;
  private readonly tokens: Tokens;
  private readonly entries: EntryStore;
  private readonly fills: Fills;
  private readonly flights: Flights<Execution<unknown, unknown>>;
  private readonly writes: Writes;
  private readonly heat: WriteHeat;
  private readonly vouching: Vouching;
  private readonly statements = new StatementCounts();
  private closed = false;

  constructor(private readonly options: EngineOptions) {
    const { store, namespace, limits } = options;
    const process = options.random.hex(8);
    const tokens = tokensOf({
      ...options,
      process,
      shapesPerTableMax: limits.shapesPerTableMax,
      isStanding: (id) => this.writes.isStanding(id),
      onResolved: (table) => this.resolved(table),
      onFailure: (reason, error) => this.failed(reason, error),
    });
    this.tokens = tokens;
    this.near = new Near(
      { bytesMax: limits.nearBytesMax, entryBytesMax: limits.entryBytesMax },
      (entry) => tokens.release(entry.stamp.cells),
      (entry) => {
        if (this.isCurrent(entry)) this.fills.spill(entry);
      },
    );
    this.entries = new EntryStore(store, {
      namespace,
      isPrivate: !options.isStoreShared,
      keepsFound: limits.nearBytesMax > 0,
      compressAboveBytes: limits.compressAboveBytes,
      onUnreadable: (why) => this.counters.count(this.counters.failures, `entry-${why}`),
    });
    this.vouching = new Vouching(tokens, (error) => this.failed('lookup', error));
    this.heat = new WriteHeat(options.clock);
    this.fills = new Fills({
      ...options,
      near: this.near,
      tokens,
      entries: this.entries,
      counters: this.counters,
      heat: this.heat,
      onFailure: (error) => this.failed('fill', error),
    });
    this.flights = new Flights(limits.flightsMax);
    this.writes = new Writes({
      tokens,
      clock: options.clock,
      random: options.random,
      counters: this.counters,
      onStoreDown: options.onStoreDown,
      process,
      onInvalidate: (targets) => options.events.onInvalidate(targets.map(({ table }) => table)),
      onFailure: (reason, error) => this.failed(reason, error),
    });
  }

  /** Until when, on the monotonic clock, a result that this process served or stored may be served. */
  get liveUntilMs(): number {
    return this.fills.liveUntilMs;
  }

  /** By id: those that were begun and are not known to have ended. */
  get writesUnderWay(): ReadonlySet<string> {
    return this.writes.underWay;
  }

  /** Settles when what was filled so far is in the store, or was not to be. */
  stored(): Promise<void> {
    return this.fills.stored();
  }

  /** @param label a statement's text, to be counted apart */
  createGroup<P>(label: string | null = null): ResultGroup<P> {
    const group = new NearGroup<P, Stamp>(label);
    if (label !== null) this.statements.add(group);
    return group;
  }

  dropGroup<P>(group: ResultGroup<P>): void {
    this.near.dropGroup(group);
    this.statements.remove(group);
  }

  /**
   * The hit that needs no round trip: a decoded result whose tokens are known to be equal now. The payload is
   * shared: whoever hands it out copies it.
   */
  peek<P>(group: ResultGroup<P>, key: string): P | undefined {
    const entry = group.entries.get(key);
    if (entry === undefined || !this.isCurrent(entry)) return undefined;
    const scope = currentScope();
    if (scope !== undefined) {
      if (scope.bypass || scope.refresh || scope.tags.length > 0) return undefined;
      scope.collect?.depends(entry.stamp.dependencies);
    }
    if (this.options.mode === 'observe') return undefined;
    entry.visited = true;
    entry.hits++;
    this.counters.nearHits++;
    return entry.payload;
  }

  /**
   * The hit that costs one question: a decoded result whose tokens the store is asked for. Null: it is for `read`.
   *
   * @param answer is given the shared payload as `peek` gives it, or undefined with what `read` need not look at again
   */
  confirm<P, A>(
    group: ResultGroup<P>,
    key: string,
    answer: (payload: P | undefined, ignored: NearEntry<P, Stamp>) => A | Promise<A>,
  ): Promise<A> | null {
    const entry = group.entries.get(key);
    if (entry === undefined || this.tokens.answersAtOnce || this.options.mode === 'observe') return null;
    if (currentScope() !== undefined || this.refusal(undefined) !== null) return null;
    if (this.yieldsTo(entry.stamp.dependencies.refs)) return null;
    const isOver = this.options.clock.monotonicMs() >= entry.expiresAtMs;
    const vouching = isOver || this.tokens.vouchFor(entry.stamp.cells, entry.stamp.dependencies.vector);
    if (!(vouching instanceof Promise)) return null;
    return vouching.then(
      (isVouchedFor) => answer(isVouchedFor ? this.nearHit(entry).payload : undefined, entry),
      (error: unknown) => {
        this.failed('lookup', error);
        return answer(undefined, entry);
      },
    );
  }

  /**
   * A read, from wherever it may be answered. Rejects only as the query itself would.
   *
   * @param ignored a decoded result that is known not to be vouched for
   */
  read<P, R>(request: ReadRequest<P, R>, ignored?: NearEntry<P, Stamp>): Promise<Served<P, R>> {
    const scope = currentScope();
    const refusal = this.refusal(scope);
    if (refusal !== null) return this.refuse(refusal, request);
    if (scope !== undefined) return this.readInScope(request, scope);
    if (request.yields === true && this.yieldsTo(request.refs)) return this.refuse('write-hot', request);
    return this.readThrough(request, { refresh: false, ignored });
  }

  /** What somebody else has stored of it by now, found as any hit is: by a look-up of its own. */
  async findAgain<P>(request: ReadRequest<P, unknown>): Promise<Hit<P> | null> {
    if (this.refusal(currentScope()) !== null || this.options.mode !== 'on') return null;
    const cells = this.tokens.hold(request.refs);
    try {
      return (await this.ask(request, cells, { refresh: false })).hit;
    } finally {
      this.tokens.release(cells);
    }
  }

  /** To be called for each statement that reads past the cache because it can never be cached. */
  noteBypass(reason: string): void {
    this.counters.count(this.counters.bypassed, reason);
    currentScope()?.collect?.unknown('uncacheable');
  }

  /** INTENT: to be awaited before a write is sent. Synchronous while the store is in this process. */
  beginWrite(targets: readonly Target[], owner: WriteOwner): PlacedWrite | Promise<PlacedWrite> {
    currentScope()?.collect?.unknown('refused'); // a function that writes has to run each time
    return this.writes.begin(targets, owner);
  }

  /** Never again serves what depends on the targets as they were. Rejects when the store could not be told. */
  async invalidate(targets: readonly Target[]): Promise<void> {
    if (this.closed) return; // nothing is served any more
    await this.tokens.invalidate(targets);
    for (const { table } of targets) this.counters.table(table).invalidations++;
    this.options.events.onInvalidate(targets.map(({ table }) => table));
  }

  /** The same, for tables that somebody else wrote. */
  async invalidateForeign(tables: readonly string[]): Promise<void> {
    await this.invalidate(tables.map((table) => ({ table, pins: null })));
    for (const table of tables) this.counters.table(table).foreign++;
  }

  /** How intents of other processes, which may have died, are asked about. */
  resolveWith({ database }: TableNames, resolver: IntentResolver): void {
    this.tokens.resolveWith(database, resolver);
  }

  /** Looks for intents that nobody removes, also in tables that nobody reads. */
  async sweep(tables: readonly string[]): Promise<void> {
    if (!this.closed) await this.tokens.sweep(tables);
  }

  /** Why nothing is served, or null. */
  trouble(): string | null {
    if (this.closed) return 'closed';
    if (!this.writes.trustworthy) return 'the store was not told of a write yet';
    return this.options.store.trouble()?.message ?? null;
  }

  /** Drops every decoded result. */
  clearNear(): void {
    this.near.clear();
  }

  stats(): CacheStats {
    return {
      ...this.counters.counted(),
      unresolved: this.writes.unresolved + this.tokens.unresolved,
      owed: this.writes.owed,
      bound: this.tokens.bound,
      evictions: this.near.evictions,
      entries: this.near.size,
      bytes: this.near.bytes,
      flights: this.flights.size,
      writeHot: [...this.counters.tables.keys()].filter((table) => this.heat.isTableHot(table)),
      statements: this.statements.worst(),
    };
  }

  /** From now on every read bypasses. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.writes.close();
    this.near.clear();
    this.tokens.close();
  }

  private async readInScope<P, R>(request: ReadRequest<P, R>, scope: Scope): Promise<Served<P, R>> {
    const refs = scope.tags.length === 0 ? request.refs : [...request.refs, ...this.tagRefs(scope.tags)];
    const scoped = { ...request, refs, ttlMs: scope.ttlMs ?? request.ttlMs };
    try {
      const served = await this.readThrough(scoped, { refresh: scope.refresh });
      if (served.dependencies !== null) scope.collect?.depends(served.dependencies);
      return served;
    } catch (error) {
      scope.collect?.unknown('refused'); // whoever falls back on something has nothing to vouch for it
      throw error;
    }
  }

  private tagRefs(tags: readonly string[]): readonly Ref[] {
    return tags.map((tag) => tagRef(this.options.namespace, tag));
  }

  /** Runs a read that the cache must have no part in now. */
  private async refuse<P, R>(reason: string, request: ReadRequest<P, R>): Promise<Served<P, R>> {
    this.counters.count(this.counters.bypassed, reason);
    currentScope()?.collect?.unknown('refused');
    return { from: 'database', result: (await request.execute()).result, dependencies: null };
  }

  private refusal(scope: Scope | undefined): string | null {
    if (this.closed) return 'closed';
    if (scope?.bypass === true) return 'asked';
    if (!this.writes.trustworthy) return 'store-behind';
    return this.options.store.trouble() === null ? null : 'store-away';
  }

  private yieldsTo(refs: readonly Ref[]): boolean {
    return this.options.writeHot === 'bypass' && this.heat.isHot(refs);
  }

  private isCurrent(entry: NearEntry<unknown, Stamp>): boolean {
    if (this.closed || !this.writes.trustworthy) return false;
    if (this.options.clock.monotonicMs() >= entry.expiresAtMs) return false;
    const { cells, dependencies } = entry.stamp;
    for (let index = 0; index < cells.length; index++) {
      const cell = cells[index] as Cell; // index < length
      if (this.tokens.tokenOf(cell) !== dependencies.vector[index]) return false;
    }
    return true;
  }

  /** LOOKUP, CAPTURE, JOIN, query, FILL. */
  private async readThrough<P, R>(request: ReadRequest<P, R>, manner: Manner<P>): Promise<Served<P, R>> {
    const { tokens } = this;
    const { refresh } = manner;
    const cells = tokens.hold(request.refs); // known once, for all the steps to come
    try {
      let own: Dependencies | Refusal;
      let finding: Found<P> | Promise<Found<P>>;
      try {
        finding = tokens.answersAtOnce ? this.see(request, cells, refresh) : this.ask(request, cells, manner);
        const { hit, looked } = finding instanceof Promise ? await finding : finding;
        if (hit !== null && this.options.mode === 'on') return hit;
        if (hit !== null) this.counters.wouldHit++;
        // What the look-up read is as good as a capture when nothing was missing.
        const captured = isWhole(looked) ? looked : tokens.capture(cells, looked, request.ttlMs);
        own = captured instanceof Promise ? await captured : captured;
      } catch (error) {
        this.failed('lookup', error);
        return await this.refuse('store-failed', request);
      }
      if (typeof own === 'string') return await this.refuse(own, request);
      const mayJoin = !refresh && this.options.mode === 'on' && request.joins !== false;
      let flight = mayJoin ? this.flights.join(request.group, request.key, own.vector) : undefined;
      let joined: Hit<P> | null = null;
      // What landed since this read looked for an entry is as good as what is under way.
      const mayHaveLanded = mayJoin && finding instanceof Promise;
      if (flight === undefined && mayHaveLanded && this.decoded(request) !== undefined) {
        joined = await this.landed(request, own);
        // Nothing is awaited between finding no flight and offering one: callers of the same moment share one.
        if (joined === null) flight = this.flights.join(request.group, request.key, own.vector);
      }
      if (flight !== undefined) joined = await this.join<P>(flight, own);
      return joined ?? (await this.fly(request, own, cells));
    } finally {
      tokens.release(cells);
    }
  }

  /** Where looking costs nothing: without a promise if there is no entry to look for. */
  private see<P>(
    request: ReadRequest<P, unknown>,
    cells: readonly Cell[],
    refresh: boolean,
  ): Found<P> | Promise<Found<P>> {
    const looked = this.tokens.lookup(cells);
    if (looked instanceof Promise) throw new TypeError('these tokens must answer at once');
    const mayHit =
      !refresh && isWhole(looked) && (request.group.entries.has(request.key) || this.entries.mayHold);
    return mayHit ? this.find(request, looked) : { hit: null, looked };
  }

  /** An entry, decoded or stored, whose tokens are those that this read's own look-up showed. */
  private async find<P>(request: ReadRequest<P, unknown>, looked: Looked): Promise<Found<P>> {
    const entry = this.decoded(request);
    if (entry !== undefined && (await this.vouching.vouches(looked, entry.stamp.dependencies)))
      return { hit: this.nearHit(entry), looked };
    return { hit: await this.storeHit(request, looked, await this.entries.get(request.identity)), looked };
  }

  /**
   * The same where the store has to be asked: in one round trip, for the tokens alone where the result is here
   * already, else for both together.
   */
  private async ask<P>(
    request: ReadRequest<P, unknown>,
    cells: readonly Cell[],
    { refresh, ignored }: Manner<P>,
  ): Promise<Found<P>> {
    if (refresh) return { hit: null, looked: await this.tokens.lookup(cells) };
    const entry = this.decoded(request);
    if (entry !== undefined && entry !== ignored && covers(entry.stamp.dependencies.refs, request.refs)) {
      const { cells: held, dependencies } = entry.stamp;
      if (await this.tokens.vouchFor(held, dependencies.vector))
        return { hit: this.nearHit(entry), looked: dependencies };
    }
    const [looked, stored] = await Promise.all([
      this.tokens.lookup(cells),
      this.entries.get(request.identity),
    ]);
    return { hit: await this.storeHit(request, looked, stored), looked };
  }

  private async landed<P>(request: ReadRequest<P, unknown>, own: Dependencies): Promise<Hit<P> | null> {
    const entry = this.decoded(request);
    if (entry === undefined || !(await this.vouching.mayTake(own, entry.stamp.dependencies))) return null;
    return this.nearHit(entry);
  }

  private decoded<P>({ group, key }: ReadRequest<P, unknown>): NearEntry<P, Stamp> | undefined {
    const entry = group.entries.get(key);
    return entry === undefined || this.options.clock.monotonicMs() >= entry.expiresAtMs ? undefined : entry;
  }

  private nearHit<P>(entry: NearEntry<P, Stamp>): Hit<P> {
    entry.visited = true;
    if (this.options.mode === 'on') {
      entry.hits++;
      this.counters.nearHits++;
    }
    return { from: 'near', payload: entry.payload, dependencies: entry.stamp.dependencies };
  }

  private async storeHit<P>(
    request: ReadRequest<P, unknown>,
    looked: Looked,
    stored: FoundEntry | null,
  ): Promise<Hit<P> | null> {
    if (stored === null || !(await this.vouching.vouches(looked, stored.dependencies))) return null;
    const payload = request.codec.decode(stored.payload);
    if (this.options.mode === 'on') this.counters.storeHits++;
    this.fills.keepNear(request, payload, stored.dependencies, stored.remainingMs ?? request.ttlMs);
    return { from: 'store', payload, dependencies: stored.dependencies };
  }

  /**
   * What the execution was built from besides its own references was unknown when it was joined, and may have
   * been read before this read began: its tokens must be equal now.
   */
  private async join<P>(
    flight: Flight<Execution<unknown, unknown>>,
    own: Dependencies,
  ): Promise<Hit<P> | null> {
    const done = await flight.execution.catch(() => null); // its error is its own: this read runs itself
    if (done === null || done.payload === null) return null;
    const dependencies = withInherited(flight.own, done.inherited);
    if (!(await this.vouching.mayTake(own, dependencies))) return null;
    this.counters.joined++;
    return { from: 'flight', payload: done.payload as P, dependencies };
  }

  private async fly<P, R>(
    request: ReadRequest<P, R>,
    own: Dependencies,
    cells: readonly Cell[],
  ): Promise<Served<P, R>> {
    this.counters.misses++;
    const flight = { own, execution: request.execute(), taken: 0 };
    this.flights.offer(request.group, request.key, flight);
    try {
      const done = await flight.execution;
      const dependencies = withInherited(own, done.inherited);
      this.fills.fill(request, dependencies, cells, done, flight.taken);
      return { from: 'database', result: done.result, dependencies };
    } finally {
      this.flights.land(request.group, request.key, flight);
    }
  }

  private resolved(table: string): void {
    this.counters.resolved++;
    this.counters.table(table).invalidations++;
    this.options.events.onInvalidate([table]);
  }

  private failed(reason: string, error: unknown): void {
    this.counters.count(this.counters.failures, reason);
    this.options.events.onFailure(reason, error);
  }
}

const isWhole = (looked: Looked): looked is Dependencies => isComplete(looked.vector);
