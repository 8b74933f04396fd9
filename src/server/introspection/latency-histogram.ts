/**
 * Decides how durations are counted so that percentiles can be told: Redis' HDR histogram with two significant digits.
 * Knows no command. (https://github.com/HdrHistogram)
 */

/** Two significant digits need 200 steps for each doubling: the next power of two, and its half above the first. */
const STEPS = 256;
const HALF = STEPS / 2;
const STEP_BITS = 8;
const NANOSECONDS_MAX = 1_000_000_000;
const SLOTS = STEPS + (30 - STEP_BITS) * HALF;

export class LatencyHistogram {
  private readonly counts = new Uint32Array(SLOTS);
  total = 0;

  record(nanoseconds: number, count = 1): void {
    const value = Math.min(NANOSECONDS_MAX, Math.max(1, Math.floor(nanoseconds)));
    const slot = slotOf(value);
    this.counts[slot] = (this.counts[slot] ?? 0) + count;
    this.total += count;
  }

  /** Microseconds below which this share (0 to 100) of all durations lie. */
  percentile(percent: number): number {
    const wanted = Math.max(1, Math.ceil((percent / 100) * this.total));
    let seen = 0;
    for (let slot = 0; slot < SLOTS; slot++) {
      seen += this.counts[slot] ?? 0;
      if (seen >= wanted) return highestOf(slot) / 1000;
    }
    return 0;
  }

  /** Pairs of microseconds and how many durations were at most that, doubling from about one microsecond. */
  doublings(): [micros: number, count: number][] {
    const result: [number, number][] = [];
    let seen = 0;
    let slot = 0;
    for (let bound = 1024; seen < this.total; bound *= 2) {
      const last = slotOf(Math.min(bound, NANOSECONDS_MAX));
      const before = seen;
      while (slot <= last) seen += this.counts[slot++] ?? 0;
      if (seen > before) result.push([Math.floor(highestOf(last) / 1000), seen]);
    }
    return result;
  }
}

function slotOf(value: number): number {
  if (value < STEPS) return value;
  const shift = 32 - Math.clz32(value) - STEP_BITS;
  return STEPS + (shift - 1) * HALF + ((value >>> shift) - HALF);
}

/** The longest duration that is counted in the same slot, in nanoseconds. */
function highestOf(slot: number): number {
  if (slot < STEPS) return slot;
  const shift = Math.floor((slot - STEPS) / HALF) + 1;
  const step = HALF + ((slot - STEPS) % HALF);
  return (step + 1) * 2 ** shift - 1;
}
