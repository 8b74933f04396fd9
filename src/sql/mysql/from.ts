/** Decides what the items of a FROM list are, how they are joined, and what names their columns have. */
import { together } from '../rows/facts.js';
import { commonNames, mergeColumns, partOf, sidesOf } from '../rows/joins.js';
import { columnsOfQuery, type Source } from '../rows/queries.js';
import { type CteNames, cteOf, type RangeEntry, type Scope } from '../rows/scope.js';
import type { DerivedTable, JoinedTables, TableName, TableReference, TableSource } from './ast.js';
import { findRelation, foldName, type Relation } from './catalog.js';
import { factsOf } from './conditions.js';
import { walkExpression } from './expressions.js';
import type { Findings } from './findings.js';
import { invisibleIn } from './places.js';
import { noteRead } from './relations.js';
import { isInView, viewQuery } from './views.js';
import type { Walk } from './walk.js';

/** Walks a FROM list into the scope. */
export function walkFrom(walk: Walk, items: readonly TableSource[], scope: Scope): readonly Source[] {
  return items.map((item) => walkItem(walk, item, scope));
}

function walkItem(walk: Walk, item: TableSource, scope: Scope): Source {
  switch (item.kind) {
    case 'table':
      return walkTable(walk, item, scope);
    case 'derived':
      return walkDerived(walk, item, scope);
    case 'join':
      return walkJoin(walk, item, scope);
  }
}

function other(scope: Scope, name: string): Source {
  const entry: RangeEntry = { name, schema: '', relation: null };
  scope.entries.push(entry);
  return { kind: 'other', entry };
}

const lower = (names: readonly string[] | null): readonly string[] =>
  (names ?? []).map((name) => name.toLowerCase());

function walkDerived(
  walk: Walk,
  { query: node, alias, columns: aliases, isLateral }: DerivedTable,
  scope: Scope,
): Source {
  // Only a LATERAL one sees the items before it.
  const outer = isLateral ? scope : scope.outer;
  const query = walk.query(walk, node, { ctes: scope.ctes, outer });
  if (aliases !== null) noteRenamed(walk.findings);
  const entry: RangeEntry = {
    name: foldName(walk.catalog, alias ?? ''),
    schema: '',
    relation: null,
    columns: columnsOfQuery(query, lower(aliases)),
  };
  scope.entries.push(entry);
  return { kind: 'query', entry, query };
}

/** Under another name a time of day is not found again. */
export function noteRenamed(findings: Findings): void {
  if (findings.timesOfDay.size > 0) findings.deny('time-of-day', 'columns with a time of day are renamed');
}

function walkTable(walk: Walk, item: TableReference, scope: Scope): Source {
  const { catalog, findings } = walk;
  const { table, alias } = item;
  const called = foldName(catalog, alias ?? table.name);
  const cte = walkCteName(walk, table, called, scope);
  if (cte !== null) return cte;
  const found = findRelation(catalog, table);
  if (found.found !== 'relation') {
    if (found.found === 'system') findings.deny('system-relation', `${table.name} is the server's own`);
    else findings.deny('unknown-relation', `${table.name} is not in the catalog`);
    return other(scope, called);
  }
  const { relation } = found;
  if (!isInView(findings)) findings.named.add(relation);
  const source = relationItem(walk, relation, {
    name: called,
    schema: alias === null ? foldName(catalog, relation.schema) : '',
    relation,
  });
  scope.entries.push(source.entry);
  return source;
}

/** A relation as an item of its own, not in any scope yet. */
export function relationItem(
  walk: Walk,
  relation: Relation,
  entry: RangeEntry,
): Exclude<Source, { kind: 'join' }> {
  noteRead(walk.findings, relation);
  if (relation.kind !== 'view')
    return { kind: 'table', entry, reference: walk.sight.add({ relation, members: [relation] }) };
  const query = viewQuery(walk, relation);
  if (query === null) return { kind: 'other', entry };
  const names = relation.columns.map(({ name }) => name);
  return { kind: 'query', entry: { ...entry, relation: null, columns: columnsOfQuery(query, names) }, query };
}

/** Null: no CTE can be meant. Where it is not sure which one is, both are read. */
function walkCteName(walk: Walk, table: TableName, called: string, scope: Scope): Source | null {
  if (table.schema !== null) return null;
  const names = cteOf(scope.ctes, table.name.toLowerCase());
  if (names === null) return null;
  const cte = walk.sight.cteOf(names);
  if (cte !== null) cte.references += 1;
  if (cte === null || !isWritten(walk, names, table.name)) {
    alsoRead(walk, table);
    return other(scope, called);
  }
  const entry: RangeEntry = { name: called, schema: '', relation: null, columns: cte.columns };
  scope.entries.push(entry);
  return { kind: 'cte', entry, cte };
}

const writtenNames = new WeakMap<CteNames, string>();

/** Notes how the name of a CTE was written: where names of tables have a case, those of CTEs may. */
export function noteWritten(names: CteNames, name: string): void {
  writtenNames.set(names, name);
}

const isWritten = ({ catalog }: Walk, names: CteNames, name: string): boolean =>
  catalog.foldsNames || writtenNames.get(names) === name;

/** A table that may be meant as well. */
function alsoRead(walk: Walk, table: TableName): void {
  const found = findRelation(walk.catalog, table);
  if (found.found !== 'relation') return;
  const { relation } = found;
  const source = relationItem(walk, relation, { name: '', schema: '', relation });
  if (source.kind === 'query') walk.sight.nest(source.query, null);
}

function walkJoin(walk: Walk, join: JoinedTables, scope: Scope): Source {
  const first = scope.entries.length;
  const left = walkItem(walk, join.left, scope);
  const middle = scope.entries.length;
  const right = walkItem(walk, join.right, scope);
  const inside = partOf(walk.sight, scope, { first, end: scope.entries.length });
  walkExpression(walk, join.on, inside);
  const sides = sidesOf(walk.sight, inside, middle - first);
  const names = join.isNatural ? visibleOf(inside, commonNames(sides)) : lower(join.using);
  if (names.some((name) => walk.findings.timesOfDay.has(name)))
    walk.findings.deny('time-of-day', 'tables are joined by a time of day');
  const condition = together([
    factsOf(walk, join.on, inside),
    mergeColumns(names, sides, { scope, inside, type: join.type }),
  ]);
  return { kind: 'join', type: join.type, left, right, condition };
}

/** Without names that one of the items does not show. */
function visibleOf({ entries }: Scope, names: readonly string[]): readonly string[] {
  const hidden = entries.map(invisibleIn);
  return names.filter((name) => !hidden.some((each) => each.has(name)));
}
