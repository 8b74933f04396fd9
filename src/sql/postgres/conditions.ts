/**
 * Decides what a condition says of the columns of its query, where it holds: which values they have, which of them are
 * equal (CONSISTENCY §3, rules 1 to 6). Knows no joins and no tables' keys. When in doubt, nothing.
 */
import { alternativesMax, type Candidate } from '../rows/candidates.js';
import { either, equalPlaces, type Facts, isPinnable, nothing, nullValue, together } from '../rows/facts.js';
import { columnsOfQuery, type Source } from '../rows/queries.js';
import { isLocal, type Place, type RangeEntry, type Scope } from '../rows/scope.js';
import type { Sight } from '../rows/sight.js';
import { type Fields, fieldsOf, list, strings, tagged, text } from './ast.js';
import { candidatesOf, elementsOf, hasForeignEquality, type PinSearch } from './pins.js';
import { placeOf } from './places.js';

interface ConditionSearch extends PinSearch {
  readonly sight: Pick<Sight, 'queryAt'>;
}

/**
 * A condition as it stands at a query level whose FROM was walked.
 *
 * @param members gathers the queries of `in (select …)`: as if they were further items, of which the facts tell as well
 */
export function factsOf(
  search: ConditionSearch,
  condition: unknown,
  scope: Scope,
  members: Source[] = [],
): Facts {
  if (hasForeignEquality(search.catalog)) return nothing;
  const { catalog, pins, sight } = search;
  return judge({ catalog, pins, sight, scope, members }, condition);
}

interface Level extends ConditionSearch {
  readonly scope: Scope;
  readonly members: Source[];
}

function judge(level: Level, condition: unknown): Facts {
  const found = tagged(condition);
  if (found === null) return nothing;
  const { tag, fields } = found;
  switch (tag) {
    case 'BoolExpr':
      return judgeBoolean(level, fields);
    case 'A_Expr':
      return judgeOperation(level, fields);
    case 'NullTest':
      if (text(fields, 'nulltesttype') !== 'IS_NULL') return nothing;
      return valuesAt(level, fields['arg'], () => [nullValue], { isStrict: false });
    case 'SubLink':
      return isMember(level, fields);
    case 'ColumnRef':
      return truth(level, condition, true);
    case 'BooleanTest':
      switch (text(fields, 'booltesttype')) {
        case 'IS_TRUE':
          return truth(level, fields['arg'], true);
        case 'IS_FALSE':
          return truth(level, fields['arg'], false);
        default:
          return nothing;
      }
    default:
      return nothing;
  }
}

/** A boolean column that is a condition by itself. */
function truth(level: Level, node: unknown, value: boolean): Facts {
  return valuesAt(
    level,
    node,
    ({ column }) => (column.valueClass === 'bool' ? [{ kind: 'literal', value: String(value) }] : null),
    { isStrict: true },
  );
}

function judgeBoolean(level: Level, fields: Fields): Facts {
  const parts = list(fields, 'args');
  switch (text(fields, 'boolop')) {
    case 'AND_EXPR':
      return together(parts.map((part) => judge(level, part)));
    case 'OR_EXPR':
      return either(parts.map((part) => judge(level, part)));
    default:
      return fieldsOf(parts[0], 'ColumnRef') === null ? nothing : truth(level, parts[0], false);
  }
}

function judgeOperation(level: Level, operation: Fields): Facts {
  const name = strings(list(operation, 'name')) ?? [];
  if (name.length !== 1 || name[0] !== '=') return nothing;
  const { lexpr, rexpr } = operation;
  switch (text(operation, 'kind')) {
    case 'AEXPR_OP':
      return equal(level, lexpr, rexpr);
    case 'AEXPR_NOT_DISTINCT':
      return isSame(level, lexpr, rexpr);
    case 'AEXPR_IN':
      return isAmong(level, lexpr, list(fieldsOf(rexpr, 'List') ?? {}, 'items'));
    case 'AEXPR_OP_ANY':
      return valuesAt(level, lexpr, ({ column }) => elementsOf(level, rexpr, column), { isStrict: true });
    default:
      return nothing;
  }
}

/** `left = right` of values or of rows. */
function equal(level: Level, left: unknown, right: unknown): Facts {
  const row = rowOf(left);
  const other = rowOf(right);
  if (row !== null || other !== null) {
    if (row === null || other === null || row.length !== other.length) return nothing;
    return together(row.map((item, index) => equalItems(level, item, other[index])));
  }
  return equalItems(level, left, right);
}

function equalItems(level: Level, left: unknown, right: unknown): Facts {
  const one = placeOf(level.scope, left);
  const other = placeOf(level.scope, right);
  if (one !== null && other !== null) return areEqual(level, one, other);
  const [column, value] = one === null ? [right, left] : [left, right];
  return valuesAt(level, column, (place) => candidatesOf(level, [value], place.column), { isStrict: true });
}

/** Two columns, one of which may be made of values that are spelt out. */
function areEqual(level: Level, one: Place, other: Place): Facts {
  return together([
    equalPlaces(level.scope, one, other),
    isGiven(level, one, other),
    isGiven(level, other, one),
  ]);
}

function isGiven(level: Level, place: Place, { entry, column }: Place): Facts {
  const nodes = entry.columns?.given?.get(column.name) ?? [];
  if (nodes.length > alternativesMax || !isPinnable(place)) return nothing;
  return valuesOf(level, place, candidatesOf(level, nodes, place.column), { isStrict: true });
}

/** `column in (select …)`, `column = any (select …)`; or a row of columns. */
function isMember(level: Level, subLink: Fields): Facts {
  const operator = strings(list(subLink, 'operName')) ?? [];
  if (text(subLink, 'subLinkType') !== 'ANY_SUBLINK' || (operator.length > 0 && operator.join() !== '='))
    return nothing;
  const select = fieldsOf(subLink['subselect'], 'SelectStmt');
  const query = select === null ? null : level.sight.queryAt(select);
  if (query === null) return nothing;
  const nodes = rowOf(subLink['testexpr']) ?? [subLink['testexpr']];
  const columns = columnsOfQuery(
    query,
    nodes.map((_, index) => String(index)),
  );
  const entry: RangeEntry = { name: '', schema: '', relation: null, columns };
  level.members.push({ kind: 'query', entry, query });
  return together(
    nodes.map((node, index) => {
      const place = placeOf(level.scope, node);
      const column = columns.byName.get(String(index));
      return place === null || column === undefined ? nothing : areEqual(level, place, { entry, column });
    }),
  );
}

/** `column is not distinct from value`: NULL is a value here. */
function isSame(level: Level, left: unknown, right: unknown): Facts {
  const column = placeOf(level.scope, left) === null ? right : left;
  const value = column === left ? right : left;
  return valuesAt(level, column, (place) => candidatesOf(level, [value], place.column), { isStrict: false });
}

/** `left in (items)`: values of one column, or rows. */
function isAmong(level: Level, left: unknown, items: readonly unknown[]): Facts {
  if (items.length > alternativesMax) return nothing;
  if (rowOf(left) !== null) return either(items.map((item) => equal(level, left, item)));
  return valuesAt(level, left, ({ column }) => candidatesOf(level, items, column), { isStrict: true });
}

/** The items of `(a, b)` or `row (a, b)`. */
function rowOf(node: unknown): readonly unknown[] | null {
  const row = fieldsOf(node, 'RowExpr');
  return row === null ? null : list(row, 'args');
}

/** That a column has one of the values, where the node is a column that may be pinned and of this very level. */
function valuesAt(
  level: Level,
  node: unknown,
  find: (place: Place) => readonly Candidate[] | null,
  strictness: { readonly isStrict: boolean },
): Facts {
  const place = placeOf(level.scope, node);
  if (place === null || !isPinnable(place)) return nothing;
  // The use of a parameter counts even where the column is of a query around.
  return valuesOf(level, place, find(place), strictness);
}

function valuesOf(
  { scope }: Level,
  place: Place,
  values: readonly Candidate[] | null,
  { isStrict }: { readonly isStrict: boolean },
): Facts {
  if (values === null || !isLocal(scope, place)) return nothing;
  return { ...nothing, values: [{ place, values, isStrict }] };
}
