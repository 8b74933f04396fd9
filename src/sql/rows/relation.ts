/**
 * Decides what must be known of a table to tell its rows apart, whatever the dialect. Each catalog's own words are made of
 * these.
 */
import type { Table, ValueClass } from '../plan.js';

export interface Column {
  /** As its catalog numbers it, from 1. */
  readonly number: number;
  readonly name: string;
  /** As its catalog names types. */
  readonly type: string;
  readonly generated: boolean;
  /** Equal in the database exactly when equal as canonical text; null for every type where that is not known. */
  readonly valueClass: ValueClass | null;
}

export interface CompositeKey {
  readonly columns: readonly number[];
  /** 3 primary key, 2 unique, 1 foreign key. */
  readonly rank: number;
}

export interface Relation {
  readonly table: Table;
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly Column[];
  readonly columnByName: ReadonlyMap<string, Column>;
  /** How good a single column is as a pin: 3 primary key, 2 unique, 1 foreign key. */
  readonly keyRanks: ReadonlyMap<number, number>;
  /** Keys of several columns, ascending, the best first; ranked likewise. */
  readonly compositeKeys: readonly CompositeKey[];
}
