/**
 * Decides what names mean at one level of a query and around it: its items, their columns, its CTEs. Knows no parser. When
 * in doubt, nothing.
 */
import type { Column, Relation } from './relation.js';

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
  /** Of those that are values spelt out: nodes of the statement, one for each row. */
  readonly given?: ReadonlyMap<string, readonly unknown[]>;
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

/** Where a name of a CTE was given; null if none is visible. */
export function cteOf(ctes: CteNames | null, name: string): CteNames | null {
  for (let names = ctes; names !== null; names = names.outer) if (names.name === name) return names;
  return null;
}

export function seesCte(ctes: CteNames | null, name: string): boolean {
  return cteOf(ctes, name) !== null;
}

export function qualifies(entry: RangeEntry, qualifier: readonly string[]): boolean {
  if (qualifier.at(-1) !== entry.name) return false;
  return qualifier.length === 1 || qualifier.at(-2) === entry.schema;
}

/** `nowhere`: no item of this level has it. `unsure`: one may have it that is not known. */
export type Found = Place | 'nowhere' | 'unsure';

export function columnsOf(entry: RangeEntry): Columns | null {
  if (entry.columns !== undefined) return entry.columns;
  return entry.relation === null ? null : { byName: entry.relation.columnByName, isComplete: true };
}

/** The column that a name means, at this level or one around it, if that is certain. */
export function findPlace(scope: Scope, names: readonly string[]): Place | null {
  for (let level: Scope | null = scope; level !== null; level = level.outer) {
    const found = findHere(level, names);
    if (found === 'unsure') return null;
    if (found !== 'nowhere') return found;
  }
  return null;
}

export function isLocal(scope: Scope, { entry }: Place): boolean {
  return scope.entries.includes(entry);
}

export function isSamePlace(one: Place, other: Place): boolean {
  return one.entry === other.entry && one.column.number === other.column.number;
}

/** The column of this very level. */
export function findHere(scope: Scope, names: readonly string[]): Found {
  const name = names.at(-1) ?? '';
  const isQualified = names.length > 1;
  let found: Found = 'nowhere';
  const passed = new Set<RangeEntry>();
  for (const entry of scope.entries) {
    if (passed.has(entry)) continue;
    const merged = isQualified ? undefined : mergedAt(scope, name, entry);
    if (merged !== undefined) for (const each of merged.entries) passed.add(each);
    const next = merged === undefined ? findIn(entry, names) : (merged.place ?? 'unsure');
    if (next === 'unsure') return 'unsure';
    if (next === 'nowhere') continue;
    if (found !== 'nowhere') return 'unsure';
    found = next;
  }
  return found;
}

/** Of several joins the outermost. */
function mergedAt(scope: Scope, name: string, entry: RangeEntry): Merged | undefined {
  return scope.merged?.findLast((merged) => merged.name === name && merged.entries.includes(entry));
}

function findIn(entry: RangeEntry, names: readonly string[]): Found {
  const qualifier = names.slice(0, -1);
  if (qualifier.length > 0 && !qualifies(entry, qualifier)) return 'nowhere';
  const columns = columnsOf(entry);
  if (columns === null) return 'unsure';
  const column = columns.byName.get(names.at(-1) ?? '');
  if (column !== undefined && (columns.isComplete || qualifier.length > 0)) return { entry, column };
  return columns.isComplete ? 'nowhere' : 'unsure';
}
