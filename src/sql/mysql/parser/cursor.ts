/** Decides how the parser goes along the tokens of a text. Knows no rule of the grammar. */
import type { Expression, Interval, Query } from '../ast.js';
import type { ReadingMode, Token } from '../tokens.js';
import { mayBeName } from './words.js';

/** What is not understood, and where. Never leaves the parser. */
export class NotUnderstood extends Error {
  constructor(
    message: string,
    readonly position: number,
  ) {
    super(message);
  }
}

/** Brackets, operators and queries may be nested that deep. */
const depthMax = 150;

/** Rules that others need which they cannot import, because the grammar is a circle. */
export interface Grammar {
  readonly expression: (cursor: Cursor) => Expression;
  /** Tighter than comparisons: what may stand beside BETWEEN and LIKE. */
  readonly operand: (cursor: Cursor) => Expression;
  /** INTERVAL with its unit, if it stands here. */
  readonly interval: (cursor: Cursor) => Interval | null;
  readonly query: (cursor: Cursor) => Query;
  /** One of which the first part stands in brackets that were passed. */
  readonly continuedQuery: (cursor: Cursor, first: Query) => Query;
}

export class Cursor {
  /** In the tokens. */
  position = 0;
  #depth = 0;
  readonly #last: Token;

  constructor(
    readonly text: string,
    readonly tokens: readonly Token[],
    readonly mode: ReadingMode,
    readonly grammar: Grammar,
  ) {
    const last = tokens.at(-1);
    if (last === undefined) throw new Error('Tokens have an end.');
    this.#last = last;
  }

  /** This token, or one behind it; behind the last the last. */
  peek(offset = 0): Token {
    return this.tokens[this.position + offset] ?? this.#last;
  }

  next(): Token {
    const token = this.peek();
    this.position += 1;
    return token;
  }

  fail(message = `${this.#shown} is not understood here`): never {
    throw new NotUnderstood(message, this.peek().start);
  }

  get #shown(): string {
    const { kind, word, text } = this.peek();
    return kind === 'end' ? 'the end' : JSON.stringify(word === '' ? text.slice(0, 40) : word);
  }

  /** Whether words or symbols stand here, one behind the other. */
  at(first: string, ...others: readonly string[]): boolean {
    if (this.peek().word !== first) return false;
    return others.every((word, index) => this.peek(index + 1).word === word);
  }

  atAll(words: readonly string[]): boolean {
    return words.every((word, offset) => this.peek(offset).word === word);
  }

  atAny(words: ReadonlySet<string>): boolean {
    return words.has(this.peek().word);
  }

  /** Passes the words if they stand here. */
  take(first: string, ...others: readonly string[]): boolean {
    if (this.peek().word !== first || !this.at(first, ...others)) return false;
    this.position += 1 + others.length;
    return true;
  }

  takeAll(words: readonly string[]): boolean {
    if (!this.atAll(words)) return false;
    this.position += words.length;
    return true;
  }

  /** The first of these words that stands here; it is passed. */
  takeOne<Word extends string>(words: readonly Word[]): Word | null {
    const { word } = this.peek();
    if (word === '') return null;
    for (const each of words)
      if (each === word) {
        this.position += 1;
        return each;
      }
    return null;
  }

  expect(first: string, ...others: readonly string[]): void {
    if (!this.take(first, ...others))
      this.fail(`${[first, ...others].join(' ')} is missing before ${this.#shown}`);
  }

  /** A name: quoted, or a word that is not reserved. */
  name(): string {
    if (!this.atName()) this.fail();
    return this.next().text;
  }

  atName(offset = 0): boolean {
    const { kind, word } = this.peek(offset);
    return kind === 'name' || (kind === 'word' && mayBeName(word));
  }

  /** What a rule finds between brackets. */
  bracketed<Found>(rule: () => Found): Found {
    this.expect('(');
    const found = rule();
    this.expect(')');
    return found;
  }

  /** At least one, with commas between. */
  list<Found>(rule: () => Found): Found[] {
    const found = [rule()];
    while (this.take(',')) found.push(rule());
    return found;
  }

  names(): string[] {
    return this.list(() => this.name());
  }

  /** One level deeper. */
  deeper<Found>(rule: () => Found): Found {
    this.#depth += 1;
    if (this.#depth > depthMax) this.fail('it is nested too deeply');
    const found = rule();
    this.#depth -= 1;
    return found;
  }
}
