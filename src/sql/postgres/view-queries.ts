/**
 * Decides what a view's stored tree says of the rows it is made of, in the words in which queries are told. Whether the view
 * may be cached is judged elsewhere (views.ts); what is not understood here may show any row.
 */
import { type Candidate, familyOf } from '../rows/candidates.js';
import { type Facts, isPinnable, nothing, together } from '../rows/facts.js';
import { columnsOfQuery, type JoinType, type Output, type Query, type Source } from '../rows/queries.js';
import { columnsOf, type Place, type RangeEntry } from '../rows/scope.js';
import { NULL_VALUE } from '../values.js';
import type { Catalog, Relation } from './catalog.js';
import { isNode, listIn, nodeOf, numberIn, parseTree, type TreeNode, type TreeValue } from './node-trees.js';

/** Makes a relation of a view's FROM an item of it. */
export type ItemOf = (relation: Relation, withChildren: boolean) => Source;

export interface ViewQuery {
  readonly query: Query;
  /** Relations that stand elsewhere in the tree, in sub-queries of expressions, say. */
  readonly others: readonly string[];
}

interface StoredQuery {
  readonly query: TreeNode;
  /** All entries that are relations, wherever they stand. */
  readonly relations: readonly TreeNode[];
}

const stored = new WeakMap<Relation, StoredQuery | null>();

/** Read once per view and snapshot of the catalog. */
function storedQuery(view: Relation): StoredQuery | null {
  let known = stored.get(view);
  if (known === undefined) {
    const text = view.view?.tree ?? null;
    const parsed = text === null ? null : parseTree(text);
    const [only, ...more] = Array.isArray(parsed) ? (parsed as readonly TreeValue[]) : [];
    const query = more.length === 0 ? nodeOf(only, 'QUERY') : null;
    known = query === null ? null : { query, relations: rangeTable(query) };
    stored.set(view, known);
  }
  return known;
}

/** Null: nothing is known of the view. */
export function queryOfView(catalog: Catalog, view: Relation, itemOf: ItemOf): ViewQuery | null {
  const tree = storedQuery(view);
  if (tree === null) return null;
  const reader = new ViewReader(catalog, itemOf);
  const query = reader.query(tree.query);
  if (query === null) return null;
  const others = tree.relations.filter((entry) => !reader.met.has(entry));
  return {
    query,
    others: others.flatMap((entry) => textIn(entry, 'relid') ?? []).filter((oid) => oid !== view.table.id),
  };
}

/** All entries that are relations, wherever they stand. Before Postgres 16 they had a shorter name. */
function rangeTable(value: TreeValue | undefined): readonly TreeNode[] {
  if (Array.isArray(value)) return (value as readonly TreeValue[]).flatMap(rangeTable);
  if (!isNode(value)) return [];
  const own = isEntry(value) && numberIn(value, 'rtekind') === 0 ? [value] : [];
  return [...own, ...Object.values(value.fields).flatMap(rangeTable)];
}

const isEntry = ({ tag }: TreeNode): boolean => tag === 'RANGETBLENTRY' || tag === 'RTE';

function textIn(node: TreeNode, field: string): string | null {
  const value = node.fields[field];
  return typeof value === 'string' ? value : null;
}

const isSet = (node: TreeNode, field: string): boolean =>
  node.fields[field] !== null && node.fields[field] !== undefined;

/** `JoinType` of nodes.h. */
const joinTypes: Readonly<Record<string, JoinType>> = {
  '0': 'inner',
  '1': 'left',
  '2': 'full',
  '3': 'right',
};

/** `=` of the types that have a value class, and of integers of two sizes (pg_operator.dat). */
const equalities: ReadonlySet<string> = new Set(
  '91 94 96 98 410 15 416 532 533 1862 1868 1955 2972 3516'.split(' '),
);

class ViewReader {
  /** The relations that became items. */
  readonly met = new Set<TreeNode>();

  constructor(
    private readonly catalog: Catalog,
    private readonly itemOf: ItemOf,
  ) {}

  query(tree: TreeNode): Query | null {
    const entries = listIn(tree, 'rtable').map((value) => (isNode(value) && isEntry(value) ? value : null));
    const level = new Level(entries);
    if (isSet(tree, 'setOperations')) return this.operation(tree, tree.fields['setOperations'], level);
    const join = nodeOf(tree.fields['jointree'], 'FROMEXPR');
    if (join === null || listIn(tree, 'cteList').length > 0) return null;
    const from = listIn(join, 'fromlist').map((item) => this.source(item, level));
    const targets = listIn(tree, 'targetList').flatMap((item) => {
      const target = nodeOf(item, 'TARGETENTRY');
      return target === null || textIn(target, 'resjunk') === 'true' ? [] : [target];
    });
    const outputs = targets.map(
      (target): Output => ({ name: textIn(target, 'resname'), place: level.placeOf(target.fields['expr']) }),
    );
    return {
      kind: 'select',
      from,
      where: level.factsOf(join.fields['quals']),
      outputs,
      keepsApart: (output) => keepsApart(tree, targets[output]),
      hasGroupingSets: isSet(tree, 'groupingSets'),
      nested: [],
      ctes: [],
    };
  }

  private operation(tree: TreeNode, value: TreeValue | undefined, level: Level): Query | null {
    const operation = nodeOf(value, 'SETOPERATIONSTMT');
    if (operation === null) {
      const reference = nodeOf(value, 'RANGETBLREF');
      const entry = reference === null ? null : level.entryAt(numberIn(reference, 'rtindex'));
      const subquery = entry === null ? null : nodeOf(entry.fields['subquery'], 'QUERY');
      return subquery === null ? null : this.query(subquery);
    }
    const left = this.operation(tree, operation.fields['larg'], level);
    const right = this.operation(tree, operation.fields['rarg'], level);
    if (left === null || right === null) return null;
    return { kind: 'set', left, right, isLimited: hasLimit(tree), nested: [], ctes: [] };
  }

  private source(value: TreeValue | undefined, level: Level): Source {
    const join = nodeOf(value, 'JOINEXPR');
    if (join !== null) {
      const left = this.source(join.fields['larg'], level);
      const right = this.source(join.fields['rarg'], level);
      const type = joinTypes[textIn(join, 'jointype') ?? ''] ?? 'full';
      return { kind: 'join', type, left, right, condition: level.factsOf(join.fields['quals']) };
    }
    const index = numberIn(nodeOf(value, 'RANGETBLREF') ?? { tag: '', fields: {} }, 'rtindex');
    const source = this.item(level.entryAt(index));
    if (source.kind !== 'join') level.items.set(index, source.entry);
    return source;
  }

  private item(entry: TreeNode | null): Source {
    const other: Source = { kind: 'other', entry: { name: '', schema: '', relation: null } };
    if (entry === null) return other;
    if (numberIn(entry, 'rtekind') === 0) {
      const relation = this.catalog.relations.get(textIn(entry, 'relid') ?? '');
      if (relation === undefined || isSet(entry, 'tablesample')) return other;
      this.met.add(entry);
      return this.itemOf(relation, textIn(entry, 'inh') === 'true');
    }
    const subquery = numberIn(entry, 'rtekind') === 1 ? nodeOf(entry.fields['subquery'], 'QUERY') : null;
    const query = subquery === null ? null : this.query(subquery);
    if (query === null) return other;
    const called: RangeEntry = { name: '', schema: '', relation: null, columns: columnsOfQuery(query) };
    return { kind: 'query', entry: called, query };
  }
}

/** One query of the tree: its range table, and what became of the entries. */
class Level {
  readonly items = new Map<number, RangeEntry>();

  constructor(private readonly entries: readonly (TreeNode | null)[]) {}

  /** Counted from 1. */
  entryAt(index: number): TreeNode | null {
    return this.entries[index - 1] ?? null;
  }

  /** The column that an expression is, through the entry that stands for what is grouped by (Postgres 18). */
  placeOf(value: TreeValue | undefined): Place | null {
    const variable = nodeOf(value, 'VAR');
    if (variable === null || textIn(variable, 'varlevelsup') !== '0') return null;
    const number = numberIn(variable, 'varattno');
    const index = numberIn(variable, 'varno');
    const grouped = this.entryAt(index);
    if (grouped !== null && isSet(grouped, 'groupexprs'))
      return this.placeOf(listIn(grouped, 'groupexprs')[number - 1]);
    const entry = this.items.get(index);
    if (entry === undefined) return null;
    const column = [...(columnsOf(entry)?.byName.values() ?? [])].find((each) => each.number === number);
    const place = column === undefined ? null : { entry, column };
    return place === null || !isPinnable(place) ? null : place;
  }

  factsOf(value: TreeValue | undefined): Facts {
    if (!isNode(value)) return nothing;
    switch (value.tag) {
      case 'BOOLEXPR':
        if (textIn(value, 'boolop') !== 'and') return nothing;
        return together(listIn(value, 'args').map((part) => this.factsOf(part)));
      case 'OPEXPR':
        return this.equality(value);
      case 'VAR':
        return this.is(value, 'true', true);
      case 'NULLTEST':
        return textIn(value, 'nulltesttype') === '0'
          ? this.is(value.fields['arg'], NULL_VALUE, false)
          : nothing;
      default:
        return nothing;
    }
  }

  private equality(operation: TreeNode): Facts {
    const [left, right, ...more] = listIn(operation, 'args');
    if (!equalities.has(textIn(operation, 'opno') ?? '') || more.length > 0) return nothing;
    // A varchar is compared as a text.
    const one = this.placeOf(withoutRelabel(left));
    const other = this.placeOf(withoutRelabel(right));
    if (one === null || other === null || familyOf(one.column) !== familyOf(other.column)) return nothing;
    return { ...nothing, links: [[one, other]] };
  }

  private is(value: TreeValue | undefined, text: string, isStrict: boolean): Facts {
    const place = this.placeOf(value);
    const literal: Candidate = { kind: 'literal', value: text };
    return place === null ? nothing : { ...nothing, values: [{ place, values: [literal], isStrict }] };
  }
}

const withoutRelabel = (value: TreeValue | undefined): TreeValue | undefined =>
  nodeOf(value, 'RELABELTYPE')?.fields['arg'] ?? value;

const hasLimit = (tree: TreeNode): boolean => isSet(tree, 'limitCount') || isSet(tree, 'limitOffset');

/** As for a SELECT's text (outputs.ts): here each list names the target by its number. */
function keepsApart(tree: TreeNode, target: TreeNode | undefined): boolean {
  if (target === undefined || hasLimit(tree) || isSet(tree, 'groupingSets')) return false;
  const own = textIn(target, 'ressortgroupref');
  const names = (clauses: readonly TreeValue[]): boolean =>
    own !== '0' && clauses.some((clause) => isNode(clause) && textIn(clause, 'tleSortGroupRef') === own);
  const groups = listIn(tree, 'groupClause');
  const distinct = listIn(tree, 'distinctClause');
  if (textIn(tree, 'hasAggs') === 'true' && groups.length === 0) return false;
  if (groups.length > 0 && !names(groups)) return false;
  if (distinct.length > 0 && textIn(tree, 'hasDistinctOn') === 'true' && !names(distinct)) return false;
  if (textIn(tree, 'hasWindowFuncs') !== 'true') return true;
  const windows = listIn(tree, 'windowClause');
  return windows.every((window) => isNode(window) && names(listIn(window, 'partitionClause')));
}
