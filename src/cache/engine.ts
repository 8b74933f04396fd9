/**
 * Decides the flow of a read: near, store, flight, database, fill. Knows no driver, no SQL and no server; the
 * order of its steps is the promise (CONSISTENCY §2). Writes are in `writes.ts`.
 */
import type { Clock, Random } from '../clock.js';
import { type Dependencies, decodeEntry, encodeEntry, type PayloadCodec } from './entry.js';
import { converse, type Executor, expectNoError, isWatchable } from './executor.js';
import { Flights } from './flights.js';
import { type Cell, Mirror } from './mirror.js';
import { Near, NearEntry, NearGroup } from './near.js';
import { invalidate } from './protocol/intent.js';
import { entryKey, tagRef } from './protocol/keys.js';
import { capture, isComplete, lookup, lookupWith, sameVector, type Vector } from './protocol/lookup.js';
import type { Ref, Target } from './protocol/refs.js';
import { currentScope, type Scope } from './scope.js';
import { type CacheStats, Counters } from './stats.js';
import { type PlacedWrite, type WriteOwner, Writes } from './writes.js';

export interface EngineOptions {
  readonly executor: Executor;
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

/** What vouches for a decoded result. */
interface Stamp {
  readonly dependencies: Dependencies;
  readonly cells: readonly Cell[];
}

export type ResultGroup<P> = NearGroup<P, Stamp>;

/** What running the query gave. */
export interface Execution<P, R> {
  /** For the caller who ran it. */
  readonly result: R;
  /** For everybody else; null when it may not be stored. */
  readonly payload: P | null;
  /** Why it may not be stored. */
  readonly reason?: string;
  /** What it was built from besides the request's own references. */
  readonly inherited?: readonly Dependencies[];
}

export interface ReadRequest<P, R> {
  readonly group: ResultGroup<P>;
  /** Within the group. */
  readonly key: string;
  /** Names the entry in the store: everything that tells results apart (CONSISTENCY §4, "In the key"). */
  readonly digest: () => string;
  readonly refs: readonly Ref[];
  readonly codec: PayloadCodec<P>;
  readonly ttlMs: number;
  /** Runs the query on the primary, in autocommit. Called at most once, after the capture (I3). */
  readonly execute: () => Promise<Execution<P, R>>;
}

export type Served<P, R> =
  | { readonly from: 'near' | 'store' | 'flight'; readonly payload: P; readonly dependencies: Dependencies }
  | { readonly from: 'database'; readonly result: R; readonly dependencies: Dependencies | null };

/** A result that others may take. */
interface Landed<P> {
  readonly payload: P | null;
  readonly dependencies: Dependencies;
}

/** Entries of one statement die within this share of the time to live of each other, not all at once. */
const TTL_JITTER = 0.1;

/** A token of a value outlives an entry captured late in its life, and a slow query. */
const VALUE_TTL_SPARE_MS = 60_000;

export class Engine {
  readonly counters = new Counters();
  private readonly near: Near<unknown, Stamp>;
  private readonly mirror: Mirror | null;
  private readonly flights: Flights<Landed<unknown>>;
  private readonly writes: Writes;
  private closed = false;

  constructor(private readonly options: EngineOptions) {
    const { executor, limits, namespace } = options;
    this.near = new Near({ bytesMax: limits.nearBytesMax, entryBytesMax: limits.entryBytesMax }, (entry) =>
      this.releaseCells(entry.stamp.cells),
    );
    this.mirror = isWatchable(executor)
      ? new Mirror(executor, namespace, (error) => this.failed('lookup', error))
      : null;
    this.flights = new Flights(limits.flightsMax);
    this.writes = new Writes({
      executor,
      clock: options.clock,
      random: options.random,
      counters: this.counters,
      onStoreDown: options.onStoreDown,
      process: options.random.hex(8),
      onInvalidate: (targets) => options.events.onInvalidate(targets.map(({ table }) => table)),
      onFailure: (reason, error) => this.failed(reason, error),
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
  async read<P, R>(request: ReadRequest<P, R>): Promise<Served<P, R>> {
    const scope = currentScope();
    const refusal = this.refusal(scope);
    if (refusal !== null) return this.refuse(refusal, request);
    const refs =
      scope === undefined || scope.tags.length === 0
        ? request.refs
        : [...request.refs, ...this.tagRefs(scope.tags)];
    const scoped = { ...request, refs, ttlMs: scope?.ttlMs ?? request.ttlMs };
    const served = await this.readThrough(scoped, scope?.refresh === true);
    if (served.dependencies !== null) scope?.collect?.depends(served.dependencies);
    return served;
  }

  /** To be called for each statement that reads past the cache because it can never be cached. */
  noteBypass(reason: string): void {
    this.counters.count(this.counters.bypassed, reason);
    currentScope()?.collect?.unknown('uncacheable');
  }

  /** INTENT: to be awaited before a write is sent. Synchronous while the store is in this process. */
  beginWrite(targets: readonly Target[], owner: WriteOwner): PlacedWrite | Promise<PlacedWrite> {
    return this.writes.begin(targets, owner);
  }

  /** Never again serves what depends on the targets as they were. Rejects when the store could not be told. */
  async invalidate(targets: readonly Target[]): Promise<void> {
    const { executor, random } = this.options;
    await converse(executor, invalidate(targets, executor.voucher(), random));
    for (const { table } of targets) this.counters.table(table).invalidations++;
    this.options.events.onInvalidate(targets.map(({ table }) => table));
  }

  /** Why nothing is served, or null. */
  trouble(): string | null {
    if (this.closed) return 'closed';
    return this.writes.trustworthy ? null : 'the store was not told of a write yet';
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
    return null;
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

  /** LOOKUP, JOIN, CAPTURE, query, FILL. */
  private async readThrough<P, R>(request: ReadRequest<P, R>, refresh: boolean): Promise<Served<P, R>> {
    const digest = request.digest();
    let dependencies: Dependencies | null;
    try {
      const found = await this.lookUp(request, digest);
      if (found.hit !== null && !refresh) {
        if (this.options.mode === 'on') return found.hit;
        this.counters.wouldHit++;
      }
      dependencies = await this.captureFor(request, found.vector);
    } catch (error) {
      this.failed('lookup', error);
      return this.refuse('store-failed', request);
    }
    if (dependencies === null) return this.refuse('write-under-way', request);
    const landing =
      refresh || this.options.mode === 'observe' ? undefined : this.flights.join(digest, dependencies.vector);
    if (landing !== undefined) {
      const landed = await landing.then(
        (value) => value as Landed<P>,
        () => null, // the error is the flight's own; this reader runs its query itself
      );
      if (landed !== null && landed.payload !== null) {
        this.counters.joined++;
        return { from: 'flight', payload: landed.payload, dependencies: landed.dependencies };
      }
    }
    return this.fly(request, digest, dependencies);
  }

  private async lookUp<P>(
    request: ReadRequest<P, unknown>,
    digest: string,
  ): Promise<{ hit: Extract<Served<P, never>, { payload: P }> | null; vector: Vector }> {
    const { executor, namespace } = this.options;
    const key = entryKey(namespace, digest);
    const { vector, extra } = await converse(
      executor,
      lookupWith(request.refs, executor.voucher(), [
        ['GET', key],
        ['PTTL', key],
      ]),
    );
    const near = await this.lookUpNear(request, vector);
    if (near !== null) return { hit: near, vector };
    const [bytes, remainingMs] = extra;
    if (!Buffer.isBuffer(bytes) || typeof remainingMs !== 'number') return { hit: null, vector };
    const stored = decodeEntry(bytes);
    if (stored === null) {
      this.counters.count(this.counters.failures, 'entry-unreadable');
      return { hit: null, vector };
    }
    const { dependencies } = stored;
    if (!(await this.stillVouched(request.refs, vector, dependencies))) return { hit: null, vector };
    const payload = request.codec.decode(stored.payload);
    if (this.options.mode === 'on') this.counters.storeHits++;
    this.keepNear(request, payload, dependencies, remainingMs);
    return { hit: { from: 'store', payload, dependencies }, vector };
  }

  private async lookUpNear<P>(
    request: ReadRequest<P, unknown>,
    vector: Vector,
  ): Promise<Extract<Served<P, never>, { payload: P }> | null> {
    const entry = request.group.entries.get(request.key);
    if (entry === undefined || this.options.clock.monotonicMs() >= entry.expiresAtMs) return null;
    const { dependencies } = entry.stamp;
    if (!(await this.stillVouched(request.refs, vector, dependencies))) return null;
    entry.visited = true;
    if (this.options.mode === 'on') this.counters.nearHits++;
    return { from: 'near', payload: entry.payload, dependencies };
  }

  /** Whether every token that an entry was stamped with is equal now: the request's by its own look-up. */
  private async stillVouched(refs: readonly Ref[], vector: Vector, stamped: Dependencies): Promise<boolean> {
    const own = stamped.vector.slice(0, refs.length);
    if (!sameVector(vector, own)) return false;
    const inherited = stamped.refs.slice(refs.length);
    if (inherited.length === 0) return true;
    const { executor } = this.options;
    const now = await converse(executor, lookup(inherited, executor.voucher()));
    return sameVector(now, stamped.vector.slice(refs.length));
  }

  /** CAPTURE: null under a conflicting intent. What the look-up read is as good when nothing was missing. */
  private async captureFor(
    { refs, ttlMs }: Pick<ReadRequest<unknown, unknown>, 'refs' | 'ttlMs'>,
    seen: Vector,
  ): Promise<Dependencies | null> {
    if (isComplete(seen)) return { refs, vector: seen };
    const { executor, random, limits } = this.options;
    const captured = await converse(
      executor,
      capture(refs, executor.voucher(), {
        random,
        valueTtlMs: 2 * ttlMs + VALUE_TTL_SPARE_MS,
        shapesPerTableMax: limits.shapesPerTableMax,
      }),
    );
    return captured.kind === 'blocked' ? null : { refs: captured.refs, vector: captured.vector };
  }

  private async fly<P, R>(
    request: ReadRequest<P, R>,
    digest: string,
    dependencies: Dependencies,
  ): Promise<Served<P, R>> {
    this.counters.misses++;
    const execution = request.execute();
    const landing = execution.then(
      (done): Landed<P> => ({
        payload: done.payload,
        dependencies: withInherited(dependencies, done.inherited),
      }),
    );
    this.flights.offer(digest, dependencies.vector, landing);
    const done = await execution;
    const complete = withInherited(dependencies, done.inherited);
    await this.fill(request, digest, complete, done);
    return { from: 'database', result: done.result, dependencies: complete };
  }

  /** FILL: stored with the captured vector, never re-stamped. One that lost a race is stored dead. */
  private async fill<P, R>(
    request: ReadRequest<P, R>,
    digest: string,
    dependencies: Dependencies,
    { payload, reason }: Execution<P, R>,
  ): Promise<void> {
    const { executor, namespace, random, mode } = this.options;
    if (payload === null) return this.counters.count(this.counters.notFilled, reason ?? 'not-storable');
    if (!this.near.accepts(request.codec.bytesOf(payload)))
      return this.counters.count(this.counters.notFilled, 'too-large');
    this.judgeInvalidation(request, payload, dependencies);
    if (this.overtaken(dependencies))
      return this.counters.count(this.counters.notFilled, 'overtaken-by-a-write');
    const ttlMs = Math.max(1, Math.round(request.ttlMs * (1 - TTL_JITTER * random.fraction())));
    this.counters.fills++;
    this.keepNear(request, payload, dependencies, ttlMs);
    if (mode === 'observe') return;
    try {
      const bytes = encodeEntry(dependencies, request.codec.encode(payload));
      expectNoError(await executor.run([['SET', entryKey(namespace, digest), bytes, 'PX', String(ttlMs)]]));
    } catch (error) {
      this.failed('fill', error);
    }
  }

  /** A fill that is known to have lost a race would only push out a newer one. */
  private overtaken({ refs, vector }: Dependencies): boolean {
    return this.mirror !== null && !sameVector(this.mirror.lookup(refs), vector);
  }

  private keepNear<P>(
    request: ReadRequest<P, unknown>,
    payload: P,
    dependencies: Dependencies,
    ttlMs: number,
  ): void {
    const bytes = request.codec.bytesOf(payload);
    if (!this.near.accepts(bytes)) return;
    const { mirror } = this;
    const cells = mirror === null ? [] : dependencies.refs.map((ref) => mirror.hold(ref));
    const expiresAtMs = this.options.clock.monotonicMs() + ttlMs;
    const entry = new NearEntry<P, Stamp>(request.group, request.key, payload, bytes, expiresAtMs, {
      dependencies,
      cells,
    });
    this.near.put(entry);
  }

  private releaseCells(cells: readonly Cell[]): void {
    for (const cell of cells) this.mirror?.release(cell);
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

function withInherited(own: Dependencies, inherited: readonly Dependencies[] | undefined): Dependencies {
  if (inherited === undefined || inherited.length === 0) return own;
  return {
    refs: [...own.refs, ...inherited.flatMap(({ refs }) => refs)],
    vector: [...own.vector, ...inherited.flatMap(({ vector }) => vector)],
  };
}
