/** Decides what INSERT, UPDATE, DELETE, COPY and TRUNCATE change, and which rows they are known to touch. */
import type { WritePin } from '../plan.js';
import type { Column } from '../rows/relation.js';
import type { RangeEntry, Scope } from '../rows/scope.js';
import { child, type Fields, fieldsOf, list, tagged, text } from './ast.js';
import { findRelation, type Relation } from './catalog.js';
import { addWrites, type Change, columnsSetOn } from './closure.js';
import { walkChildren } from './expressions.js';
import { distinct } from './findings.js';
import { walkFrom } from './from.js';
import { type Inserted, insertedValues } from './inserted-values.js';
import { type ColumnFacts, KnownValues, type Lists, type Side, united } from './known-values.js';
import { type TargetScope, toldRows } from './returned.js';
import { walkWith } from './select.js';
import type { Surroundings, Walk } from './walk.js';

/** The relation a statement writes; a CTE of that name is never meant. */
export function targetOf(walk: Walk, rangeVar: Fields | null): Relation | null {
  const name = text(rangeVar ?? {}, 'relname');
  const found = findRelation(walk.catalog, text(rangeVar ?? {}, 'schemaname'), name);
  if (found.found === 'relation') return found.relation;
  walk.findings.writeEverything({
    code: 'unknown-relation',
    detail: `${name} is not a table of the catalog`,
  });
  if (found.found === 'system') walk.findings.changesCatalog = true;
  return null;
}

function entryOf(rangeVar: Fields | null, relation: Relation): RangeEntry {
  const alias = child(rangeVar ?? {}, 'alias');
  return {
    name: alias === null ? relation.name : text(alias, 'aliasname'),
    schema: alias === null ? relation.schema : '',
    relation,
  };
}

/** Walks all of a data-modifying statement but its WITH and FROM, which are given apart. Null: its table is not known. */
export function walkParts(
  walk: Walk,
  fields: Fields,
  parts: {
    readonly relation: Relation | null;
    readonly from: readonly unknown[];
    readonly around: Surroundings;
  },
): TargetScope | null {
  const ctes = walkWith(walk, child(fields, 'withClause'), parts.around);
  const scope: Scope = { entries: [], ctes, outer: parts.around.outer };
  const target = parts.relation === null ? null : entryOf(child(fields, 'relation'), parts.relation);
  if (target !== null) scope.entries.push(target);
  walkFrom(walk, parts.from, scope);
  const { withClause: _with, relation: _relation, fromClause: _from, usingClause: _using, ...rest } = fields;
  walkChildren(walk, rest, scope);
  return target === null ? null : { ...scope, target };
}

/** Records the changes once it is known which values name their rows. */
export function record(
  walk: Walk,
  write: {
    readonly relation: Relation;
    readonly changes: readonly Change[];
    readonly columns: readonly ColumnFacts[];
    /** The statement: with what its answer tells of the rows. */
    readonly fields: Fields;
    readonly scope: TargetScope | null;
  },
): void {
  const { catalog, findings, pins } = walk;
  const { relation, changes, columns, fields, scope } = write;
  pins.later(() => {
    const settled = columns.flatMap(({ column, lists }): WritePin[] => {
      const values = settledValues(walk, lists);
      return values === null ? [] : [{ column: String(column.number), values }];
    });
    const requests = changes.map((change) => ({ relation, pins: settled, source: fields, ...change }));
    addWrites(catalog, findings, requests);
    const told = scope === null ? null : toldRows(catalog, { relation, changes, fields, scope });
    if (told !== null) findings.told.set(fields, told);
  });
}

/** Of several lists, each of which is true, the shortest that can be told when the statement is called. */
function settledValues(walk: Walk, lists: Lists): WritePin['values'] | null {
  const { findings, pins } = walk;
  for (const values of [...lists].sort((one, other) => one.length - other.length)) {
    const sources = values.flatMap((value) => pins.sourceOf(value, findings.parameterUses) ?? []);
    if (sources.length === values.length) return distinct(sources);
  }
  return null;
}

export function walkInsert(walk: Walk, fields: Fields, around: Surroundings): void {
  const relation = targetOf(walk, child(fields, 'relation'));
  const conflict = child(fields, 'onConflictClause');
  const scope = walkParts(walk, { ...fields, cols: null }, { relation, from: [], around });
  if (relation === null || scope === null) return;
  const inserted = insertedValues(walk, relation, { fields, ctes: scope.ctes });
  const isUpsert = conflict !== null && text(conflict, 'action') !== 'ONCONFLICT_NOTHING';
  const insert: Change = { event: 'insert', changed: null };
  if (!isUpsert)
    return record(walk, { relation, changes: [insert], columns: [...inserted.values()], fields, scope });
  const changed = assignedColumns(relation, list(conflict, 'targetList'));
  const columns = changed === null ? [] : upsertedValues(walk, { relation, scope, conflict, inserted });
  record(walk, { relation, changes: [insert, { event: 'update', changed }], columns, fields, scope });
}

/**
 * Of a row that is inserted, or of the row that stood in its way. That one has the values by which it was found in the
 * columns of the conflict's target; in any other column it may have anything, as another row of another key may.
 */
function upsertedValues(
  walk: Walk,
  upsert: {
    readonly relation: Relation;
    readonly scope: TargetScope;
    readonly conflict: Fields;
    readonly inserted: Inserted;
  },
): readonly ColumnFacts[] {
  const { relation, scope, conflict } = upsert;
  const inserted = asTriggersLeaveThem(walk, relation, upsert.inserted);
  const listsOf = (column: Column): Lists => inserted.get(column.number)?.lists ?? [];
  const excluded: Side = (name, wanted) => {
    const column = relation.columnByName.get(name);
    return column !== undefined && column.valueClass === wanted.valueClass ? listsOf(column) : [];
  };
  const known = KnownValues.of(walk, {
    scope,
    condition: conflict['whereClause'],
    sides: [['excluded', excluded]],
  });
  const arbiters = arbiterColumns(relation, conflict);
  const old = new Map(known.columnsOf(scope.target).map((facts) => [facts.column.number, facts]));
  for (const column of arbiters)
    old.set(column.number, { column, lists: [...(old.get(column.number)?.lists ?? []), ...listsOf(column)] });
  return updatedValues(relation, {
    old: [...old.values()],
    assignments: list(conflict, 'targetList'),
    known,
  }).map(({ column, lists }) => ({ column, lists: united([listsOf(column), lists]) }));
}

/** What is in the way is looked for after BEFORE triggers have run, and `excluded` shows what they made of the row. */
function asTriggersLeaveThem(walk: Walk, relation: Relation, inserted: Inserted): Inserted {
  const set = columnsSetOn(walk.catalog, relation, ['insert']);
  if (set === null || set === 'all') return new Map();
  return new Map([...inserted].filter(([number]) => !set.has(number)));
}

/** The columns in which the row that is in the way has the value of the row to be inserted. */
function arbiterColumns(relation: Relation, conflict: Fields): readonly Column[] {
  return list(child(conflict, 'infer') ?? {}, 'indexElems').flatMap((item) => {
    const column = relation.columnByName.get(text(fieldsOf(item, 'IndexElem') ?? {}, 'name'));
    return column === undefined || relation.looseKeyColumns.has(column.number) ? [] : [column];
  });
}

export function walkUpdate(walk: Walk, fields: Fields, around: Surroundings): void {
  const relation = targetOf(walk, child(fields, 'relation'));
  const from = list(fields, 'fromClause');
  const scope = walkParts(walk, fields, { relation, from, around });
  if (relation === null || scope === null) return;
  const assignments = list(fields, 'targetList');
  const known = KnownValues.of(walk, { scope, condition: fields['whereClause'], from });
  const changed = assignedColumns(relation, assignments);
  const columns = updatedValues(relation, { old: known.columnsOf(scope.target), assignments, known });
  record(walk, { relation, changes: [{ event: 'update', changed }], columns, fields, scope });
}

/** The values that updated rows have before and after. */
export function updatedValues(
  relation: Relation,
  update: {
    readonly old: readonly ColumnFacts[];
    readonly assignments: readonly unknown[];
    readonly known: KnownValues;
  },
): readonly ColumnFacts[] {
  const { old, assignments, known } = update;
  const changed = assignedColumns(relation, assignments);
  if (changed === null) return [];
  return old.map(({ column, lists }) => {
    if (!changed.has(column.number)) return { column, lists };
    const stored = relation.columns.find(({ number }) => number === column.number);
    const node = assignedNode(column, assignments);
    if (node === null || stored === undefined) return { column, lists: [] };
    return { column, lists: united([lists, known.assigned(node, stored)]) };
  });
}

export function walkDelete(walk: Walk, fields: Fields, around: Surroundings): void {
  const relation = targetOf(walk, child(fields, 'relation'));
  const from = list(fields, 'usingClause');
  const scope = walkParts(walk, fields, { relation, from, around });
  if (relation === null || scope === null) return;
  const known = KnownValues.of(walk, { scope, condition: fields['whereClause'], from });
  const columns = known.columnsOf(scope.target);
  record(walk, { relation, changes: [{ event: 'delete', changed: null }], columns, fields, scope });
}

/** The columns a SET list names; null if a name is not one of the relation's. */
export function assignedColumns(
  relation: Relation,
  assignments: readonly unknown[],
): ReadonlySet<number> | null {
  const numbers = new Set<number>();
  for (const assignment of assignments) {
    const column = relation.columnByName.get(text(fieldsOf(assignment, 'ResTarget') ?? {}, 'name'));
    if (column === undefined) return null;
    numbers.add(column.number);
  }
  return numbers;
}

/** What a SET list gives to a column as a whole. */
function assignedNode(column: Column, assignments: readonly unknown[]): unknown {
  const own = assignments.flatMap((assignment) => {
    const target = fieldsOf(assignment, 'ResTarget');
    return target !== null && text(target, 'name') === column.name ? [target] : [];
  });
  const [target] = own;
  return own.length !== 1 || target === undefined || list(target, 'indirection').length > 0
    ? null
    : target['val'];
}

export function walkCopy(walk: Walk, fields: Fields, around: Surroundings): void {
  walk.findings.deny('copy', 'COPY is a stream');
  if (tagged(fields['query']) !== null) walk.statement(walk, fields['query'], around);
  const rangeVar = child(fields, 'relation');
  const scope: Scope = { entries: [], ctes: around.ctes, outer: around.outer };
  if (rangeVar === null) return;
  if (fields['is_from'] !== true) {
    walkFrom(walk, [{ RangeVar: rangeVar }], scope);
    return;
  }
  const relation = targetOf(walk, rangeVar);
  if (relation === null) return;
  scope.entries.push(entryOf(rangeVar, relation));
  walkChildren(walk, { where: fields['whereClause'] ?? null }, scope);
  record(walk, { relation, changes: [{ event: 'insert', changed: null }], columns: [], fields, scope: null });
}

export function walkTruncate(walk: Walk, fields: Fields): void {
  const cascade = text(fields, 'behavior') === 'DROP_CASCADE';
  for (const item of list(fields, 'relations')) {
    const relation = targetOf(walk, fieldsOf(item, 'RangeVar'));
    if (relation !== null)
      addWrites(walk.catalog, walk.findings, [
        { relation, event: 'truncate', changed: null, pins: [], cascade, source: fields },
      ]);
  }
}
