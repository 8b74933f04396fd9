/**
 * Decides which statements code of users may run, whatever its conditions: the body of a trigger or a stored function. Only
 * blocks, variables, IF and plain statements are understood. Judges nothing.
 */
import { lex } from './lexer.js';
import { parse } from './parser/index.js';
import type { Statement } from './statement-ast.js';
import type { ReadingMode, Token } from './tokens.js';

export interface CodeStatements {
  readonly statements: readonly Statement[];
  /** Variables that are declared anywhere in it, in lower case. */
  readonly variables: ReadonlySet<string>;
}

/** Null: not understood. */
export function readBody(body: string, mode: ReadingMode): CodeStatements | null {
  const lexed = lex(body, mode);
  if (!lexed.lexed || lexed.hasVersionComment) return null;
  const reader = new BodyReader(body, lexed.tokens, mode);
  return reader.read() ? { statements: reader.statements, variables: reader.variables } : null;
}

/** Statements that stand for themselves. */
const plain = new Set(['insert', 'update', 'delete', 'replace', 'select', 'set', 'do']);

class BodyReader {
  readonly statements: Statement[] = [];
  readonly variables = new Set<string>();
  #position = 0;

  constructor(
    private readonly text: string,
    private readonly tokens: readonly Token[],
    private readonly mode: ReadingMode,
  ) {}

  read(): boolean {
    if (!this.#statement()) return false;
    this.#take(';');
    return this.#next()?.kind === 'end';
  }

  #next(): Token | undefined {
    return this.tokens[this.#position];
  }

  #take(word: string): boolean {
    const isNext = this.#next()?.word === word;
    if (isNext) this.#position += 1;
    return isNext;
  }

  #statement(): boolean {
    const word = this.#next()?.word ?? '';
    if (plain.has(word)) return this.#parsed('', this.#until(';'));
    switch (word) {
      case 'begin':
        this.#position += 1;
        return this.#statements() && this.#take('end');
      case 'declare':
        return this.#declaration();
      case 'if':
        return this.#choice();
      case 'return':
        this.#position += 1;
        return this.#parsed('do ', this.#until(';'));
      case 'signal':
        // It ends in an error.
        return !this.#until(';').includes('(');
      default:
        return false;
    }
  }

  /** Up to what ends a block or a branch. */
  #statements(): boolean {
    while (!['end', 'else', 'elseif'].includes(this.#next()?.word ?? '')) {
      if (!this.#statement() || !this.#take(';')) return false;
    }
    return true;
  }

  #declaration(): boolean {
    const start = this.#position + 1;
    const text = this.#until(';');
    const words = this.tokens.slice(start, this.#position);
    // A handler runs when something fails, a cursor has a query, and a time of day follows the clock.
    const isStrange = words.some(({ word }) => ['handler', 'cursor', 'condition', 'time'].includes(word));
    if (isStrange) return false;
    for (let index = 0; index === 0 || words[index - 1]?.word === ','; index += 2)
      this.variables.add((words[index]?.text ?? '').toLowerCase());
    const given = /\bdefault\b([^]*)$/i.exec(text)?.[1];
    return given === undefined || this.#parsed('do ', given);
  }

  #choice(): boolean {
    for (let word = 'if'; this.#take(word); word = 'elseif') {
      const condition = this.#until('then');
      // A CASE has a THEN of its own.
      if (/\bcase\b/i.test(condition) || !this.#parsed('do ', condition)) return false;
      if (!this.#take('then') || !this.#statements()) return false;
    }
    if (this.#take('else') && !this.#statements()) return false;
    return this.#take('end') && this.#take('if');
  }

  /** The text up to a word, which is left. */
  #until(word: string): string {
    const start = this.#next()?.start ?? 0;
    for (;;) {
      const token = this.#next();
      if (token === undefined || token.kind === 'end') return this.text.slice(start);
      if (token.word === word) return this.text.slice(start, token.start);
      this.#position += 1;
    }
  }

  #parsed(before: string, text: string): boolean {
    const outcome = parse(`${before}${text}`, this.mode);
    if (!outcome.parsed || outcome.statements.length !== 1) return false;
    this.statements.push(...outcome.statements.map(({ statement }) => statement));
    return true;
  }
}
