/** Decides which relation and column a name in a query means. Knows nothing of what may be done with them. */
import { type Fields, fieldsOf, list, strings } from './ast.js';
import type { Column, Relation } from './catalog.js';

/** The CTE names a query can see, innermost first. */
export interface CteNames {
  readonly name: string;
  readonly outer: CteNames | null;
}

/** One item of a FROM list that columns can be taken from. */
export interface RangeEntry {
  /** The name its columns are qualified with; empty if it has none. */
  readonly name: string;
  /** The schema in front of that name, for an item without an alias. */
  readonly schema: string;
  /** What stands behind it; null where its columns are not known from the catalog. */
  readonly relation: Relation | null;
  /** Where these are not the relation's own, by its own names. */
  readonly columns?: Columns;
}

/** The columns that can be taken from an item. */
export interface Columns {
  readonly byName: ReadonlyMap<string, Column>;
  /** It has none but these. */
  readonly isComplete: boolean;
}

/** One column of one item of a FROM list. */
export interface Place {
  readonly entry: RangeEntry;
  readonly column: Column;
}

/** A column that two sides of a join have in common by USING or NATURAL. */
export interface Merged {
  readonly name: string;
  /** The items it stands for. */
  readonly entries: readonly RangeEntry[];
  /** Null: made of both, as in a FULL JOIN. */
  readonly place: Place | null;
}

export interface Scope {
  readonly entries: RangeEntry[];
  readonly merged?: Merged[];
  readonly ctes: CteNames | null;
  /** The query around this one, whose columns it can see. */
  readonly outer: Scope | null;
}

export interface ResolvedColumn {
  readonly entry: RangeEntry;
  readonly relation: Relation;
  readonly column: Column;
}

/** Where a name of a CTE was given; null if none is visible. */
export function cteOf(ctes: CteNames | null, name: string): CteNames | null {
  for (let names = ctes; names !== null; names = names.outer) if (names.name === name) return names;
  return null;
}

export function seesCte(ctes: CteNames | null, name: string): boolean {
  return cteOf(ctes, name) !== null;
}

/** The names of a column reference; null where a star stands among them. */
export function columnNames(columnRef: Fields): readonly string[] | null {
  return strings(list(columnRef, 'fields'));
}

export function qualifies(entry: RangeEntry, qualifier: readonly string[]): boolean {
  if (qualifier.at(-1) !== entry.name) return false;
  return qualifier.length === 1 || qualifier.at(-2) === entry.schema;
}

/** The column of this very query level that the names mean, if that is certain. */
export function resolveHere(scope: Scope, names: readonly string[]): ResolvedColumn | null {
  const name = names.at(-1) ?? '';
  const qualifier = names.slice(0, -1);
  let found: ResolvedColumn | null = null;
  for (const entry of scope.entries) {
    if (qualifier.length > 0 && !qualifies(entry, qualifier)) continue;
    // An unknown item could have the column as well.
    if (entry.relation === null) return null;
    const column = entry.relation.columnByName.get(name);
    if (column === undefined) continue;
    if (found !== null) return null;
    found = { entry, relation: entry.relation, column };
  }
  return found;
}

/** The same, looking also into the queries around. */
export function resolve(scope: Scope, names: readonly string[]): ResolvedColumn | null {
  for (let level: Scope | null = scope; level !== null; level = level.outer) {
    const found = resolveHere(level, names);
    if (found !== null) return found;
    if (level.entries.some((entry) => entry.relation === null)) return null;
  }
  return null;
}

/** The column a node is, if it is nothing but a column whose meaning is certain. */
export function columnOf(scope: Scope, node: unknown): ResolvedColumn | null {
  const columnRef = fieldsOf(node, 'ColumnRef');
  const names = columnRef === null ? null : columnNames(columnRef);
  return names === null ? null : resolveHere(scope, names);
}
