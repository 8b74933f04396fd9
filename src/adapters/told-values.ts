/** Decides which rows an answer that shows the written rows tells of: the values of some of their columns. Knows no protocol. */
import { compactValue } from '../cache/bind.js';
import type { Target, TargetPins } from '../cache/protocol/refs.js';

/** A write of more values than these of a column counts as one of any value. */
const VALUES_MAX = 64;

export class ToldValues {
  /** By column; null: too many, or one that has no name. */
  private readonly values = new Map<string, Set<string> | null>();

  /** The column is among those shown. */
  expect(column: string): void {
    this.values.set(column, new Set());
  }

  /** One row's value, in canonical form; null: it has none. */
  add(column: string, value: string | null): void {
    const values = this.values.get(column);
    if (values === null || values === undefined) return;
    if (value === null) return void this.values.set(column, null);
    values.add(compactValue(value));
    if (values.size > VALUES_MAX) this.values.set(column, null);
  }

  /** Of two lists, each of which is true, the shorter. */
  pinsOf({ pins }: Target): TargetPins | null {
    const all: Record<string, readonly string[]> = { ...pins };
    for (const [column, values] of this.values) {
      if (values === null) continue;
      const known = all[column];
      if (known === undefined || values.size < known.length) all[column] = [...values];
    }
    return Object.keys(all).length === 0 ? null : all;
  }
}
