/**
 * Decides what is remembered about a key's use, in 32 bits, for the eviction policies that ask: under LRU when it was
 * last used; under LFU Redis' logarithmic counter with decay (`lfu-log-factor`, `lfu-decay-time`:
 * https://redis.io/docs/reference/eviction). Changing the policy changes how the bits are read, as in Redis.
 */
import type { Clock, Random } from '../../clock.js';

const COUNTER_MAX = 255;
/** A new key starts here, so that it is not the first to go. */
const COUNTER_START = 5;
const MINUTE_MS = 60_000;
const MINUTES_MASK = 0xffff;
/** What LRU tells apart. The count of them comes round after a year. */
const TICK_MS = 8;

export class UsageTracker {
  countsFrequency = false;
  lfuLogFactor = 10;
  lfuDecayMinutes = 1;
  /** The time as of the last `beginTurn`, in ticks. */
  private tick = 0;

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
  ) {
    this.beginTurn(clock.monotonicMs());
  }

  /** Keys used from here on are used now, by the monotonic clock. */
  beginTurn(nowMs: number): void {
    this.tick = nowMs / TICK_MS;
  }

  /** What a key has that is used now, unless frequency counts. */
  get now(): number {
    return this.tick | 0;
  }

  created(): number {
    return this.countsFrequency ? this.pack(COUNTER_START) : this.tick | 0;
  }

  touched(usage: number): number {
    if (!this.countsFrequency) return this.tick | 0;
    const counter = this.frequency(usage);
    const odds = 1 / (Math.max(0, counter - COUNTER_START) * this.lfuLogFactor + 1);
    const grows = counter < COUNTER_MAX && this.random.fraction() < odds;
    return this.pack(grows ? counter + 1 : counter);
  }

  /** The larger, the longer unused or the more rarely used: the better to evict. */
  idleness(usage: number): number {
    return this.countsFrequency ? COUNTER_MAX - this.frequency(usage) : this.idleTicks(usage);
  }

  /** For OBJECT IDLETIME, under LRU. */
  idleSeconds(usage: number): number {
    return Math.floor((this.idleTicks(usage) * TICK_MS) / 1000);
  }

  /** What a key has that was last used so long ago. */
  usedSecondsAgo(seconds: number): number {
    return Math.floor(this.tick - (seconds * 1000) / TICK_MS) | 0;
  }

  /** For OBJECT FREQ, under LFU: the counter, less one for each decay time that has passed since it was written. */
  frequency(usage: number): number {
    const minutes = (this.minutes() - (usage >>> 8)) & MINUTES_MASK;
    const periods = this.lfuDecayMinutes > 0 ? Math.floor(minutes / this.lfuDecayMinutes) : 0;
    return Math.max(0, (usage & 0xff) - periods);
  }

  /** What a key has whose counter stands here. */
  usedWithFrequency(counter: number): number {
    return this.pack(counter);
  }

  private idleTicks(usage: number): number {
    return (this.tick - usage) >>> 0;
  }

  private pack(counter: number): number {
    return (this.minutes() << 8) | counter;
  }

  private minutes(): number {
    return Math.floor(this.clock.wallMs() / MINUTE_MS) & MINUTES_MASK;
  }
}
