/**
 * Decides the words in which a statement's meaning is told to the engine: what it reads, what it writes, and
 * what it may do with the cache. Dialect-free: knows no parser, no driver and no store.
 */

/** A base table as its database's catalog knows it. */
export interface Table {
  /** Unique within its database and stable across renames (Postgres: the oid, in decimal). */
  readonly id: string;
  /** For people: `schema.name`. */
  readonly name: string;
}

/**
 * How two values of a column are known to be equal in the database exactly when their canonical texts are
 * equal (CONSISTENCY §3, rule 3). A column of any other type is never pinned.
 */
export type ValueClass = PlainValueClass | LimitedValueClass;

export type PlainValueClass = 'int2' | 'int4' | 'int8' | 'bool' | 'uuid' | 'text' | 'bytea' | 'enum';

/**
 * Of columns that make what is stored fit: with the least and the greatest integer, the greatest number of letters (compared
 * exactly, or whatever their case), the least and the greatest number of bytes. `required`: where NULL is not stored as NULL.
 */
export type LimitedValueClass = LimitedKind | `required ${LimitedKind}`;

type LimitedKind = `${'integer' | 'exact' | 'folded' | 'bytes'} ${number}..${number}`;

/** Where the value of a pinned column comes from when a statement is called. */
export type ValueSource =
  | { readonly kind: 'parameter' /** From 0. */; readonly index: number; readonly valueClass: ValueClass }
  /** Each element of a parameter that is an array. */
  | { readonly kind: 'elements' /** From 0. */; readonly index: number; readonly valueClass: ValueClass }
  | { readonly kind: 'literal' /** Canonical text. */; readonly value: string };

/**
 * A read sees only rows whose columns of `shape` equal the values, in order.
 * `shape` names the columns as the catalog numbers them, ascending, joined by commas (Postgres attnum: `1` or `1,3`).
 */
export interface Pin {
  readonly shape: string;
  readonly values: readonly ValueSource[];
}

/**
 * One reference to a table. Each row that it can see matches at least one of `pins`; null: any row. It sees none at
 * all where there are no pins, or where `elements` are none in a call.
 */
export interface TableRead {
  readonly table: Table;
  readonly pins: readonly Pin[] | null;
}

/**
 * Every row this write touches has, before and after the write, one of `values` in the column.
 * So a changed key gives both the old and the new value.
 */
export interface WritePin {
  /** The column as the catalog numbers it (Postgres attnum, in decimal). */
  readonly column: string;
  readonly values: readonly ValueSource[];
}

/** What a write may change in one table. No pins: any row at all. */
export interface TableWrite {
  readonly table: Table;
  readonly pins: readonly WritePin[];
}

/** What a statement may change. `everything` is every table of the database, also those not known yet. */
export type WriteScope =
  | { readonly scope: 'tables'; readonly tables: readonly TableWrite[] }
  | { readonly scope: 'everything'; readonly reason: Reason };

/** A column of an answer that shows a column of the rows a statement touched: the value is the same before and after. */
export interface ToldColumn {
  /** As the catalog numbers it. */
  readonly column: string;
  /** As the catalog calls it, where the answer describes it by its name. */
  readonly name?: string;
  /** In the answer, from 0. */
  readonly position: number;
  readonly valueClass: ValueClass;
}

/**
 * The one table of which a statement's answer tells all rows that were written: how many, and values of some columns of
 * each (RETURNING). Nothing else that the statement sets off writes it.
 */
export interface ToldRows {
  readonly table: Table;
  readonly columns: readonly ToldColumn[];
}

export interface GeneratedKey {
  readonly table: Table;
  /** As the catalog numbers it. */
  readonly column: string;
}

/** What the statement does to the transaction its connection is in. The authority on the state is the protocol. */
export type TransactionControl =
  | {
      readonly control: 'begin';
      /** As the text says, in lower case; null: the session's default. */
      readonly isolation: string | null;
    }
  | { readonly control: 'commit'; readonly chain: boolean }
  | { readonly control: 'rollback'; readonly chain: boolean }
  | {
      readonly control: 'savepoint';
      /** Back to an earlier one: settings made since are undone. */
      readonly undoes: boolean;
    }
  | { readonly control: 'prepare'; readonly gid: string }
  | { readonly control: 'commit-prepared'; readonly gid: string }
  | { readonly control: 'rollback-prepared'; readonly gid: string };

/** Why a statement is treated as it is. */
export interface Reason {
  /** Stable, for programs and counters: `volatile-function`, `row-lock`, `no-table` … */
  readonly code: string;
  /** For people, one clause without a full stop: `now() is not immutable`. */
  readonly detail: string;
}

/**
 * What happens to the connection's session: its settings, role, temporary tables, locks.
 *
 * - `sets`: nothing but the settings that the plan names.
 * - `departs`: nobody knows what.
 * - `resets`: it is as new afterwards.
 */
export type SessionEffect = 'keeps' | 'sets' | 'departs' | 'resets';

/** One setting of the session that a statement changes. */
export interface SettingChange {
  /** In lower case. */
  readonly name: string;
  /** Null: what it is afterwards does not stand in the statement. */
  readonly value:
    | { readonly kind: 'literal'; readonly text: string }
    | { readonly kind: 'parameter'; readonly index: number }
    | null;
  /** For the transaction only. Parameters are numbered from 0. */
  readonly isLocal: boolean | { readonly parameter: number };
}

/**
 * A statement text, understood once. A string of several statements has one plan: the union of its effects.
 *
 * - `read`: may be served from the cache; depends on exactly `reads`.
 * - `bypass`: changes no table that a cached read could depend on, and is never cached.
 * - `write`: changes `writes`; its own result is never cached.
 * - `transaction`: controls the transaction and does nothing else.
 *
 * What is not understood is a `write` of everything if it could write at all, else a `bypass`.
 */
export type Plan = EffectPlan & {
  /** It may depend on more schemas than those that any statement of its session can reach (MySQL). */
  readonly namesOtherSchemas?: true;
};

type EffectPlan =
  | {
      readonly kind: 'read';
      readonly reads: readonly TableRead[];
      readonly session: 'keeps';
      /** Names of settings that its result depends on, through row security. */
      readonly settings?: readonly string[];
    }
  | {
      readonly kind: 'bypass';
      readonly reason: Reason;
      readonly session: SessionEffect;
      /** Where the session `sets`. */
      readonly settings?: readonly SettingChange[];
      /** It may first commit the transaction that is open (MySQL). */
      readonly implicitCommit?: true;
    }
  | {
      readonly kind: 'write';
      readonly writes: WriteScope;
      /** The catalog may be another one afterwards. */
      readonly changesCatalog: boolean;
      readonly session: SessionEffect;
      /**
       * The table of which the answer tells how many rows were written, at least: for databases that count rows written in
       * their statistics, from which those of others are told (Postgres; nobody counts them reliably on MySQL).
       */
      readonly counted?: Table;
      /** Once it has succeeded, what its answer tells of the rows it wrote. */
      readonly told?: ToldRows;
      /**
       * One INSERT, UPDATE, DELETE or MERGE that is not known to be short. An error means that nothing was written. For
       * protocols in which a statement can wait between its end and its commit, which that of MySQL cannot.
       */
      readonly mayTakeLong?: boolean;
      /** It may first commit the transaction that is open, and commits what it does itself (MySQL). */
      readonly implicitCommit?: true;
      /** Where its answer tells that no row was affected, it has written nothing at all. */
      readonly isNothingAtZero?: true;
      /** It inserts one row, whose key in this column is the one its answer tells as generated (not 0), in decimal. */
      readonly generatedKey?: GeneratedKey;
    }
  | {
      readonly kind: 'transaction';
      readonly transaction: TransactionControl;
      readonly session: SessionEffect;
      /** It may first commit the transaction that is open (MySQL). */
      readonly implicitCommit?: true;
    };

/** What a user says of one function, by name: what it writes, what it reads, and whether its result depends on nothing else. */
export interface FunctionEffects {
  readonly writes: readonly string[];
  readonly reads: readonly string[];
  readonly stable: boolean;
}

export type DeclaredEffects = Readonly<Record<string, FunctionEffects>>;

/** Text to plan, for one database and one baseline session. Synchronous; a known text is a map look-up. */
export interface Planner {
  plan(text: string): Plan;
}
