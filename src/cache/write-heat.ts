/**
 * Decides which tables are written so often that keeping results about all of their rows costs more than it gives:
 * reads of those run on the database for a while, then it is tried again. Knows no store; what it is told is free.
 */
import type { Clock } from '../clock.js';
import type { Ref } from './protocol/refs.js';

/** Results lost to writes and read again, after which a table is judged. */
const JUDGED_AFTER = 64;
/** Reads that a result has to serve, on average, before a write ends it. Keeping one costs about that part of a query. */
const WORTHWHILE_HITS = 0.25;
const PAUSE_MS = 2_000;
const PAUSE_MS_MAX = 60_000;

interface Temper {
  reread: number;
  hits: number;
  /** On the monotonic clock. */
  hotUntilMs: number;
  pauseMs: number;
}

export class WriteHeat {
  /** Bounded by the tables of the databases that are read. */
  private readonly tempers = new Map<string, Temper>();
  /** Until when any table at all may be hot: most caches have none, and then a read costs one comparison. */
  private anyUntilMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly clock: Clock) {}

  /**
   * A result was read again because writes to this table had ended it.
   *
   * @param ref what it depended on; rows that are told apart are no matter of the whole table
   * @param hits how many reads it had served
   */
  noteReread(ref: Ref, hits: number): void {
    if (ref.pin !== null) return;
    const temper = this.temperOf(ref.table);
    temper.reread++;
    temper.hits += hits;
    if (temper.reread < JUDGED_AFTER) return;
    if (temper.hits < temper.reread * WORTHWHILE_HITS) this.pause(temper);
    else temper.pauseMs = PAUSE_MS;
    temper.reread = 0;
    temper.hits = 0;
  }

  /** Whether a read with these references had better leave the cache alone now. */
  isHot(refs: readonly Ref[]): boolean {
    if (this.anyUntilMs === Number.NEGATIVE_INFINITY) return false;
    const nowMs = this.clock.monotonicMs();
    return nowMs < this.anyUntilMs && refs.some((ref) => ref.pin === null && this.isTableHot(ref.table));
  }

  isTableHot(table: string): boolean {
    return this.clock.monotonicMs() < (this.tempers.get(table)?.hotUntilMs ?? Number.NEGATIVE_INFINITY);
  }

  private pause(temper: Temper): void {
    temper.hotUntilMs = this.clock.monotonicMs() + temper.pauseMs;
    temper.pauseMs = Math.min(2 * temper.pauseMs, PAUSE_MS_MAX);
    this.anyUntilMs = Math.max(this.anyUntilMs, temper.hotUntilMs);
  }

  private temperOf(table: string): Temper {
    let temper = this.tempers.get(table);
    if (temper === undefined) {
      temper = { reread: 0, hits: 0, hotUntilMs: Number.NEGATIVE_INFINITY, pauseMs: PAUSE_MS };
      this.tempers.set(table, temper);
    }
    return temper;
  }
}
