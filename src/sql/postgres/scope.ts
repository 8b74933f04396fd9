/** Decides which relation and column a name in a query means. Knows nothing of what may be done with them. */
import type { Column, Relation } from '../rows/relation.js';
import { qualifies, type RangeEntry, type Scope } from '../rows/scope.js';
import { type Fields, fieldsOf, list, strings } from './ast.js';

export interface ResolvedColumn {
  readonly entry: RangeEntry;
  readonly relation: Relation;
  readonly column: Column;
}

/** The names of a column reference; null where a star stands among them. */
export function columnNames(columnRef: Fields): readonly string[] | null {
  return strings(list(columnRef, 'fields'));
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
