/** Decides which statements are named in the counters: those that lost most results to writes. */
import type { NearGroup } from './near.js';
import type { StatementStats } from './stats.js';

/** How many are told at once. */
const NAMED_MAX = 50;

export class StatementCounts {
  /** As many as there are statements understood at once. */
  private readonly groups = new Set<NearGroup<never, never>>();

  add(group: object): void {
    this.groups.add(group as NearGroup<never, never>);
  }

  remove(group: object): void {
    this.groups.delete(group as NearGroup<never, never>);
  }

  /** Worst first. Walks all that is held decoded. */
  worst(): readonly StatementStats[] {
    const byText = new Map<string, { hits: number; reread: number; needless: number }>();
    for (const { label, hits, reread, needless } of this.groups) {
      if (label === null || reread === 0) continue;
      const counts = byText.get(label) ?? { hits: 0, reread: 0, needless: 0 };
      counts.hits += hits;
      counts.reread += reread;
      counts.needless += needless;
      byText.set(label, counts);
    }
    return [...byText]
      .map(([text, counts]) => ({ text, ...counts }))
      .sort((left, right) => right.reread - left.reread)
      .slice(0, NAMED_MAX);
  }
}
