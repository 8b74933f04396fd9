/** Decides what is counted of each command. Knows no command. */
import { LatencyHistogram } from './latency-histogram.js';

/** Of a command that is always short every so many-th call is timed, once it has been called a few times. */
const TIMED_EVERY = 16;
const TIMED_FIRST = 64;

export class CommandCounters {
  calls = 0;
  rejected = 0;
  failed = 0;
  private timedMicros = 0;
  /** Calls that were not timed since the last one that was: they are taken to have lasted as long as the next. */
  private untimed = 0;
  private durations: LatencyHistogram | null = null;

  /** Reading the clock costs as much as a short command: so not all of them are timed. */
  get isDue(): boolean {
    return this.calls < TIMED_FIRST || this.calls % TIMED_EVERY === 0;
  }

  get micros(): number {
    this.settle();
    return this.timedMicros;
  }

  /** Null until it is first called while durations are counted. */
  get histogram(): LatencyHistogram | null {
    this.settle();
    return this.durations;
  }

  reset(): void {
    this.calls = 0;
    this.rejected = 0;
    this.failed = 0;
    this.timedMicros = 0;
    this.untimed = 0;
    this.durations = null;
  }

  ranUntimed(hasFailed: boolean): void {
    this.calls++;
    this.untimed++;
    if (hasFailed) this.failed++;
  }

  ran(ms: number, hasFailed: boolean, countsDurations: boolean): void {
    this.calls++;
    if (hasFailed) this.failed++;
    this.add(this.untimed + 1, ms, countsDurations);
    this.untimed = 0;
  }

  /** Each took about the same. */
  ranSeveral(count: number, ms: number, countsDurations: boolean): void {
    this.calls += count;
    this.add(count, ms / count, countsDurations);
  }

  private add(count: number, msEach: number, countsDurations: boolean): void {
    this.timedMicros += msEach * 1000 * count;
    if (countsDurations) (this.durations ??= new LatencyHistogram()).record(msEach * 1_000_000, count);
  }

  private settle(): void {
    const { untimed, calls } = this;
    if (untimed === 0) return;
    this.untimed = 0;
    this.add(untimed, this.timedMicros / 1000 / Math.max(1, calls - untimed), this.durations !== null);
  }
}
