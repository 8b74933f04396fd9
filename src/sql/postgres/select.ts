/** Decides what a query reads and depends on, level by level: its CTEs, its FROM, its conditions. */
import { child, type Fields, fieldsOf, flag, list, tagged, text } from './ast.js';
import { findRelation, type Relation } from './catalog.js';
import { walkChildren, walkExpression } from './expressions.js';
import { choosePin, type Equality, equalities } from './pins.js';
import { isPlainTable, tablesRead, unpinned } from './relations.js';
import { type CteNames, type RangeEntry, type Scope, seesCte } from './scope.js';
import { isTemporary } from './session.js';
import type { Surroundings, Walk } from './walk.js';

/** Walks a SELECT, VALUES or set operation. */
export function walkSelect(walk: Walk, select: Fields, surroundings: Surroundings): void {
  const ctes = walkWith(walk, child(select, 'withClause'), surroundings);
  if (child(select, 'intoClause') !== null) noteInto(walk, child(select, 'intoClause') ?? {});
  if (list(select, 'lockingClause').length > 0) walk.findings.deny('row-lock', 'it locks rows');
  const left = child(select, 'larg');
  const right = child(select, 'rarg');
  const scope: Scope = { entries: [], ctes, outer: surroundings.outer };
  if (left !== null && right !== null) {
    walkSelect(walk, left, { ctes, outer: surroundings.outer });
    walkSelect(walk, right, { ctes, outer: surroundings.outer });
  }
  const pinned = walkFrom(walk, list(select, 'fromClause'), scope);
  const { fromClause: _from, withClause: _with, larg: _left, rarg: _right, ...rest } = select;
  walkChildren(walk, { ...rest, intoClause: null, lockingClause: null }, scope);
  pinReferences(walk, pinned, equalities(walk, select['whereClause'], scope));
}

/** SELECT INTO and CREATE TABLE AS make a table. */
export function noteInto(walk: Walk, into: Fields): void {
  if (isTemporary(child(into, 'rel'))) {
    walk.findings.deny('session', 'it creates a temporary table');
    walk.findings.depart();
    return;
  }
  walk.findings.writeEverything({ code: 'ddl', detail: 'it creates a table' });
  walk.findings.changesCatalog = true;
}

/** Walks the CTEs and gives the names the statement can see. */
export function walkWith(walk: Walk, withClause: Fields | null, surroundings: Surroundings): CteNames | null {
  let visible = surroundings.ctes;
  if (withClause === null) return visible;
  const expressions = list(withClause, 'ctes').map((item) => fieldsOf(item, 'CommonTableExpr') ?? {});
  const recursive = flag(withClause, 'recursive');
  if (recursive) for (const cte of expressions) visible = { name: text(cte, 'ctename'), outer: visible };
  for (const cte of expressions) {
    const inside = { ctes: visible, outer: surroundings.outer };
    if (child(cte, 'search_clause') !== null || child(cte, 'cycle_clause') !== null) {
      walk.findings.deny('not-understood', 'SEARCH and CYCLE are not known to be cacheable');
      const { ctequery: _query, ...clauses } = cte;
      walkChildren(walk, clauses, { entries: [], ...inside });
    }
    walk.statement(walk, cte['ctequery'], inside);
    if (!recursive) visible = { name: text(cte, 'ctename'), outer: visible };
  }
  return visible;
}

/** A reference to a plain table, which an equality may pin. */
export interface Reference {
  readonly entry: RangeEntry;
  readonly relation: Relation;
}

/** Walks a FROM list into the scope; gives the references that a pin can stand for. */
export function walkFrom(walk: Walk, items: readonly unknown[], scope: Scope): readonly Reference[] {
  return items.flatMap((item) => walkFromItem(walk, item, scope));
}

function walkFromItem(walk: Walk, item: unknown, scope: Scope): readonly Reference[] {
  const found = tagged(item);
  if (found === null) return [];
  const { tag, fields } = found;
  switch (tag) {
    case 'RangeVar':
      return walkRangeVar(walk, fields, scope);
    case 'RangeSubselect':
      // LATERAL or not: what the sub-query can see is over-reported.
      walk.statement(walk, fields['subquery'], { ctes: scope.ctes, outer: scope });
      scope.entries.push({ name: aliasOf(fields), schema: '', relation: null });
      return [];
    case 'JoinExpr':
      return walkJoin(walk, fields, scope);
    case 'RangeFunction':
      walkRangeFunction(walk, fields, scope);
      return [];
    case 'RangeTableSample':
      walk.findings.deny('tablesample', 'TABLESAMPLE draws rows');
      walkChildren(walk, { ...fields, relation: null }, scope);
      walkFromItem(walk, fields['relation'], scope);
      return [];
    default:
      walk.findings.deny('not-understood', `${tag} is not known to be cacheable`);
      walkChildren(walk, fields, scope);
      scope.entries.push({ name: aliasOf(fields), schema: '', relation: null });
      return [];
  }
}

function aliasOf(fields: Fields): string {
  return text(child(fields, 'alias') ?? {}, 'aliasname');
}

function walkRangeVar(walk: Walk, rangeVar: Fields, scope: Scope): readonly Reference[] {
  const { catalog, findings } = walk;
  const schema = text(rangeVar, 'schemaname');
  const name = text(rangeVar, 'relname');
  const alias = child(rangeVar, 'alias');
  const entryOf = (relation: Relation | null): RangeEntry => ({
    name: alias === null ? name : text(alias, 'aliasname'),
    schema: alias === null ? (relation?.schema ?? schema) : '',
    // Renamed columns are not followed.
    relation: alias !== null && list(alias, 'colnames').length > 0 ? null : relation,
  });
  if (schema === '' && seesCte(scope.ctes, name)) {
    scope.entries.push(entryOf(null));
    return [];
  }
  const found = findRelation(catalog, schema, name);
  if (found.found !== 'relation') {
    if (found.found === 'system') findings.deny('system-relation', `${name} is a system catalog`);
    else findings.deny('unknown-relation', `${name} is not in the catalog`);
    scope.entries.push(entryOf(null));
    return [];
  }
  const { relation } = found;
  const entry = entryOf(relation);
  scope.entries.push(entry);
  const read = tablesRead(catalog, findings, { relation, withChildren: flag(rangeVar, 'inh') });
  if (isPlainTable(relation)) return [{ entry, relation }];
  for (const table of read) findings.reads.push(unpinned(table));
  return [];
}

function walkJoin(walk: Walk, join: Fields, scope: Scope): readonly Reference[] {
  const first = scope.entries.length;
  const references = [...walkFromItem(walk, join['larg'], scope), ...walkFromItem(walk, join['rarg'], scope)];
  walkExpression(walk, join['quals'], scope);
  if (child(join, 'alias') === null) return references;
  // The alias hides the names inside: nothing outside can mean one of them for certain.
  scope.entries.splice(first, scope.entries.length, { name: aliasOf(join), schema: '', relation: null });
  return references;
}

function walkRangeFunction(walk: Walk, fields: Fields, scope: Scope): void {
  walkExpression(walk, list(fields, 'functions'), scope);
  if (list(fields, 'coldeflist').length > 0)
    walk.findings.deny('not-understood', 'a function with a column list is not known to be cacheable');
  scope.entries.push({ name: aliasOf(fields), schema: '', relation: null });
}

/** Settles each reference of one query level, once all uses of parameters are known. */
function pinReferences(walk: Walk, references: readonly Reference[], found: readonly Equality[]): void {
  const { findings, pins } = walk;
  for (const { entry, relation } of references)
    pins.later(() => {
      const settled = found.flatMap((equality) => {
        const [value] = equality.values;
        if (equality.entry !== entry || value === undefined || equality.values.length > 1) return [];
        const source = pins.sourceOf(value, findings.parameterUses);
        return source === null ? [] : [{ equality, source }];
      });
      const pin = choosePin(settled);
      findings.reads.push({ table: relation.table, pins: pin === null ? null : [pin] });
    });
}
