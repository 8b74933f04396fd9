/**
 * Decides what is remembered about a key's use, for the eviction policies that ask. One number per key:
 * under LRU the count of accesses so far when it was last used; under LFU Redis' logarithmic counter with decay
 * (`lfu-log-factor`, `lfu-decay-time`: https://redis.io/docs/reference/eviction).
 */
import type { Clock, Random } from '../../clock.js';

const COUNTER_MAX = 255;
/** A new key starts here, so that it is not the first to go. */
const COUNTER_START = 5;
const MINUTE_MS = 60_000;

export class UsageTracker {
  countsFrequency = false;
  lfuLogFactor = 10;
  lfuDecayMinutes = 1;
  private accesses = 0;

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  created(): number {
    return this.countsFrequency ? this.pack(COUNTER_START) : ++this.accesses;
  }

  touched(usage: number): number {
    if (!this.countsFrequency) return ++this.accesses;
    const counter = this.frequency(usage);
    const odds = 1 / (Math.max(0, counter - COUNTER_START) * this.lfuLogFactor + 1);
    const grows = counter < COUNTER_MAX && this.random.fraction() < odds;
    return this.pack(grows ? counter + 1 : counter);
  }

  /** The larger, the longer unused or the more rarely used: the better to evict. */
  idleness(usage: number): number {
    return this.countsFrequency ? COUNTER_MAX - this.frequency(usage) : this.accesses - usage;
  }

  /** The counter, less one for each decay time that has passed since it was written. */
  private frequency(usage: number): number {
    const minutes = this.minutes() - Math.floor(usage / 256);
    const periods = this.lfuDecayMinutes > 0 ? Math.floor(Math.max(0, minutes) / this.lfuDecayMinutes) : 0;
    return Math.max(0, (usage % 256) - periods);
  }

  private pack(counter: number): number {
    return this.minutes() * 256 + counter;
  }

  private minutes(): number {
    return Math.floor(this.clock.wallMs() / MINUTE_MS);
  }
}
