/**
 * Decides what a condition says of the columns of its query, where it holds: which values they have, which of them are
 * equal (CONSISTENCY §3, rules 1 to 6). Knows no joins and no tables' keys. When in doubt, nothing.
 *
 * MySQL compares a column with a text, a number or a date in its own ways. So nothing is said but where both sides are of
 * one family: columns of the same collation, literals and parameters of the column's own kind.
 */
import { alternativesMax, type Candidate } from '../rows/candidates.js';
import { either, equalPlaces, type Facts, isPinnable, nothing, nullValue, together } from '../rows/facts.js';
import { columnsOfQuery, type Source } from '../rows/queries.js';
import { isLocal, type Place, type RangeEntry, type Scope } from '../rows/scope.js';
import type { Sight } from '../rows/sight.js';
import type { Comparison, Expression, InQuery, Logical } from './ast.js';
import { candidatesOf, type PinSearch } from './pins.js';
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
  condition: Expression | null,
  scope: Scope,
  members: Source[] = [],
): Facts {
  const { catalog, pins, sight } = search;
  return condition === null ? nothing : judge({ catalog, pins, sight, scope, members }, condition);
}

interface Level extends ConditionSearch {
  readonly scope: Scope;
  readonly members: Source[];
}

function judge(level: Level, condition: Expression): Facts {
  switch (condition.kind) {
    case 'logical':
      return judgeLogical(level, condition);
    case 'comparison':
      return judgeComparison(level, condition);
    case 'is':
      if (condition.what !== 'null' || condition.isNegated || level.catalog.session.hasAutoIsNull)
        return nothing;
      return valuesAt(level, condition.operand, () => [nullValue], { isStrict: false });
    case 'in':
      return condition.isNegated ? nothing : isAmong(level, condition.operand, condition.items);
    case 'in-query':
      return condition.isNegated ? nothing : isMember(level, condition);
    default:
      return nothing;
  }
}

function judgeLogical(level: Level, { operator, operands }: Logical): Facts {
  switch (operator) {
    case 'and':
      return together(operands.map((operand) => judge(level, operand)));
    case 'or':
      // What members say is true of one branch only.
      return either(operands.map((operand) => judge({ ...level, members: [] }, operand)));
    case 'xor':
      return nothing;
  }
}

function judgeComparison(level: Level, { operator, left, right }: Comparison): Facts {
  if (operator === '=') return equal(level, left, right);
  return operator === '<=>' ? isSame(level, left, right) : nothing;
}

/** `left = right` of values or of rows. */
function equal(level: Level, left: Expression, right: Expression): Facts {
  if (left.kind !== 'row' && right.kind !== 'row') return equalItems(level, left, right);
  if (left.kind !== 'row' || right.kind !== 'row' || left.items.length !== right.items.length) return nothing;
  return together(
    left.items.map((item, index) => {
      const other = right.items[index];
      return other === undefined ? nothing : equalItems(level, item, other);
    }),
  );
}

function equalItems(level: Level, left: Expression, right: Expression): Facts {
  const one = placeOf(level.catalog, level.scope, left);
  const other = placeOf(level.catalog, level.scope, right);
  if (one !== null && other !== null) return equalPlaces(level.scope, one, other);
  const [column, value] = one === null ? [right, left] : [left, right];
  return valuesAt(level, column, (place) => candidatesOf(level, [value], place.column), { isStrict: true });
}

/** `column <=> value`: NULL is a value here. */
function isSame(level: Level, left: Expression, right: Expression): Facts {
  const isLeft = placeOf(level.catalog, level.scope, left) !== null;
  const [column, value] = isLeft ? [left, right] : [right, left];
  return valuesAt(level, column, (place) => candidatesOf(level, [value], place.column), { isStrict: false });
}

/** `left in (items)`: values of one column, or rows. */
function isAmong(level: Level, left: Expression, items: readonly Expression[]): Facts {
  if (items.length > alternativesMax) return nothing;
  if (left.kind === 'row') return isAmongRows(level, left.items, items);
  return valuesAt(level, left, ({ column }) => candidatesOf(level, items, column), { isStrict: true });
}

/** MariaDB compares a column with all rows in one way: of one that some row gives a number of another kind, nothing is said. */
function isAmongRows(level: Level, left: readonly Expression[], items: readonly Expression[]): Facts {
  const rows = items.map((item) => (item.kind === 'row' ? item.items : []));
  if (rows.some(({ length }) => length !== left.length)) return nothing;
  const facts = rows.map((row) =>
    row.map((value, position) => {
      const column = left[position];
      return column === undefined ? nothing : equalItems(level, column, value);
    }),
  );
  const isTold = left.map((_, position) => facts.every((row) => row[position] !== nothing));
  const { values, links, choices } = either(
    facts.map((row) => together(row.filter((_, position) => isTold[position]))),
  );
  return { values, links, choices: choices.map((choice) => ({ ...choice, isWhole: true })) };
}

/** `left in (select …)`: a row of the query has what the row at hand has. */
function isMember(level: Level, { operand, query: node }: InQuery): Facts {
  const nodes = operand.kind === 'row' ? operand.items : [operand];
  const query = level.sight.queryAt(node);
  if (query === null) return nothing;
  const columns = columnsOfQuery(
    query,
    nodes.map((_, index) => String(index)),
  );
  const entry: RangeEntry = { name: '', schema: '', relation: null, columns };
  level.members.push({ kind: 'query', entry, query });
  return together(
    nodes.map((each, index) => {
      const place = placeOf(level.catalog, level.scope, each);
      const column = columns.byName.get(String(index));
      return place === null || column === undefined
        ? nothing
        : equalPlaces(level.scope, place, { entry, column });
    }),
  );
}

/** That a column has one of the values, where the node is a column that may be pinned and of this very level. */
function valuesAt(
  level: Level,
  node: Expression,
  valuesOf: (place: Place) => readonly Candidate[] | null,
  { isStrict }: { readonly isStrict: boolean },
): Facts {
  const place = placeOf(level.catalog, level.scope, node);
  if (place === null || !isPinnable(place)) return nothing;
  // The use of a parameter counts even where the column is of a query around.
  const values = valuesOf(place);
  if (values === null || !isLocal(level.scope, place)) return nothing;
  return { ...nothing, values: [{ place, values, isStrict }] };
}
