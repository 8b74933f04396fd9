/** Decides the words in which a change to the rows of a table is told, before it is known what follows from it. */
import type { WritePin } from '../plan.js';
import type { Relation } from './catalog.js';

export type WriteEvent = 'insert' | 'update' | 'delete';

/** One kind of change that a statement makes to its table. */
export interface Change {
  readonly event: WriteEvent;
  /** The columns an update may change; null if that is not known. */
  readonly changed: ReadonlySet<number> | null;
}

/** One kind of change to one relation. */
export interface WriteRequest extends Change {
  readonly relation: Relation;
  readonly pins: readonly WritePin[];
}
