/**
 * Decides what the columns of a SELECT's result are, and whether rows that differ in one of them pass the query apart from
 * each other. When in doubt, they are not known and do not.
 */
import type { Output } from '../rows/queries.js';
import { columnsOf, isSamePlace, qualifies, type RangeEntry, type Scope } from '../rows/scope.js';
import type { AllColumns, Call, Expression, Limit, Select, SelectExpression, Window } from './ast.js';
import { type Catalog, foldName } from './catalog.js';
import { isAggregate } from './functions.js';
import { isSpeltOut } from './pins.js';
import { invisibleIn, placeHere, placeOf } from './places.js';
import { findNodes } from './tree-search.js';

/** What a SELECT's result is judged by: itself, and what stands around it in its query. */
export interface Judged {
  readonly catalog: Catalog;
  readonly scope: Scope;
  readonly select: Select;
  /** The ORDER BY behind it, where windows may stand as well. */
  readonly around: unknown;
  readonly limit: Limit | null;
}

/** Null: not known, a star over something unknown. */
export function outputsOf({ catalog, scope, select }: Judged): readonly Output[] | null {
  const outputs: Output[] = [];
  for (const item of select.items) {
    if (item.kind === 'select-expression') {
      const output = outputOf(catalog, scope, item);
      // In the rows that ROLLUP adds it is null.
      outputs.push(select.hasRollup ? output : { ...output, ...speltOut(item) });
    } else {
      const starred = starOf(catalog, scope, item);
      if (starred === null) return null;
      outputs.push(...starred);
    }
  }
  return outputs;
}

function outputOf(catalog: Catalog, scope: Scope, { expression, alias }: SelectExpression): Output {
  const place = placeOf(catalog, scope, expression);
  const isLocal = place !== null && scope.entries.includes(place.entry);
  const name = alias ?? (expression.kind === 'column' ? (expression.names.at(-1) ?? null) : null);
  return { name: name === null ? null : name.toLowerCase(), place: isLocal ? place : null };
}

/** What is the same in each row. */
const speltOut = ({ expression }: SelectExpression): Pick<Output, 'given'> =>
  isSpeltOut(expression) ? { given: [expression] } : {};

/** `*` or `item.*` as the columns it stands for; null: not known. */
function starOf(catalog: Catalog, scope: Scope, { table }: AllColumns): readonly Output[] | null {
  // A column that two items have in common comes first, once.
  if (table === null && (scope.merged?.length ?? 0) > 0) return null;
  const qualifier = table === null ? [] : [...(table.schema === null ? [] : [table.schema]), table.name];
  const folded = qualifier.map((name) => foldName(catalog, name));
  const entries = table === null ? scope.entries : scope.entries.filter((entry) => qualifies(entry, folded));
  if (table !== null && entries.length !== 1) return null;
  const outputs = entries.map(allOf);
  return outputs.includes(null) ? null : outputs.flatMap((each) => each ?? []);
}

function allOf(entry: RangeEntry): readonly Output[] | null {
  const columns = columnsOf(entry);
  if (columns?.isComplete !== true || invisibleIn(entry).size > 0) return null;
  return [...columns.byName.values()]
    .sort((left, right) => left.number - right.number)
    .map((column) => ({ name: column.name, place: { entry, column } }));
}

export const hasLimit = (limit: Limit | null): boolean => limit !== null;

/** Whether some row of the result shows null where its query saw another value, or none at all. */
export const mayShowNulls = ({ select, around }: Judged): boolean =>
  select.hasRollup || makesOneRow(select, around);

/** An aggregate without GROUP BY: one row, whatever was seen. */
function makesOneRow(select: Select, around: unknown): boolean {
  return (
    select.groupBy.length === 0 &&
    callsIn([select.items, select.having, around]).some(
      ({ name, over }) => over === null && isAggregate(name),
    )
  );
}

/** Whether rows that differ in one output pass the query apart from each other. */
export function keepsApart(judged: Judged, outputs: readonly Output[] | null): (output: number) => boolean {
  const { select, limit, around } = judged;
  const isLost = hasLimit(limit) || mayShowNulls(judged) || outputs === null;
  const groups = select.groupBy.map(({ expression }) => expression);
  const windows = callsIn([select.items, around]).flatMap(({ over }) => (over === null ? [] : [over]));
  return (output) => {
    if (isLost) return false;
    if (groups.length > 0 && !isNamedBy(judged, outputs, { items: groups, output, countsPositions: true }))
      return false;
    return windows.every((window) =>
      isNamedBy(judged, outputs, { items: partitionOf(select, window), output, countsPositions: false }),
    );
  };
}

interface Named {
  readonly items: readonly Expression[];
  readonly output: number;
  /** Whether a number stands for the output at that position; in a window it does not. */
  readonly countsPositions: boolean;
}

/** Whether a list of expressions has the output's column: as a column, by its name, by its number. */
function isNamedBy(
  { catalog, scope }: Judged,
  outputs: readonly Output[],
  { items, output, countsPositions }: Named,
): boolean {
  const wanted = outputs[output]?.place ?? null;
  if (wanted === null) return false;
  return items.some((item) => {
    if (item.kind === 'number') return countsPositions && item.text === String(output + 1);
    if (item.kind !== 'column') return false;
    const [name] = item.names;
    if (name === undefined) return false;
    // An output of that name may be meant as well: then it has to be the same column.
    const sameName =
      item.names.length > 1
        ? []
        : outputs.filter((each) => each.name === null || each.name === name.toLowerCase());
    if (sameName.some(({ place }) => place === null || !isSamePlace(place, wanted))) return false;
    const found = placeHere(catalog, scope, item.names);
    if (found === 'unsure') return false;
    return found === 'nowhere' ? sameName.length > 0 : isSamePlace(found, wanted);
  });
}

/** What a window is partitioned by; one that is made from another is not followed. */
function partitionOf(select: Select, window: Window | string): readonly Expression[] {
  if (typeof window !== 'string') return window.base === null ? window.partitionBy : [];
  const named = select.windows.find(({ name }) => name.toLowerCase() === window.toLowerCase());
  return named === undefined || named.window.base !== null ? [] : named.window.partitionBy;
}

/** The calls of a level; those in queries below belong to them, which does no harm. */
const callsIn = (nodes: readonly unknown[]): readonly Call[] =>
  findNodes(nodes, (node): node is Call => node.kind === 'call');
