/** Decides which values the columns of inserted rows are known to have: those given in so many words, and NULL. */
import type { Candidate } from '../rows/candidates.js';
import type { CteNames } from '../rows/scope.js';
import { NULL_VALUE } from '../values.js';
import { child, type Fields, fieldsOf, list, text } from './ast.js';
import type { Column, Relation } from './catalog.js';
import {
  type ColumnFacts,
  isNull,
  type KnownValues,
  type Lists,
  selectedValues,
  united,
} from './known-values.js';
import { candidatesOf } from './pins.js';
import type { Walk } from './walk.js';

/** By the column's number. */
export type Inserted = ReadonlyMap<number, ColumnFacts>;

/** A statement that brings more values than these of a column is taken to bring any. */
const VALUES_MAX = 64;

const nothingGiven: Lists = [[{ kind: 'literal', value: NULL_VALUE }]];

/** The values of the rows of an INSERT, as the statement gives them: before triggers. */
export function insertedValues(
  walk: Walk,
  relation: Relation,
  insert: { readonly fields: Fields; readonly ctes: CteNames | null },
): Inserted {
  const { fields, ctes } = insert;
  const select = fieldsOf(fields['selectStmt'], 'SelectStmt');
  const columns = columnsGiven(relation, list(fields, 'cols'));
  if (select === null) return withDefaults(relation, new Map(), []);
  const given = new Map<number, Lists>();
  const rows = child(select, 'withClause') === null ? rowsOf(select) : [];
  const selected =
    rows.length === 0 && child(select, 'withClause') === null
      ? selectedValues(walk, select, { columns, ctes })
      : [];
  // Without a list of columns, those behind the last value get their defaults: how many a query gives is not counted.
  const named = columns.slice(
    0,
    list(fields, 'cols').length > 0 || rows.length === 0 ? undefined : rows[0]?.length,
  );
  for (const [position, column] of named.entries()) {
    if (column === undefined) continue;
    const lists =
      rows.length > 0
        ? spelt(
            walk,
            column,
            rows.map((row) => row[position]),
          )
        : (selected[position] ?? []);
    given.set(column.number, isPassedOver(column, fields) ? [] : lists);
  }
  return withDefaults(relation, given, named);
}

/** The columns a list names, in order; all without one. Undefined where a part of a column is meant, or none is known. */
export function columnsGiven(
  relation: Relation,
  targets: readonly unknown[],
): readonly (Column | undefined)[] {
  if (targets.length === 0) return relation.columns;
  return targets.map((item) => {
    const target = fieldsOf(item, 'ResTarget') ?? {};
    return list(target, 'indirection').length > 0
      ? undefined
      : relation.columnByName.get(text(target, 'name'));
  });
}

/** With OVERRIDING USER VALUE an identity column takes its next value, whatever is given. */
function isPassedOver(column: Column, fields: Fields): boolean {
  return column.identity && text(fields, 'override') === 'OVERRIDING_USER_VALUE';
}

function rowsOf(select: Fields): readonly (readonly unknown[])[] {
  return list(select, 'valuesLists').map((row) => list(fieldsOf(row, 'List') ?? {}, 'items'));
}

/** What the rows of a VALUES list give to one column. */
function spelt(walk: Walk, column: Column, nodes: readonly unknown[]): Lists {
  if (column.valueClass === null || column.generated || nodes.length > VALUES_MAX) return [];
  const values: Candidate[] = [];
  for (const node of nodes) {
    if (isDefault(node) ? !column.hasDefault : isNull(node)) {
      values.push({ kind: 'literal', value: NULL_VALUE });
      continue;
    }
    const given = candidatesOf(walk, [node], column);
    if (given === null) return [];
    values.push(...given);
  }
  return [values];
}

function isDefault(node: unknown): boolean {
  return fieldsOf(node, 'SetToDefault') !== null;
}

/** The values of one row that MERGE inserts. */
export function mergedValues(
  relation: Relation,
  merge: { readonly clause: Fields; readonly known: KnownValues },
): Inserted {
  const { clause, known } = merge;
  const values = list(clause, 'values');
  const columns = columnsGiven(relation, list(clause, 'targetList'));
  const given = new Map<number, Lists>();
  const named = columns.slice(0, list(clause, 'targetList').length > 0 ? undefined : values.length);
  for (const [position, column] of named.entries())
    if (column !== undefined)
      given.set(column.number, isPassedOver(column, clause) ? [] : known.assigned(values[position], column));
  return withDefaults(relation, given, named);
}

/** A column that is not given gets NULL, unless something else is its default. */
function withDefaults(
  relation: Relation,
  given: ReadonlyMap<number, Lists>,
  named: readonly (Column | undefined)[],
): Inserted {
  const all = new Map<number, ColumnFacts>();
  const isCertain = !named.includes(undefined);
  for (const column of relation.columns) {
    if (column.valueClass === null || column.generated) continue;
    const isNamed = named.some((each) => each?.number === column.number);
    const isLeftOut = isCertain && !isNamed && !column.hasDefault;
    const lists = isLeftOut ? nothingGiven : (given.get(column.number) ?? []);
    if (lists.length > 0) all.set(column.number, { column, lists });
  }
  return all;
}

/** The union of what several kinds of changes say of each column; nothing where one of them says nothing. */
export function unitedFacts(alternatives: readonly (readonly ColumnFacts[])[]): readonly ColumnFacts[] {
  const [first = [], ...others] = alternatives;
  return first.map(({ column, lists }) => ({
    column,
    lists: united([
      lists,
      ...others.map((facts) => facts.find((each) => each.column.number === column.number)?.lists ?? []),
    ]),
  }));
}
