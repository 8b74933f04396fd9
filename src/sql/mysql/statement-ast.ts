/**
 * Decides the words in which statements of MySQL and MariaDB are told once they are parsed: types, nothing else. Knows no
 * catalog: names are as written, not looked up.
 */
import type {
  BinaryLiteral,
  ColumnReference,
  Expression,
  Limit,
  OrderItem,
  Query,
  SelectItem,
  StringLiteral,
  TableName,
  TableSource,
  VariableScope,
  With,
} from './ast.js';

// ---- Statements that write

export interface Assignment {
  readonly kind: 'assignment';
  readonly column: ColumnReference;
  readonly value: Expression;
}

/** INSERT and REPLACE. */
export interface Insert {
  readonly kind: 'insert';
  readonly isReplace: boolean;
  readonly isIgnore: boolean;
  /** In lower case: `low_priority`, `delayed`, `high_priority`. */
  readonly options: readonly string[];
  readonly table: TableName;
  readonly partitions: readonly string[] | null;
  /** Null: none are named, which means all. Of `SET a = 1` they are named. */
  readonly columns: readonly ColumnReference[] | null;
  readonly source: InsertRows | Query;
  /** `AS new (a, b)` */
  readonly rowAlias: RowAlias | null;
  /** ON DUPLICATE KEY UPDATE */
  readonly onDuplicate: readonly Assignment[] | null;
  /** Of MariaDB. */
  readonly returning: readonly SelectItem[] | null;
}

/** VALUES, and SET as one row. A row of none is `()`: defaults. */
export interface InsertRows {
  readonly kind: 'insert-rows';
  readonly rows: readonly (readonly Expression[])[];
}

export interface RowAlias {
  readonly kind: 'row-alias';
  readonly name: string;
  readonly columns: readonly string[] | null;
}

export interface Update {
  readonly kind: 'update';
  readonly with: With | null;
  readonly isIgnore: boolean;
  readonly options: readonly string[];
  /** More than one, a join or a derived table: the form for several tables. */
  readonly from: readonly TableSource[];
  readonly assignments: readonly Assignment[];
  readonly where: Expression | null;
  readonly orderBy: readonly OrderItem[];
  readonly limit: Limit | null;
}

export interface Delete {
  readonly kind: 'delete';
  readonly with: With | null;
  readonly isIgnore: boolean;
  readonly options: readonly string[];
  /** In the forms for several tables those that lose rows: names or aliases of what stands in `from`. Null: the one. */
  readonly targets: readonly TableName[] | null;
  readonly from: readonly TableSource[];
  readonly where: Expression | null;
  readonly orderBy: readonly OrderItem[];
  readonly limit: Limit | null;
  /** Of MariaDB. */
  readonly returning: readonly SelectItem[] | null;
}

export interface Truncate {
  readonly kind: 'truncate';
  readonly table: TableName;
}

/** CALL of a procedure. */
export interface CallProcedure {
  readonly kind: 'call-procedure';
  readonly schema: string | null;
  readonly name: string;
  readonly arguments: readonly Expression[];
}

export interface Do {
  readonly kind: 'do';
  readonly expressions: readonly Expression[];
}

// ---- Transactions and the session

export type Isolation = 'read uncommitted' | 'read committed' | 'repeatable read' | 'serializable';

export type TransactionStatement =
  | {
      readonly kind: 'begin';
      readonly access: 'read only' | 'read write' | null;
      readonly hasSnapshot: boolean;
    }
  /** `chain` and `release` as written; null: as the session has it. */
  | { readonly kind: 'commit'; readonly chain: boolean | null; readonly release: boolean | null }
  | { readonly kind: 'rollback'; readonly chain: boolean | null; readonly release: boolean | null }
  | { readonly kind: 'savepoint'; readonly name: string }
  | { readonly kind: 'rollback-to'; readonly name: string }
  | { readonly kind: 'release-savepoint'; readonly name: string }
  | Xa;

export interface Xa {
  readonly kind: 'xa';
  readonly action: 'start' | 'end' | 'prepare' | 'commit' | 'rollback' | 'recover';
  /** Null: of RECOVER. */
  readonly xid: Xid | null;
  /** XA COMMIT … ONE PHASE: it was not prepared. */
  readonly isOnePhase: boolean;
}

export interface Xid {
  readonly kind: 'xid';
  readonly gtrid: StringLiteral | BinaryLiteral;
  readonly bqual: StringLiteral | BinaryLiteral | null;
  /** As written; null: 1. */
  readonly formatId: string | null;
}

/** SET of variables, names, character sets and the transaction's characteristics, in any mixture. */
export interface SetVariables {
  readonly kind: 'set';
  readonly parts: readonly SetPart[];
}

export type SetPart =
  | Setting
  | { readonly kind: 'set-user-variable'; readonly name: string; readonly value: Expression }
  /** Null: DEFAULT. */
  | { readonly kind: 'set-names'; readonly charset: string | null; readonly collation: string | null }
  | { readonly kind: 'set-charset'; readonly charset: string | null }
  | {
      readonly kind: 'set-transaction';
      /** Null: the next transaction only. */
      readonly scope: 'global' | 'session' | null;
      readonly isolation: Isolation | null;
      readonly access: 'read only' | 'read write' | null;
    };

/**
 * `SET x = 1`, `SET @@session.x = 1`, `SET GLOBAL x = 1`; in code also a variable (`SET a = 1`) or a column (`SET NEW.a = 1`).
 * In a list a scope may go on to hold for those behind it: no scope means session or that.
 */
export interface Setting {
  readonly kind: 'setting';
  readonly scope: VariableScope | null;
  /** As written. */
  readonly names: readonly string[];
  /** DEFAULT is the node of that kind. */
  readonly value: Expression;
}

/** `SET STATEMENT a = 1 FOR statement` of MariaDB. */
export interface SetForStatement {
  readonly kind: 'set-for-statement';
  readonly settings: readonly Setting[];
  readonly statement: Statement;
}

export interface Use {
  readonly kind: 'use';
  readonly schema: string;
}

/** Anything else: its first words, in lower case, at most four, and what may be names. */
export interface OtherStatement {
  readonly kind: 'other';
  readonly words: readonly string[];
  /** In lower case: those of tables are among them. */
  readonly names: readonly string[];
  /** Right before a bracket, in lower case: those of functions are among them. */
  readonly calls: readonly string[];
}

export type Statement =
  | Query
  | Insert
  | Update
  | Delete
  | Truncate
  | CallProcedure
  | Do
  | TransactionStatement
  | SetVariables
  | SetForStatement
  | Use
  | OtherStatement;
