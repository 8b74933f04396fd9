/**
 * Decides the words in which a query's parts are told to who finds out which rows it can see: its items, how they are
 * joined, what its conditions say, where its columns come from. Knows no parser and no stored trees.
 */
import { familyOf } from './candidates.js';
import type { Facts } from './facts.js';
import type { Column, Relation } from './relation.js';
import type { Columns, Place, RangeEntry } from './scope.js';

export type JoinType = 'inner' | 'left' | 'right' | 'full';

/** One item of a FROM list. */
export type Source =
  | { readonly kind: 'table'; readonly entry: RangeEntry; readonly reference: Reference }
  | { readonly kind: 'query'; readonly entry: RangeEntry; readonly query: Query }
  | { readonly kind: 'cte'; readonly entry: RangeEntry; readonly cte: Cte }
  /** Of which nothing is known. */
  | { readonly kind: 'other'; readonly entry: RangeEntry }
  | Join;

export interface Join {
  readonly kind: 'join';
  readonly type: JoinType;
  readonly left: Source;
  readonly right: Source;
  /** What its ON and USING say. */
  readonly condition: Facts;
}

/** A table that is read, at one place of a statement. What is not found out about it is any row. */
export interface Reference {
  readonly relation: Relation;
  /**
   * The tables whose rows it shows: itself, where they are all its own, and its partitions or children. None: they may not
   * be told apart.
   */
  readonly members: readonly Relation[];
}

/** A column of a query's result. */
export interface Output {
  /** Null: not known. */
  readonly name: string | null;
  /** Where it comes from, if it is a plain column of one of the query's items. */
  readonly place: Place | null;
  /** What is spelt out instead: nodes of the statement, one for each row. */
  readonly given?: readonly unknown[];
}

export interface Select {
  readonly kind: 'select';
  readonly from: readonly Source[];
  readonly where: Facts;
  /** Queries of which one row at least has what each row that counts has: `in (select …)`. */
  readonly members?: readonly Source[];
  /** In order; null: not known. */
  readonly outputs: readonly Output[] | null;
  /**
   * Whether rows that differ in an output (from 0) pass the query apart from each other: no LIMIT, and whatever groups
   * or ranks rows takes those of one value together.
   */
  readonly keepsApart: (output: number) => boolean;
  /** Some rows of the result show null instead of a column's value. */
  readonly hasGroupingSets: boolean;
  /** What stands in its expressions. */
  readonly nested: readonly Query[];
  readonly ctes: readonly Cte[];
}

export interface SetOperation {
  readonly kind: 'set';
  readonly left: Query;
  readonly right: Query;
  readonly isLimited: boolean;
  readonly nested: readonly Query[];
  readonly ctes: readonly Cte[];
}

export type Query = Select | SetOperation;

/** A query with a name; those that refer to it see all of its rows, or those that each of them can. */
export interface Cte {
  readonly query: Query;
  readonly columns: Columns;
  /** What its columns are called, from the first on; null as its query calls it. */
  readonly aliases: readonly (string | null)[];
  /** How often it is referred to. */
  references: number;
}

/** The names of a result's columns; null where one is not known. */
export function outputNames(query: Query): readonly (string | null)[] | null {
  return query.kind === 'set' ? outputNames(query.left) : (query.outputs?.map(({ name }) => name) ?? null);
}

/** The type of one column of a result, if it is that of plain columns; null if anything else goes into it. */
function outputColumn(query: Query, index: number): Column | null {
  if (query.kind === 'select') return query.outputs?.[index]?.place?.column ?? null;
  const left = outputColumn(query.left, index);
  const right = outputColumn(query.right, index);
  if (left === null || right === null || !isPinnable(left) || !isPinnable(right)) return null;
  return familyOf(left) === familyOf(right) ? left : null;
}

/** The columns that one column of a result is made of; empty where anything else goes into it. */
export function outputColumns(query: Query, index: number): readonly Column[] {
  if (query.kind === 'select') {
    const column = query.outputs?.[index]?.place?.column;
    return column === undefined ? [] : [column];
  }
  const left = outputColumns(query.left, index);
  const right = outputColumns(query.right, index);
  return left.length === 0 || right.length === 0 ? [] : [...left, ...right];
}

/** What one column of a result is where it is spelt out: nodes of the statement, of which each row has one. */
export function outputGiven(query: Query, index: number): readonly unknown[] | null {
  if (query.kind === 'select') return query.outputs?.[index]?.given ?? null;
  const left = outputGiven(query.left, index);
  const right = outputGiven(query.right, index);
  return left === null || right === null ? null : [...left, ...right];
}

/** Whether one column of a result is made of columns of this column's family, and nothing else. */
export function isOutputLike(query: Query, index: number, column: Column): boolean {
  const found = outputColumn(query, index);
  return found !== null && isPinnable(found) && familyOf(found) === familyOf(column);
}

const isPinnable = ({ valueClass, generated }: Column): boolean => valueClass !== null && !generated;

const unknownColumn = { type: '0', generated: false, hasDefault: false, identity: false, valueClass: null };

/** The columns that can be taken from a query in a FROM list, numbered from 1. */
export function columnsOfQuery(query: Query, aliases: readonly (string | null)[] = []): Columns {
  const names = outputNames(query);
  const byName = new Map<string, Column>();
  const given = new Map<string, readonly unknown[]>();
  const twice = new Set<string>();
  for (const [index, name] of [...(names ?? aliases)].entries()) {
    const called = aliases[index] ?? name;
    if (called === null) continue;
    if (byName.has(called)) twice.add(called);
    const nodes = outputGiven(query, index);
    if (nodes !== null) given.set(called, nodes);
    const column = names === null ? null : outputColumn(query, index);
    byName.set(called, {
      ...(column === null || !isPinnable(column) ? unknownColumn : column),
      number: index + 1,
      name: called,
    });
  }
  for (const name of twice) {
    byName.delete(name);
    given.delete(name);
  }
  const isComplete = names?.every((name, index) => (aliases[index] ?? name) !== null) === true;
  return { byName, isComplete, given };
}

/** The same columns under other names: the first ones of a table. */
export function renamed(columns: readonly Column[], aliases: readonly string[]): Columns {
  const byName = new Map<string, Column>();
  for (const [index, column] of columns.entries()) {
    const name = aliases[index] ?? column.name;
    if (byName.has(name)) return { byName: new Map(), isComplete: false };
    byName.set(name, column);
  }
  return { byName, isComplete: true };
}

/** The items below a source. */
export function entriesOf(source: Source): readonly RangeEntry[] {
  return source.kind === 'join' ? [...entriesOf(source.left), ...entriesOf(source.right)] : [source.entry];
}

/** Those of which a row of the source may have nulls only. */
export function nullableIn(source: Source): readonly RangeEntry[] {
  if (source.kind !== 'join') return [];
  const { type, left, right } = source;
  return [
    ...(type === 'right' || type === 'full' ? entriesOf(left) : nullableIn(left)),
    ...(type === 'left' || type === 'full' ? entriesOf(right) : nullableIn(right)),
  ];
}
