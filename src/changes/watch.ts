/**
 * Decides when one database is asked what others wrote, and by which of the processes that share the store. Knows no
 * dialect, nor what is rotated for an answer.
 */
import { rootOf, type TableNames } from '../cache/bind.js';
import type { ObservedFrom, Observer } from '../cache/changes.js';
import { type Conversation, converse, openSession, type Store } from '../cache/executor.js';
import type { Clock, Timer } from '../clock.js';
import { LookasideError } from '../errors.js';
import { isLogPosition, type Statistics, StatisticsNotKept } from '../sql/statistics.js';
import { CountsJudge } from './judge-counts.js';
import { LogJudge } from './judge-log.js';
import type { OwnCounts } from './own-counts.js';
import type { OwnTransactions } from './own-transactions.js';
import { releaseLease, renewLease, standingIn, takeLease } from './shared.js';

export interface WatchOptions {
  readonly store: Store;
  /** Rows written through the cache. */
  readonly own: OwnCounts;
  /** Transactions made through the cache. */
  readonly ownTransactions: OwnTransactions;
  /** Has all connections of this process count what they wrote. Never rejects. */
  readonly settleOwn: () => Promise<void>;
  /** Writes of this process that were begun and have not ended, by id. */
  readonly underWay: () => ReadonlySet<string>;
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

/** Between looks at a server that does not tell of writes: its settings may be others then. */
const NOT_KEPT_INTERVAL_MS = 60_000;

export class Watch {
  /** The statistics are not seen: only their age bounds results. */
  isBlind = false;
  /** Whether the server tells of writes at all, as this process found; null before it did. */
  private canSee: boolean | null = null;
  private readonly sources: ObservedFrom[] = [];
  private observer: Observer | null = null;
  private connecting: Promise<Observer> | null = null;
  private readonly counts: CountsJudge;
  private readonly log: LogJudge;
  private timer: Timer | null = null;
  private running: Promise<void> | null = null;
  private seenAtMs: number;
  /** What is under way when it is closed is not waited for. */
  private readonly abandons = new Set<() => void>();
  private closed = false;

  constructor(
    readonly names: TableNames,
    private readonly options: WatchOptions,
    private readonly onEnded: () => void,
  ) {
    this.seenAtMs = options.clock.monotonicMs();
    const { isStoreShared, rotate, underWay } = options;
    const around = {
      names,
      isStoreShared,
      underWay,
      converse: <T>(conversation: Conversation<T>) => this.converse(conversation),
      delay: (delayMs: number) => this.delay(delayMs),
    };
    this.log = new LogJudge({
      ...around,
      own: options.ownTransactions,
      rotateAll: () => rotate([rootOf(names)]),
      underWayAnywhere: () => this.converse(standingIn(this.sources.at(-1)?.tables() ?? [])),
    });
    this.counts = new CountsJudge({
      ...around,
      own: options.own,
      settleOwn: options.settleOwn,
      rotate,
      onSchema: () => this.sources.at(-1)?.onSchema(),
    });
  }

  /** Until it is looked at again, unless something happens. */
  private get paceMs(): number {
    return this.options.intervalMs * this.log.pace;
  }

  /** One more way to the database. */
  addSource(source: ObservedFrom): void {
    this.sources.push(source);
  }

  /** The first look, over a connection that is about to be used. */
  start(look: Observer['look']): Promise<void> {
    return this.run(() => this.lookIfOurs(() => this.unlessClosed(look())));
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
    for (const abandon of this.abandons) abandon();
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
    const { clock, onFailure } = this.options;
    const running = task()
      .catch(async (error: unknown) => {
        if (this.closed) return;
        this.dropObserver();
        this.forget();
        const isLost = clock.monotonicMs() - this.seenAtMs > LEASE_INTERVALS * this.paceMs;
        if (isLost || isUnavailable(error)) this.isBlind = true;
        onFailure(error);
        if (!(error instanceof StatisticsNotKept)) return;
        this.canSee = false;
        await this.release(); // so that the others find out, too
      })
      .finally(() => {
        this.running = null;
        if (this.closed) return;
        const { paceMs } = this;
        const delayMs = this.canSee === false ? Math.max(paceMs, NOT_KEPT_INTERVAL_MS) : paceMs;
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
    const inTime = new Promise<T>((resolve, reject) => {
      const timer = this.options.clock.after(LOOK_MS_MAX, () =>
        reject(new LookasideError('CHANGES_UNAVAILABLE', `the server did not answer in ${LOOK_MS_MAX} ms`)),
      );
      asking.then(resolve, reject).finally(() => timer.cancel());
    });
    return this.unlessClosed(inTime);
  }

  /** Closed meanwhile or before, it is not waited for: nothing else may keep the process alive for it. */
  private unlessClosed<T>(waiting: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const abandon = (): void => reject(new Error('the cache was closed'));
      if (this.closed) abandon();
      this.abandons.add(abandon);
      waiting.then(resolve, reject).finally(() => this.abandons.delete(abandon));
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
    const lease = await this.converse(takeLease(names, options.process, this.leaseMs));
    if (lease !== 'kept') this.forget();
    if (lease === 'others') {
      // What the server does not tell us, its owner is not told either.
      if (this.canSee !== true) await look();
      this.dropObserver();
      this.sawNow(); // its owner has, or it would have run out
      return;
    }
    await this.judge(await look(), look);
    this.sawNow();
    await this.converse(renewLease(names, this.leaseMs));
  }

  private get leaseMs(): number {
    return Math.max(LEASE_MS_MIN, LEASE_INTERVALS * this.paceMs);
  }

  private sawNow(): void {
    this.canSee = true;
    this.isBlind = false;
    this.seenAtMs = this.options.clock.monotonicMs();
  }

  private judge(seen: Statistics, look: Observer['look']): Promise<void> {
    return isLogPosition(seen) ? this.log.judge(seen, look) : this.counts.judge(seen, look);
  }

  private forget(): void {
    this.log.forget();
    this.counts.forget();
  }

  private delay(delayMs: number): Promise<void> {
    const delay = new Promise<void>((resolve) => void this.options.clock.after(delayMs, resolve));
    return this.unlessClosed(delay);
  }

  private async converse<T>(conversation: Conversation<T>): Promise<T> {
    return converse(openSession(this.options.store), conversation);
  }
}

const isUnavailable = (error: unknown): boolean =>
  error instanceof LookasideError && error.code === 'LOOKASIDE_CHANGES_UNAVAILABLE';
