/** Decides what a view stands for: the query that its definition is. Judges nothing of it. */
import type { Query as RowsQuery } from '../rows/queries.js';
import type { Query, TableName } from './ast.js';
import { type Catalog, findRelation, type Relation } from './catalog.js';
import type { Findings } from './findings.js';
import { parse } from './parser/index.js';
import type { ReadingMode } from './tokens.js';
import { type AnyNode, findNodes } from './tree-search.js';
import type { Walk } from './walk.js';

/** The server keeps definitions of views in this spelling, whatever the sql_mode was. */
const plainMode: ReadingMode = {
  ansiQuotes: false,
  noBackslashEscapes: false,
  pipesAsConcat: false,
  highNotPrecedence: false,
  ignoreSpace: false,
};

/** Read once per view and snapshot of the catalog. */
const definitions = new WeakMap<Relation, Query | null>();

function definitionOf(view: Relation): Query | null {
  let known = definitions.get(view);
  if (known === undefined) {
    const parsed = view.definition === null ? null : parse(view.definition, plainMode);
    const [only, ...more] = parsed?.parsed === true ? parsed.statements : [];
    known = only?.statement.kind === 'query' && more.length === 0 ? only.statement : null;
    definitions.set(view, known);
  }
  return known;
}

/** Views that are being walked: one that is made of itself has lost its tables. */
const underWay = new WeakMap<Findings, Set<Relation>>();

/** Whether what is walked stands in a view's definition, not in the text. */
export const isInView = (findings: Findings): boolean => (underWay.get(findings)?.size ?? 0) > 0;

/** The query as one that nothing else refers to; null, and denied, where it is not understood. */
export function viewQuery(walk: Walk, view: Relation): RowsQuery | null {
  const { findings } = walk;
  const definition = definitionOf(view);
  const open = underWay.get(findings) ?? new Set();
  underWay.set(findings, open);
  if (definition === null || open.has(view)) {
    findings.deny('view', `the view ${view.table.name} is not understood`);
    return null;
  }
  open.add(view);
  try {
    return walk.query(walk, definition, { ctes: null, outer: null });
  } finally {
    open.delete(view);
  }
}

/** The tables below a view, wherever they stand in its definition; null: it is not understood. */
export function basesOf(
  catalog: Catalog,
  view: Relation,
  open: ReadonlySet<Relation> = new Set(),
): readonly Relation[] | null {
  const definition = definitionOf(view);
  if (definition === null || open.has(view)) return null;
  const inside = new Set([...open, view]);
  const bases: Relation[] = [];
  for (const name of findNodes(definition, isTableName)) {
    const found = findRelation(catalog, name);
    // A CTE, perhaps. What is not in the catalog cannot be read by others.
    if (found.found !== 'relation') continue;
    const below =
      found.relation.kind === 'view' ? basesOf(catalog, found.relation, inside) : [found.relation];
    if (below === null) return null;
    bases.push(...below);
  }
  return [...new Set(bases)];
}

const isTableName = (node: AnyNode): node is TableName => node.kind === 'table-name';
