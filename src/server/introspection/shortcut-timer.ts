/**
 * Decides how long commands took that are run too fast to time each: those of one name behind each other share the time
 * from the first to the last, reading and writing included. Knows no command.
 */
import type { CommandCounters } from './command-counters.js';
import type { Journal } from './journal.js';

export class ShortcutTimer {
  private counters: CommandCounters | null = null;
  private count = 0;
  private startMs = 0;

  constructor(private readonly journal: Journal) {}

  /** A command is about to run. */
  begins(counters: CommandCounters, nowMs?: number): void {
    if (counters === this.counters) return;
    this.settle();
    this.counters = counters;
    this.startMs = nowMs ?? this.journal.nowMs();
  }

  /** It has run. */
  took(counters: CommandCounters): void {
    if (counters === this.counters) this.count++;
  }

  /** Nothing runs any more, or something else does. */
  settle(): void {
    const { counters, count } = this;
    this.counters = null;
    this.count = 0;
    if (counters === null || count === 0) return;
    // Reading the clock costs as much as one short command.
    if (count === 1 && !counters.isDue) counters.ranUntimed(false);
    else counters.ranSeveral(count, this.journal.nowMs() - this.startMs, this.journal.countsDurations);
  }
}
