/** Decides what INSERT, UPDATE, DELETE, MERGE and COPY change, and which rows they are known to touch. */
import type { WritePin } from '../plan.js';
import { child, type Fields, fieldsOf, list, tagged, text } from './ast.js';
import { type Column, findRelation, type Relation } from './catalog.js';
import { addWrite, type WriteEvent } from './closure.js';
import { walkChildren } from './expressions.js';
import { type Candidate, candidatesOf, equalities } from './pins.js';
import type { RangeEntry, Scope } from './scope.js';
import { walkFrom, walkWith } from './select.js';
import type { Surroundings, Walk } from './walk.js';

/** Values that each touched row has in a column, before or after. */
interface ColumnValues {
  readonly column: Column;
  readonly values: readonly Candidate[];
}

interface Change {
  readonly event: WriteEvent;
  readonly changed: ReadonlySet<number> | null;
}

/** The relation a statement writes; a CTE of that name is never meant. */
function targetOf(walk: Walk, rangeVar: Fields | null): Relation | null {
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

/** Walks all of a data-modifying statement but its WITH and FROM, which are given apart. */
function walkParts(
  walk: Walk,
  fields: Fields,
  parts: {
    readonly relation: Relation | null;
    readonly from: readonly unknown[];
    readonly around: Surroundings;
  },
): Scope {
  const ctes = walkWith(walk, child(fields, 'withClause'), parts.around);
  const scope: Scope = { entries: [], ctes, outer: parts.around.outer };
  if (parts.relation !== null) scope.entries.push(entryOf(child(fields, 'relation'), parts.relation));
  walkFrom(walk, parts.from, scope);
  const { withClause: _with, relation: _relation, fromClause: _from, usingClause: _using, ...rest } = fields;
  walkChildren(walk, rest, scope);
  return scope;
}

/** Records the changes once it is known which values name their rows. */
function record(
  walk: Walk,
  relation: Relation,
  write: { readonly changes: readonly Change[]; readonly columns: readonly ColumnValues[] },
): void {
  const { catalog, findings, pins } = walk;
  pins.later(() => {
    const settled = write.columns.flatMap(({ column, values }): WritePin[] => {
      const sources = values.flatMap((value) => pins.sourceOf(value, findings.parameterUses) ?? []);
      return sources.length === values.length && sources.length > 0
        ? [{ column: String(column.number), values: sources }]
        : [];
    });
    for (const { event, changed } of write.changes) {
      const only = write.changes.length === 1 ? settled : [];
      addWrite(catalog, findings, { relation, event, changed, pins: only });
    }
  });
}

export function walkInsert(walk: Walk, fields: Fields, around: Surroundings): void {
  const relation = targetOf(walk, child(fields, 'relation'));
  const conflict = child(fields, 'onConflictClause');
  const scope = walkParts(walk, { ...fields, cols: null }, { relation, from: [], around });
  if (relation === null) return;
  const changes: Change[] = [{ event: 'insert', changed: null }];
  if (conflict !== null && text(conflict, 'action') !== 'ONCONFLICT_NOTHING')
    changes.push({ event: 'update', changed: assignedColumns(relation, list(conflict, 'targetList')) });
  const simple =
    conflict === null &&
    child(fields, 'withClause') === null &&
    text(fields, 'override') !== 'OVERRIDING_USER_VALUE' &&
    scope.entries.length === 1;
  record(walk, relation, { changes, columns: simple ? insertedValues(walk, relation, fields) : [] });
}

/** The columns for which each row of a VALUES list gives a value in so many words. */
function insertedValues(walk: Walk, relation: Relation, fields: Fields): readonly ColumnValues[] {
  const select = fieldsOf(fields['selectStmt'], 'SelectStmt');
  if (select === null || list(select, 'valuesLists').length === 0 || child(select, 'withClause') !== null)
    return [];
  const rows = list(select, 'valuesLists').map((row) => list(fieldsOf(row, 'List') ?? {}, 'items'));
  const targets = list(fields, 'cols').map((item) => fieldsOf(item, 'ResTarget') ?? {});
  const columns =
    targets.length === 0
      ? relation.columns
      : targets.map((target) =>
          list(target, 'indirection').length > 0
            ? undefined
            : relation.columnByName.get(text(target, 'name')),
        );
  return columns.flatMap((column, position): ColumnValues[] => {
    if (column === undefined) return [];
    const given = rows.map((row) => row[position]);
    const values = candidatesOf(walk, given, column);
    return values === null ? [] : [{ column, values }];
  });
}

export function walkUpdate(walk: Walk, fields: Fields, around: Surroundings): void {
  const relation = targetOf(walk, child(fields, 'relation'));
  const from = list(fields, 'fromClause');
  const scope = walkParts(walk, fields, { relation, from, around });
  if (relation === null) return;
  const assignments = list(fields, 'targetList');
  const changed = assignedColumns(relation, assignments);
  const simple = from.length === 0 && child(fields, 'withClause') === null;
  const before = simple ? filteredValues(walk, fields['whereClause'], scope) : [];
  const columns = before.flatMap((old): ColumnValues[] => {
    if (changed === null) return [];
    if (!changed.has(old.column.number)) return [old];
    const assigned = assignedValue(walk, old.column, assignments);
    return assigned === null ? [] : [{ column: old.column, values: [...old.values, ...assigned] }];
  });
  record(walk, relation, { changes: [{ event: 'update', changed }], columns });
}

export function walkDelete(walk: Walk, fields: Fields, around: Surroundings): void {
  const relation = targetOf(walk, child(fields, 'relation'));
  const from = list(fields, 'usingClause');
  const scope = walkParts(walk, fields, { relation, from, around });
  if (relation === null) return;
  const simple = from.length === 0 && child(fields, 'withClause') === null;
  const columns = simple ? filteredValues(walk, fields['whereClause'], scope) : [];
  record(walk, relation, { changes: [{ event: 'delete', changed: null }], columns });
}

/** The columns that a WHERE of one table gives a value of; of two values for one column each is true. */
function filteredValues(walk: Walk, condition: unknown, scope: Scope): readonly ColumnValues[] {
  const byColumn = new Map<number, ColumnValues>();
  for (const { column, values } of equalities(walk, condition, scope))
    byColumn.set(column.number, {
      column,
      values: [...(byColumn.get(column.number)?.values ?? []), ...values],
    });
  return [...byColumn.values()];
}

/** The columns a SET list names; null if a name is not one of the relation's. */
function assignedColumns(relation: Relation, assignments: readonly unknown[]): ReadonlySet<number> | null {
  const numbers = new Set<number>();
  for (const assignment of assignments) {
    const column = relation.columnByName.get(text(fieldsOf(assignment, 'ResTarget') ?? {}, 'name'));
    if (column === undefined) return null;
    numbers.add(column.number);
  }
  return numbers;
}

/** The one value a SET list gives to a column in so many words. */
function assignedValue(
  walk: Walk,
  column: Column,
  assignments: readonly unknown[],
): readonly Candidate[] | null {
  const own = assignments.flatMap((assignment) => {
    const target = fieldsOf(assignment, 'ResTarget');
    return target !== null && text(target, 'name') === column.name ? [target] : [];
  });
  const [target] = own;
  if (own.length !== 1 || target === undefined || list(target, 'indirection').length > 0) return null;
  return candidatesOf(walk, [target['val']], column);
}

export function walkMerge(walk: Walk, fields: Fields, around: Surroundings): void {
  const relation = targetOf(walk, child(fields, 'relation'));
  const { sourceRelation, ...rest } = fields;
  walkParts(walk, rest, { relation, from: [sourceRelation], around });
  if (relation === null) return;
  const changes: Change[] = [
    { event: 'insert', changed: null },
    { event: 'update', changed: null },
    { event: 'delete', changed: null },
  ];
  record(walk, relation, { changes, columns: [] });
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
  record(walk, relation, { changes: [{ event: 'insert', changed: null }], columns: [] });
}

export function walkTruncate(walk: Walk, fields: Fields): void {
  const cascade = text(fields, 'behavior') === 'DROP_CASCADE';
  for (const item of list(fields, 'relations')) {
    const relation = targetOf(walk, fieldsOf(item, 'RangeVar'));
    if (relation !== null)
      addWrite(walk.catalog, walk.findings, {
        relation,
        event: 'truncate',
        changed: null,
        pins: [],
        cascade,
      });
  }
}
