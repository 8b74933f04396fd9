/** Decides which values the columns of inserted rows are known to have: what their query gives, and NULL. */
import { nullValue } from '../rows/facts.js';
import { isOutputLike, outputGiven, outputNames, type Query } from '../rows/queries.js';
import { type Fields, fieldsOf, list, text } from './ast.js';
import type { Column, Relation } from './catalog.js';
import {
  anything,
  type ColumnValues,
  type Given,
  type KnownValues,
  speltOut,
  type Written,
} from './known-values.js';
import type { Walk } from './walk.js';

/**
 * The values of the rows of an INSERT, as the statement gives them: before triggers.
 *
 * @param query what the rows come from; null: DEFAULT VALUES
 */
export function insertedValues(
  walk: Walk,
  relation: Relation,
  { fields, query }: { readonly fields: Fields; readonly query: Query | null },
): Written {
  if (query === null) return withDefaults(relation, new Map(), []);
  const targets = list(fields, 'cols');
  const columns = columnsGiven(relation, targets);
  // Without a list of columns, those behind the last value get their defaults.
  const named = targets.length > 0 ? columns : columns.slice(0, outputNames(query)?.length);
  const given = new Map<number, Given>();
  for (const [output, column] of named.entries())
    if (column !== undefined && !isPassedOver(column, fields))
      given.set(column.number, outputOf(walk, { query, output, column }));
  return withDefaults(relation, given, named);
}

/** What one output of a query, from 0, gives to a column. */
function outputOf(
  walk: Walk,
  { query, output, column }: { readonly query: Query; readonly output: number; readonly column: Column },
): Given {
  const nodes = outputGiven(query, output);
  if (nodes !== null) {
    const values = speltOut(walk, column, nodes);
    return () => values;
  }
  if (!isOutputLike(query, output, column)) return anything;
  return () => walk.sight.outputsOf(query).get(output)?.values ?? null;
}

/** The columns a list names, in order; all without one. Undefined where a part of a column is meant, or none is known. */
function columnsGiven(relation: Relation, targets: readonly unknown[]): readonly (Column | undefined)[] {
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

/** The values of one row that MERGE inserts. */
export function mergedValues(
  relation: Relation,
  { clause, known }: { readonly clause: Fields; readonly known: KnownValues },
): Written {
  const values = list(clause, 'values');
  const targets = list(clause, 'targetList');
  const columns = columnsGiven(relation, targets);
  const named = columns.slice(0, targets.length > 0 ? undefined : values.length);
  const given = new Map<number, Given>();
  for (const [position, column] of named.entries())
    if (column !== undefined && !isPassedOver(column, clause))
      given.set(column.number, known.given(values[position], column));
  return withDefaults(relation, given, named);
}

/** A column that is not given gets NULL, unless something else is its default. */
function withDefaults(
  relation: Relation,
  given: ReadonlyMap<number, Given>,
  named: readonly (Column | undefined)[],
): Written {
  const isCertain = !named.includes(undefined);
  const names = new Set(named.map((column) => column?.number));
  return () =>
    relation.columns.flatMap((column): readonly ColumnValues[] => {
      if (column.valueClass === null || column.generated) return [];
      const isLeftOut = isCertain && !names.has(column.number) && !column.hasDefault;
      const values = isLeftOut ? [nullValue] : (given.get(column.number)?.() ?? null);
      return values === null ? [] : [{ column, values }];
    });
}
