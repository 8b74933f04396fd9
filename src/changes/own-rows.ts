/**
 * Decides when rows that one connection wrote are counted as our own: not before they could show in the database's
 * statistics, or they would hide as many rows of somebody else, and not after. Knows no driver.
 *
 * A session hands its counts over when a transaction ends and it has not done so for a second. So once it was made to
 * hand them over, what it writes within the next second is surely not there yet, and is held back until it is made to
 * again. That costs one short statement per second and writing connection, and none where nothing is written.
 */
import type { TableNames } from '../cache/bind.js';
import type { OwnRows, StatisticsSession } from '../cache/changes.js';
import type { Clock, Timer } from '../clock.js';

export interface OwnCount {
  readonly names: TableNames;
  readonly tableId: string;
  count: number;
}

export interface ConnectionRowsOptions {
  readonly clock: Clock;
  /** Tells the store; to be done before the rows can show. Never rejects. */
  readonly publish: (rows: readonly OwnCount[]) => Promise<void> | void;
  readonly session: StatisticsSession;
  readonly onFailure: (error: unknown) => void;
  readonly onLost: () => void;
}

/** A session hands nothing over by itself for 1 s after it did (PGSTAT_MIN_INTERVAL): that, with room for jitter. */
const SILENT_MS = 900;
/** So it is made to this long before that ends. */
const HAND_OVER_BEFORE_MS = 200;
/** What may have been handed over or not is settled soon, once for all writes of a burst. */
const SETTLE_AFTER_MS = 150;

/** One for each table; a transaction writes few. */
type Rows = OwnCount[];

export class ConnectionRows implements OwnRows {
  private inTransaction: Rows = [];
  /** Committed or rolled back, and surely not handed over yet. */
  private held: Rows = [];
  /** Until then the session hands nothing over by itself. */
  private silentUntilMs = Number.NEGATIVE_INFINITY;
  /** The first end of a transaction, of late, that may have handed something over by itself. */
  private perhapsSinceMs = Number.POSITIVE_INFINITY;
  private timer: Timer | null = null;
  private discounted = false;
  /** What nobody counted is to be seen soon, too: it costs others, and us, a rotation better had at once. */
  private wroteMore = false;
  private isDue = false;
  private handing: Promise<void> | null = null;
  private settling: Promise<void> | null = null;
  private resolveSettling = (): void => undefined;
  private closed = false;

  constructor(private readonly options: ConnectionRowsOptions) {}

  wrote(names: TableNames, tableId: string, rows: number): void {
    if (rows <= 0) return;
    add(this.inTransaction, names, tableId, rows);
  }

  discount(): void {
    this.discounted = true;
  }

  wroteUncounted(): void {
    this.wroteMore = true;
  }

  get isWaiting(): boolean {
    return this.isDue || this.discounted || this.wroteMore || this.inTransaction.length > 0;
  }

  ready(): void {
    if (this.discounted) this.inTransaction = [];
    this.discounted = false;
    const hasWritten = this.inTransaction.length > 0 || this.wroteMore;
    this.wroteMore = false;
    this.holdTransaction();
    const nowMs = this.options.clock.monotonicMs();
    const isSilent = nowMs < this.silentUntilMs;
    // The end of this very transaction may have handed them over.
    if (hasWritten && !isSilent) this.perhapsSinceMs = Math.min(this.perhapsSinceMs, nowMs);
    if (this.isDue) {
      this.isDue = false;
      return this.handOver();
    }
    if (!hasWritten) return;
    if (!isSilent) void this.publish();
    this.schedule(isSilent ? this.silentUntilMs - HAND_OVER_BEFORE_MS - nowMs : SETTLE_AFTER_MS);
  }

  /** A session that ends hands everything over. */
  lost(): void {
    if (this.closed) return;
    this.closed = true;
    this.options.onLost();
    this.timer?.cancel();
    if (this.discounted) this.inTransaction = [];
    this.holdTransaction();
    void this.publish();
    this.tellSettled();
  }

  /**
   * Somebody seems to have written what may be ours, told late by a process that is busy: resolves when what was written
   * until now has been counted and handed over, for which a connection in use has to become ready.
   */
  settle(): Promise<void> {
    if (this.closed || !this.hasRows) return this.handing ?? Promise.resolve();
    this.handOver();
    this.settling ??= new Promise((resolve) => (this.resolveSettling = resolve));
    return this.settling;
  }

  /** Some that were not counted yet. */
  private get hasRows(): boolean {
    return this.held.length > 0 || this.inTransaction.length > 0;
  }

  private tellSettled(): void {
    this.resolveSettling();
    this.settling = null;
  }

  private holdTransaction(): void {
    const { held, inTransaction } = this;
    this.inTransaction = [];
    if (held.length === 0) this.held = inTransaction;
    else for (const { names, tableId, count } of inTransaction) add(held, names, tableId, count);
  }

  private schedule(delayMs: number): void {
    if (this.closed || this.handing !== null) return;
    this.timer ??= this.options.clock.after(Math.max(0, delayMs), () => {
      this.timer = null;
      this.handOver();
    });
  }

  private handOver(): void {
    if (this.closed || this.handing !== null) return;
    this.timer?.cancel();
    this.timer = null;
    this.handing = this.handOverNow()
      .catch((error: unknown) => {
        if (!this.closed) this.options.onFailure(error); // else the connection is gone, and `lost` said the rest
      })
      .finally(() => {
        this.handing = null;
        if (!this.isDue || !this.hasRows) this.tellSettled();
        if (this.held.length === 0) return;
        const endMs = this.isDue ? this.silentUntilMs : this.silentUntilMs - HAND_OVER_BEFORE_MS;
        this.schedule(endMs - this.options.clock.monotonicMs());
      });
  }

  private async handOverNow(): Promise<void> {
    const { clock, session } = this.options;
    if (!session.isFree()) {
      this.isDue = true;
      // Until then they surely do not show: counted, they would hide as many rows of somebody else.
      if (clock.monotonicMs() >= this.silentUntilMs) await this.publish();
      return;
    }
    await this.publish();
    const sentAtMs = clock.monotonicMs();
    if (!(await session.handOver())) {
      this.isDue = true;
      return;
    }
    // Where nothing was left to hand over, the last time was the end of a transaction, less the way to us.
    const roundTripMs = clock.monotonicMs() - sentAtMs;
    this.silentUntilMs = Math.min(sentAtMs, this.perhapsSinceMs - roundTripMs) + SILENT_MS;
    this.perhapsSinceMs = Number.POSITIVE_INFINITY;
    await this.publish(); // what ended between the two went with it
  }

  private publish(): Promise<void> | void {
    if (this.held.length === 0) return;
    const rows = this.held;
    this.held = [];
    return this.options.publish(rows);
  }
}

function add(to: Rows, names: TableNames, tableId: string, count: number): void {
  for (const known of to)
    if (known.tableId === tableId && known.names.database === names.database) {
      known.count += count;
      return;
    }
  to.push({ names, tableId, count });
}
