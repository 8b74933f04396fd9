/**
 * Decides the words in which expressions and queries of MySQL and MariaDB are told once they are parsed: types, nothing
 * else. Knows no catalog: names are as written, not looked up. `statement-ast.ts` has those of statements.
 *
 * Every node is a plain object with a `kind`; lists are arrays, what is absent is null. So whoever looks for something
 * anywhere below a node may go through its properties (`tree.ts`). Names keep the case they were written in; words of the
 * language are in lower case.
 */

/** A table as it was named. */
export interface TableName {
  readonly kind: 'table-name';
  readonly schema: string | null;
  readonly name: string;
}

export type PlainLiteral = { readonly kind: 'null' } | { readonly kind: 'boolean'; readonly value: boolean };

export interface NumberLiteral {
  readonly kind: 'number';
  /** `integer`: digits only. A sign is a unary operator. */
  readonly form: 'integer' | 'decimal' | 'float';
  /** As written. */
  readonly text: string;
}

export interface StringLiteral {
  readonly kind: 'string';
  /** With escapes resolved, adjacent literals joined. */
  readonly value: string;
  /** `_utf8mb4'…'` gives `utf8mb4`, `N'…'` gives `utf8mb3`; null: the connection's. */
  readonly charset: string | null;
}

/** `x'4d'`, `b'01'`, `0b01`: bytes, or a number where one is asked for. */
export interface BinaryLiteral {
  readonly kind: 'binary-literal';
  readonly base: 'hex' | 'bit';
  /** In lower case. */
  readonly digits: string;
  /** `0x4d`: for MariaDB `x'4d'` is never a number. */
  readonly isPrefixed: boolean;
  readonly charset: string | null;
}

/** `DATE '2026-01-01'` and `{d '2026-01-01'}`. */
export interface TemporalLiteral {
  readonly kind: 'temporal';
  readonly type: 'date' | 'time' | 'timestamp';
  readonly value: string;
}

/** `?`, numbered from 0 in the order of the text. */
export interface Parameter {
  readonly kind: 'parameter';
  readonly index: number;
}

/** `column`, `table.column` or `schema.table.column`. In code: a variable, or `NEW.column`. */
export interface ColumnReference {
  readonly kind: 'column';
  readonly names: readonly string[];
}

/** `@name`, its name in lower case. */
export type UserVariable = { readonly kind: 'user-variable'; readonly name: string };

/** `@@name`, `@@global.name`, `@@session.name`; the name in lower case, with dots. */
export interface SystemVariable {
  readonly kind: 'system-variable';
  readonly scope: VariableScope | null;
  readonly name: string;
}

export type VariableScope = 'global' | 'session' | 'persist' | 'persist_only';

/** `@a := 1` */
export interface VariableAssignment {
  readonly kind: 'variable-assignment';
  readonly variable: UserVariable;
  readonly value: Expression;
}

/** `not` also for `!`; `binary` is the cast `BINARY x`. */
export interface Unary {
  readonly kind: 'unary';
  readonly operator: '-' | '+' | '~' | 'not' | 'binary';
  readonly operand: Expression;
}

/** `and` also for `&&`, `or` also for `||` (without PIPES_AS_CONCAT). Two operands at least; chains are flat. */
export interface Logical {
  readonly kind: 'logical';
  readonly operator: 'and' | 'or' | 'xor';
  readonly operands: readonly Expression[];
}

export type ComparisonOperator = '=' | '<=>' | '<' | '<=' | '>' | '>=' | '<>';

export interface Comparison {
  readonly kind: 'comparison';
  /** `<>` also for `!=`. */
  readonly operator: ComparisonOperator;
  readonly left: Expression;
  readonly right: Expression;
}

/** `a = ANY (query)`; `any` also for SOME. */
export interface QuantifiedComparison {
  readonly kind: 'quantified';
  readonly operator: ComparisonOperator;
  readonly quantifier: 'any' | 'all';
  readonly left: Expression;
  readonly query: Query;
}

export type ArithmeticOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | 'div'
  | 'mod'
  | '^'
  | '|'
  | '&'
  | '<<'
  | '>>'
  | 'concat'
  | '->'
  | '->>';

/** `mod` also for `%`, `concat` is `||` under PIPES_AS_CONCAT. */
export interface Arithmetic {
  readonly kind: 'arithmetic';
  readonly operator: ArithmeticOperator;
  readonly left: Expression;
  readonly right: Expression;
}

export interface Is {
  readonly kind: 'is';
  readonly operand: Expression;
  /** `null` also for UNKNOWN. */
  readonly what: 'null' | 'true' | 'false';
  readonly isNegated: boolean;
}

export interface InList {
  readonly kind: 'in';
  readonly operand: Expression;
  readonly items: readonly Expression[];
  readonly isNegated: boolean;
}

export interface InQuery {
  readonly kind: 'in-query';
  readonly operand: Expression;
  readonly query: Query;
  readonly isNegated: boolean;
}

export interface Between {
  readonly kind: 'between';
  readonly operand: Expression;
  readonly low: Expression;
  readonly high: Expression;
  readonly isNegated: boolean;
}

/** `regexp` also for RLIKE; `sounds` is SOUNDS LIKE; `member` is MEMBER OF, with the array as the pattern. */
export interface Like {
  readonly kind: 'like';
  readonly operator: 'like' | 'regexp' | 'sounds' | 'member';
  readonly operand: Expression;
  readonly pattern: Expression;
  readonly escape: Expression | null;
  readonly isNegated: boolean;
}

/** `(a, b)` or `ROW(a, b)`: two items at least. */
export interface Row {
  readonly kind: 'row';
  readonly items: readonly Expression[];
}

/** A query that is a value, or EXISTS. */
export interface QueryExpression {
  readonly kind: 'scalar-query' | 'exists';
  readonly query: Query;
}

export interface Case {
  readonly kind: 'case';
  readonly operand: Expression | null;
  readonly branches: readonly CaseBranch[];
  readonly otherwise: Expression | null;
}

export type CaseBranch = {
  readonly kind: 'case-branch';
  readonly when: Expression;
  readonly value: Expression;
};

/** `CAST(x AS type)` and `CONVERT(x, type)`. */
export interface Cast {
  readonly kind: 'cast';
  readonly operand: Expression;
  /** In lower case, with one space between words and none beside brackets: `decimal(10,2)`, `char(3) charset utf8`. */
  readonly type: string;
}

/** `x COLLATE name` */
export interface Collate {
  readonly kind: 'collate';
  readonly operand: Expression;
  readonly collation: string;
}

/** Stands among the arguments of a function, or beside `+` and `-`. */
export interface Interval {
  readonly kind: 'interval';
  readonly amount: Expression;
  /** In lower case: `day`, `hour_minute`. */
  readonly unit: string;
}

export interface Match {
  readonly kind: 'match';
  readonly columns: readonly ColumnReference[];
  readonly against: Expression;
  /** In lower case: '', `in boolean mode`, `with query expansion` … */
  readonly modifier: string;
}

/** `DEFAULT` as a value to be stored (null), or `DEFAULT(column)`. */
export interface Default {
  readonly kind: 'default';
  readonly column: ColumnReference | null;
}

/** `VALUES(column)`, in ON DUPLICATE KEY UPDATE. */
export interface InsertedValue {
  readonly kind: 'inserted-value';
  readonly column: ColumnReference;
}

/** `NEXT VALUE FOR sequence` and `PREVIOUS VALUE FOR sequence` of MariaDB. `NEXTVAL(s)` and its like are calls. */
export interface SequenceValue {
  readonly kind: 'sequence-value';
  readonly isNext: boolean;
  readonly sequence: TableName;
}

/** A word that is a value where no expression may stand: `SET sql_log_bin = ON`. In lower case. */
export type WordValue = { readonly kind: 'word'; readonly word: string };

/**
 * A call of a function, built in or not: `lower(a)`, `schema.f(a)`, `count(distinct a, b)`, `now()`, and those that are
 * written without brackets (`CURRENT_TIMESTAMP`).
 */
export interface Call {
  readonly kind: 'call';
  /** `schema.f` is a stored function; else the schema is null. */
  readonly schema: string | null;
  /** In lower case where there is no schema. */
  readonly name: string;
  readonly arguments: readonly Expression[];
  /**
   * The words among the arguments, in lower case and in order: `extract(year from d)` gives `year`, `convert(a using utf8)`
   * gives `using utf8`, `trim(both 'x' from a)` gives `both from`.
   */
  readonly words: readonly string[];
  readonly isDistinct: boolean;
  /** `count(*)` */
  readonly isStar: boolean;
  /** Of GROUP_CONCAT, JSON_ARRAYAGG, and `WITHIN GROUP`. */
  readonly orderBy: readonly OrderItem[];
  /** Of GROUP_CONCAT; null: a comma. */
  readonly separator: string | null;
  readonly limit: Limit | null;
  /** A window function: the window, or the name of one. */
  readonly over: Window | string | null;
}

export interface Window {
  readonly kind: 'window';
  /** The window that it is based on. */
  readonly base: string | null;
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly OrderItem[];
  readonly frame: Frame | null;
}

export interface Frame {
  readonly kind: 'frame';
  readonly unit: 'rows' | 'range' | 'groups';
  readonly start: FrameBound;
  /** Null: as if it were the current row. */
  readonly end: FrameBound | null;
  /** In lower case: '', `no others`, `current row`, `group`, `ties`. */
  readonly exclude: string;
}

export interface FrameBound {
  readonly kind: 'frame-bound';
  /** `current`, or `unbounded` where the offset is null, or so far from it. */
  readonly direction: 'current' | 'preceding' | 'following';
  readonly offset: Expression | null;
}

export type Literal = PlainLiteral | NumberLiteral | StringLiteral | BinaryLiteral | TemporalLiteral;

export type Expression =
  | Literal
  | Parameter
  | ColumnReference
  | UserVariable
  | SystemVariable
  | VariableAssignment
  | Unary
  | Logical
  | Comparison
  | QuantifiedComparison
  | Arithmetic
  | Is
  | InList
  | InQuery
  | Between
  | Like
  | Row
  | QueryExpression
  | Case
  | Cast
  | Collate
  | Interval
  | Match
  | Default
  | InsertedValue
  | SequenceValue
  | WordValue
  | Call;

/** What a SELECT may stand in: WITH before it, ORDER BY, LIMIT, locks and INTO behind it. */
export interface Query {
  readonly kind: 'query';
  readonly with: With | null;
  readonly body: QueryBody;
  readonly orderBy: readonly OrderItem[];
  readonly limit: Limit | null;
  readonly locks: readonly Lock[];
  /** Wherever it stands in the text. */
  readonly into: Into | null;
}

/** A query as a body is one in brackets. */
export type QueryBody = Select | SetOperation | ValuesRows | TableRows | Query;

export interface With {
  readonly kind: 'with';
  readonly isRecursive: boolean;
  readonly tables: readonly CommonTable[];
}

export interface CommonTable {
  readonly kind: 'common-table';
  readonly name: string;
  readonly columns: readonly string[] | null;
  readonly query: Query;
  /** The columns of MariaDB's CYCLE … RESTRICT. */
  readonly cycle: readonly string[] | null;
}

export interface Select {
  readonly kind: 'select';
  readonly isDistinct: boolean;
  /** In lower case: `sql_calc_found_rows`, `straight_join`, `high_priority` … (not `all`, `distinct`). */
  readonly options: readonly string[];
  readonly items: readonly SelectItem[];
  /** Separated by commas; none: no table at all (also FROM DUAL). */
  readonly from: readonly TableSource[];
  readonly where: Expression | null;
  /** A direction is MySQL 5.7's and MariaDB's. */
  readonly groupBy: readonly OrderItem[];
  readonly hasRollup: boolean;
  readonly having: Expression | null;
  readonly windows: readonly NamedWindow[];
}

export interface NamedWindow {
  readonly kind: 'named-window';
  readonly name: string;
  readonly window: Window;
}

export interface SetOperation {
  readonly kind: 'set-operation';
  readonly operator: 'union' | 'except' | 'intersect';
  readonly isAll: boolean;
  readonly left: QueryBody;
  readonly right: QueryBody;
}

/** `VALUES ROW(1, 2), ROW(3, 4)` of MySQL, `VALUES (1, 2), (3, 4)` of MariaDB. */
export interface ValuesRows {
  readonly kind: 'values-rows';
  readonly rows: readonly (readonly Expression[])[];
}

/** `TABLE t` */
export interface TableRows {
  readonly kind: 'table-rows';
  readonly table: TableName;
}

/** `*` or `table.*`: with a table where it is named. */
export interface AllColumns {
  readonly kind: 'all-columns';
  readonly table: TableName | null;
}

export interface SelectExpression {
  readonly kind: 'select-expression';
  readonly expression: Expression;
  readonly alias: string | null;
}

export type SelectItem = AllColumns | SelectExpression;

export interface OrderItem {
  readonly kind: 'order-item';
  readonly expression: Expression;
  readonly isDescending: boolean;
}

/** LIMIT in all its forms, and FETCH FIRST. */
export interface Limit {
  readonly kind: 'limit';
  /** Numbers, parameters, or in code variables. Null: LIMIT ROWS EXAMINED alone. */
  readonly count: Expression | null;
  readonly offset: Expression | null;
  readonly withTies: boolean;
  /** LIMIT ROWS EXAMINED of MariaDB: the result may be any part of it. */
  readonly rowsExamined: Expression | null;
}

/** FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE. */
export interface Lock {
  readonly kind: 'lock';
  readonly strength: 'update' | 'share';
  readonly of: readonly TableName[];
}

/** INTO OUTFILE, INTO DUMPFILE, INTO @a. */
export interface Into {
  readonly kind: 'into';
  readonly target: 'file' | 'variables';
  readonly variables: readonly string[];
}

export interface TableReference {
  readonly kind: 'table';
  readonly table: TableName;
  readonly alias: string | null;
  /** Null: all. */
  readonly partitions: readonly string[] | null;
  readonly indexHints: readonly IndexHint[];
}

export interface IndexHint {
  readonly kind: 'index-hint';
  readonly action: 'use' | 'ignore' | 'force';
  /** FOR JOIN and so on; '': all. */
  readonly purpose: '' | 'join' | 'order by' | 'group by';
  readonly indexes: readonly string[];
}

/** A query in FROM. */
export interface DerivedTable {
  readonly kind: 'derived';
  readonly query: Query;
  readonly alias: string | null;
  readonly columns: readonly string[] | null;
  readonly isLateral: boolean;
}

/** `inner` also for CROSS JOIN and STRAIGHT_JOIN, and for a comma in brackets. */
export interface JoinedTables {
  readonly kind: 'join';
  readonly type: 'inner' | 'left' | 'right';
  readonly isNatural: boolean;
  readonly left: TableSource;
  readonly right: TableSource;
  readonly on: Expression | null;
  readonly using: readonly string[] | null;
}

export type TableSource = TableReference | DerivedTable | JoinedTables;
