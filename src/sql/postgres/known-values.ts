/**
 * Decides which values the columns of one query level are known to have where its condition holds, column by column:
 * what a write needs to name the rows it touches. When in doubt, any value.
 */
import { alternativesMax, type Candidate } from '../rows/candidates.js';
import { nullValue } from '../rows/facts.js';
import type { Column } from '../rows/relation.js';
import { type CteNames, type Place, type RangeEntry, type Scope, seesCte } from '../rows/scope.js';
import { child, type Fields, fieldsOf, flag, list, strings, tagged, text } from './ast.js';
import { findRelation, type Column as StoredColumn } from './catalog.js';
import { rowOf } from './conditions.js';
import { candidatesOf, hasForeignEquality } from './pins.js';
import { columnNames, columnOf } from './scope.js';
import type { Walk } from './walk.js';

/** Several lists: the column has one value of each of them. */
export type Lists = readonly (readonly Candidate[])[];

/** What is known of one column. */
export interface ColumnFacts {
  readonly column: Column;
  readonly lists: Lists;
}

/** An item of FROM whose columns are spelt out: the values that one of them, by name, may give to a column. */
export type Side = (name: string, column: Column) => Lists;

/** What is equal only by chains of equalities longer than this is not found out. */
const LINK_ROUNDS_MAX = 4;

/** What a condition says of the columns of its level. */
class Facts {
  readonly places = new Map<RangeEntry, Map<number, ColumnFacts>>();
  /** Columns that are equal. */
  readonly links: (readonly [Place, Place])[] = [];

  listsOf({ entry, column }: Place): Lists {
    return this.places.get(entry)?.get(column.number)?.lists ?? [];
  }

  add({ entry, column }: Place, values: readonly Candidate[]): void {
    if (values.length > alternativesMax) return;
    let columns = this.places.get(entry);
    if (columns === undefined) this.places.set(entry, (columns = new Map<number, ColumnFacts>()));
    const lists = columns.get(column.number)?.lists ?? [];
    if (!lists.includes(values)) columns.set(column.number, { column, lists: [...lists, values] });
  }

  /** Both hold. */
  addAll(other: Facts): void {
    this.links.push(...other.links);
    for (const [entry, columns] of other.places)
      for (const { column, lists } of columns.values())
        for (const values of lists) this.add({ entry, column }, values);
  }

  /** What is known of one of two equal columns is known of the other. */
  follow(): this {
    for (let round = 0; round < LINK_ROUNDS_MAX; round++)
      for (const [one, other] of this.links) {
        for (const values of this.listsOf(one)) this.add(other, values);
        for (const values of this.listsOf(other)) this.add(one, values);
      }
    return this;
  }
}

/** One of them holds: a column is known whose values each of them knows. */
function either(alternatives: readonly Facts[]): Facts {
  const facts = new Facts();
  const [first, ...others] = alternatives.map((alternative) => alternative.follow());
  for (const [entry, columns] of first?.places ?? [])
    for (const { column } of columns.values()) {
      const place = { entry, column };
      for (const values of united([first, ...others].map((each) => each?.listsOf(place) ?? [])))
        facts.add(place, values);
    }
  return facts;
}

/** Of several alternatives one is true: nothing is known where one of them is unknown. */
export function united(alternatives: readonly Lists[]): Lists {
  const lists = alternatives.map(shortest);
  return lists.length > 0 && lists.every((values) => values !== null) ? [[...new Set(lists.flat())]] : [];
}

function shortest(lists: Lists): readonly Candidate[] | null {
  return lists.reduce<readonly Candidate[] | null>(
    (best, values) => (best === null || values.length < best.length ? values : best),
    null,
  );
}

/** The values known at one query level, and how expressions of that level are looked up among them. */
export class KnownValues {
  private readonly facts: Facts;

  private constructor(
    private readonly walk: Walk,
    private readonly scope: Scope,
    private readonly sides: ReadonlyMap<string, Side>,
    condition: unknown,
  ) {
    this.facts = hasForeignEquality(walk.catalog) ? new Facts() : this.judge(condition).follow();
  }

  static of(
    walk: Walk,
    level: {
      readonly scope: Scope;
      readonly condition: unknown;
      /** The items of its FROM list, where values may be spelt out too. */
      readonly from?: readonly unknown[];
      readonly sides?: readonly (readonly [name: string, Side])[];
    },
  ): KnownValues {
    const sides = [...(level.from ?? []).flatMap((item) => sideOf(walk, item)), ...(level.sides ?? [])];
    return new KnownValues(walk, level.scope, new Map(sides), level.condition);
  }

  /** What is known of the columns of one item. */
  columnsOf(entry: RangeEntry): readonly ColumnFacts[] {
    return [...(this.facts.places.get(entry)?.values() ?? [])];
  }

  /** The values that an expression of this level may give to a column. */
  valuesOf(node: unknown, column: Column): Lists {
    if (column.valueClass === null || column.generated) return [];
    if (isNull(node)) return [[nullValue]];
    const given = candidatesOf(this.walk, [node], column);
    if (given !== null) return [given];
    const place = this.placeOf(node);
    if (place !== null) return place.column.valueClass === column.valueClass ? this.facts.listsOf(place) : [];
    return this.speltOut(node, column);
  }

  /** The same for what is stored: DEFAULT is NULL where nothing else is said. */
  assigned(node: unknown, column: StoredColumn): Lists {
    if (fieldsOf(node, 'SetToDefault') === null) return this.valuesOf(node, column);
    return column.hasDefault || column.valueClass === null || column.generated ? [] : [[nullValue]];
  }

  private placeOf(node: unknown): Place | null {
    const found = columnOf(this.scope, node);
    return found === null || found.column.generated ? null : found;
  }

  private speltOut(node: unknown, column: Column): Lists {
    const names = columnNames(fieldsOf(node, 'ColumnRef') ?? {}) ?? [];
    return names.length === 2 ? (this.sides.get(names[0] ?? '')?.(names[1] ?? '', column) ?? []) : [];
  }

  private judge(condition: unknown): Facts {
    const found = tagged(condition);
    const facts = new Facts();
    if (found === null) return facts;
    switch (found.tag) {
      case 'BoolExpr': {
        const parts = list(found.fields, 'args').map((part) => this.judge(part));
        if (text(found.fields, 'boolop') === 'OR_EXPR') return either(parts);
        if (text(found.fields, 'boolop') === 'AND_EXPR') for (const part of parts) facts.addAll(part);
        return facts;
      }
      case 'A_Expr':
        this.judgeComparison(found.fields, facts);
        return facts;
      case 'NullTest': {
        const place = this.placeOf(found.fields['arg']);
        if (place !== null && text(found.fields, 'nulltesttype') === 'IS_NULL') facts.add(place, [nullValue]);
        return facts;
      }
      case 'SubLink':
        this.judgeMembership(found.fields, facts);
        return facts;
      default:
        return facts;
    }
  }

  private judgeComparison(operation: Fields, facts: Facts): void {
    const name = strings(list(operation, 'name')) ?? [];
    if (name.length !== 1 || name[0] !== '=') return;
    const { lexpr, rexpr } = operation;
    switch (text(operation, 'kind')) {
      case 'AEXPR_OP':
        return this.equal(lexpr, [rexpr], facts);
      case 'AEXPR_IN':
        return this.equal(lexpr, list(fieldsOf(rexpr, 'List') ?? {}, 'items'), facts);
      case 'AEXPR_OP_ANY': {
        const array = fieldsOf(rexpr, 'A_ArrayExpr');
        return array === null ? undefined : this.equal(lexpr, list(array, 'elements'), facts);
      }
    }
  }

  /** The node equals one of the others: columns, or rows of them. */
  private equal(node: unknown, others: readonly unknown[], facts: Facts): void {
    const row = rowOf(node);
    if (row === null) return this.equalColumn(node, others, facts);
    const rows = others.map(rowOf);
    for (const [position, item] of row.entries()) {
      const values = rows.map((each) => (each?.length === row.length ? each[position] : undefined));
      if (values.every((value) => value !== undefined)) this.equalColumn(item, values, facts);
    }
  }

  private equalColumn(node: unknown, others: readonly unknown[], facts: Facts): void {
    const [other] = others;
    if (others.length === 1) {
      this.compare(node, other, facts);
      if (this.placeOf(node) === null) this.compare(other, node, facts);
      return;
    }
    const place = this.placeOf(node);
    const values =
      place === null || others.length > alternativesMax
        ? null
        : candidatesOf(this.walk, others, place.column);
    if (place !== null && values !== null) facts.add(place, values);
  }

  private compare(node: unknown, other: unknown, facts: Facts): void {
    const place = this.placeOf(node);
    if (!place?.column.valueClass) return;
    const second = this.placeOf(other);
    if (second !== null) {
      if (second.column.valueClass === place.column.valueClass) facts.links.push([place, second]);
      return;
    }
    const values = candidatesOf(this.walk, [other], place.column);
    for (const each of values === null ? this.speltOut(other, place.column) : [values])
      facts.add(place, each);
  }

  /** `column in (select …)`. */
  private judgeMembership(subLink: Fields, facts: Facts): void {
    const operator = strings(list(subLink, 'operName')) ?? [];
    if (text(subLink, 'subLinkType') !== 'ANY_SUBLINK' || (operator.length > 0 && operator.join() !== '='))
      return;
    const place = this.placeOf(subLink['testexpr']);
    const select = fieldsOf(subLink['subselect'], 'SelectStmt');
    if (place === null || select === null) return;
    const [lists] = selectedValues(this.walk, select, { columns: [place.column], ctes: this.scope.ctes });
    for (const values of lists ?? []) facts.add(place, values);
  }
}

export function isNull(node: unknown): boolean {
  const cast = fieldsOf(node, 'TypeCast');
  return flag(fieldsOf(cast === null ? node : cast['arg'], 'A_Const') ?? {}, 'isnull');
}

/** `(values …) as name (columns)` or `(select … as column) as name` among the items of a FROM list. */
function sideOf(walk: Walk, item: unknown): readonly (readonly [string, Side])[] {
  const subselect = fieldsOf(item, 'RangeSubselect');
  const select = fieldsOf(subselect?.['subquery'], 'SelectStmt');
  const alias = child(subselect ?? {}, 'alias');
  if (select === null || alias === null || !isSimple(select) || list(select, 'fromClause').length > 0)
    return [];
  const targets = list(select, 'targetList').map((target) => fieldsOf(target, 'ResTarget') ?? {});
  const isRow = list(select, 'valuesLists').length === 0;
  const rows = isRow ? [targets.map((target) => target['val'])] : rowsOf(select);
  const given = strings(list(alias, 'colnames')) ?? [];
  const names = targets.map((target) => text(target, 'name'));
  for (const [position, name] of given.entries()) names[position] = name;
  const side: Side = (name, column) => {
    const position = names.indexOf(name);
    if (position < 0 || rows.length > alternativesMax || targets.some(({ val }) => isStar(val))) return [];
    const nodes = rows.map((row) => row[position]);
    const values = candidatesOf(walk, nodes, column);
    return values === null ? [] : [values];
  };
  return [[text(alias, 'aliasname'), side]];
}

function rowsOf(select: Fields): readonly (readonly unknown[])[] {
  return list(select, 'valuesLists').map((row) => list(fieldsOf(row, 'List') ?? {}, 'items'));
}

/**
 * Per position of a query's select list the values that it may give to a column there; nothing where they are any.
 * The query is looked at from outside: it is walked by whoever judges what it reads.
 */
export function selectedValues(
  walk: Walk,
  select: Fields,
  wanted: { readonly columns: readonly (Column | undefined)[]; readonly ctes: CteNames | null },
): readonly Lists[] {
  const rows = rowsOf(select);
  if (rows.length > 0)
    return wanted.columns.map((column, position) => {
      const values =
        column === undefined
          ? null
          : candidatesOf(
              walk,
              rows.map((row) => row[position]),
              column,
            );
      return values === null ? [] : [values];
    });
  const targets = list(select, 'targetList').map((target) => fieldsOf(target, 'ResTarget')?.['val']);
  if (!isSimple(select) || targets.some(isStar)) return [];
  const from = list(select, 'fromClause');
  const scope: Scope = {
    entries: from.flatMap((item) => entriesOf(walk, item, wanted.ctes)),
    ctes: wanted.ctes,
    outer: null,
  };
  const known = KnownValues.of(walk, { scope, condition: select['whereClause'], from });
  return wanted.columns.map((column, position) =>
    column === undefined || targets[position] === undefined ? [] : known.valuesOf(targets[position], column),
  );
}

/** Its rows are those that its FROM gives and its WHERE lets through: no set operation, no grouping sets. */
function isSimple(select: Fields): boolean {
  return (
    child(select, 'larg') === null &&
    child(select, 'withClause') === null &&
    child(select, 'intoClause') === null &&
    list(select, 'groupClause').length === 0
  );
}

function isStar(node: unknown): boolean {
  const reference = fieldsOf(node, 'ColumnRef');
  return reference !== null && columnNames(reference) === null;
}

/** The items that columns can be taken from, as a walk of the query finds them. */
function entriesOf(walk: Walk, item: unknown, ctes: CteNames | null): readonly RangeEntry[] {
  const found = tagged(item);
  const alias = child(found?.fields ?? {}, 'alias');
  const name = text(alias ?? {}, 'aliasname');
  if (found?.tag === 'JoinExpr' && alias === null)
    return [...entriesOf(walk, found.fields['larg'], ctes), ...entriesOf(walk, found.fields['rarg'], ctes)];
  if (found?.tag !== 'RangeVar') return [{ name, schema: '', relation: null }];
  const schema = text(found.fields, 'schemaname');
  const relname = text(found.fields, 'relname');
  const relation = findRelation(walk.catalog, schema, relname);
  const isCertain =
    relation.found === 'relation' &&
    !(schema === '' && seesCte(ctes, relname)) &&
    list(alias ?? {}, 'colnames').length === 0;
  return [
    {
      name: alias === null ? relname : name,
      schema: alias === null && relation.found === 'relation' ? relation.relation.schema : '',
      relation: isCertain ? relation.relation : null,
    },
  ];
}
