/**
 * Decides the flow of a read: near, store, flight, database, fill. Knows no driver, no SQL and no server; the
 * order of its steps is the promise (CONSISTENCY §2). Writes are in `writes.ts`.
 */
import type { Clock, Random } from '../clock.js';
import type { Dependencies, PayloadCodec } from './entry.js';
import type { Store } from './executor.js';
import { type Flight, Flights } from './flights.js';
import { Near, NearEntry, NearGroup } from './near.js';
import { tagRef } from './protocol/keys.js';
import { isComplete, type Looked, type Refusal, sameVector } from './protocol/lookup.js';
import type { Ref, Target } from './protocol/refs.js';
import type { Execution, Hit, ReadRequest, ResultGroup, Served, Stamp } from './request.js';
import { currentScope, type Scope } from './scope.js';
import { type CacheStats, Counters } from './stats.js';
import { EntryStore } from './store.js';
import type { Cell, Tokens } from './tokens/tokens.js';
import { tokensOf } from './tokens/tokens-of.js';
import { type PlacedWrite, type WriteOwner, Writes } from './writes.js';

export type { Execution, Hit, ReadRequest, ResultGroup, Served } from './request.js';

export interface EngineOptions {
  readonly store: Store;
  /** Nobody else has access to the store: tokens need not be kept there. */
  readonly isPrivate: boolean;
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

/** Entries of one statement die within this share of the time to live of each other, not all at once. */
const TTL_JITTER = 0.1;

export class Engine {
  readonly counters = new Counters();
  /** Until when, on the monotonic clock, a result that this process served or stored may be served. */
  liveUntilMs = Number.NEGATIVE_INFINITY;
  private readonly near: Near<unknown, Stamp>;
  private readonly tokens: Tokens;
  private readonly entries: EntryStore;
  private readonly flights: Flights<Execution<unknown, unknown>>;
  private readonly writes: Writes;
  private closed = false;

  constructor(private readonly options: EngineOptions) {
    const { store, namespace, limits, isPrivate } = options;
    const onFailure = (reason: string, error: unknown): void => this.failed(reason, error);
    const tokens = tokensOf({
      ...options,
      process: options.random.hex(8),
      shapesPerTableMax: limits.shapesPerTableMax,
      onFailure: (error) => onFailure('lookup', error),
    });
    this.tokens = tokens;
    this.near = new Near(
      { bytesMax: limits.nearBytesMax, entryBytesMax: limits.entryBytesMax },
      (entry) => tokens.release(entry.stamp.cells),
      (entry) => this.spill(entry),
    );
    this.entries = new EntryStore(store, namespace, isPrivate, () =>
      this.counters.count(this.counters.failures, 'entry-unreadable'),
    );
    this.flights = new Flights(limits.flightsMax);
    this.writes = new Writes({
      tokens,
      clock: options.clock,
      random: options.random,
      counters: this.counters,
      onStoreDown: options.onStoreDown,
      onInvalidate: (targets) => options.events.onInvalidate(targets.map(({ table }) => table)),
      onFailure,
    });
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
  read<P, R>(request: ReadRequest<P, R>): Promise<Served<P, R>> {
    const scope = currentScope();
    const refusal = this.refusal(scope);
    if (refusal !== null) return this.refuse(refusal, request);
    return scope === undefined ? this.readThrough(request, false) : this.readInScope(request, scope);
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
      unresolved: this.writes.unresolved,
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
    this.near.clear();
    this.tokens.close();
  }

  private async readInScope<P, R>(request: ReadRequest<P, R>, scope: Scope): Promise<Served<P, R>> {
    const refs = scope.tags.length === 0 ? request.refs : [...request.refs, ...this.tagRefs(scope.tags)];
    const scoped = { ...request, refs, ttlMs: scope.ttlMs ?? request.ttlMs };
    try {
      const served = await this.readThrough(scoped, scope.refresh);
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
  private async readThrough<P, R>(request: ReadRequest<P, R>, refresh: boolean): Promise<Served<P, R>> {
    const { tokens } = this;
    const cells = tokens.hold(request.refs); // known once, for all the steps to come
    try {
      let own: Dependencies | Refusal;
      try {
        const looking = tokens.lookup(cells);
        const looked = looking instanceof Promise ? await looking : looking;
        const hit = !refresh && this.mayHit(request, looked) ? await this.hit(request, looked) : null;
        if (hit !== null && this.options.mode === 'on') return hit;
        if (hit !== null) this.counters.wouldHit++;
        // What the look-up read is as good when nothing was missing.
        const captured = isWhole(looked) ? looked : tokens.capture(cells, request.ttlMs);
        own = captured instanceof Promise ? await captured : captured;
      } catch (error) {
        this.failed('lookup', error);
        return await this.refuse('store-failed', request);
      }
      if (typeof own === 'string') return await this.refuse(own, request);
      // Nothing is awaited between finding no flight and offering one: callers of the same moment share one.
      const mayJoin = !refresh && this.options.mode === 'on' && request.joins !== false;
      const flight = mayJoin ? this.flights.join(request.group, request.key, own.vector) : undefined;
      const joined = flight === undefined ? null : await this.join<P>(flight, own);
      return joined ?? (await this.fly(request, own, cells));
    } finally {
      tokens.release(cells);
    }
  }

  /** Whether looking for an entry can be of any use. */
  private mayHit<P>({ group, key }: ReadRequest<P, unknown>, looked: Looked): looked is Dependencies {
    return isWhole(looked) && (group.entries.has(key) || this.entries.mayHold);
  }

  /** An entry, decoded or stored, whose tokens are those that this read's own look-up showed. */
  private async hit<P>(request: ReadRequest<P, unknown>, looked: Looked): Promise<Hit<P> | null> {
    const entry = request.group.entries.get(request.key);
    if (entry !== undefined && this.options.clock.monotonicMs() < entry.expiresAtMs) {
      const { dependencies } = entry.stamp;
      if (await this.vouches(looked, dependencies)) {
        entry.visited = true;
        if (this.options.mode === 'on') this.counters.nearHits++;
        return { from: 'near', payload: entry.payload, dependencies };
      }
    }
    const stored = await this.entries.get(request.identity);
    if (stored === null || !(await this.vouches(looked, stored.dependencies))) return null;
    const payload = request.codec.decode(stored.payload);
    if (this.options.mode === 'on') this.counters.storeHits++;
    this.keepNear(request, payload, stored.dependencies, stored.remainingMs);
    return { from: 'store', payload, dependencies: stored.dependencies };
  }

  /** Whether every token that an entry was stamped with is equal now: the request's by its own look-up. */
  private async vouches({ refs, vector }: Looked, stamped: Dependencies): Promise<boolean> {
    if (!sameVector(vector, stamped.vector.slice(0, refs.length))) return false;
    const inherited = stamped.refs.slice(refs.length);
    if (inherited.length === 0) return true;
    const cells = this.tokens.hold(inherited);
    try {
      const looked = await this.tokens.lookup(cells);
      return sameVector(looked.vector, stamped.vector.slice(refs.length));
    } finally {
      this.tokens.release(cells);
    }
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
    try {
      if (!(await this.vouches(own, dependencies))) return null;
    } catch (error) {
      this.failed('lookup', error);
      return null;
    }
    this.counters.joined++;
    return { from: 'flight', payload: done.payload as P, dependencies };
  }

  private async fly<P, R>(
    request: ReadRequest<P, R>,
    own: Dependencies,
    cells: readonly Cell[],
  ): Promise<Served<P, R>> {
    this.counters.misses++;
    const flight = { own, execution: request.execute() };
    this.flights.offer(request.group, request.key, flight);
    try {
      const done = await flight.execution;
      const dependencies = withInherited(own, done.inherited);
      const filling = this.fill(request, dependencies, cells, done);
      if (filling !== undefined) await filling;
      return { from: 'database', result: done.result, dependencies };
    } finally {
      this.flights.land(request.group, request.key, flight);
    }
  }

  /** FILL: stored with the captured vector, never re-stamped. One that lost a race is stored dead. */
  private fill<P, R>(
    request: ReadRequest<P, R>,
    dependencies: Dependencies,
    held: readonly Cell[],
    { payload, reason }: Execution<P, R>,
  ): undefined | Promise<void> {
    if (payload === null) return this.notFilled(reason ?? 'not-storable');
    if (!this.near.accepts(request.codec.bytesOf(payload))) return this.notFilled('too-large');
    this.judgeInvalidation(request, payload, dependencies);
    if (this.overtaken(held, dependencies)) return this.notFilled('overtaken-by-a-write');
    const jitter = 1 - TTL_JITTER * this.options.random.fraction();
    const ttlMs = Math.max(1, Math.round(request.ttlMs * jitter));
    this.counters.fills++;
    this.keepNear(request, payload, dependencies, ttlMs, held);
    if (this.options.isPrivate || this.options.mode === 'observe') return undefined;
    return this.entries
      .put(request.identity, dependencies, request.codec.encode(payload), ttlMs)
      .catch((error: unknown) => this.failed('fill', error));
  }

  private notFilled(reason: string): undefined {
    this.counters.count(this.counters.notFilled, reason);
  }

  /** A fill that is known to have lost a race would only push out a newer one. */
  private overtaken(held: readonly Cell[], { vector }: Dependencies): boolean {
    const { tokens } = this;
    if (!tokens.answersAtOnce) return false;
    return held.some((cell, index) => tokens.tokenOf(cell) !== vector[index]);
  }

  /** @param held cells of the first references of the dependencies, if they are held already */
  private keepNear<P>(
    { group, key, codec, identity }: ReadRequest<P, unknown>,
    payload: P,
    dependencies: Dependencies,
    ttlMs: number,
    held: readonly Cell[] = [],
  ): void {
    const expiresAtMs = this.options.clock.monotonicMs() + ttlMs;
    if (expiresAtMs > this.liveUntilMs) this.liveUntilMs = expiresAtMs;
    const bytes = codec.bytesOf(payload);
    if (!this.near.accepts(bytes)) return;
    const { tokens } = this;
    const { refs } = dependencies;
    const isAll = held.length === refs.length && held.every((cell, index) => cell.ref === refs[index]);
    if (isAll) tokens.share(held);
    const cells = isAll ? held : tokens.hold(refs);
    const stamp: Stamp = { dependencies, cells, identity, codec: codec as PayloadCodec<never> };
    this.near.put(new NearEntry<P, Stamp>(group, key, payload, bytes, expiresAtMs, stamp));
  }

  /** What the decoded results have no room for goes on in the store of this process. */
  private spill(entry: NearEntry<unknown, Stamp>): void {
    if (!this.options.isPrivate || this.options.mode === 'observe') return;
    if (!this.isCurrent(entry) || !this.entries.takesSpilled()) return;
    const { identity, codec, dependencies } = entry.stamp;
    const remainingMs = entry.expiresAtMs - this.options.clock.monotonicMs();
    this.entries
      .put(identity, dependencies, codec.encode(entry.payload as never), remainingMs)
      .catch((error: unknown) => this.failed('fill', error));
  }

  /** Was the invalidation that made this read a miss needed? Told by the entry that it killed. */
  private judgeInvalidation<P>(request: ReadRequest<P, unknown>, payload: P, now: Dependencies): void {
    const killed = request.group.entries.get(request.key);
    if (killed === undefined) return;
    const before = killed.stamp.dependencies;
    const same = request.codec.same(killed.payload, payload);
    now.refs.forEach((ref, index) => {
      if (before.vector[index] === now.vector[index]) return;
      const stats = this.counters.table(ref.table);
      stats.reread++;
      if (same) stats.needless++;
    });
  }

  private failed(reason: string, error: unknown): void {
    this.counters.count(this.counters.failures, reason);
    this.options.events.onFailure(reason, error);
  }
}

const isWhole = (looked: Looked): looked is Dependencies => isComplete(looked.vector);

function withInherited(own: Dependencies, inherited: readonly Dependencies[] | undefined): Dependencies {
  if (inherited === undefined || inherited.length === 0) return own;
  return {
    refs: [...own.refs, ...inherited.flatMap(({ refs }) => refs)],
    vector: [...own.vector, ...inherited.flatMap(({ vector }) => vector)],
  };
}
