/**
 * Decides the flow of a read: near, store, flight, database, fill. Knows no driver, no SQL and no server; the
 * order of its steps is the promise (CONSISTENCY §2). Writes are in `writes.ts`.
 */
import type { Clock, Random } from '../clock.js';
import type { TableNames } from './bind.js';
import type { Dependencies } from './entry.js';
import { converse, isWatchable, openSession, type Store } from './executor.js';
import { Fills } from './fills.js';
import { Flights } from './flights.js';
import { type Cell, Mirror } from './mirror.js';
import { Near, type NearEntry, NearGroup } from './near.js';
import { invalidate } from './protocol/intent.js';
import { tagRef } from './protocol/keys.js';
import {
  capture,
  isComplete,
  type Look,
  type Looked,
  lookAtStore,
  lookup,
  sameVector,
  type Vector,
} from './protocol/lookup.js';
import { covers, type Ref, type Target } from './protocol/refs.js';
import { type LookAtTables, lookAtStoredTables } from './protocol/table.js';
import type { Hit, Landed, ReadRequest, ResultGroup, Served, Stamp } from './request.js';
import { currentScope, type Scope } from './scope.js';
import { converseSettled } from './settled.js';
import { type IntentResolver, StandingIntents } from './standing.js';
import { type CacheStats, Counters } from './stats.js';
import { EntryStore, type FoundEntry } from './store.js';
import { type PlacedWrite, type WriteOwner, Writes } from './writes.js';

export type { Execution, Hit, ReadRequest, ResultGroup, Served } from './request.js';

export interface EngineOptions {
  readonly store: Store;
  /** Whether other processes use the store, too: then every result goes there. */
  readonly isStoreShared: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly namespace: string;
  /** `observe` serves and stores nothing and counts what would have been hits. */
  readonly mode: 'on' | 'observe';
  readonly onStoreDown: 'bypass' | 'reject';
  readonly limits: EngineLimits;
  readonly events: EngineEvents;
}

export interface EngineLimits {
  readonly nearBytesMax: number;
  readonly entryBytesMax: number;
  readonly flightsMax: number;
  readonly shapesPerTableMax: number;
}

export interface EngineEvents {
  readonly onInvalidate: (tables: readonly string[]) => void;
  /** The cache failed and no query noticed. */
  readonly onFailure: (reason: string, error: unknown) => void;
}

/** Why a read has no part in the cache although the store answered. */
type Refusal = 'write-under-way' | 'store-away';

/** A token of a value outlives an entry captured late in its life, and a slow query. */
const VALUE_TTL_SPARE_MS = 60_000;

export class Engine {
  readonly counters = new Counters();
  private readonly store: Store;
  private readonly near: Near<unknown, Stamp>;
  private readonly mirror: Mirror | null;
  private readonly entries: EntryStore;
  private readonly fills: Fills;
  private readonly flights: Flights<Landed<unknown>>;
  private readonly writes: Writes;
  private readonly standing: StandingIntents;
  private readonly look: Look;
  private readonly lookAtTables: LookAtTables;
  private closed = false;

  constructor(private readonly options: EngineOptions) {
    const { limits, namespace } = options;
    this.mirror = isWatchable(options.store)
      ? new Mirror(options.store, namespace, (error) => this.failed('lookup', error))
      : null;
    const store = this.mirror === null ? options.store : followedBy(this.mirror);
    this.store = store;
    const look = this.mirror?.look ?? lookAtStore;
    const lookAtTables = this.mirror?.lookAtTables ?? lookAtStoredTables;
    const process = options.random.hex(8);
    this.standing = new StandingIntents({
      ...options,
      store,
      lookAtTables,
      process,
      onResolved: (table) => this.resolved(table),
      onFailure: (error) => this.failed('resolve', error),
    });
    // In a store of this process alone every intent is its own.
    // And where the store is asked, what capture met of others is noted when it was blocked.
    this.look = options.isStoreShared && this.mirror !== null ? this.standing.noting(look) : look;
    this.lookAtTables = options.isStoreShared ? this.standing.notingTables(lookAtTables) : lookAtTables;
    this.near = new Near(
      { bytesMax: limits.nearBytesMax, entryBytesMax: limits.entryBytesMax },
      (entry) => this.mirror?.releaseAll(entry.stamp.cells),
      (entry) => {
        if (this.isCurrent(entry)) this.fills.spill(entry);
      },
    );
    this.entries = new EntryStore(store, {
      namespace,
      isPrivate: !options.isStoreShared,
      onUnreadable: () => this.counters.count(this.counters.failures, 'entry-unreadable'),
    });
    this.fills = new Fills({
      ...options,
      near: this.near,
      mirror: this.mirror,
      entries: this.entries,
      counters: this.counters,
      onFailure: (error) => this.failed('fill', error),
    });
    this.flights = new Flights(limits.flightsMax);
    this.writes = new Writes({
      store,
      clock: options.clock,
      random: options.random,
      counters: this.counters,
      lookAtTables: this.lookAtTables,
      onSeen: (tables) => {
        if (options.isStoreShared) this.standing.noteAll(tables);
      },
      looksAreFree: this.mirror !== null,
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

  createGroup<P>(): ResultGroup<P> {
    return new NearGroup<P, Stamp>();
  }

  dropGroup<P>(group: ResultGroup<P>): void {
    this.near.dropGroup(group);
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
    this.counters.nearHits++;
    return entry.payload;
  }

  /** A read, from wherever it may be answered. Rejects only as the query itself would. */
  async read<P, R>(request: ReadRequest<P, R>): Promise<Served<P, R>> {
    const scope = currentScope();
    const refusal = this.refusal(scope);
    if (refusal !== null) return this.refuse(refusal, request);
    const refs =
      scope === undefined || scope.tags.length === 0
        ? request.refs
        : [...request.refs, ...this.tagRefs(scope.tags)];
    const scoped = { ...request, refs, ttlMs: scope?.ttlMs ?? request.ttlMs };
    try {
      const served = await this.readThrough(scoped, scope?.refresh === true);
      if (served.dependencies !== null) scope?.collect?.depends(served.dependencies);
      return served;
    } catch (error) {
      scope?.collect?.unknown('refused'); // whoever falls back on something has nothing to vouch for it
      throw error;
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
    const { random } = this.options;
    const keys = targets.map(({ table }) => table);
    await converseSettled(this.store, keys, (session) =>
      invalidate(targets, session, random, this.lookAtTables),
    );
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
    this.standing.resolveWith(database, resolver);
  }

  /** Looks for intents that nobody removes, also in tables that nobody reads. */
  async sweep(tables: readonly string[]): Promise<void> {
    if (this.options.isStoreShared && !this.closed) await this.standing.sweep(tables);
  }

  /** Why nothing is served, or null. */
  trouble(): string | null {
    if (this.closed) return 'closed';
    if (!this.writes.trustworthy) return 'the store was not told of a write yet';
    return this.store.trouble()?.message ?? null;
  }

  /** Drops every decoded result. */
  clearNear(): void {
    this.near.clear();
  }

  stats(): CacheStats {
    const { counters } = this;
    return {
      nearHits: counters.nearHits,
      storeHits: counters.storeHits,
      joined: counters.joined,
      misses: counters.misses,
      wouldHit: counters.wouldHit,
      bypassed: Object.fromEntries(counters.bypassed),
      fills: counters.fills,
      notFilled: Object.fromEntries(counters.notFilled),
      writes: counters.writes,
      failures: Object.fromEntries(counters.failures),
      unresolved: this.writes.unresolved + this.standing.size,
      resolved: counters.resolved,
      owed: this.writes.owed,
      evictions: this.near.evictions,
      entries: this.near.size,
      bytes: this.near.bytes,
      flights: this.flights.size,
      tables: Object.fromEntries(counters.tables),
    };
  }

  /** From now on every read bypasses. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.writes.close();
    this.standing.close();
    this.near.clear();
    this.mirror?.close();
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
    return this.store.trouble() === null ? null : 'store-away';
  }

  private isCurrent(entry: NearEntry<unknown, Stamp>): boolean {
    if (this.mirror === null || this.closed || !this.writes.trustworthy) return false;
    if (this.options.clock.monotonicMs() >= entry.expiresAtMs) return false;
    const { cells, dependencies } = entry.stamp;
    for (let index = 0; index < cells.length; index++) {
      const cell = cells[index] as Cell; // index < length
      if (this.mirror.vectorOf(cell) !== dependencies.vector[index]) return false;
    }
    return true;
  }

  /** LOOKUP, CAPTURE, JOIN, query, FILL. */
  private async readThrough<P, R>(request: ReadRequest<P, R>, refresh: boolean): Promise<Served<P, R>> {
    const cells = this.mirror?.holdAll(request.refs) ?? []; // known once, for all the steps to come
    try {
      let dependencies: Dependencies | Refusal;
      try {
        const known = this.mirror?.vectorsOf(cells);
        const found =
          known === undefined ? await this.ask(request, refresh) : await this.see(request, known, refresh);
        if (found.hit !== null && this.options.mode === 'on') return found.hit;
        if (found.hit !== null) this.counters.wouldHit++;
        dependencies = await this.captureFor(request, found);
      } catch (error) {
        this.failed('lookup', error);
        return await this.refuse('store-failed', request);
      }
      if (typeof dependencies === 'string') return await this.refuse(dependencies, request);
      // Nothing is awaited between finding no flight and offering one: callers of the same moment share one.
      const { group, key } = request;
      const shares = !refresh && this.options.mode === 'on';
      const mayJoin = shares && request.joins !== false;
      const landing = mayJoin ? this.flights.join(group, key, dependencies.vector) : undefined;
      const joined = landing === undefined ? null : await this.join<P>(landing, dependencies);
      return joined ?? (await this.fly(request, dependencies));
    } finally {
      this.mirror?.releaseAll(cells);
    }
  }

  private lookUp(refs: readonly Ref[]): Looked | Promise<Looked> {
    const session = openSession(this.store);
    return converse(session, lookup(refs, session));
  }

  private vectorOf(refs: readonly Ref[]): Vector | Promise<Vector> {
    if (this.mirror === null) return lookedUp(this.lookUp(refs));
    const cells = this.mirror.holdAll(refs);
    const vector = this.mirror.vectorsOf(cells);
    this.mirror.releaseAll(cells);
    return vector;
  }

  /** An entry, decoded or stored, whose tokens are those that the mirror shows. */
  private async see<P>(
    request: ReadRequest<P, unknown>,
    vector: Vector,
    refresh: boolean,
  ): Promise<Found<P>> {
    if (refresh) return { hit: null, looked: { vector, observation: null } };
    const entry = this.decoded(request);
    if (entry !== undefined && (await this.vouches(request.refs, vector, entry.stamp.dependencies)))
      return { hit: this.nearHit(entry), looked: { vector, observation: null } };
    const stored = isComplete(vector) ? await this.entries.get(request.identity) : null;
    const hit = await this.storeHit(request, vector, stored);
    return { hit, looked: { vector, observation: null } };
  }

  /**
   * The same where the store has to be asked: in one round trip, for the tokens alone where the result is here
   * already, else for both together.
   */
  private async ask<P>(request: ReadRequest<P, unknown>, refresh: boolean): Promise<Found<P>> {
    const { refs, identity } = request;
    if (refresh) return { hit: null, looked: await this.lookUp(refs) };
    const entry = this.decoded(request);
    if (entry !== undefined && covers(entry.stamp.dependencies.refs, refs)) {
      const { dependencies } = entry.stamp;
      const looked = await this.lookUp(dependencies.refs);
      if (sameVector(looked.vector, dependencies.vector)) return { hit: this.nearHit(entry), looked };
    }
    const [looked, stored] = await Promise.all([this.lookUp(refs), this.entries.get(identity)]);
    return { hit: await this.storeHit(request, looked.vector, stored), looked };
  }

  private decoded<P>({ group, key }: ReadRequest<P, unknown>): NearEntry<P, Stamp> | undefined {
    const entry = group.entries.get(key);
    return entry === undefined || this.options.clock.monotonicMs() >= entry.expiresAtMs ? undefined : entry;
  }

  private nearHit<P>(entry: NearEntry<P, Stamp>): Hit<P> {
    entry.visited = true;
    if (this.options.mode === 'on') this.counters.nearHits++;
    return { from: 'near', payload: entry.payload, dependencies: entry.stamp.dependencies };
  }

  private async storeHit<P>(
    request: ReadRequest<P, unknown>,
    vector: Vector,
    stored: FoundEntry | null,
  ): Promise<Hit<P> | null> {
    if (stored === null || !(await this.vouches(request.refs, vector, stored.dependencies))) return null;
    const payload = request.codec.decode(stored.payload);
    if (this.options.mode === 'on') this.counters.storeHits++;
    this.fills.keepNear(request, payload, stored.dependencies, stored.remainingMs);
    return { from: 'store', payload, dependencies: stored.dependencies };
  }

  /** Whether every token that an entry was stamped with is equal now: the request's by its own look-up. */
  private async vouches(refs: readonly Ref[], vector: Vector, stamped: Dependencies): Promise<boolean> {
    if (!sameVector(vector, stamped.vector.slice(0, refs.length))) return false;
    const inherited = stamped.refs.slice(refs.length);
    if (inherited.length === 0) return true;
    return sameVector(await this.vectorOf(inherited), stamped.vector.slice(refs.length));
  }

  /** CAPTURE, or why nothing may be stored. What the look-up read is as good when nothing was missing. */
  private async captureFor(
    { refs, ttlMs }: Pick<ReadRequest<unknown, unknown>, 'refs' | 'ttlMs'>,
    { looked: { vector, observation } }: Pick<Found<unknown>, 'looked'>,
  ): Promise<Dependencies | Refusal> {
    if (isComplete(vector)) return { refs, vector };
    const session = openSession(this.store);
    const { random, limits } = this.options;
    const context = {
      random,
      valueTtlMs: 2 * ttlMs + VALUE_TTL_SPARE_MS,
      shapesPerTableMax: limits.shapesPerTableMax,
    };
    const seen = observation?.() ?? null;
    const captured = await converse(session, capture(refs, session, context, this.look, seen));
    if (captured.kind === 'captured') return { refs: captured.refs, vector: captured.vector };
    if (seen !== null && this.options.isStoreShared) this.standing.noteAll(seen.tables);
    return captured.kind === 'blocked' ? 'write-under-way' : 'store-away';
  }

  /**
   * What the execution was built from besides its own references was unknown when it was joined, and may have
   * been read before this read began: its tokens must be equal now.
   */
  private async join<P>(landing: Promise<Landed<unknown>>, own: Dependencies): Promise<Hit<P> | null> {
    const landed = (await landing.catch(() => null)) as Landed<P> | null; // its error is its own: this read runs itself
    const payload = landed?.payload ?? null;
    if (landed === null || payload === null) return null;
    try {
      if (!(await this.vouches(own.refs, own.vector, landed.dependencies))) return null;
    } catch (error) {
      this.failed('lookup', error);
      return null;
    }
    this.counters.joined++;
    return { from: 'flight', payload, dependencies: landed.dependencies };
  }

  private async fly<P, R>(request: ReadRequest<P, R>, own: Dependencies): Promise<Served<P, R>> {
    this.counters.misses++;
    const execution = request.execute();
    const landing = execution.then(
      (done): Landed<P> => ({
        payload: done.payload,
        dependencies: withInherited(own, done.inherited),
      }),
    );
    this.flights.offer(request.group, request.key, own.vector, landing);
    const done = await execution;
    const dependencies = withInherited(own, done.inherited);
    this.fills.fill(request, dependencies, done);
    return { from: 'database', result: done.result, dependencies };
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

interface Found<P> {
  readonly hit: Hit<P> | null;
  /** What the look-up showed of the request's references. */
  readonly looked: Looked | { readonly vector: Vector; readonly observation: null };
}

const lookedUp = async (looking: Looked | Promise<Looked>): Promise<Vector> => (await looking).vector;

const followedBy = (mirror: Mirror): Store => ({ session: () => mirror.session, trouble: () => null });

function withInherited(own: Dependencies, inherited: readonly Dependencies[] | undefined): Dependencies {
  if (inherited === undefined || inherited.length === 0) return own;
  return {
    refs: [...own.refs, ...inherited.flatMap(({ refs }) => refs)],
    vector: [...own.vector, ...inherited.flatMap(({ vector }) => vector)],
  };
}
