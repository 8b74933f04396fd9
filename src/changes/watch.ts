/**
 * Decides when one database is asked what others wrote, by which of the processes that share the store, and what is
 * rotated for it. Knows no dialect.
 *
 * Order is safety: rows show in the statistics after they can be read, so what is rotated after a look that shows
 * them kills every result from before they could be read. The baseline is saved after the rotation: a crash between
 * the two rotates again.
 */
import { keyOfTable, rootOf, type TableNames } from '../cache/bind.js';
import type { ObservedFrom, Observer } from '../cache/changes.js';
import { type Conversation, converse, openSession, type Store } from '../cache/executor.js';
import type { Clock, Timer } from '../clock.js';
import { LookasideError } from '../errors.js';
import { type Statistics, StatisticsNotKept } from '../sql/statistics.js';
import { type Baseline, differences, excessOf, type TableBaseline, Unsettled } from './baseline.js';
import type { OwnCounts } from './own-counts.js';
import { loadBaseline, releaseLease, renewLease, saveBaseline, takeLease, withTokens } from './shared.js';

export interface WatchOptions {
  readonly store: Store;
  /** Rows written through the cache. */
  readonly own: OwnCounts;
  /** Has all connections of this process count what they wrote. Never rejects. */
  readonly settleOwn: () => Promise<void>;
  /** Whether the tokens are in the store, too: one of this process alone need not be asked who depends on what. */
  readonly isStoreShared: boolean;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Names this process in leases. */
  readonly process: string;
  /** Until when, on the monotonic clock, this process may serve a result it has. */
  readonly liveUntilMs: () => number;
  /** Rotates these tables as a whole. */
  readonly rotate: (tableKeys: readonly string[]) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

/** Intervals without a look that worked, before another process may look, and before results live shorter. */
const LEASE_INTERVALS = 3;
/** Whoever is that late is not gone, only busy. */
const LEASE_MS_MIN = 1_000;

/** How long a look may take, and the connection for it. */
const LOOK_MS_MAX = 10_000;

/** Looks again at tables that seem to have been written by others: our own count may be a moment late. */
const SECOND_LOOKS_MAX = 3;
const SECOND_LOOK_AFTER_MS = 50;
/** A connection that does not answer is not waited for: what it wrote may cost a rotation. */
const SETTLE_MS_MAX = 500;

/** Between looks at a server that does not tell of writes: its settings may be others then. */
const NOT_KEPT_INTERVAL_MS = 60_000;

interface Suspicion {
  /** Rows that others wrote, at least. */
  readonly excess: ReadonlyMap<string, number>;
  /** The look that it is about. */
  readonly seen: Statistics;
}

export class Watch {
  /** The statistics are not seen: only their age bounds results. */
  isBlind = false;
  /** Whether the server tells of writes at all, as this process found; null before it did. */
  private canSee: boolean | null = null;
  private readonly sources: ObservedFrom[] = [];
  private observer: Observer | null = null;
  private connecting: Promise<Observer> | null = null;
  /** As saved; null when another process may have saved another one. */
  private baseline: Baseline | null = null;
  private readonly unsettled = new Unsettled();
  private timer: Timer | null = null;
  private running: Promise<void> | null = null;
  private seenAtMs: number;
  /** A look that is under way is not waited for. */
  private abandon = (): void => undefined;
  private closed = false;

  constructor(
    readonly names: TableNames,
    private readonly options: WatchOptions,
    private readonly onEnded: () => void,
  ) {
    this.seenAtMs = options.clock.monotonicMs();
  }

  /** One more way to the database. */
  addSource(source: ObservedFrom): void {
    this.sources.push(source);
  }

  /** The first look, over a connection that is about to be used. */
  start(look: Observer['look']): Promise<void> {
    return this.run(() => this.lookIfOurs(look));
  }

  lookSoon(): void {
    if (this.closed || this.running !== null) return;
    this.timer?.cancel();
    void this.run(() => this.tick());
  }

  async close(): Promise<void> {
    this.closed = true;
    this.timer?.cancel();
    this.dropObserver();
    this.abandon();
    await this.running;
    await this.release();
  }

  /** Nothing leads to the database any more. */
  private async stop(): Promise<void> {
    this.closed = true;
    this.dropObserver();
    await this.release();
  }

  private async release(): Promise<void> {
    try {
      await this.converse(releaseLease(this.names, this.options.process));
    } catch (error) {
      this.options.onFailure(error); // it runs out by itself
    }
  }

  /** Never rejects; the next look follows an interval later. */
  private run(task: () => Promise<void>): Promise<void> {
    const { clock, intervalMs, onFailure } = this.options;
    const running = task()
      .catch(async (error: unknown) => {
        if (this.closed) return;
        this.dropObserver();
        this.baseline = null;
        const isLost = clock.monotonicMs() - this.seenAtMs > LEASE_INTERVALS * intervalMs;
        if (isLost || isUnavailable(error)) this.isBlind = true;
        onFailure(error);
        if (!(error instanceof StatisticsNotKept)) return;
        this.canSee = false;
        await this.release(); // so that the others find out, too
      })
      .finally(() => {
        this.running = null;
        if (this.closed) return;
        const delayMs = this.canSee === false ? Math.max(intervalMs, NOT_KEPT_INTERVAL_MS) : intervalMs;
        this.timer = clock.after(delayMs, () => void this.run(() => this.tick()));
      });
    this.running = running;
    return running;
  }

  private async tick(): Promise<void> {
    const alive = this.sources.filter((source) => !source.isGone());
    this.sources.splice(0, this.sources.length, ...alive);
    if (alive.length === 0) {
      this.onEnded();
      return this.stop();
    }
    if (this.options.clock.monotonicMs() >= this.options.liveUntilMs()) return this.pause();
    await this.lookIfOurs(() => this.inTime(this.lookNow()));
  }

  /** Nothing that could be served is left: the database may sleep. */
  private pause(): void {
    this.dropObserver();
    if (this.canSee === true) this.sawNow();
  }

  private async lookNow(): Promise<Statistics> {
    return (await this.observe()).look();
  }

  /** A server that does not answer is asked again over another connection. */
  private inTime<T>(asking: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.abandon = () => reject(new Error('the cache was closed'));
      const timer = this.options.clock.after(LOOK_MS_MAX, () =>
        reject(new LookasideError('CHANGES_UNAVAILABLE', `the server did not answer in ${LOOK_MS_MAX} ms`)),
      );
      asking.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  private async observe(): Promise<Observer> {
    if (this.observer !== null) return this.observer;
    const source = this.sources.at(-1) as ObservedFrom; // tick() saw one
    // One that hangs is waited for again, not joined by others.
    this.connecting ??= source.observe().finally(() => (this.connecting = null));
    const observer = await this.connecting;
    if (this.closed) observer.close();
    else this.observer = observer;
    return observer;
  }

  private dropObserver(): void {
    this.observer?.close();
    this.observer = null;
  }

  private async lookIfOurs(look: Observer['look']): Promise<void> {
    const { names, options } = this;
    const leaseMs = Math.max(LEASE_MS_MIN, LEASE_INTERVALS * options.intervalMs);
    const lease = await this.converse(takeLease(names, options.process, leaseMs));
    if (lease !== 'kept') this.baseline = null;
    if (lease === 'others') {
      // What the server does not tell us, its owner is not told either.
      if (this.canSee !== true) await look();
      this.dropObserver();
      this.sawNow(); // its owner has, or it would have run out
      return;
    }
    await this.judge(await look(), look);
    this.sawNow();
    await this.converse(renewLease(names, leaseMs));
  }

  private sawNow(): void {
    this.canSee = true;
    this.isBlind = false;
    this.seenAtMs = this.options.clock.monotonicMs();
  }

  private async judge(seen: Statistics, look: Observer['look']): Promise<void> {
    this.baseline ??= await this.converse(loadBaseline(this.names));
    const before = this.baseline;
    if (before?.epoch !== seen.epoch) return this.beginAnew(seen);
    if (before.catalog !== seen.catalog) for (const { onSchema } of this.sources.slice(-1)) onSchema();
    const found = differences(before, seen, this.unsettled);
    const changed = new Map<string, TableBaseline>();
    const suspicion = await this.suspect(before, seen, found.written, changed);
    const confirmed = await this.confirm(before, suspicion, look);
    await this.rotate([...found.replaced, ...confirmed.excess.keys()]);
    const own = await this.options.own.read(this.names, found.replaced);
    for (const id of found.replaced) {
      const now = seen.tables.get(id);
      if (now === undefined) continue;
      this.unsettled.forget(id);
      changed.set(id, { ...now, foreign: now.written - (own.get(id) ?? 0) });
    }
    for (const [id, excess] of confirmed.excess) {
      const known = before.tables.get(id);
      const now = confirmed.seen.tables.get(id);
      if (known !== undefined && now !== undefined)
        changed.set(id, { ...now, file: known.file, foreign: known.foreign + excess });
    }
    if (changed.size === 0 && found.dropped.length === 0 && before.catalog === seen.catalog) return;
    await this.save(before, seen, changed, found.dropped);
  }

  /** Counters tell nothing of the time before: everything may have changed. */
  private async beginAnew(seen: Statistics): Promise<void> {
    await this.options.rotate([rootOf(this.names)]);
    this.unsettled.clear();
    const own = await this.options.own.read(this.names, [...seen.tables.keys()]);
    const tables = new Map(
      [...seen.tables].map(([id, now]): [string, TableBaseline] => [
        id,
        { ...now, foreign: now.written - (own.get(id) ?? 0) },
      ]),
    );
    this.baseline = { epoch: seen.epoch, catalog: seen.catalog, tables };
    const { epoch, catalog } = seen;
    await this.converse(
      saveBaseline(this.names, { epoch, catalog, changed: tables, dropped: [], anew: true }),
    );
  }

  /** Tables with more rows written than are our own; notes in `changed` what is known of the others now. */
  private async suspect(
    before: Baseline,
    seen: Statistics,
    ids: readonly string[],
    changed: Map<string, TableBaseline>,
  ): Promise<Suspicion> {
    const own = await this.options.own.read(this.names, ids);
    const excess = new Map<string, number>();
    for (const id of ids) {
      const known = before.tables.get(id) as TableBaseline; // differences() found it there
      const now = seen.tables.get(id);
      if (now === undefined) continue;
      const more = excessOf(known, now, own.get(id) ?? 0);
      const foreign = this.unsettled.note(id, known, more);
      if (more > 0) excess.set(id, more);
      else if (now.written !== known.written || foreign !== known.foreign)
        changed.set(id, { ...now, foreign });
    }
    return { excess, seen };
  }

  /** What is left of a suspicion after looking again: our own count may have been on its way. */
  private async confirm(before: Baseline, suspicion: Suspicion, look: Observer['look']): Promise<Suspicion> {
    let { excess, seen } = suspicion;
    if (excess.size > 0) await Promise.race([this.options.settleOwn(), this.delay(SETTLE_MS_MAX)]);
    for (let again = 0; again < SECOND_LOOKS_MAX && excess.size > 0; again++) {
      await this.delay(SECOND_LOOK_AFTER_MS);
      seen = await look();
      const own = await this.options.own.read(this.names, [...excess.keys()]);
      const left = new Map<string, number>();
      for (const [id, least] of excess) {
        const known = before.tables.get(id) as TableBaseline; // it was suspected by it
        const now = seen.tables.get(id);
        if (now === undefined) continue; // dropped: the catalog changed
        const more = Math.min(least, excessOf(known, now, own.get(id) ?? 0));
        if (more > 0) left.set(id, more);
      }
      excess = left;
    }
    return { excess, seen };
  }

  private async rotate(ids: readonly string[]): Promise<void> {
    const { isStoreShared } = this.options;
    const counting = isStoreShared ? await this.converse(withTokens(this.names, ids)) : ids;
    if (counting.length > 0) await this.options.rotate(counting.map((id) => keyOfTable(this.names, id)));
  }

  private async save(
    before: Baseline,
    seen: Statistics,
    changed: ReadonlyMap<string, TableBaseline>,
    dropped: readonly string[],
  ): Promise<void> {
    const { epoch, catalog } = seen;
    const tables = new Map([...before.tables, ...changed]);
    for (const id of dropped) tables.delete(id);
    this.baseline = { epoch, catalog, tables };
    await this.converse(saveBaseline(this.names, { epoch, catalog, changed, dropped, anew: false }));
  }

  private delay(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.options.clock.after(delayMs, resolve));
  }

  private async converse<T>(conversation: Conversation<T>): Promise<T> {
    return converse(openSession(this.options.store), conversation);
  }
}

const isUnavailable = (error: unknown): boolean =>
  error instanceof LookasideError && error.code === 'LOOKASIDE_CHANGES_UNAVAILABLE';
