/** Decides what is counted. Counting costs an increment; nothing here is timed. */

export interface TableStats {
  /** Rotations of the table's tokens: writes, explicit invalidations. */
  invalidations: number;
  /** Of these, the ones for writes that did not pass through the cache. */
  foreign: number;
  /** Of the entries re-read after an invalidation, those whose result had not changed. */
  needless: number;
  /** Entries re-read after an invalidation. */
  reread: number;
}

/** What one statement got from the cache, and what writes took from it. */
export interface StatementStats {
  /** As the application sends it. */
  readonly text: string;
  /** Served from decoded results. */
  readonly hits: number;
  /** Results that a write had ended and that were asked for again, and those of them that had not changed. */
  readonly reread: number;
  readonly needless: number;
}

export interface CacheStats {
  /** Served from decoded results in this process. */
  nearHits: number;
  /** Served from the store. */
  storeHits: number;
  /** Served from another caller's execution. */
  joined: number;
  /** Executed on the database by a cacheable read. */
  misses: number;
  /** In mode `observe`: what would have been hits. */
  wouldHit: number;
  /** Executed on the database without asking the cache, by reason. */
  bypassed: Record<string, number>;
  fills: number;
  /** Results that were not stored, by reason. */
  notFilled: Record<string, number>;
  writes: number;
  /** Failures of the cache that no query noticed, by reason. */
  failures: Record<string, number>;
  /** Writes whose outcome is being found out. */
  unresolved: number;
  resolved: number;
  /** What the store is to be told again: the end of a write, or the question for its outcome. */
  owed: number;
  /** In `bounded`: how old an answer may be, and how long ago the store last told all, in ms. Else null. */
  bound: { readonly limitMs: number; readonly lagMs: number } | null;
  evictions: number;
  entries: number;
  bytes: number;
  flights: number;
  /** Per table, by the key that names it in the store or, once a database is attached, by its name. */
  tables: Record<string, TableStats>;
  /** Tables whose reads of all rows run on the database for now, since writes end their results before they are used. */
  writeHot: readonly string[];
  /** The statements that lost most results to writes, at most fifty, worst first. */
  statements: readonly StatementStats[];
}

export class Counters {
  nearHits = 0;
  storeHits = 0;
  joined = 0;
  misses = 0;
  wouldHit = 0;
  fills = 0;
  writes = 0;
  resolved = 0;
  readonly bypassed = new Map<string, number>();
  readonly notFilled = new Map<string, number>();
  readonly failures = new Map<string, number>();
  readonly tables = new Map<string, TableStats>();

  counted() {
    const { nearHits, storeHits, joined, misses, wouldHit, fills, writes, resolved } = this;
    return {
      nearHits,
      storeHits,
      joined,
      misses,
      wouldHit,
      bypassed: Object.fromEntries(this.bypassed),
      fills,
      notFilled: Object.fromEntries(this.notFilled),
      writes,
      failures: Object.fromEntries(this.failures),
      resolved,
      tables: Object.fromEntries(this.tables),
    };
  }

  count(counter: Map<string, number>, reason: string): void {
    counter.set(reason, (counter.get(reason) ?? 0) + 1);
  }

  table(key: string): TableStats {
    let stats = this.tables.get(key);
    if (stats === undefined)
      this.tables.set(key, (stats = { invalidations: 0, foreign: 0, needless: 0, reread: 0 }));
    return stats;
  }
}
