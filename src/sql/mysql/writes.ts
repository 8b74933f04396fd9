/** Decides what UPDATE, DELETE and TRUNCATE change, and which rows they are known to touch. */
import type { Candidate } from '../rows/candidates.js';
import type { Source } from '../rows/queries.js';
import type { RangeEntry, Scope } from '../rows/scope.js';
import type { Expression, TableName } from './ast.js';
import { carriedValues, mayCarry } from './carried-values.js';
import { type Catalog, type Column, findRelation, foldName, type Relation } from './catalog.js';
import { addWrites } from './closure.js';
import { walkExpression } from './expressions.js';
import { walkFrom } from './from.js';
import {
  type ColumnValues,
  type Given,
  type Known,
  knownRows,
  settledPins,
  type Written,
} from './known-rows.js';
import { storedValues } from './pins.js';
import { placeHere, placeOf } from './places.js';
import { walkWith } from './select.js';
import type { Assignment, Delete, Truncate, Update } from './statement-ast.js';
import type { Walk } from './walk.js';
import type { Change } from './write-request.js';

/** The relation a statement writes by name; a CTE of that name is never meant. */
export function targetOf({ catalog, findings }: Walk, name: TableName): Relation | null {
  const found = findRelation(catalog, name);
  if (found.found === 'relation') {
    findings.named.add(found.relation);
    return found.relation;
  }
  findings.writeEverything({
    code: 'unknown-relation',
    detail: `${name.name} is not a table of the catalog`,
  });
  if (found.found === 'system') findings.changesCatalog = true;
  return null;
}

/** Records the changes once it is known which values name their rows. */
export function record(walk: Walk, relation: Relation, changes: readonly Change[], columns: Written): void {
  const { catalog, findings, pins } = walk;
  pins.later(() => {
    const settled = relation.kind === 'table' ? settledPins(walk, columns()) : [];
    addWrites(
      catalog,
      findings,
      changes.map((change) => ({ relation, pins: settled, ...change })),
    );
  });
}

/** The query level of UPDATE and DELETE: its items, and what its WHERE says of them. */
interface Level {
  readonly scope: Scope;
  readonly from: readonly Source[];
  readonly known: Known;
}

function walkLevel(walk: Walk, statement: Update | Delete): Level {
  const ctes = walkWith(walk, statement.with, { ctes: null, outer: null }, { nested: [], ctes: [] });
  const scope: Scope = { entries: [], merged: [], ctes, outer: null };
  const from = walkFrom(walk, statement.from, scope);
  const rest = statement.kind === 'update' ? statement.assignments : statement.returning;
  walkExpression(walk, [rest, statement.where, statement.orderBy, statement.limit], scope);
  return { scope, from, known: knownRows(walk, { scope, from, where: statement.where }) };
}

/** The relation behind an item: the table, or the view of which only the tables are shown. */
type Target = { readonly entry: RangeEntry; readonly relation: Relation };

/** Items that may be written. A view's columns are those of its query: any of its tables may be meant. */
function targetsIn(walk: Walk, statement: Update | Delete, { scope }: Level): readonly Target[] {
  return tablesIn(statement.from).flatMap(({ called, table }): Target[] => {
    const found = findRelation(walk.catalog, table);
    if (found.found !== 'relation') return [];
    const { relation } = found;
    const [entry, ...more] = scope.entries.filter(({ name }) => name === foldName(walk.catalog, called));
    const isCertain = more.length === 0 && (relation.kind === 'view' || entry?.relation === relation);
    return [{ entry: isCertain && entry !== undefined ? entry : unknownEntry, relation }];
  });
}

/** Of one that is called as another one is. */
const unknownEntry: RangeEntry = { name: '', schema: '', relation: null };

interface Named {
  readonly called: string;
  readonly table: TableName;
}

/** The tables and views among the items of a FROM list. */
function tablesIn(items: Update['from']): readonly Named[] {
  return items.flatMap((item): readonly Named[] => {
    if (item.kind === 'table') return [{ called: item.alias ?? item.table.name, table: item.table }];
    return item.kind === 'join' ? tablesIn([item.left, item.right]) : [];
  });
}

export function walkUpdate(walk: Walk, update: Update): void {
  const level = walkLevel(walk, update);
  const targets = targetsIn(walk, update, level);
  const assigned = update.assignments.map((assignment) => assignedTo(walk.catalog, level.scope, assignment));
  const isUnsure = targets.some(({ entry }) => entry === unknownEntry);
  if (targets.length === 0 || assigned.includes(null) || isUnsure) return noteUnknown(walk, update, targets);
  for (const { entry, relation } of targets) {
    const own = assigned.flatMap((each) => (each?.entry === entry ? [each] : []));
    // Behind a view a column's name is another table's, perhaps.
    if (own.length === 0 && relation.kind !== 'view') continue;
    const changed = relation.kind === 'view' ? null : new Set(own.map(({ number }) => number));
    const after = own.map((each) => ({
      number: each.number,
      values: givenBy(walk, level, { relation, assigned, each }),
    }));
    record(walk, relation, [{ event: 'update', changed }], () => updatedValues(level.known(entry), after));
  }
}

/** Where it is not certain which table a column is of, or that all are known, any rows of any of them are meant. */
function noteUnknown(walk: Walk, statement: Update | Delete, targets: readonly Target[]): void {
  const isAnyMissing = tablesIn(statement.from).some(
    ({ table }) => findRelation(walk.catalog, table).found === 'nothing',
  );
  // Made by others since the catalog was read, perhaps, who know it.
  if (targets.length === 0 || isAnyMissing)
    walk.findings.writeEverything({
      code: 'unknown-relation',
      detail: 'what it writes is not in the catalog',
    });
  for (const { relation } of targets)
    record(walk, relation, [{ event: statement.kind, changed: null }], () => []);
}

/** The value's node; null: not known for certain. */
interface Assigned {
  readonly entry: RangeEntry;
  readonly number: number;
  readonly value: Expression;
}

function assignedTo(catalog: Catalog, scope: Scope, { column, value }: Assignment): Assigned | null {
  const found = placeHere(catalog, scope, column.names);
  return typeof found === 'string' ? null : { entry: found.entry, number: found.column.number, value };
}

/** What an assignment gives to its column. */
function givenBy(
  walk: Walk,
  { scope, known }: Level,
  about: {
    readonly relation: Relation;
    readonly each: Assigned;
    readonly assigned: readonly (Assigned | null)[];
  },
): Given {
  const { relation, each, assigned } = about;
  const place = placeOf(walk.catalog, scope, each.value);
  if (place === null) {
    const stored = storedIn(walk, relation, each.number, each.value);
    return () => stored;
  }
  const to = relation.columns.find(({ number }) => number === each.number);
  const isPlain = scope.entries.includes(place.entry) && place.entry.relation?.table !== undefined;
  // An assigned column may have its old value or its new one here, also of the same table as another item.
  const isAssigned = assigned.some(
    (other) =>
      other?.number === place.column.number &&
      other.entry.relation?.table.id === place.entry.relation?.table.id,
  );
  if (to === undefined || !isPlain || isAssigned || !mayCarry(walk.catalog, place.column, to))
    return () => null;
  return () => {
    const own = known(place.entry).find(({ column }) => column.number === place.column.number);
    return own === undefined ? null : carriedValues(own.values, to);
  };
}

/** What one column of a table has once a value was assigned to it. */
export function storedIn(
  walk: Walk,
  relation: Relation,
  number: number,
  value: Expression,
): readonly Candidate[] | null {
  const column: Column | undefined = relation.columns.find((each) => each.number === number);
  return column === undefined ? null : storedValues(walk, [value], column);
}

/** The values that updated rows have before and after. */
export function updatedValues(
  before: readonly ColumnValues[],
  after: readonly { readonly number: number; readonly values: Given }[],
): readonly ColumnValues[] {
  return before.flatMap(({ column, values }): readonly ColumnValues[] => {
    const all = [...values];
    for (const each of after) {
      if (each.number !== column.number) continue;
      const given = each.values();
      if (given === null) return [];
      all.push(...given);
    }
    return [{ column, values: all }];
  });
}

export function walkDelete(walk: Walk, statement: Delete): void {
  const level = walkLevel(walk, statement);
  const all = targetsIn(walk, statement, level);
  const { targets: names } = statement;
  const targets = names === null ? all : names.flatMap((name) => namedBy(walk, all, name) ?? []);
  if (targets.length === 0 || (names !== null && targets.length < names.length))
    return noteUnknown(walk, statement, all);
  for (const { entry, relation } of targets)
    record(walk, relation, [{ event: 'delete', changed: null }], () => level.known(entry));
}

/** A target of a DELETE is named as its item is called, or as its table is. */
function namedBy({ catalog }: Walk, targets: readonly Target[], name: TableName): Target | null {
  const called = targets.filter(({ entry }) => entry.name === foldName(catalog, name.name));
  const [only, ...more] = called;
  if (only === undefined || more.length > 0) return null;
  const schema = name.schema ?? catalog.session.schema;
  const isSame = schema !== null && foldName(catalog, only.relation.schema) === foldName(catalog, schema);
  return name.schema === null || isSame ? only : null;
}

export function walkTruncate(walk: Walk, { table }: Truncate): void {
  const relation = targetOf(walk, table);
  walk.findings.commitsImplicitly = true;
  // Neither triggers nor foreign keys follow, which is not relied on.
  if (relation !== null) record(walk, relation, [{ event: 'delete', changed: null }], () => []);
}
