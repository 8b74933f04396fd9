/** Decides the words in which the answer to a write tells what was written. Knows no driver. */
import type { ToldColumn } from '../sql/plan.js';

/** What a plan expects of an answer. */
export interface Told {
  /** As the catalog names it. */
  readonly tableId: string;
  /** The table, as targets name it. */
  readonly key: string;
  readonly columns: readonly ToldColumn[];
  /** The plan is still one of the catalog as it is. */
  readonly holds: () => boolean;
}
