/**
 * Decides how long somebody waits for a store to be trusted, and when he is told: only as long as there is hope, so
 * that nobody waits for a store that is away for long. Knows no store.
 */
import type { Clock, Timer } from '../clock.js';
import { LookasideError } from '../errors.js';
import { HANDOVER_MS, HEARTBEAT_MS } from './lease.js';

/** Why there is nothing to be trusted now, or null. */
type Trouble = () => Error | null;

interface Waiter {
  readonly trouble: Trouble;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly endsAtMs: number;
}

/** Leases begin by time alone, too: without news it is looked after this long. */
const LOOK_MS = HEARTBEAT_MS / 6;
const WAITERS_MAX = 10_000;

/** What was trusted, or connected to anew, may be trusted again within this time: a handover and some heartbeats. */
export const HOPE_MS = HANDOVER_MS + 4 * HEARTBEAT_MS;

export class Patience {
  private readonly waiters = new Set<Waiter>();
  private timer: Timer | null = null;

  constructor(private readonly clock: Clock) {}

  /** Resolves as soon as there is no trouble; rejects with it when that time has come. */
  wait(trouble: Trouble, endsAtMs: number): Promise<void> {
    if (this.waiters.size >= WAITERS_MAX)
      return Promise.reject(new LookasideError('STORE_AWAY', `${WAITERS_MAX} wait for it already`));
    const waiting = new Promise<void>((resolve, reject) =>
      this.waiters.add({ trouble, resolve, reject, endsAtMs }),
    );
    this.timer ??= this.clock.after(LOOK_MS, () => this.look());
    return waiting;
  }

  /** The same where it is worth waiting, else null: there is no trouble, or no hope. */
  waitIfHopeful(trouble: Trouble, hopefulUntilMs: number): Promise<void> | null {
    if (this.clock.monotonicMs() >= hopefulUntilMs || trouble() === null) return null;
    return this.wait(trouble, hopefulUntilMs);
  }

  /** To be called when something may have changed. */
  check(): void {
    const nowMs = this.clock.monotonicMs();
    for (const waiter of this.waiters) {
      const trouble = waiter.trouble();
      if (trouble !== null && nowMs < waiter.endsAtMs) continue;
      this.waiters.delete(waiter);
      if (trouble === null) waiter.resolve();
      else waiter.reject(trouble);
    }
  }

  end(error: Error): void {
    this.timer?.cancel();
    for (const { reject } of this.waiters) reject(error);
    this.waiters.clear();
  }

  private look(): void {
    this.timer = null;
    this.check();
    if (this.waiters.size > 0) this.timer = this.clock.after(LOOK_MS, () => this.look());
  }
}
