/** Decides what INSERT and REPLACE change, and which values their rows are known to have. */
import { nullValue } from '../rows/facts.js';
import { isOutputLike, outputColumns, outputGiven, type Query as RowsQuery } from '../rows/queries.js';
import type { RangeEntry, Scope } from '../rows/scope.js';
import type { Expression } from './ast.js';
import { carriedValues, mayCarry } from './carried-values.js';
import type { Catalog, Column, Relation } from './catalog.js';
import { foldName } from './catalog.js';
import { walkExpression } from './expressions.js';
import type { ColumnValues, Given, Written } from './known-rows.js';
import { storedValues } from './pins.js';
import { walkSelect } from './select.js';
import type { Insert } from './statement-ast.js';
import { walkViews } from './views.js';
import type { Walk } from './walk.js';
import type { Change } from './write-request.js';
import { record, storedIn, targetOf } from './writes.js';

export function walkInsert(walk: Walk, insert: Insert): void {
  const relation = targetOf(walk, insert.table);
  const { source, onDuplicate, isReplace } = insert;
  if (source.kind === 'query') walkSelect(walk, source, { ctes: null, outer: null });
  walkExpression(
    walk,
    [source.kind === 'query' ? null : source, insert.returning, onDuplicate],
    scopeOf(walk, insert, relation),
  );
  if (relation === null) return;
  // A view WITH CHECK OPTION asks its condition.
  walkViews(walk, [relation]);
  const inserted = insertedValues(walk, relation, insert);
  const changes: Change[] = [{ event: 'insert', changed: null }];
  if (isReplace) changes.push({ event: 'delete', changed: null });
  if (onDuplicate === null && !isReplace) return record(walk, relation, changes, inserted);
  // A row of another key may stand in the way.
  const met: Written = () => inserted().filter(({ column }) => metBy(relation).has(column.number));
  if (onDuplicate === null) return record(walk, relation, changes, met);
  changes.push({ event: 'update', changed: changedBy(relation, insert) });
  record(walk, relation, changes, duplicatesOf(walk, relation, insert, met));
}

/** What the expressions of an INSERT see: its table, and the row that is inserted. */
function scopeOf({ catalog }: Walk, { table, rowAlias }: Insert, relation: Relation | null): Scope {
  const entries: RangeEntry[] = [
    { name: foldName(catalog, table.name), schema: foldName(catalog, relation?.schema ?? ''), relation },
  ];
  if (rowAlias !== null) entries.push({ name: foldName(catalog, rowAlias.name), schema: '', relation: null });
  return { entries, merged: [], ctes: null, outer: null };
}

/** The columns of the only unique key: a row that stands in the way has the same values there. */
function metBy({ uniqueKeys }: Relation): ReadonlySet<number> {
  const [only, ...more] = uniqueKeys;
  return new Set(more.length > 0 ? [] : (only?.columns ?? []));
}

/** Null: not known for certain. */
function changedBy(relation: Relation, { onDuplicate }: Insert): ReadonlySet<number> | null {
  const numbers = (onDuplicate ?? []).map(({ column }) => columnNamed(relation, column.names)?.number ?? 0);
  return numbers.includes(0) ? null : new Set(numbers);
}

const columnNamed = (relation: Relation, names: readonly string[]): Column | undefined =>
  relation.columnByName.get(names.at(-1)?.toLowerCase() ?? '');

/** The rows inserted, and those in their way before and after. */
function duplicatesOf(walk: Walk, relation: Relation, { onDuplicate }: Insert, met: Written): Written {
  const after = (onDuplicate ?? []).map(({ column, value }) => {
    const own = columnNamed(relation, column.names);
    const isSame = own === undefined || isInserted(value, own.name);
    return { own, isSame, values: isSame ? [] : storedIn(walk, relation, own.number, value) };
  });
  return () =>
    met().flatMap(({ column, values }): readonly ColumnValues[] => {
      const assigned = after.filter(({ own }) => own === column);
      if (assigned.some((each) => each.values === null)) return [];
      return [{ column, values: [...values, ...assigned.flatMap((each) => each.values ?? [])] }];
    });
}

/** `VALUES(column)` of the same column. */
const isInserted = (value: Expression, name: string): boolean =>
  value.kind === 'inserted-value' && value.column.names.at(-1)?.toLowerCase() === name;

/** The columns that are given, in order; undefined where one is not known. */
function columnsGiven(relation: Relation, { columns }: Insert): readonly (Column | undefined)[] {
  return columns === null
    ? relation.columns.filter(({ isInvisible }) => !isInvisible)
    : columns.map(({ names }) => columnNamed(relation, names));
}

/** The values of the rows as the statement gives them: before triggers. */
function insertedValues(walk: Walk, relation: Relation, insert: Insert): Written {
  const columns = columnsGiven(relation, insert);
  if (columns.includes(undefined)) return () => [];
  const { source } = insert;
  const query = source.kind === 'query' ? walk.sight.queryAt(source) : null;
  const given = relation.columns.flatMap((column): { column: Column; values: Given }[] => {
    if (column.generated) return [];
    // A value may be that of a column given before it.
    const positions = columns.flatMap((each, position) => (each === column ? [position] : []));
    const [position, ...more] = positions;
    if (more.length > 0) return [];
    if (position === undefined) return column.hasDefault ? [] : [{ column, values: () => [nullValue] }];
    if (source.kind === 'query')
      return query === null ? [] : [{ column, values: outputTo(walk, column, { query, position }) }];
    const left: Expression = { kind: 'default', column: null };
    const values = storedValues(
      walk,
      source.rows.map((row) => row[position] ?? left),
      column,
    );
    return [{ column, values: () => values }];
  });
  return () =>
    given.flatMap(({ column, values }): readonly ColumnValues[] => {
      const all = values();
      return all === null ? [] : [{ column, values: all }];
    });
}

/** What one output of a query, from 0, gives to a column. */
function outputTo(
  walk: Walk,
  column: Column,
  { query, position }: { readonly query: RowsQuery; readonly position: number },
): Given {
  const nodes = outputGiven(query, position);
  if (nodes !== null) {
    const values = storedValues(walk, nodes as readonly Expression[], column); // of our own queries
    return () => values;
  }
  const sources = isOutputLike(query, position, column) ? outputColumns(query, position) : [];
  if (sources.length === 0 || !sources.every((each) => mayCarry(walk.catalog, each, column)))
    return () => null;
  return () => {
    const values = walk.sight.outputsOf(query).get(position)?.values ?? null;
    return values === null ? null : carriedValues(values, column);
  };
}

/** The column of the key that the server makes for the one row of an INSERT; null where it is given, or there may be others. */
export function generatedColumn(catalog: Catalog, insert: Insert, relation: Relation): Column | null {
  const { source, isReplace, onDuplicate } = insert;
  const column = relation.columns.find(({ isAutoIncrement }) => isAutoIncrement);
  if (column === undefined || isReplace || onDuplicate !== null || source.kind === 'query') return null;
  const [row, ...more] = source.rows;
  if (row === undefined || more.length > 0 || relation.kind !== 'table') return null;
  if (catalog.relations.get(relation.table.id) !== relation) return null;
  const position = columnsGiven(relation, insert).indexOf(column);
  const given = position < 0 ? undefined : row[position];
  const isLeft =
    given === undefined || given.kind === 'null' || (given.kind === 'default' && given.column === null);
  return isLeft ? column : null;
}
