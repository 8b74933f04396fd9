/** Decides what a text of MySQL or MariaDB is cut into. Knows no grammar: which words are reserved is the parser's. */

/** What of `sql_mode` changes how a text is read. */
export interface ReadingMode {
  /** `"…"` is a name, not a string. */
  readonly ansiQuotes: boolean;
  /** A backslash in a string is a backslash. */
  readonly noBackslashEscapes: boolean;
  /** `||` joins strings. */
  readonly pipesAsConcat: boolean;
  /** `NOT` binds as `!` does. */
  readonly highNotPrecedence: boolean;
  /** There may be blanks between the name of a function and its bracket. */
  readonly ignoreSpace: boolean;
  /** Operators or literals mean something else altogether (ORACLE of MariaDB): texts are cut, and not parsed. */
  readonly hasOtherGrammar?: boolean;
}

/**
 * - `word`: a name without quotes, which may be a word of the language.
 * - `name`: a name that is none: quoted, or beside a dot.
 * - `string`: `text` is what it says. `national`: the same as `N'…'`.
 * - `hex`, `bit`: `text` has the digits, in lower case.
 * - `variable`: `@name`, in lower case. `@@` is a symbol, with words and names behind it.
 * - `parameter`: `?`, with its number from 0.
 * - `end`: behind the last.
 */
export type TokenKind =
  | 'word'
  | 'name'
  | 'string'
  | 'national'
  | 'integer'
  | 'decimal'
  | 'float'
  | 'hex'
  | 'bit'
  | 'variable'
  | 'parameter'
  | 'symbol'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** What is compared with the words of the grammar: a word in lower case, a symbol; else ''. */
  readonly word: string;
  /** A name, or the value of a literal. */
  readonly text: string;
  /** In the whole text, from 0. */
  readonly start: number;
  readonly end: number;
}

export interface Lexed {
  readonly lexed: true;
  /** The last is of kind `end`. */
  readonly tokens: readonly Token[];
  readonly parameters: number;
  /** There is `/*! … *\/` or `/*M! … *\/`. It is taken for code, which it is only on some servers. */
  readonly hasVersionComment: boolean;
  /** A `?` stands in a string, a quoted name or a comment, where some drivers replace it all the same. */
  readonly hasQuotedPlaceholder: boolean;
  /** What stands in optimizer hints, which may set variables. */
  readonly hints: readonly string[];
}

export type LexOutcome = Lexed | Unreadable;

export interface Unreadable {
  readonly lexed: false;
  readonly message: string;
  /** From 0. */
  readonly position: number;
}
