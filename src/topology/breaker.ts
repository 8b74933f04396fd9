/**
 * Decides when something that failed is tried again: a circuit breaker. Open, nobody waits for it; after a delay that
 * doubles with each failure one attempt is let through (half-open), and only one that goes well for a while closes
 * it for good. Knows no socket.
 */
import type { Clock, Random, Timer } from '../clock.js';

export interface BreakerOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** The longest pause between two attempts. */
  readonly delayMsMax: number;
  /** One attempt. Ends with `succeeded` or `failed`. */
  readonly attempt: () => void;
}

const DELAY_MS_MIN = 20;
/** What lasted less counts as one more failure in a row: a server that greets and then says nothing, say. */
const STABLE_MS = 5_000;
/** Processes that lost the same server do not all come back in the same moment. */
const JITTER = 0.5;

export class Breaker {
  private failures = 0;
  private closedSinceMs: number | null = null;
  private timer: Timer | null = null;
  private stopped = false;

  constructor(private readonly options: BreakerOptions) {}

  get state(): 'closed' | 'open' | 'half-open' {
    if (this.closedSinceMs !== null) return 'closed';
    return this.timer === null ? 'half-open' : 'open';
  }

  succeeded(): void {
    this.closedSinceMs = this.options.clock.monotonicMs();
  }

  /** The attempt, or what it gave, failed: the next attempt is due after a delay. */
  failed(): void {
    const { clock, random, delayMsMax } = this.options;
    if (this.stopped || this.timer !== null) return;
    const wasStable = this.closedSinceMs !== null && clock.monotonicMs() - this.closedSinceMs >= STABLE_MS;
    this.failures = wasStable ? 0 : this.failures + 1;
    this.closedSinceMs = null;
    const delayMs = Math.min(delayMsMax, DELAY_MS_MIN * 2 ** Math.min(this.failures, 20));
    this.timer = clock.after(delayMs * (1 - JITTER * random.fraction()), () => {
      this.timer = null;
      this.options.attempt();
    });
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
    this.timer = null;
  }
}
