/** Decides how the planner sees a database: the words of a catalog snapshot and the look-ups on it. Asks no database. */
import type { Table } from '../plan.js';
import type { Column as AnyColumn, Relation as AnyRelation } from '../rows/relation.js';

export interface Column extends AnyColumn {
  /** A row that is inserted without it may get anything else than NULL: a default, an identity, its domain's default. */
  readonly hasDefault: boolean;
  /** `generated … as identity`: OVERRIDING USER VALUE passes over what is given. */
  readonly identity: boolean;
}

/** `r` table, `p` partitioned table, `v` view, `m` materialised view, `f` foreign table, `S` sequence. */
export type RelationKind = 'r' | 'p' | 'v' | 'm' | 'f' | 'S';

export interface ForeignKey {
  /** The referencing relation's oid. */
  readonly from: string;
  readonly fromColumns: readonly number[];
  /** The referenced relation's oid. */
  readonly to: string;
  readonly toColumns: readonly number[];
  /** `a` no action, `r` restrict, `c` cascade, `n` set null, `d` set default. */
  readonly onDelete: string;
  readonly onUpdate: string;
}

export interface Trigger {
  readonly name: string;
  /** `pg_trigger.tgtype`: 4 insert, 8 delete, 16 update, 32 truncate. */
  readonly type: number;
  /** The function's oid. */
  readonly function: string;
  /** What its WHEN calls (oids). */
  readonly conditionFunctions: readonly string[];
}

/** What the stored tree of a view or materialised view names. */
export interface ViewTree {
  /** As it is stored; null where it is too long to be of use. */
  readonly tree?: string | null;
  readonly tags: readonly string[];
  readonly relations: readonly string[];
  readonly functions: readonly string[];
  readonly operators: readonly string[];
  readonly types: readonly string[];
  /** The types that texts are turned into. */
  readonly coercions: readonly string[];
  readonly writes: boolean;
  readonly locks: boolean;
}

export interface Relation extends AnyRelation {
  readonly kind: RelationKind;
  readonly rowSecurity: boolean;
  /** The stored trees of what its policies let be seen. */
  readonly policies: readonly string[];
  readonly isPartition: boolean;
  readonly columns: readonly Column[];
  readonly columnByName: ReadonlyMap<string, Column>;
  /** Columns of which a unique index takes values for equal that the column itself tells apart. */
  readonly looseKeyColumns: ReadonlySet<number>;
  readonly parents: readonly string[];
  readonly children: readonly string[];
  /** Foreign keys of other tables (or its own) that point here. */
  readonly referencedBy: readonly ForeignKey[];
  readonly triggers: readonly Trigger[];
  /** Rules other than a view's own. */
  readonly rules: readonly string[];
  /** User functions run by defaults, checks, policies and the checks of its columns' domains (oids). */
  readonly functions: readonly string[];
  readonly view: ViewTree | null;
}

export interface FunctionInfo {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** `f` function, `p` procedure, `a` aggregate, `w` window function. */
  readonly kind: string;
  /** `i` immutable, `s` stable, `v` volatile. */
  readonly volatility: string;
  readonly language: string;
  readonly argumentsMin: number;
  readonly argumentsMax: number;
  /** `pg_type.typcategory` of the result. */
  readonly category: string;
  /** The result's type (oid). */
  readonly result: string;
  /** It belongs to an extension. */
  readonly extension: boolean;
  /** The body of a function in a procedural language or SQL that the installation did not bring along. */
  readonly source: string | null;
  /** Functions of users that what stands for its missing arguments calls, or its body where that is kept as a tree (oids). */
  readonly calls: readonly string[];
  /** Settings it runs with: `search_path=…`. */
  readonly settings: readonly string[] | null;
  /** The functions a user-defined aggregate is made of (oids). */
  readonly parts: readonly string[] | null;
}

export interface Operator {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly function: string;
  readonly left: string;
  readonly right: string;
  readonly userDefined: boolean;
}

export interface Cast {
  readonly source: string;
  readonly target: string;
  /** `0`: no function, binary-compatible or by input and output. */
  readonly function: string;
  /** `i` implicit, `a` in assignments, `e` explicit. */
  readonly context: string;
}

export interface TypeInfo {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** `b` base, `c` composite, `d` domain, `e` enum, `r` range, `m` multirange, `p` pseudo. */
  readonly kind: string;
  readonly category: string;
  readonly base: string;
  readonly element: string;
  /** A domain with a check. */
  readonly checked: boolean;
  /** User functions in a domain's checks (oids). */
  readonly functions: readonly string[];
  /** Its input or output function is volatile. */
  readonly volatile: boolean;
}

/** A snapshot of what the planner must know of one database, as one baseline session sees it. Immutable. */
export interface Catalog {
  /** Changes when DDL changed anything of this (`catalogFingerprintSql`). */
  readonly fingerprint: string;
  /** The effective search path, `pg_catalog` included, temporary schemas left out. */
  readonly searchPath: readonly string[];
  readonly standardConformingStrings: boolean;
  readonly relations: ReadonlyMap<string, Relation>;
  /** By `schema` NUL `name`. */
  readonly relationByName: ReadonlyMap<string, Relation>;
  /** Names in `pg_catalog`. */
  readonly systemRelations: ReadonlySet<string>;
  readonly functions: ReadonlyMap<string, FunctionInfo>;
  readonly functionsByName: ReadonlyMap<string, readonly FunctionInfo[]>;
  /** User-defined ones, and the server's own that are not immutable. */
  readonly operatorsByName: ReadonlyMap<string, readonly Operator[]>;
  /** User-defined ones. */
  readonly casts: readonly Cast[];
  readonly types: ReadonlyMap<string, TypeInfo>;
  readonly typesByName: ReadonlyMap<string, readonly TypeInfo[]>;
}

export type FoundRelation =
  | { readonly found: 'relation'; readonly relation: Relation }
  /** `pg_catalog`, `information_schema`, `pg_toast`. */
  | { readonly found: 'system' }
  /** Not in the snapshot: temporary, newer, misspelt. */
  | { readonly found: 'nothing' };

export function relationKey(schema: string, name: string): string {
  return `${schema}\0${name}`;
}

function isSystemSchema(schema: string): boolean {
  return schema === 'pg_catalog' || schema === 'information_schema' || schema === 'pg_toast';
}

/** Finds a relation as the baseline session would; `schema` is empty for an unqualified name. */
export function findRelation(catalog: Catalog, schema: string, name: string): FoundRelation {
  if (schema !== '') {
    if (isSystemSchema(schema)) return { found: 'system' };
    const relation = catalog.relationByName.get(relationKey(schema, name));
    return relation === undefined ? { found: 'nothing' } : { found: 'relation', relation };
  }
  for (const candidate of catalog.searchPath) {
    if (candidate === 'pg_catalog') {
      if (catalog.systemRelations.has(name)) return { found: 'system' };
      continue;
    }
    if (isSystemSchema(candidate)) return { found: 'system' };
    const relation = catalog.relationByName.get(relationKey(candidate, name));
    if (relation !== undefined) return { found: 'relation', relation };
  }
  return { found: 'nothing' };
}

/** Those of the objects called `name` that a text with this qualification (or none) can mean. */
function visible<Named extends { readonly schema: string }>(
  catalog: Catalog,
  candidates: readonly Named[] | undefined,
  schema: string,
): readonly Named[] {
  if (candidates === undefined) return [];
  if (schema !== '') return candidates.filter((candidate) => candidate.schema === schema);
  return candidates.filter((candidate) => catalog.searchPath.includes(candidate.schema));
}

/** All overloads a call with this many arguments can mean; all of the name if none takes that many. */
export function findFunctions(
  catalog: Catalog,
  call: { readonly schema: string; readonly name: string; readonly argumentCount: number | null },
): readonly FunctionInfo[] {
  const named = visible(catalog, catalog.functionsByName.get(call.name), call.schema);
  const count = call.argumentCount;
  if (count === null) return named;
  const fitting = named.filter(
    (candidate) => candidate.argumentsMin <= count && count <= candidate.argumentsMax,
  );
  return fitting.length > 0 ? fitting : named;
}

export function findOperators(catalog: Catalog, schema: string, name: string): readonly Operator[] {
  return visible(catalog, catalog.operatorsByName.get(name), schema);
}

export function findTypes(catalog: Catalog, schema: string, name: string): readonly TypeInfo[] {
  return visible(catalog, catalog.typesByName.get(name), schema);
}

/** The relation and all partitions or inheritance children below it. */
export function withDescendants(catalog: Catalog, relation: Relation): readonly Relation[] {
  const found = new Map<string, Relation>([[relation.table.id, relation]]);
  for (const member of found.values())
    for (const id of member.children) {
      const descendant = catalog.relations.get(id);
      if (descendant !== undefined) found.set(id, descendant);
    }
  return [...found.values()];
}

/** What a column, by its number, is called. */
export function columnName(catalog: Catalog, table: Table, column: string): string | undefined {
  return catalog.relations.get(table.id)?.columns.find(({ number }) => String(number) === column)?.name;
}

/** The parents of a partition or inheritance child, and theirs. */
export function ancestors(catalog: Catalog, relation: Relation): readonly Relation[] {
  const found = new Map<string, Relation>();
  const visit = (ids: readonly string[]): void => {
    for (const id of ids) {
      const parent = catalog.relations.get(id);
      if (parent === undefined || found.has(id)) continue;
      found.set(id, parent);
      visit(parent.parents);
    }
  };
  visit(relation.parents);
  return [...found.values()];
}
