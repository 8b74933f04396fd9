/** Decides what an expiry argument means as an absolute time, overflow included. Knows nothing of keys. */
import { fitsInt64, type Integer, narrow } from './integers.js';
import type { ExpireAtMs } from './keyspace/entry.js';

export interface TimeUnit {
  readonly msPerUnit: 1 | 1000;
  /** Counted from now instead of from the epoch. */
  readonly isRelative: boolean;
}

/** Below this, a product with 1000 and a sum with the present stay exact. */
const EXACT_MAX = 9e12;

/** The absolute time in milliseconds, null when it does not fit 64 bits. */
export function absoluteMs(value: Integer, unit: TimeUnit, nowMs: number): ExpireAtMs | null {
  const baseMs = unit.isRelative ? Math.floor(nowMs) : 0;
  if (typeof value === 'number' && Math.abs(value) < EXACT_MAX) return value * unit.msPerUnit + baseMs;
  const scaled = BigInt(value) * BigInt(unit.msPerUnit);
  const sum = scaled + BigInt(baseMs);
  return fitsInt64(scaled) && fitsInt64(sum) ? narrow(sum) : null;
}

/** Milliseconds from now, never negative. */
export function remainingMs(expireAtMs: ExpireAtMs, nowMs: number): Integer {
  if (typeof expireAtMs === 'number') return Math.max(0, expireAtMs - nowMs);
  return narrow(expireAtMs - BigInt(Math.floor(nowMs)));
}

/** Milliseconds to seconds, rounded half up. */
export function roundedSeconds(ms: Integer): Integer {
  return typeof ms === 'number' ? Math.floor((ms + 500) / 1000) : narrow((ms + 500n) / 1000n);
}
