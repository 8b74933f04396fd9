/** Decides what is counted of each command. Knows no command. */
import { LatencyHistogram } from './latency-histogram.js';

export class CommandCounters {
  calls = 0;
  micros = 0;
  rejected = 0;
  failed = 0;
  /** Null until it is first called while durations are counted. */
  histogram: LatencyHistogram | null = null;

  reset(): void {
    this.calls = 0;
    this.micros = 0;
    this.rejected = 0;
    this.failed = 0;
    this.histogram = null;
  }

  /** Each took about the same. */
  ranSeveral(count: number, ms: number, countsDurations: boolean): void {
    this.calls += count;
    this.micros += ms * 1000;
    if (countsDurations) (this.histogram ??= new LatencyHistogram()).record((ms / count) * 1_000_000, count);
  }

  ran(ms: number, hasFailed: boolean, countsDurations: boolean): void {
    this.calls++;
    this.micros += ms * 1000;
    if (hasFailed) this.failed++;
    if (countsDurations) (this.histogram ??= new LatencyHistogram()).record(ms * 1_000_000);
  }
}
