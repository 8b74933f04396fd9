/**
 * Decides what the rows of a statement's answer tell of the rows it touched: RETURNING shows columns that a touched row
 * has the same value in before and after. Knows no answer, only what it will look like.
 */
import type { ToldColumn, ToldRows } from '../plan.js';
import type { Column } from '../rows/relation.js';
import type { RangeEntry, Scope } from '../rows/scope.js';
import { child, type Fields, fieldsOf, list, strings, tagged } from './ast.js';
import type { Catalog, Relation } from './catalog.js';
import { type Change, columnsSetOn } from './closure.js';
import { isPlainTable } from './relations.js';
import { resolveHere } from './scope.js';

/** A query level that begins with the table it writes. */
export interface TargetScope extends Scope {
  /** The table itself. */
  readonly target: RangeEntry;
}

interface Returning {
  readonly relation: Relation;
  readonly changes: readonly Change[];
  readonly fields: Fields;
  readonly scope: TargetScope;
}

/** Null: the answer does not tell of each touched row, or other rows than the table's are written with it. */
export function toldRows(catalog: Catalog, returning: Returning): ToldRows | null {
  const { relation, changes } = returning;
  if (!isPlainTable(relation)) return null;
  const changing = changesOf(catalog, relation, changes);
  const columns = shownColumns(returning).flatMap(({ column, position }): ToldColumn[] => {
    const { valueClass, generated } = column;
    if (valueClass === null || generated || changing === 'all' || changing.has(column.number)) return [];
    return [{ column: String(column.number), position, valueClass }];
  });
  return { table: relation.table, columns };
}

/** The columns in which a row may have another value afterwards. An inserted row had none before, a deleted one has none after. */
function changesOf(
  catalog: Catalog,
  relation: Relation,
  changes: readonly Change[],
): ReadonlySet<number> | 'all' {
  const updates = changes.filter(({ event }) => event === 'update');
  const set = updates.length === 0 ? new Set<number>() : columnsSetOn(catalog, relation, ['update']);
  if (set === null || set === 'all' || updates.some(({ changed }) => changed === null)) return 'all';
  return new Set([...set, ...updates.flatMap(({ changed }) => [...(changed ?? [])])]);
}

interface Shown {
  readonly column: Column;
  /** In the answer, from 0. */
  readonly position: number;
}

/** The plain columns of the table among those of the answer. */
function shownColumns({ relation, changes, fields, scope }: Returning): readonly Shown[] {
  const clause = child(fields, 'returningClause');
  const shown: Shown[] = [];
  let position = 0;
  for (const item of list(clause ?? {}, 'exprs')) {
    const node = fieldsOf(item, 'ResTarget')?.['val'];
    const reference = list(fieldsOf(node, 'ColumnRef') ?? {}, 'fields');
    if (tagged(reference.at(-1))?.tag === 'A_Star') {
      const qualifier = strings(reference.slice(0, -1));
      const isOwn =
        qualifier?.length === 0 ? !('joinCondition' in fields) : qualifier?.join() === scope.target.name;
      if (isOwn)
        for (const [index, column] of relation.columns.entries())
          shown.push({ column, position: position + index });
      // How many columns come with those of other tables is not counted.
      if (!isOwn || (qualifier?.length === 0 && scope.entries.length > 1)) return shown;
      position += relation.columns.length;
      continue;
    }
    const names = strings(reference);
    const column = names === null || names.length === 0 ? null : columnOf(names, { changes, clause, scope });
    if (column !== null) shown.push({ column, position });
    position++;
  }
  return shown;
}

/** The table's own column that the names mean, as it is after the statement, or was where the row is deleted. */
function columnOf(
  names: readonly string[],
  about: { readonly changes: readonly Change[]; readonly clause: Fields | null; readonly scope: TargetScope },
): Column | null {
  const { changes, clause, scope } = about;
  const [qualifier = '', name = ''] = names;
  const isNamed = scope.entries.some((entry) => entry.name === qualifier);
  if (names.length === 2 && !isNamed && (qualifier === 'old' || qualifier === 'new')) {
    // Postgres 18: of an inserted row there is no old one, of a deleted one no new one; then all is NULL.
    const absent = qualifier === 'old' ? 'insert' : 'delete';
    if (list(clause ?? {}, 'options').length > 0 || changes.some(({ event }) => event === absent))
      return null;
    return scope.target.relation?.columnByName.get(name) ?? null;
  }
  const found = resolveHere(scope, names);
  return found?.entry === scope.target ? found.column : null;
}
