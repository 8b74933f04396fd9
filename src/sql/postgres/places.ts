/**
 * Decides which column of a query, or of the queries around it, a name means: through sub-queries, renamed columns and
 * USING. Knows nothing of what is said about the column. When in doubt, none.
 */
import { fieldsOf, list, strings } from './ast.js';
import { type Columns, type Merged, type Place, qualifies, type RangeEntry, type Scope } from './scope.js';

/** `nowhere`: no item of this level has it. `unsure`: one may have it that is not known. */
export type Found = Place | 'nowhere' | 'unsure';

export function columnsOf(entry: RangeEntry): Columns | null {
  if (entry.columns !== undefined) return entry.columns;
  return entry.relation === null ? null : { byName: entry.relation.columnByName, isComplete: true };
}

/** The column a node is, at this level or one around it, if it is nothing but a column whose meaning is certain. */
export function placeOf(scope: Scope, node: unknown): Place | null {
  const reference = fieldsOf(node, 'ColumnRef');
  const names = reference === null ? null : strings(list(reference, 'fields'));
  if (names === null) return null;
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
