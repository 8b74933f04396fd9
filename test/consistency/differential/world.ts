/** Decides what generators know of a generated database: relations with their columns and keys, and functions. */
import type { ColumnType } from './column-types.js';
import type { Dice } from './dice.js';
import type { SessionName } from './script.js';

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

/**
 * `broad`: every hazard. `narrow`: a few tables and views whose writes are planned exactly, so that more of what is kept
 * outlives a write, and more is asked in the same time.
 */
export type Breadth = 'broad' | 'narrow';

export interface World {
  readonly breadth: Breadth;
  readonly relations: Relation[];
  readonly routines: Routine[];
  readonly setup: string[];
  /** Besides the plain one: each has a catalog of its own to be read after every definition. */
  readonly otherSession: SessionName;
  /** Of its columns: few, so that they compare with one another. */
  readonly types: readonly ColumnType[];
  /** Of names that are given once. */
  serial: number;
}

export const named = (relation: Relation, name: string): Column | undefined =>
  relation.columns.find((column) => column.name === name);

export const sessionOf = (world: World, dice: Dice): SessionName =>
  dice.chance(0.2) ? world.otherSession : 'plain';

/** How often the few relations that most is about are meant. */
const HOT_SHARE = 0.6;
const HOT_RELATIONS = 3;

/** Any of them, most often one of a few: reads and writes that never meet show nothing. */
export function relationOf(world: World, dice: Dice, among: readonly Relation[] = world.relations): Relation {
  const hot = among.slice(0, HOT_RELATIONS);
  return dice.pick(dice.chance(HOT_SHARE) ? hot : among);
}

/** Relations that can be written, though some writes of some of them are refused. */
export const writable = ({ relations }: World): readonly Relation[] =>
  relations.filter(({ kind }) => kind !== 'materialised');
