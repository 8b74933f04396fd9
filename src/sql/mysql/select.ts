/** Decides what a query reads and depends on, level by level: its CTEs, its FROM, its conditions. */
import {
  type Cte,
  columnsOfQuery,
  outputNames,
  type Query as RowsQuery,
  type Source,
} from '../rows/queries.js';
import type { CteNames, Scope } from '../rows/scope.js';
import type { CommonTable, Expression, Query, QueryBody, Select, With } from './ast.js';
import { factsOf } from './conditions.js';
import { walkExpression } from './expressions.js';
import { noteRenamed, noteWritten, walkFrom } from './from.js';
import { keepsApart, mayShowNulls, outputsOf } from './outputs.js';
import type { Surroundings, Walk } from './walk.js';

/** Walks a query that stands by itself. */
export function walkSelect(walk: Walk, query: Query, surroundings: Surroundings): void {
  walk.sight.nest(walkQuery(walk, query, surroundings), null);
}

/** The same for one whose place among the items of another is told by the caller. */
export function walkQuery(walk: Walk, query: Query, surroundings: Surroundings): RowsQuery {
  const { findings } = walk;
  const nested: RowsQuery[] = [];
  const ctes: Cte[] = [];
  const names = walkWith(walk, query.with, surroundings, { nested, ctes });
  if (query.into !== null) findings.deny('into', 'its result goes elsewhere');
  if (query.locks.length > 0) findings.deny('row-lock', 'it locks rows');
  if (query.limit !== null && query.limit.rowsExamined !== null)
    findings.deny('rows-examined', 'its result may be any part of it');
  const made = walkBody(walk, query, { body: query.body, names, outer: surroundings.outer });
  const found: RowsQuery = { ...made, nested: [...made.nested, ...nested], ctes: [...made.ctes, ...ctes] };
  walk.sight.note(query, found);
  return found;
}

interface Level {
  readonly body: QueryBody;
  readonly names: CteNames | null;
  readonly outer: Scope | null;
}

/** @param query what stands around the body: its ORDER BY and LIMIT */
function walkBody(walk: Walk, query: Query, { body, names, outer }: Level): RowsQuery {
  switch (body.kind) {
    case 'select':
      return walkLevel(walk, query, { select: body, names, outer });
    case 'query': {
      const inner = walkQuery(walk, body, { ctes: names, outer });
      const rest = walkAround(walk, query, { names, outer });
      const isLimited = query.limit !== null;
      if (!isLimited) return { ...inner, nested: [...inner.nested, ...rest] };
      return inner.kind === 'set'
        ? { ...inner, isLimited, nested: [...inner.nested, ...rest] }
        : { ...inner, keepsApart: () => false, nested: [...inner.nested, ...rest] };
    }
    case 'set-operation': {
      if (walk.findings.timesOfDay.size > 0) noteUnion(walk);
      const side = (one: QueryBody): RowsQuery => walkBody(walk, bare(one), { body: one, names, outer });
      const sides = { left: side(body.left), right: side(body.right) };
      if (walk.findings.timesOfDay.size > 0) noteUnion(walk);
      const nested = walkAround(walk, query, { names, outer });
      return { kind: 'set', ...sides, isLimited: query.limit !== null, nested, ctes: [] };
    }
    case 'values-rows':
    case 'table-rows':
      walk.findings.deny('not-understood', 'VALUES and TABLE are not known to be cacheable');
      return walkOther(walk, query, { body, names, outer });
  }
}

/** Times of day and dates become one type. */
function noteUnion({ findings }: Walk): void {
  findings.deny('time-of-day', 'rows with a time of day are put together with others');
}

/** A body by itself. */
const bare = (body: QueryBody): Query => ({
  kind: 'query',
  with: null,
  body,
  orderBy: [],
  limit: null,
  locks: [],
  into: null,
});

/** ORDER BY and LIMIT behind something that is no SELECT: they see its result only. */
function walkAround(
  walk: Walk,
  { orderBy, limit }: Query,
  { names, outer }: Pick<Level, 'names' | 'outer'>,
): readonly RowsQuery[] {
  const nested: RowsQuery[] = [];
  const scope: Scope = { entries: [], merged: [], ctes: names, outer };
  walk.sight.open(scope, nested);
  walkExpression(walk, [orderBy, limit], scope);
  return nested;
}

const plainItem = { kind: 'table', alias: null, partitions: null, indexHints: [] } as const;

function walkOther(walk: Walk, query: Query, { body, names, outer }: Level): RowsQuery {
  const nested: RowsQuery[] = [];
  const scope: Scope = { entries: [], merged: [], ctes: names, outer };
  walk.sight.open(scope, nested);
  const from =
    body.kind === 'table-rows'
      ? walkFrom(walk, [{ ...plainItem, table: body.table }], scope)
      : ([] as readonly Source[]);
  walkExpression(walk, [body, query.orderBy, query.limit], scope);
  return {
    kind: 'select',
    from,
    where: { values: [], links: [], choices: [] },
    outputs: null,
    keepsApart: () => false,
    hasGroupingSets: true,
    nested,
    ctes: [],
  };
}

interface SelectLevel {
  readonly select: Select;
  readonly names: CteNames | null;
  readonly outer: Scope | null;
}

function walkLevel(walk: Walk, query: Query, { select, names, outer }: SelectLevel): RowsQuery {
  const nested: RowsQuery[] = [];
  const scope: Scope = { entries: [], merged: [], ctes: names, outer };
  walk.sight.open(scope, nested);
  if (select.options.includes('sql_calc_found_rows'))
    walk.findings.deny('found-rows', 'SQL_CALC_FOUND_ROWS is for the statement behind it');
  const from = walkFrom(walk, select.from, scope);
  walkExpressionsOf(walk, query, select, scope);
  const members: Source[] = [];
  const where = factsOf(walk, select.where, scope, members);
  const judged = { catalog: walk.catalog, scope, select, around: query.orderBy, limit: query.limit };
  const outputs = outputsOf(judged);
  return {
    kind: 'select',
    from,
    where,
    members,
    outputs,
    keepsApart: keepsApart(judged, outputs),
    hasGroupingSets: mayShowNulls(judged),
    nested,
    ctes: [],
  };
}

/** All but the FROM. What is only shown, or sorted by, is not compared with anything. */
function walkExpressionsOf(walk: Walk, query: Query, select: Select, scope: Scope): void {
  const { findings } = walk;
  const isShown = scope.outer === null;
  const isBare = (expression: Expression): boolean => isShown && expression.kind === 'column';
  for (const item of select.items) {
    if (item.kind === 'all-columns') continue;
    const { expression, alias } = item;
    if (!isBare(expression)) walkExpression(walk, expression, scope);
    else if (alias !== null && expression.kind === 'column' && isTime(walk, expression.names))
      findings.timesOfDay.add(alias.toLowerCase());
  }
  for (const { expression } of [...select.groupBy, ...query.orderBy])
    if (!isBare(expression)) walkExpression(walk, expression, scope);
  walkExpression(walk, [select.where, select.having, select.windows, query.limit], scope);
}

const isTime = ({ findings }: Walk, names: readonly string[]): boolean =>
  findings.timesOfDay.has(names.at(-1)?.toLowerCase() ?? '');

/** Where a query gathers the queries of its WITH: those that can be referred to, and those that stand by themselves. */
interface Gathered {
  readonly ctes: Cte[];
  readonly nested: RowsQuery[];
}

/** Walks the CTEs and gives the names the statement can see, in lower case: none of another case is told apart. */
export function walkWith(
  walk: Walk,
  withClause: With | null,
  surroundings: Surroundings,
  gathered: Gathered,
): CteNames | null {
  let visible = surroundings.ctes;
  if (withClause === null) return visible;
  const { isRecursive, tables } = withClause;
  const named = tables.map((table) => ({ table, name: table.name.toLowerCase() }));
  if (isRecursive) for (const { name } of named) visible = { name, outer: visible };
  for (const { table, name } of named) {
    const inside = { ctes: visible, outer: surroundings.outer };
    const query = walkQuery(walk, table.query, inside);
    if (isRecursive) {
      gathered.nested.push(query);
      continue;
    }
    visible = { name, outer: visible };
    noteWritten(visible, table.name);
    if (table.columns !== null) noteRenamed(walk.findings);
    walk.sight.name(visible, noted(query, table, gathered));
  }
  return visible;
}

function noted(query: RowsQuery, { columns }: CommonTable, gathered: Gathered): Cte {
  const given = (columns ?? []).map((name) => name.toLowerCase());
  const aliases = (outputNames(query) ?? given).map((_, index) => given[index] ?? null);
  const cte: Cte = { query, aliases, columns: columnsOfQuery(query, aliases), references: 0 };
  gathered.ctes.push(cte);
  return cte;
}
