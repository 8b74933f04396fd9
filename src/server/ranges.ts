/** Decides which positions indexes stand for that may count from the end. Knows no type of value. */
import type { Integer } from './integers.js';

export interface IndexRange {
  readonly first: number;
  readonly count: number;
}

/** The positions from `start` to `stop`, both included; null when there are none. */
export function rangeOf(start: Integer, stop: Integer, size: number): IndexRange | null {
  const first = Math.max(0, indexOf(start, size));
  const last = Math.min(size - 1, indexOf(stop, size));
  return first > last ? null : { first, count: last - first + 1 };
}

/** A position counted from the front; out of range when the index was. */
export function indexOf(index: Integer, size: number): number {
  return Number(index) < 0 ? Number(index) + size : Number(index);
}
