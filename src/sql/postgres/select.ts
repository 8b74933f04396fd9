/** Decides what a query reads and depends on, level by level: its CTEs, its FROM, its conditions. */
import { type Cte, columnsOfQuery, outputNames, type Query, type Source } from '../rows/queries.js';
import type { CteNames, Scope } from '../rows/scope.js';
import { child, type Fields, fieldsOf, flag, list, strings, text } from './ast.js';
import { factsOf } from './conditions.js';
import { walkChildren } from './expressions.js';
import { walkFrom } from './from.js';
import { hasGroupingSets, hasLimit, keepsApart, outputsOf } from './outputs.js';
import { isTemporary } from './session.js';
import type { Surroundings, Walk } from './walk.js';

/** Walks a SELECT, VALUES or set operation. */
export function walkSelect(walk: Walk, select: Fields, surroundings: Surroundings): void {
  const query = walkQuery(walk, select, surroundings);
  walk.sight.note(select, query);
  walk.sight.nest(query, surroundings.outer);
}

/** The same for one whose place among the items of another is told by the caller. */
export function walkQuery(walk: Walk, select: Fields, surroundings: Surroundings): Query {
  const nested: Query[] = [];
  const ctes: Cte[] = [];
  const names = walkWith(walk, child(select, 'withClause'), surroundings, { nested, ctes });
  if (child(select, 'intoClause') !== null) noteInto(walk, child(select, 'intoClause') ?? {});
  if (list(select, 'lockingClause').length > 0) walk.findings.deny('row-lock', 'it locks rows');
  const left = child(select, 'larg');
  const right = child(select, 'rarg');
  const scope: Scope = { entries: [], merged: [], ctes: names, outer: surroundings.outer };
  walk.sight.open(scope, nested);
  const { fromClause: _from, withClause: _with, larg: _left, rarg: _right, ...rest } = select;
  const others = { ...rest, intoClause: null, lockingClause: null };
  if (left !== null && right !== null) {
    const inside = { ctes: names, outer: surroundings.outer };
    const sides = { left: walkQuery(walk, left, inside), right: walkQuery(walk, right, inside) };
    walkChildren(walk, others, scope);
    return { kind: 'set', ...sides, isLimited: hasLimit(select), nested, ctes };
  }
  const from = walkFrom(walk, list(select, 'fromClause'), scope);
  walkChildren(walk, others, scope);
  const outputs = outputsOf(select, scope);
  const members: Source[] = [];
  return {
    kind: 'select',
    from,
    where: factsOf(walk, select['whereClause'], scope, members),
    members,
    outputs,
    keepsApart: keepsApart(select, scope, outputs),
    hasGroupingSets: hasGroupingSets(select),
    nested,
    ctes,
  };
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

/** Where a query gathers the queries of its WITH: those that can be referred to, and those that stand by themselves. */
interface Gathered {
  readonly ctes: Cte[];
  readonly nested: Query[];
}

/** Walks the CTEs and gives the names the statement can see. */
export function walkWith(
  walk: Walk,
  withClause: Fields | null,
  surroundings: Surroundings,
  gathered: Gathered | null = null,
): CteNames | null {
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
    const known = walkCte(walk, cte, { inside, gathered: recursive ? null : gathered });
    if (!recursive) {
      const name = { name: text(cte, 'ctename'), outer: visible };
      if (known !== null) walk.sight.name(name, known);
      visible = name;
    }
  }
  return visible;
}

/** Null: its rows are any. */
function walkCte(
  walk: Walk,
  cte: Fields,
  { inside, gathered }: { readonly inside: Surroundings; readonly gathered: Gathered | null },
): Cte | null {
  const select = fieldsOf(cte['ctequery'], 'SelectStmt');
  if (select === null || gathered === null) {
    walk.statement(walk, cte['ctequery'], inside);
    return null;
  }
  const query = walkQuery(walk, select, inside);
  const given = strings(list(cte, 'aliascolnames')) ?? [];
  const aliases = (outputNames(query) ?? given).map((_, index) => given[index] ?? null);
  const known: Cte = { query, aliases, columns: columnsOfQuery(query, aliases), references: 0 };
  gathered.ctes.push(known);
  return known;
}
