/**
 * Decides which tables somebody else wrote, from two looks at the statistics and a count of our own rows. Knows
 * neither the database nor the store.
 *
 * A session hands its counts over after it committed: at once if it has not for a second, else up to ten seconds
 * later. Our own count rises before the rows can show. So `written - own` never exceeds what others wrote, and equals
 * it whenever our sessions have handed everything over: its highest value so far is kept, and one above is foreign.
 */
import type { RowCounts, TableStatistics } from '../sql/statistics.js';

export interface TableBaseline {
  readonly written: number;
  readonly file: string;
  /** Rows that others are known to have written: the highest `written - own` seen. */
  readonly foreign: number;
}

export interface Baseline {
  readonly epoch: string;
  readonly catalog: string;
  readonly tables: ReadonlyMap<string, TableBaseline>;
}

/** Tables of a look that are not as they were, apart by what has to be done about them. */
export interface Differences {
  /** Unknown before, emptied, rewritten, or with counters that began anew: they changed, whoever did it. */
  readonly replaced: readonly string[];
  /** Written: perhaps by us only. */
  readonly written: readonly string[];
  readonly dropped: readonly string[];
}

/** @param unsettled tables to be judged although they were not written since */
export function differences(
  before: Baseline,
  seen: RowCounts,
  unsettled: { has(id: string): boolean },
): Differences {
  const replaced: string[] = [];
  const written: string[] = [];
  for (const [id, now] of seen.tables) {
    const known = before.tables.get(id);
    if (known === undefined || known.file !== now.file || now.written < known.written) replaced.push(id);
    else if (now.written > known.written || unsettled.has(id)) written.push(id);
  }
  const dropped = [...before.tables.keys()].filter((id) => !seen.tables.has(id));
  return { replaced, written, dropped };
}

/** Rows that others wrote since: above zero for sure; below, our own rows are still to be handed over. */
export const excessOf = (known: TableBaseline, now: TableStatistics, own: number): number =>
  now.written - own - known.foreign;

/** Looks in a row below what others are known to have written, before it is believed that this was too much. */
const BELOW_LOOKS_MAX = 10;

/**
 * Tables whose `written - own` is below what it was. That is so until our sessions have handed everything over; a row
 * of ours that never shows (a TRUNCATE in the same transaction) would keep it so, and hide a row of somebody else.
 */
export class Unsettled {
  private readonly tables = new Map<string, { looks: number; highest: number }>();

  has(id: string): boolean {
    return this.tables.has(id);
  }

  /** @returns what others are known to have written, after this look: the same, or less */
  note(id: string, known: TableBaseline, excess: number): number {
    if (excess >= 0) {
      this.tables.delete(id);
      return known.foreign;
    }
    const below = this.tables.get(id) ?? { looks: 0, highest: Number.NEGATIVE_INFINITY };
    below.looks++;
    below.highest = Math.max(below.highest, excess);
    this.tables.set(id, below);
    if (below.looks < BELOW_LOOKS_MAX) return known.foreign;
    this.tables.delete(id);
    return known.foreign + below.highest;
  }

  forget(id: string): void {
    this.tables.delete(id);
  }

  clear(): void {
    this.tables.clear();
  }
}
