/**
 * Decides which promise several processes are held to: `strict`, one history for all of them; or `bounded`, one for
 * each, in which what others wrote counts only when the bound has passed.
 */
import type { Database, TextQuery } from './database.js';
import { type Figures, History, type Violation } from './history.js';
import { Judge, type Testimony } from './judge.js';
import type { LogRecord } from './log.js';
import { Tables } from './tables.js';

/** Nothing older than what the database had shown is promised in `bounded`, nor where the store may lose intents. */
export interface Hearing {
  readonly toleratesOlderThanShown: boolean;
}

export interface Court {
  readonly figures: Figures;
  readonly violations: readonly Violation[];
  readonly broken: number;
  hear(testimonies: readonly Testimony[], hearing: Hearing): void;
  /** While nothing is under way. */
  settle(query: TextQuery, database: Database): Promise<void>;
}

export class StrictCourt implements Court {
  private readonly tables = new Tables();
  private readonly history: History;
  private readonly judge: Judge;

  constructor() {
    let nowMs = (): number => 0;
    this.history = new History(() => nowMs());
    this.judge = new Judge((clock) => {
      nowMs = clock;
      return this.history;
    }, this.tables.rows);
  }

  get figures(): Figures {
    return this.history.figures;
  }

  get violations(): readonly Violation[] {
    return this.history.violations;
  }

  get broken(): number {
    return this.history.broken;
  }

  hear(testimonies: readonly Testimony[], { toleratesOlderThanShown }: Hearing): void {
    this.history.toleratesOlderThanShown = toleratesOlderThanShown;
    this.judge.hear(testimonies);
  }

  settle(query: TextQuery, database: Database): Promise<void> {
    return this.tables.settle(query, database);
  }
}

const NS_PER_MS = 1_000_000;

export class BoundedCourt implements Court {
  private readonly courts: readonly StrictCourt[];

  constructor(
    processes: number,
    private readonly boundMs: number,
  ) {
    this.courts = Array.from({ length: processes }, () => new StrictCourt());
  }

  get figures(): Figures {
    const sum: Figures = new History(() => 0).figures;
    for (const { figures } of this.courts) {
      sum.reads += figures.reads;
      sum.atRisk += figures.atRisk;
      sum.atRiskOfOthers += figures.atRiskOfOthers;
      sum.acknowledged = Math.max(sum.acknowledged, figures.acknowledged); // each hears of all
      for (const [name, count] of Object.entries(figures.atRiskOf))
        sum.atRiskOf[name] = (sum.atRiskOf[name] ?? 0) + count;
      sum.tolerated += figures.tolerated;
      for (const kind of Object.keys(sum.violations) as (keyof Figures['violations'])[])
        sum.violations[kind] += figures.violations[kind];
    }
    return sum;
  }

  get violations(): readonly Violation[] {
    return this.courts.flatMap(({ violations }) => violations);
  }

  get broken(): number {
    return this.courts.reduce((sum, { broken }) => sum + broken, 0);
  }

  hear(testimonies: readonly Testimony[]): void {
    this.courts.forEach((court, index) => {
      const heard = testimonies.map((testimony) =>
        testimony.index === index
          ? testimony
          : { ...testimony, records: testimony.records.flatMap((record) => this.fromAfar(record)) },
      );
      court.hear(heard, { toleratesOlderThanShown: true });
    });
  }

  async settle(query: TextQuery, database: Database): Promise<void> {
    for (const court of this.courts) await court.settle(query, database);
  }

  private fromAfar(record: LogRecord): readonly LogRecord[] {
    if (record.kind === 'read') return [];
    if (record.kind !== 'acknowledged') return [record];
    return [{ ...record, at: record.at + this.boundMs * NS_PER_MS }];
  }
}
