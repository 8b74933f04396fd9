/**
 * Decides what the columns of a SELECT's result are, and whether rows that differ in one of them pass the query apart from
 * each other. When in doubt, they are not known and do not.
 */
import type { Output } from '../rows/queries.js';
import { columnsOf, findHere, isSamePlace, qualifies, type RangeEntry, type Scope } from '../rows/scope.js';
import { child, type Fields, fieldsOf, isFields, list, number, strings, tagged, text } from './ast.js';
import { placeOf } from './places.js';

/** Null: not known, a star over something unknown. */
export function outputsOf(select: Fields, scope: Scope): readonly Output[] | null {
  const rows = list(select, 'valuesLists');
  if (rows.length > 0) {
    const items = rows.map((row) => list(fieldsOf(row, 'List') ?? {}, 'items'));
    return (items[0] ?? []).map((_, index) => ({
      name: `column${index + 1}`,
      place: null,
      given: items.map((row) => row[index]),
    }));
  }
  const isGiven = !hasGroupingSets(select);
  const outputs: Output[] = [];
  for (const item of list(select, 'targetList')) {
    const target = fieldsOf(item, 'ResTarget') ?? {};
    const starred = starOf(target['val'], scope);
    if (starred === 'unknown') return null;
    if (starred !== null) outputs.push(...starred);
    else {
      const output = outputOf(target, scope);
      // In a grouping set that leaves a constant out, it is null.
      outputs.push(output.place === null && isGiven ? { ...output, given: [target['val']] } : output);
    }
  }
  return outputs;
}

function outputOf(target: Fields, scope: Scope): Output {
  const node = target['val'];
  const place = placeOf(scope, node);
  const isLocal = place !== null && scope.entries.includes(place.entry);
  return { name: text(target, 'name') || nameOf(node), place: isLocal ? place : null };
}

/** As the server calls a column without an alias, where that is simple. */
function nameOf(node: unknown): string | null {
  const found = tagged(node);
  switch (found?.tag) {
    case 'ColumnRef':
      return strings(list(found.fields, 'fields'))?.at(-1) ?? null;
    case 'FuncCall':
      return strings(list(found.fields, 'funcname'))?.at(-1) ?? null;
    case 'A_Expr':
    case 'A_Const':
    case 'ParamRef':
    case 'BoolExpr':
    case 'NullTest':
      return '?column?';
    default:
      return null;
  }
}

/** `*` or `item.*` as the columns it stands for; null for anything else. */
function starOf(node: unknown, scope: Scope): readonly Output[] | 'unknown' | null {
  const fields = list(fieldsOf(node, 'ColumnRef') ?? {}, 'fields');
  if (fieldsOf(fields.at(-1), 'A_Star') === null) return null;
  const qualifier = strings(fields.slice(0, -1)) ?? [];
  // A column that two items have in common comes first, once.
  if (qualifier.length === 0 && (scope.merged?.length ?? 0) > 0) return 'unknown';
  const entries =
    qualifier.length === 0 ? scope.entries : scope.entries.filter((entry) => qualifies(entry, qualifier));
  if (qualifier.length > 0 && entries.length !== 1) return 'unknown';
  const outputs = entries.map(allOf);
  return outputs.includes(null) ? 'unknown' : outputs.flatMap((each) => each ?? []);
}

function allOf(entry: RangeEntry): readonly Output[] | null {
  const columns = columnsOf(entry);
  if (columns?.isComplete !== true) return null;
  return [...columns.byName.values()]
    .sort((left, right) => left.number - right.number)
    .map((column) => ({ name: column.name, place: { entry, column } }));
}

/** Whether rows that differ in one output pass the query apart from each other. */
export function keepsApart(
  select: Fields,
  scope: Scope,
  outputs: readonly Output[] | null,
): (output: number) => boolean {
  const isLimited = hasLimit(select);
  const distinct = list(select, 'distinctClause').filter((item) => tagged(item) !== null);
  const groups = list(select, 'groupClause');
  return (output) => {
    if (isLimited || outputs === null) return false;
    const named = { scope, outputs, output, countsPositions: true };
    if (distinct.length > 0 && !isNamedBy(distinct, named)) return false;
    if (groups.length > 0 && !isNamedBy(groups, named)) return false;
    return windowsOf([select['targetList'], select['sortClause'], select['distinctClause']]).every((window) =>
      isNamedBy(partitionOf(select, window), { ...named, countsPositions: false }),
    );
  };
}

export function hasLimit(select: Fields): boolean {
  return tagged(select['limitCount']) !== null || tagged(select['limitOffset']) !== null;
}

export function hasGroupingSets(select: Fields): boolean {
  return list(select, 'groupClause').some((item) => fieldsOf(item, 'GroupingSet') !== null);
}

interface NamedOutput {
  readonly scope: Scope;
  readonly outputs: readonly Output[];
  readonly output: number;
  /** Whether a number stands for the output at that position; in a window it does not. */
  readonly countsPositions: boolean;
}

/** Whether a list of expressions has the output's column: as a column, by its name, by its number. */
function isNamedBy(items: readonly unknown[], named: NamedOutput): boolean {
  const { scope, outputs, output } = named;
  const wanted = outputs[output]?.place ?? null;
  if (wanted === null || items.some((item) => fieldsOf(item, 'GroupingSet') !== null)) return false;
  return items.some((item) => {
    const position = child(fieldsOf(item, 'A_Const') ?? {}, 'ival');
    if (position !== null) return named.countsPositions && number(position, 'ival') === output + 1;
    const names = strings(list(fieldsOf(item, 'ColumnRef') ?? {}, 'fields')) ?? [];
    const [name] = names;
    if (name === undefined) return false;
    // An output of that name may be meant as well: then it has to be the same column.
    const sameName =
      names.length > 1 ? [] : outputs.filter((each) => each.name === null || each.name === name);
    if (sameName.some(({ place }) => place === null || !isSamePlace(place, wanted))) return false;
    const found = findHere(scope, names);
    if (found === 'unsure') return false;
    return found === 'nowhere' ? sameName.length > 0 : isSamePlace(found, wanted);
  });
}

/** The windows of the functions in these expressions. */
function windowsOf(node: unknown): readonly Fields[] {
  if (Array.isArray(node)) return node.flatMap(windowsOf);
  if (!isFields(node)) return [];
  const window = child(fieldsOf(node, 'FuncCall') ?? {}, 'over');
  return [...(window === null ? [] : [window]), ...Object.values(node).flatMap(windowsOf)];
}

/** What a window is partitioned by; one that is made from another is not followed. */
function partitionOf(select: Fields, window: Fields): readonly unknown[] {
  if (text(window, 'refname') !== '') return [];
  if (text(window, 'name') === '') return list(window, 'partitionClause');
  const named = list(select, 'windowClause').map((item) => fieldsOf(item, 'WindowDef') ?? {});
  const found = named.find((each) => text(each, 'name') === text(window, 'name'));
  return found === undefined || text(found, 'refname') !== '' ? [] : list(found, 'partitionClause');
}
