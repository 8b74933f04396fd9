/** Decides what the items of a FROM list are, how they are joined, and what names their columns have. */
import { together } from '../rows/facts.js';
import { commonNames, mergeColumns, partOf, sidesOf } from '../rows/joins.js';
import { columnsOfQuery, type JoinType, renamed, type Source } from '../rows/queries.js';
import { type Columns, cteOf, type RangeEntry, type Scope, seesCte } from '../rows/scope.js';
import { child, type Fields, fieldsOf, flag, list, strings, tagged, text } from './ast.js';
import { findRelation, type Relation } from './catalog.js';
import { factsOf } from './conditions.js';
import { walkChildren, walkExpression } from './expressions.js';
import { areToldApart, tablesRead } from './relations.js';
import { queryOfView } from './view-queries.js';
import type { Walk } from './walk.js';

/** Walks a FROM list into the scope. */
export function walkFrom(walk: Walk, items: readonly unknown[], scope: Scope): readonly Source[] {
  return items.flatMap((item) => walkFromItem(walk, item, scope) ?? []);
}

function walkFromItem(walk: Walk, item: unknown, scope: Scope): Source | null {
  const found = tagged(item);
  if (found === null) return null;
  const { tag, fields } = found;
  switch (tag) {
    case 'RangeVar':
      return walkRangeVar(walk, fields, scope);
    case 'RangeSubselect':
      return walkSubselect(walk, fields, scope);
    case 'JoinExpr':
      return walkJoin(walk, fields, scope);
    case 'RangeFunction':
      walkExpression(walk, list(fields, 'functions'), scope);
      if (list(fields, 'coldeflist').length > 0)
        walk.findings.deny('not-understood', 'a function with a column list is not known to be cacheable');
      return other(scope, aliasOf(fields));
    case 'RangeTableSample':
      walk.findings.deny('tablesample', 'TABLESAMPLE draws rows');
      walkChildren(walk, { ...fields, relation: null }, scope);
      return walkFromItem(walk, fields['relation'], scope);
    default:
      walk.findings.deny('not-understood', `${tag} is not known to be cacheable`);
      walkChildren(walk, fields, scope);
      return other(scope, aliasOf(fields));
  }
}

function other(scope: Scope, name: string): Source {
  const entry: RangeEntry = { name, schema: '', relation: null };
  scope.entries.push(entry);
  return { kind: 'other', entry };
}

function aliasOf(fields: Fields): string {
  return text(child(fields, 'alias') ?? {}, 'aliasname');
}

/** The names an alias gives to columns, from the first on. */
function columnAliases(fields: Fields): readonly string[] {
  return strings(list(child(fields, 'alias') ?? {}, 'colnames')) ?? [];
}

function walkSubselect(walk: Walk, fields: Fields, scope: Scope): Source {
  // Only a LATERAL one sees the items before it.
  const surroundings = { ctes: scope.ctes, outer: flag(fields, 'lateral') ? scope : scope.outer };
  const select = fieldsOf(fields['subquery'], 'SelectStmt');
  if (select === null) {
    walk.statement(walk, fields['subquery'], surroundings);
    return other(scope, aliasOf(fields));
  }
  const query = walk.query(walk, select, surroundings);
  const columns = columnsOfQuery(query, columnAliases(fields));
  const entry: RangeEntry = { name: aliasOf(fields), schema: '', relation: null, columns };
  scope.entries.push(entry);
  return { kind: 'query', entry, query };
}

function walkRangeVar(walk: Walk, rangeVar: Fields, scope: Scope): Source {
  const { catalog, findings } = walk;
  const schema = text(rangeVar, 'schemaname');
  const name = text(rangeVar, 'relname');
  const called = aliasOf(rangeVar) || name;
  if (schema === '' && seesCte(scope.ctes, name)) return walkCteName(walk, rangeVar, scope);
  const found = findRelation(catalog, schema, name);
  if (found.found !== 'relation') {
    if (found.found === 'system') findings.deny('system-relation', `${name} is a system catalog`);
    else findings.deny('unknown-relation', `${name} is not in the catalog`);
    return other(scope, called);
  }
  const { relation } = found;
  const read = tablesRead(catalog, findings, { relation, withChildren: flag(rangeVar, 'inh') });
  const alias = { name: aliasOf(rangeVar), columns: columnAliases(rangeVar) };
  const source = relationItem(walk, relation, read, alias);
  scope.entries.push(source.entry);
  return source;
}

interface Alias {
  readonly name: string;
  readonly columns: readonly string[];
}

/** @param read all tables that reading the relation depends on */
function relationItem(
  walk: Walk,
  relation: Relation,
  read: readonly Relation[],
  alias: Alias,
): Exclude<Source, { kind: 'join' }> {
  const entry = entryOf(relation, alias);
  const members = read.every((table) => areToldApart(table) && read.includes(relation)) ? read : [];
  if (members.length > 0) return { kind: 'table', entry, reference: walk.sight.add({ relation, members }) };
  const view = relation.kind === 'v' ? viewItem(walk, relation, alias) : null;
  if (view !== null) {
    // What the tree did not show where, may be anywhere.
    const missing = read.filter((table) => !view.shown.has(table.table.id));
    for (const table of missing) walk.sight.add({ relation: table, members: [] });
    return view.source;
  }
  for (const table of read) walk.sight.add({ relation: table, members: [] });
  return { kind: 'other', entry };
}

const withoutAlias: Alias = { name: '', columns: [] };

/** A view as the query it stands for; null where its tree does not tell. */
function viewItem(
  walk: Walk,
  view: Relation,
  alias: Alias,
): { readonly source: Exclude<Source, { kind: 'join' }>; readonly shown: ReadonlySet<string> } | null {
  const { catalog, findings } = walk;
  const shown = new Set<string>();
  const tablesOf = (relation: Relation, withChildren: boolean): readonly Relation[] => {
    const tables = tablesRead(catalog, findings, { relation, withChildren });
    for (const { table } of tables) shown.add(table.id);
    return tables;
  };
  const found = queryOfView(catalog, view, (relation, withChildren) =>
    relationItem(walk, relation, tablesOf(relation, withChildren), withoutAlias),
  );
  if (found === null) return null;
  for (const oid of found.others) {
    const relation = catalog.relations.get(oid);
    if (relation !== undefined)
      for (const table of tablesOf(relation, true)) walk.sight.add({ relation: table, members: [] });
  }
  const names = view.columns.map(({ name }, index) => alias.columns[index] ?? name);
  const columns = columnsOfQuery(found.query, names);
  return {
    source: { kind: 'query', entry: { ...entryOf(view, alias), columns }, query: found.query },
    shown,
  };
}

function entryOf(relation: Relation, alias: Alias): RangeEntry {
  const name = alias.name || relation.name;
  const schema = alias.name === '' ? relation.schema : '';
  if (alias.columns.length === 0) return { name, schema, relation };
  return { name, schema, relation: null, columns: renamed(relation.columns, alias.columns) };
}

function walkCteName(walk: Walk, rangeVar: Fields, scope: Scope): Source {
  const name = text(rangeVar, 'relname');
  const called = aliasOf(rangeVar) || name;
  const names = cteOf(scope.ctes, name);
  const cte = names === null ? null : walk.sight.cteOf(names);
  if (cte === null) return other(scope, called);
  cte.references += 1;
  const aliases = columnAliases(rangeVar);
  const columns: Columns =
    aliases.length === 0
      ? cte.columns
      : columnsOfQuery(
          cte.query,
          cte.aliases.map((own, index) => aliases[index] ?? own),
        );
  const entry: RangeEntry = { name: called, schema: '', relation: null, columns };
  scope.entries.push(entry);
  return { kind: 'cte', entry, cte };
}

const joinTypes: Readonly<Record<string, JoinType>> = {
  JOIN_INNER: 'inner',
  JOIN_LEFT: 'left',
  JOIN_RIGHT: 'right',
  JOIN_FULL: 'full',
};

function walkJoin(walk: Walk, join: Fields, scope: Scope): Source | null {
  const first = scope.entries.length;
  const left = walkFromItem(walk, join['larg'], scope);
  const middle = scope.entries.length;
  const right = walkFromItem(walk, join['rarg'], scope);
  const type = joinTypes[text(join, 'jointype')];
  const inside = partOf(walk.sight, scope, { first, end: scope.entries.length });
  walkExpression(walk, join['quals'], inside);
  const sides = sidesOf(walk.sight, inside, middle - first);
  const names = flag(join, 'isNatural') ? commonNames(sides) : (strings(list(join, 'usingClause')) ?? []);
  const condition = together([
    factsOf(walk, join['quals'], inside),
    mergeColumns(names, sides, { scope, inside, type: type ?? 'full' }),
  ]);
  // The alias hides the names inside: nothing outside can mean one of them for certain.
  if (child(join, 'alias') !== null)
    scope.entries.splice(first, scope.entries.length, { name: aliasOf(join), schema: '', relation: null });
  if (left === null || right === null) return left ?? right;
  if (type === undefined) {
    walk.findings.deny('not-understood', 'a join of that kind is not known to be cacheable');
    return left;
  }
  return { kind: 'join', type, left, right, condition };
}
