/** Decides what generators know of a generated database: relations with their columns and keys, and functions. */
import type { ColumnType } from './column-types.js';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** Nothing may be assigned to it. */
  readonly isGenerated: boolean;
}

export type RelationKind = 'table' | 'partitioned' | 'partition' | 'child' | 'view' | 'materialised';

export interface Relation {
  readonly name: string;
  readonly kind: RelationKind;
  readonly columns: readonly Column[];
  /** Sets of columns that a unique index covers, the primary key first. */
  readonly keys: readonly (readonly string[])[];
}

export interface Routine {
  /** A call of it, without its argument: `name`. */
  readonly name: string;
  readonly kind: 'value' | 'rows' | 'writes' | 'procedure';
  readonly columns: readonly Column[];
  readonly takesArgument: boolean;
}

export interface World {
  readonly relations: Relation[];
  readonly routines: Routine[];
  readonly setup: string[];
  /** Of names that are given once. */
  serial: number;
}

export const named = (relation: Relation, name: string): Column | undefined =>
  relation.columns.find((column) => column.name === name);

/** Relations that can be written, though some writes of some of them are refused. */
export const writable = ({ relations }: World): readonly Relation[] =>
  relations.filter(({ kind }) => kind !== 'materialised');
