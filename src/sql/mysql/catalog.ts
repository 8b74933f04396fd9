/** Decides how the planner sees a server's schemas: the words of a catalog snapshot and the look-ups on it. Asks no database. */
import type { ValueClass } from '../plan.js';
import type { Column as AnyColumn, Relation as AnyRelation } from '../rows/relation.js';
import { systemSchemas } from './catalog-sql.js';

/** Its name is in lower case: names of columns have no case. */
export interface Column extends AnyColumn {
  readonly isNullable: boolean;
  /** A row that is inserted without it gets something else than NULL, or nothing that is known. */
  readonly hasDefault: boolean;
  readonly isAutoIncrement: boolean;
  /** Only those see it that name it: neither `*`, nor NATURAL, nor an INSERT without a list of columns. */
  readonly isInvisible: boolean;
  /** What it is computed with whenever it is read; null: it is stored. */
  readonly computedAs: string | null;
  /** As `valueClass`, for a value that is stored: which of them are stored as they are. */
  readonly storedClass: ValueClass | null;
}

export interface UniqueKey {
  readonly name: string;
  /** In the key's order. Null: not over plain columns as a whole. */
  readonly columns: readonly number[] | null;
}

export type ReferentialAction = 'restrict' | 'cascade' | 'set-null' | 'set-default';

export interface ForeignKey {
  /** The referencing relation. */
  readonly from: string;
  readonly fromColumns: readonly number[];
  /** The referenced relation. */
  readonly to: string;
  readonly toColumns: readonly number[];
  readonly onDelete: ReferentialAction;
  readonly onUpdate: ReferentialAction;
}

/** Code as it was written, and the sql_mode that it is read in. */
export interface Code {
  readonly schema: string;
  readonly name: string;
  /** Null: it may not be seen. */
  readonly body: string | null;
  readonly sqlMode: string;
}

export interface Trigger extends Code {
  readonly event: 'insert' | 'update' | 'delete';
  readonly isBefore: boolean;
}

export interface Routine extends Code {
  readonly kind: 'function' | 'procedure' | 'other';
  /** In lower case. */
  readonly parameters: readonly string[];
  /** It takes or gives a time of day. */
  readonly hasTimes: boolean;
}

export interface Relation extends AnyRelation {
  readonly kind: 'table' | 'view' | 'sequence' | 'other';
  /** Null: a view. */
  readonly engine: string | null;
  /** Earlier states of its rows are kept. */
  readonly isVersioned: boolean;
  /** Some column shows something else as time goes by, or in another session. */
  readonly hasUnstableColumns: boolean;
  readonly columns: readonly Column[];
  readonly columnByName: ReadonlyMap<string, Column>;
  readonly uniqueKeys: readonly UniqueKey[];
  /** Foreign keys of other tables (or its own) that point here. */
  readonly referencedBy: readonly ForeignKey[];
  readonly triggers: readonly Trigger[];
  /** Triggers and foreign keys of its schema can all be seen by this user. */
  readonly isFullySeen: boolean;
  /** What a view selects; null where that may not be seen, and for tables. */
  readonly definition: string | null;
}

/** What of the session the catalog is read by. Another session's goes with the same catalog. */
export interface SessionView {
  /** The default schema. */
  readonly schema: string | null;
  /** As the server gives it: names in capital letters, joined by commas. */
  readonly sqlMode: string;
  /** `sql_auto_is_null`: `id IS NULL` may mean the row that was inserted last. */
  readonly hasAutoIsNull: boolean;
  /** Texts of ASCII are the same bytes in the character sets of client and connection. */
  readonly hasAsciiTexts: boolean;
  /** In the character set of the client no other letter is sent as a quote, a backslash or another one of ASCII. */
  readonly keepsQuotes: boolean;
}

/** A snapshot of what the planner must know of one server, as one user sees it. Immutable. */
export interface Catalog {
  /** Changes when DDL or a grant changed anything of this (`readMysqlFingerprint`), see fingerprint.ts. */
  readonly fingerprint: string;
  readonly flavour: 'mysql' | 'mariadb';
  /** 5.7.29 is 50729. */
  readonly version: number;
  /** Whether names of tables, schemas and their aliases have no case (`lower_case_table_names`). */
  readonly foldsNames: boolean;
  readonly session: SessionView;
  readonly relations: ReadonlyMap<string, Relation>;
  /** By `schema` NUL `name`, both folded. */
  readonly relationByName: ReadonlyMap<string, Relation>;
  /** By name in lower case: relations of any schema. */
  readonly relationsByWord: ReadonlyMap<string, readonly Relation[]>;
  /** By name in lower case, of all schemas. */
  readonly routines: ReadonlyMap<string, readonly Routine[]>;
  /** Schemas whose tables this user may write and of which it is not shown all triggers. */
  readonly hiddenTriggers: readonly string[];
}

export type FoundRelation =
  | { readonly found: 'relation'; readonly relation: Relation }
  | { readonly found: 'system' }
  /** Not in the snapshot: temporary, newer, misspelt, not to be seen. */
  | { readonly found: 'nothing' };

/** A name of a table, a schema or an alias as it is compared. */
export const foldName = ({ foldsNames }: Pick<Catalog, 'foldsNames'>, name: string): string =>
  foldsNames ? name.toLowerCase() : name;

export const relationKey = (catalog: Pick<Catalog, 'foldsNames'>, schema: string, name: string): string =>
  `${foldName(catalog, schema)}\0${foldName(catalog, name)}`;

/** Finds a relation as the session would; no schema: the default one. */
export function findRelation(
  catalog: Catalog,
  { schema, name }: { readonly schema: string | null; readonly name: string },
): FoundRelation {
  const place = schema ?? catalog.session.schema;
  if (place === null) return { found: 'nothing' };
  if (systemSchemas.includes(place.toLowerCase())) return { found: 'system' };
  const relation = catalog.relationByName.get(relationKey(catalog, place, name));
  return relation === undefined ? { found: 'nothing' } : { found: 'relation', relation };
}

/** What a column, by its number, is called. */
export function mysqlColumnName(
  catalog: Catalog,
  table: { readonly id: string },
  column: string,
): string | undefined {
  return catalog.relations.get(table.id)?.columns.find(({ number }) => String(number) === column)?.name;
}
