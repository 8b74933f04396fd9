/** Decides the words in which a plan says what the answer to a write will tell. Knows no driver. */
import type { ToldColumn } from '../sql/plan.js';

/** What a plan expects of an answer. */
export interface Told {
  /** As the catalog names it; null: the answer tells of no table in particular. */
  readonly tableId: string | null;
  /** The table, as targets name it. */
  readonly key: string | null;
  readonly columns: readonly ToldColumn[];
  /** Where no row was affected, nothing at all was written. */
  readonly isNothingAtZero: boolean;
  /** Of the one row that was inserted, the column whose value was generated. */
  readonly generatedColumn: string | null;
  /** The plan is still one of the catalog as it is. */
  readonly holds: () => boolean;
}
