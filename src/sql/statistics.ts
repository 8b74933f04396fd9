/** Decides in which words a database says what was written in it, by anybody. Dialect-free: knows no query. */
import { LookasideError } from '../errors.js';
import type { TransactionSet } from './transaction-set.js';

/** The server keeps nothing that tells of every write: asking again soon will not help. */
export class StatisticsNotKept extends LookasideError {
  constructor(reason: string) {
    super('CHANGES_UNAVAILABLE', `${reason}. Meanwhile results are kept for 10 s, unless ttl says otherwise`);
  }
}

/** What one look showed: how many rows of each table were written, or which transactions the server's log has. */
export type Statistics = RowCounts | LogPosition;

/** Counts that only grow, within one epoch. */
export interface RowCounts {
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

/** Whatever was written, in whichever table of the server, is a transaction of its log. */
export interface LogPosition {
  readonly transactions: TransactionSet;
  /**
   * Where the log names a transaction before its rows can be read: how far they can, which is another text whenever one
   * more can. They come to be readable in the order of the log. Null where the log names what can be read only.
   */
  readonly shown: string | null;
}

export const isLogPosition = (seen: Statistics): seen is LogPosition => 'transactions' in seen;
