/** Decides where time and randomness come from, so that tests can own both. */
import { randomBytes } from 'node:crypto';

/** A cancellable timer. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the Unix epoch: for what is written down or shown, and for Redis' absolute expiries. */
  wallMs(): number;
  /** Milliseconds from an arbitrary start, never going back: for durations. */
  monotonicMs(): number;
  /** Runs `callback` once after `delayMs`. The timer never keeps the process alive. */
  after(delayMs: number, callback: () => void): Timer;
}

export interface Random {
  /** Uniform in [0, 1). */
  fraction(): number;
  /** `count` unpredictable bytes in lower-case hexadecimal. */
  hex(count: number): string;
}

/** Of a Node timer. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

const RANDOM_POOL_BYTES = 6_144;

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const handle = setTimeout(callback, delayMs);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Keeps the process alive until it is cancelled: for what a caller awaits and no socket stands for. */
export function keepAwake(): Timer {
  const handle = setInterval(() => undefined, LONGEST_DELAY_MS);
  return { cancel: () => clearInterval(handle) };
}

export const systemRandom: Random = {
  fraction: () => Math.random(),
  hex: pooledHex(),
};

/** Asking the system for bytes costs some 5 µs whatever their number, so they are drawn in advance. */
function pooledHex(): (count: number) => string {
  let pool = Buffer.alloc(0);
  let used = 0;
  return (count) => {
    if (used + count > pool.length) {
      pool = randomBytes(Math.max(RANDOM_POOL_BYTES, count));
      used = 0;
    }
    used += count;
    return pool.toString('hex', used - count, used);
  };
}

/** A clock that stands still until `advance`, which runs what falls due, in order. For tests. */
export interface ManualClock extends Clock {
  advance(ms: number): void;
}

export function manualClock(startMs = 1_700_000_000_000): ManualClock {
  let nowMs = startMs;
  let sequence = 0;
  const timers = new Map<number, { atMs: number; callback: () => void }>();
  return {
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, callback) {
      const id = ++sequence;
      timers.set(id, { atMs: nowMs + Math.max(0, delayMs), callback });
      return { cancel: () => void timers.delete(id) };
    },
    advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        let due: [number, { atMs: number; callback: () => void }] | undefined;
        for (const entry of timers)
          if (entry[1].atMs <= endMs && (due === undefined || entry[1].atMs < due[1].atMs)) due = entry;
        if (due === undefined) break;
        timers.delete(due[0]);
        nowMs = Math.max(nowMs, due[1].atMs);
        due[1].callback();
      }
      nowMs = endMs;
    },
  };
}

/** A reproducible source (mulberry32) for tests: the same seed gives the same sequence. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    fraction: next,
    hex: (count) =>
      Array.from({ length: count }, () =>
        Math.floor(next() * 256)
          .toString(16)
          .padStart(2, '0'),
      ).join(''),
  };
}
