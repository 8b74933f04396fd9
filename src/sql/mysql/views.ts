/** Decides what a view stands for: the query that its definition is. Judges nothing of it. */
import type { Query as RowsQuery } from '../rows/queries.js';
import type { Query, TableName } from './ast.js';
import { type Catalog, findRelation, type Relation } from './catalog.js';
import { seenFrom } from './code.js';
import type { Findings } from './findings.js';
import { lex } from './lexer.js';
import { parse } from './parser/index.js';
import type { ReadingMode } from './tokens.js';
import { type AnyNode, findNodes } from './tree-search.js';
import type { Walk } from './walk.js';
import { relationsNamed, strangeCall } from './words.js';

/** The server keeps definitions of views in this spelling, whatever the sql_mode was. */
const plainMode: ReadingMode = {
  ansiQuotes: false,
  noBackslashEscapes: false,
  pipesAsConcat: false,
  highNotPrecedence: false,
  ignoreSpace: false,
};

/** The server shows an account without the right to see it an empty one. */
const isHidden = ({ definition }: Relation): boolean => definition === null || definition === '';

/** What cannot be relied on about a view whose definition was not read, as the middle of a sentence. */
export const unread = (view: Relation): string =>
  isHidden(view)
    ? `this user is not shown what the view ${view.table.name} is made of (no privilege SHOW VIEW)`
    : `the view ${view.table.name} is not understood`;

/** @param otherwise the reason where it was shown */
export const whyUnread = (view: Relation, otherwise: string): string =>
  isHidden(view) ? 'hidden-view' : otherwise;

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
  if (definition === null || open.has(view)) findings.deny(whyUnread(view, 'view'), unread(view));
  if (open.has(view)) return null;
  open.add(view);
  // The server leaves the schema out where it is the one in which the view was made: that of the view, or it is told.
  const inside: Walk = { ...walk, catalog: seenFrom(walk.catalog, view.schema) };
  try {
    if (definition !== null) return walk.query(inside, definition, { ctes: null, outer: null });
    walkWords(inside, view);
    return null;
  } finally {
    open.delete(view);
  }
}

/** Reading a view runs the functions in it: those of users stand there as words, if it is shown at all. */
function walkWords(walk: Walk, view: Relation): void {
  const { catalog, findings } = walk;
  const lexed = view.definition === null ? null : lex(view.definition, plainMode);
  const tables = lexed?.lexed === true ? relationsNamed(catalog, lexed.tokens) : null;
  if (lexed?.lexed !== true || tables === null || strangeCall(catalog, lexed.tokens, tables) !== null) {
    findings.runsCode = true;
    findings.tellsAnotherKey = true;
    findings.writeEverything({
      code: whyUnread(view, 'view'),
      detail: `${unread(view)}, and may call functions that write`,
    });
    return findings.depart();
  }
  walkViews(walk, tables);
}

/** What the views among relations call. */
export function walkViews(walk: Walk, relations: Iterable<Relation>): void {
  for (const relation of relations) if (relation.kind === 'view') viewQuery(walk, relation);
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
