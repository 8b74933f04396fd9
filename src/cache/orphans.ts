/**
 * Decides when the database is asked what became of a write whose connection was lost (RESOLVE, CONSISTENCY §2): again
 * and again, by one timer for all of them, until it is known to have ended. Knows neither intents nor the store.
 */
import type { Clock, Timer } from '../clock.js';

export interface Orphan {
  /** Whether the database is known to run nothing of it any more. */
  readonly hasEnded: () => Promise<boolean>;
  /** Called once, when it has. */
  readonly onEnded: () => void | Promise<void>;
}

interface Waiting extends Orphan {
  dueAtMs: number;
  delayMs: number;
}

const DELAY_MS_MIN = 50;
const DELAY_MS_MAX = 5_000;
/** Beyond, the oldest is left to the other processes: its intent goes on blocking until one of them resolves it. */
const ORPHANS_MAX = 1_000;

export class Orphans {
  private readonly waiting = new Set<Waiting>();
  private timer: Timer | null = null;
  private dueAtMs = Number.POSITIVE_INFINITY;
  private closed = false;

  constructor(
    private readonly clock: Clock,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  get size(): number {
    return this.waiting.size;
  }

  add(orphan: Orphan): void {
    if (this.closed) return;
    const [oldest] = this.waiting;
    if (this.waiting.size >= ORPHANS_MAX && oldest !== undefined) this.waiting.delete(oldest);
    const delayMs = DELAY_MS_MIN;
    this.waiting.add({ ...orphan, delayMs, dueAtMs: this.clock.monotonicMs() + delayMs });
    this.schedule();
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
    this.waiting.clear();
  }

  /** One timer, for whoever is due first. */
  private schedule(): void {
    if (this.closed) return;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { dueAtMs } of this.waiting) nextMs = Math.min(nextMs, dueAtMs);
    if (nextMs >= this.dueAtMs) return;
    this.timer?.cancel();
    this.dueAtMs = nextMs;
    this.timer = this.clock.after(Math.max(0, nextMs - this.clock.monotonicMs()), () => this.askAll());
  }

  private askAll(): void {
    this.dueAtMs = Number.POSITIVE_INFINITY;
    const nowMs = this.clock.monotonicMs();
    for (const orphan of this.waiting) {
      if (orphan.dueAtMs > nowMs) continue;
      orphan.dueAtMs = Number.POSITIVE_INFINITY; // being asked about
      this.ask(orphan).catch((error: unknown) => this.onFailure(error));
    }
    this.schedule();
  }

  private async ask(orphan: Waiting): Promise<void> {
    let ended = false;
    try {
      ended = await orphan.hasEnded();
    } catch (error) {
      this.onFailure(error);
    }
    if (ended && this.waiting.delete(orphan)) return orphan.onEnded();
    orphan.delayMs = Math.min(DELAY_MS_MAX, orphan.delayMs * 2);
    orphan.dueAtMs = this.clock.monotonicMs() + orphan.delayMs;
    return this.schedule();
  }
}
