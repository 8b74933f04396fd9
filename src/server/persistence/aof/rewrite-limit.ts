/**
 * Decides how long automatic rewrites pause after several have failed, so that a full disk is not filled with attempts.
 * (Redis: `aof.c`, aofRewriteLimited.)
 */
import type { Clock } from '../../../clock.js';

const FAILURES_MIN = 3;
const MINUTES_MAX = 60;
const MINUTE_MS = 60_000;

export class RewriteLimit {
  /** One after the other. */
  failures = 0;
  private minutes = 0;
  private nextMs: number | null = null;

  constructor(private readonly clock: Clock) {}

  succeeded(): void {
    this.failures = 0;
    this.minutes = 0;
    this.nextMs = null;
  }

  failed(): void {
    this.failures++;
  }

  /** Whether it is too early for another attempt. From the third failure on each pause is twice the one before. */
  isTooEarly(): boolean {
    if (this.failures < FAILURES_MIN) return false;
    const nowMs = this.clock.monotonicMs();
    if (this.nextMs !== null) {
      if (nowMs < this.nextMs) return true;
      this.nextMs = null;
      return false;
    }
    this.minutes = Math.min(MINUTES_MAX, this.minutes === 0 ? 1 : this.minutes * 2);
    this.nextMs = nowMs + this.minutes * MINUTE_MS;
    return true;
  }
}
