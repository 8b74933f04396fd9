/** Decides what INSERT, UPDATE, DELETE, COPY and TRUNCATE change, and which rows they are known to touch. */
import type { WritePin } from '../plan.js';
import { type Link, nothing } from '../rows/facts.js';
import { type Query, renamed, type Source } from '../rows/queries.js';
import type { Column } from '../rows/relation.js';
import type { RangeEntry, Scope } from '../rows/scope.js';
import { distinct } from '../rows/write-pins.js';
import { child, type Fields, fieldsOf, list, tagged, text } from './ast.js';
import { findRelation, type Relation } from './catalog.js';
import { addWrites, type Change, columnsSetOn } from './closure.js';
import { walkChildren } from './expressions.js';
import { walkFrom } from './from.js';
import { insertedValues } from './inserted-values.js';
import { type ColumnValues, type Given, KnownValues, united, type Written } from './known-values.js';
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

/** The query level of a data-modifying statement. */
export interface WriteLevel extends TargetScope {
  /** The items of its FROM, USING or source. */
  readonly from: readonly Source[];
  /** What the rows of an INSERT come from. */
  readonly query: Query | null;
}

/** Walks all of a data-modifying statement but its FROM, which is given apart. Null: its table is not known. */
export function walkParts(
  walk: Walk,
  fields: Fields,
  parts: {
    readonly relation: Relation | null;
    readonly from: readonly unknown[];
    readonly around: Surroundings;
  },
): WriteLevel | null {
  const ctes = walkWith(walk, child(fields, 'withClause'), parts.around, { nested: [], ctes: [] });
  const scope: Scope = { entries: [], merged: [], ctes, outer: parts.around.outer };
  const target = parts.relation === null ? null : entryOf(child(fields, 'relation'), parts.relation);
  if (target !== null) scope.entries.push(target);
  const from = walkFrom(walk, parts.from, scope);
  const query = walkSelected(walk, fieldsOf(fields['selectStmt'], 'SelectStmt'), scope);
  walkChildren(walk, { ...fields, ...walkedApart }, scope);
  return target === null ? null : { ...scope, target, from, query };
}

const walkedApart: Fields = {
  withClause: null,
  relation: null,
  fromClause: null,
  usingClause: null,
  selectStmt: null,
};

function walkSelected(walk: Walk, select: Fields | null, scope: Scope): Query | null {
  if (select === null) return null;
  const query = walk.query(walk, select, { ctes: scope.ctes, outer: scope.outer });
  walk.sight.nest(query, null);
  return query;
}

/** Records the changes once it is known which values name their rows. */
export function record(
  walk: Walk,
  write: {
    readonly relation: Relation;
    readonly changes: readonly Change[];
    readonly columns: Written;
    /** The statement: with what its answer tells of the rows. */
    readonly fields: Fields;
    readonly scope: TargetScope | null;
  },
): void {
  const { catalog, findings, pins } = walk;
  const { relation, changes, columns, fields, scope } = write;
  pins.later(() => {
    const settled = columns().flatMap(({ column, values }): WritePin[] => {
      const sources = values.flatMap((value) => pins.sourceOf(value, findings.parameterUses) ?? []);
      if (sources.length < values.length) return [];
      return [{ column: String(column.number), values: distinct(sources) }];
    });
    const requests = changes.map((change) => ({ relation, pins: settled, source: fields, ...change }));
    addWrites(catalog, findings, requests);
    const told = scope === null ? null : toldRows(catalog, { relation, changes, fields, scope });
    if (told !== null) findings.told.set(fields, told);
  });
}

export function walkInsert(walk: Walk, fields: Fields, around: Surroundings): void {
  const relation = targetOf(walk, child(fields, 'relation'));
  const conflict = child(fields, 'onConflictClause');
  const scope = walkParts(walk, { ...fields, cols: null }, { relation, from: [], around });
  if (relation === null || scope === null) return;
  const inserted = insertedValues(walk, relation, { fields, query: scope.query });
  const isUpsert = conflict !== null && text(conflict, 'action') !== 'ONCONFLICT_NOTHING';
  const insert: Change = { event: 'insert', changed: null };
  if (!isUpsert) return record(walk, { relation, changes: [insert], columns: inserted, fields, scope });
  const changed = assignedColumns(relation, list(conflict, 'targetList'));
  const columns = upsertedValues(walk, { relation, scope, conflict, inserted });
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
    readonly scope: WriteLevel;
    readonly conflict: Fields;
    readonly inserted: Written;
  },
): Written {
  const { relation, scope, conflict } = upsert;
  const { target } = scope;
  const inserted = asTriggersLeaveThem(walk, relation, upsert.inserted);
  const excluded: RangeEntry = {
    name: 'excluded',
    schema: '',
    relation: null,
    columns: renamed(relation.columns, []),
  };
  const links = arbiterColumns(relation, conflict).map(
    (column): Link => [
      { entry: target, column },
      { entry: excluded, column },
    ],
  );
  const known = KnownValues.of(walk, {
    scope: { entries: [target, excluded], ctes: scope.ctes, outer: scope.outer },
    from: [],
    conditions: [conflict['whereClause']],
    besides: () => ({
      ...nothing,
      values: inserted().map(({ column, values }) => ({
        place: { entry: excluded, column },
        values,
        isStrict: false,
      })),
      links,
    }),
  });
  const updated = updatedValues(relation, { target, assignments: list(conflict, 'targetList'), known });
  return () => united([updated(), inserted()]);
}

/** What is in the way is looked for after BEFORE triggers have run, and `excluded` shows what they made of the row. */
function asTriggersLeaveThem(walk: Walk, relation: Relation, inserted: Written): Written {
  const set = columnsSetOn(walk.catalog, relation, ['insert']);
  if (set === null || set === 'all') return () => [];
  return () => inserted().filter(({ column }) => !set.has(column.number));
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
  const known = knownBy(walk, scope, fields);
  const changed = assignedColumns(relation, assignments);
  const columns = updatedValues(relation, { target: scope.target, assignments, known });
  record(walk, { relation, changes: [{ event: 'update', changed }], columns, fields, scope });
}

/** What the WHERE says. */
function knownBy(walk: Walk, level: WriteLevel, fields: Fields): KnownValues {
  return KnownValues.of(walk, { scope: level, from: level.from, conditions: [fields['whereClause']] });
}

/** The values that updated rows have before and after. */
export function updatedValues(
  relation: Relation,
  update: {
    readonly target: RangeEntry;
    readonly assignments: readonly unknown[];
    readonly known: KnownValues;
  },
): Written {
  const { target, assignments, known } = update;
  const changed = assignedColumns(relation, assignments);
  if (changed === null) return () => [];
  const given = new Map<number, Given>();
  for (const column of relation.columns) {
    const node = changed.has(column.number) ? assignedNode(column, assignments) : null;
    if (node !== null) given.set(column.number, known.given(node, column));
  }
  return () =>
    known.columnsOf(target).flatMap(({ column, values }): readonly ColumnValues[] => {
      if (!changed.has(column.number)) return [{ column, values }];
      const after = given.get(column.number)?.() ?? null;
      return after === null ? [] : [{ column, values: [...values, ...after] }];
    });
}

export function walkDelete(walk: Walk, fields: Fields, around: Surroundings): void {
  const relation = targetOf(walk, child(fields, 'relation'));
  const from = list(fields, 'usingClause');
  const scope = walkParts(walk, fields, { relation, from, around });
  if (relation === null || scope === null) return;
  const known = knownBy(walk, scope, fields);
  const columns: Written = () => known.columnsOf(scope.target);
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
  record(walk, {
    relation,
    changes: [{ event: 'insert', changed: null }],
    columns: () => [],
    fields,
    scope: null,
  });
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
