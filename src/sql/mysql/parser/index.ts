/**
 * Decides how a text becomes statements: what MySQL 5.7 to 8.4 and MariaDB read in the same way, errors as values. Knows no
 * catalog and no meaning.
 */
import { lex } from '../lexer.js';
import type { Statement } from '../statement-ast.js';
import type { Lexed, ReadingMode } from '../tokens.js';
import { Cursor, type Grammar, NotUnderstood } from './cursor.js';
import { arithmetic, expression } from './expressions.js';
import { intervalOf } from './intervals.js';
import { continuedQuery, query } from './queries.js';
import { statement } from './statements.js';

export interface ParsedStatement {
  readonly statement: Statement;
  /** In the text, from 0; without the semicolon. */
  readonly start: number;
  readonly end: number;
}

export type ParseOutcome =
  | { readonly parsed: true; readonly statements: readonly ParsedStatement[] }
  | {
      readonly parsed: false;
      readonly message: string /** In the text, from 0. */;
      readonly position: number;
    };

/** Longer texts are not parsed. */
export const parsedLengthMax = 65_536;

const grammar: Grammar = {
  expression,
  operand: (cursor) => arithmetic(cursor, 0),
  interval: intervalOf,
  query,
  continuedQuery,
};

/** Never throws. */
export function parse(text: string, mode: ReadingMode): ParseOutcome {
  const lexed = lex(text, mode);
  if (!lexed.lexed) return { parsed: false, message: lexed.message, position: lexed.position };
  return parseTokens(text, lexed, mode);
}

/** The same for a text that has been cut into tokens. */
export function parseTokens(text: string, { tokens }: Lexed, mode: ReadingMode): ParseOutcome {
  if (text.length > parsedLengthMax) return { parsed: false, message: 'the text is too long', position: 0 };
  if (mode.hasOtherGrammar === true)
    return { parsed: false, message: 'the sql_mode has a grammar of its own', position: 0 };
  try {
    return { parsed: true, statements: statements(new Cursor(text, tokens, mode, grammar)) };
  } catch (error) {
    if (error instanceof NotUnderstood)
      return { parsed: false, message: error.message, position: error.position };
    throw error;
  }
}

function statements(cursor: Cursor): readonly ParsedStatement[] {
  const found: ParsedStatement[] = [];
  for (;;) {
    while (cursor.take(';'));
    const { kind, start } = cursor.peek();
    if (kind === 'end') return found;
    const parsed = statement(cursor);
    const { end } = cursor.peek(-1);
    if (cursor.peek().kind !== 'end' && !cursor.at(';')) cursor.fail();
    found.push({ statement: parsed, start, end });
  }
}
