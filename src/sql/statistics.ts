/** Decides in which words a database says what was written in it, by anybody. Dialect-free: knows no query. */
import { LookasideError } from '../errors.js';

/** The server keeps no statistics that tell of every write: asking again soon will not help. */
export class StatisticsNotKept extends LookasideError {
  constructor(reason: string) {
    super('CHANGES_UNAVAILABLE', reason);
  }
}

/** What one look at the statistics showed. Its counts only grow, within one epoch. */
export interface Statistics {
  /** Another text: the counters began anew, by a reset or a crash, and tell nothing of the time before. */
  readonly epoch: string;
  /** Another text: some table of the system catalog was written, so the schema may be another one. */
  readonly catalog: string;
  /** Tables and materialised views, by the id that plans name them with. */
  readonly tables: ReadonlyMap<string, TableStatistics>;
}

export interface TableStatistics {
  /** Rows inserted, updated and deleted so far, those of aborted transactions included. */
  readonly written: number;
  /** Another text: the table was emptied, filled anew or rewritten as a whole. */
  readonly file: string;
}
