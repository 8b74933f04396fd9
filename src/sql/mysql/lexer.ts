/**
 * Decides how a text is cut into tokens, as the lexers of MySQL 5.7 to 8.4 and of MariaDB do it (`sql_lex.cc`): what they
 * agree on. Where they do not, or something is odd, the text is unreadable. Knows no grammar and no catalog.
 */
import {
  isAscii,
  isComparison,
  isDigit,
  isNamePart,
  isSpace,
  isSpaceOrControl,
  isSurrogate,
  unquoted,
} from './characters.js';
import type { LexOutcome, ReadingMode, Token, TokenKind } from './tokens.js';

/** Longer texts are unreadable. */
export const lexedLengthMax = 1_048_576;

export function lex(text: string, mode: ReadingMode): LexOutcome {
  if (text.length > lexedLengthMax) return { lexed: false, message: 'the text is too long', position: 0 };
  const zero = text.indexOf('\0');
  if (zero >= 0) return { lexed: false, message: 'the text has a NUL character', position: zero };
  return new Lexer(text, mode).lex();
}

const QUOTE = 39;
const DOUBLE_QUOTE = 34;
const DOLLAR = 36;
const BACKTICK = 96;
const DOT = 46;
const STAR = 42;
const SLASH = 47;
const DASH = 45;
const HASH = 35;
const AT = 64;
const QUESTION = 63;
const BACKSLASH = 92;
const ZERO = 48;
const LESS = 60;
const LOWER_E = 101;
const UPPER_E = 69;

const comparisons = new Set(['!', '<', '=', '>', '!=', '<=', '>=', '<>', '<<', '>>', '<=>']);
const plainSymbols = '()+-*/%&|^~,;.:{}';

class Lexer {
  readonly #tokens: Token[] = [];
  readonly #hints: string[] = [];
  #at = 0;
  #parameters = 0;
  #hasVersionComment = false;
  #isInVersionComment = false;
  #hasQuotedPlaceholder = false;
  /** The first thing that is wrong, where `#at` is. */
  #wrong: string | null = null;

  constructor(
    private readonly text: string,
    private readonly mode: ReadingMode,
  ) {}

  lex(): LexOutcome {
    const { length } = this.text;
    while (this.#at < length && this.#wrong === null) this.#next(this.text.charCodeAt(this.#at));
    if (this.#wrong === null && this.#isInVersionComment) this.#wrong = 'a comment does not end';
    if (this.#wrong !== null) return { lexed: false, message: this.#wrong, position: this.#at };
    this.#tokens.push({ kind: 'end', word: '', text: '', start: length, end: length });
    return {
      lexed: true,
      tokens: this.#tokens,
      parameters: this.#parameters,
      hasVersionComment: this.#hasVersionComment,
      hasQuotedPlaceholder: this.#hasQuotedPlaceholder,
      hints: this.#hints,
    };
  }

  #next(code: number): void {
    if (isSpace(code)) this.#at += 1;
    else if (isDigit(code)) this.#number();
    else if (isNamePart(code)) this.#word(code);
    else if (isComparison(code)) this.#comparison(code);
    else this.#special(code);
  }

  #special(code: number): void {
    const following = this.text.charCodeAt(this.#at + 1);
    switch (code) {
      case QUOTE:
        return this.#string('string', this.#at);
      case DOUBLE_QUOTE:
        return this.mode.ansiQuotes ? this.#quotedName('"') : this.#string('string', this.#at);
      case BACKTICK:
        return this.#quotedName('`');
      case QUESTION:
        return this.#push('parameter', this.#at + 1, String(this.#parameters++), '');
      case HASH:
        return this.#lineComment();
      case DASH:
        if (following === DASH && isSpaceOrControl(this.text.charCodeAt(this.#at + 2)))
          return this.#lineComment();
        return this.#symbols();
      case SLASH:
        return following === STAR ? this.#comment() : this.#symbols();
      case STAR:
        if (this.#isInVersionComment && following === SLASH) {
          this.#isInVersionComment = false;
          this.#at += 2;
          return;
        }
        return this.#symbols();
      case AT:
        return this.#variable();
      case DOT:
        return this.#dot();
      case BACKSLASH:
        // \N is NULL.
        if (following === 78) return this.#push('word', this.#at + 2, '\\N', 'null');
        return this.#fail('a backslash stands alone');
      default:
        return this.#symbols();
    }
  }

  /**
   * A server that skips a version comment ends it at its first end, whatever quotes stand around. With this, what stands
   * outside of it is the same for all servers.
   */
  #keepInComment(end: number): void {
    if (this.#isInVersionComment && this.text.slice(this.#at, end).includes('*/'))
      this.#fail('a version comment ends elsewhere for other servers');
  }

  #fail(message: string): void {
    this.#wrong ??= message;
  }

  #push(kind: TokenKind, end: number, text: string, word: string): void {
    this.#keepInComment(end);
    this.#tokens.push({ kind, word, text, start: this.#at, end });
    this.#at = end;
  }

  // ---- Names and words

  #endOfName(from: number): number {
    let end = from;
    while (isNamePart(this.text.charCodeAt(end))) end += 1;
    return end;
  }

  #word(code: number): void {
    if (this.text.charCodeAt(this.#at + 1) === QUOTE) {
      // x'4d', b'01', N'text'
      const letter = String.fromCharCode(code).toLowerCase();
      if (letter === 'x') return this.#quotedDigits('hex', /^(?:[\da-f]{2})*$/i);
      if (letter === 'b') return this.#quotedDigits('bit', /^[01]*$/);
      if (letter === 'n') return this.#string('national', this.#at + 1);
    }
    this.#name(this.#endOfName(this.#at));
  }

  /** A name that ends there, and those behind dots. Beside a dot a word is no word of the language. */
  #name(firstEnd: number, isFirstAfterDot = false): void {
    let end = firstEnd;
    let isAfterDot = isFirstAfterDot;
    while (this.text.charCodeAt(end) === DOT && isNamePart(this.text.charCodeAt(end + 1))) {
      this.#plainName(end);
      this.#push('symbol', end + 1, '.', '.');
      end = this.#endOfName(this.#at);
      isAfterDot = true;
    }
    const text = this.text.slice(this.#at, end);
    if (isAfterDot || !isAscii(text)) return this.#plainName(end);
    if (text.charCodeAt(0) === DOLLAR && text.indexOf('$', 1) > 0) return this.#fail('a dollar quote');
    this.#push('word', end, text, text.toLowerCase());
  }

  #plainName(end: number): void {
    const text = this.text.slice(this.#at, end);
    for (let index = 0; index < text.length; index++)
      if (isSurrogate(text.charCodeAt(index))) return this.#fail('no name has such a character');
    this.#push('name', end, text, '');
  }

  #dot(): void {
    const following = this.text.charCodeAt(this.#at + 1);
    if (isDigit(following)) return this.#fraction(this.#at);
    this.#push('symbol', this.#at + 1, '.', '.');
    if (isNamePart(following)) this.#name(this.#endOfName(this.#at), true);
  }

  #quotedName(quote: string): void {
    const end = this.#endOfQuoted(this.#at, false);
    if (end === null) return this.#fail('a quoted name does not end');
    const text = unquoted(this.text.slice(this.#at + 1, end - 1), quote, false);
    for (let index = 0; index < text.length; index++)
      if (isSurrogate(text.charCodeAt(index))) return this.#fail('no name has such a character');
    this.#hasQuotedPlaceholder ||= text.includes('?');
    this.#push('name', end, text, '');
  }

  /** `@name`, `@'name'`; of `@@` the two signs only. */
  #variable(): void {
    const code = this.text.charCodeAt(this.#at + 1);
    if (code === AT) {
      this.#push('symbol', this.#at + 2, '@@', '@@');
      // What follows is a name even if it looks like a number.
      if (isNamePart(this.text.charCodeAt(this.#at))) this.#name(this.#endOfName(this.#at));
      return;
    }
    if (code === QUOTE || code === DOUBLE_QUOTE || code === BACKTICK) return this.#quotedVariable(code);
    let end = this.#at + 1;
    while (isNamePart(this.text.charCodeAt(end)) || this.text.charCodeAt(end) === DOT) end += 1;
    if (end === this.#at + 1) return this.#fail('a variable has no name');
    this.#push('variable', end, this.text.slice(this.#at + 1, end).toLowerCase(), '');
  }

  #quotedVariable(code: number): void {
    const quote = String.fromCharCode(code);
    const hasEscapes =
      code !== BACKTICK && !this.mode.noBackslashEscapes && !(code === DOUBLE_QUOTE && this.mode.ansiQuotes);
    const end = this.#endOfQuoted(this.#at + 1, hasEscapes);
    if (end === null) return this.#fail('a quoted name does not end');
    const text = unquoted(this.text.slice(this.#at + 2, end - 1), quote, hasEscapes);
    this.#hasQuotedPlaceholder ||= text.includes('?');
    this.#push('variable', end, text.toLowerCase(), '');
  }

  // ---- Literals

  /** Where what is quoted from there ends, behind its last quote. */
  #endOfQuoted(from: number, hasEscapes: boolean): number | null {
    const { text } = this;
    const quote = text.charCodeAt(from);
    for (let at = from + 1; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (hasEscapes && code === BACKSLASH) at += 1;
      else if (code === quote) {
        if (text.charCodeAt(at + 1) !== quote) return at + 1;
        at += 1;
      }
    }
    return null;
  }

  #string(kind: 'string' | 'national', from: number): void {
    const hasEscapes = !this.mode.noBackslashEscapes;
    const end = this.#endOfQuoted(from, hasEscapes);
    if (end === null) return this.#fail('a string does not end');
    const inner = this.text.slice(from + 1, end - 1);
    this.#hasQuotedPlaceholder ||= inner.includes('?');
    this.#push(kind, end, unquoted(inner, this.text.charAt(from), hasEscapes), '');
  }

  #quotedDigits(kind: 'hex' | 'bit', allowed: RegExp): void {
    const end = this.text.indexOf("'", this.#at + 2);
    const digits = this.text.slice(this.#at + 2, Math.max(end, 0));
    if (end < 0 || !allowed.test(digits)) return this.#fail('a literal has other digits');
    this.#push(kind, end + 1, digits.toLowerCase(), '');
  }

  /** A number, or a name that begins with a digit. */
  #number(): void {
    const { text } = this;
    if (text.charCodeAt(this.#at) === ZERO && this.#prefixedDigits()) return;
    let end = this.#endOfDigits(this.#at);
    const code = text.charCodeAt(end);
    if (!isNamePart(code)) {
      if (code === DOT) return this.#fraction(end);
      return this.#push('integer', end, text.slice(this.#at, end), '');
    }
    if (code === LOWER_E || code === UPPER_E) {
      end = this.#endOfExponent(end);
      if (end > 0) return this.#push('float', end, text.slice(this.#at, end), '');
    }
    this.#name(this.#endOfName(this.#at));
  }

  /** `0x4d` and `0b01`, the letter in lower case. */
  #prefixedDigits(): boolean {
    const rest = this.text.slice(this.#at, this.#endOfName(this.#at));
    const kind = /^0x[\da-fA-F]+$/.test(rest) ? 'hex' : /^0b[01]+$/.test(rest) ? 'bit' : null;
    if (kind === null) return false;
    this.#push(kind, this.#at + rest.length, rest.slice(2).toLowerCase(), '');
    return true;
  }

  /** From the dot on. */
  #fraction(dot: number): void {
    let end = this.#endOfDigits(dot + 1);
    let kind: 'decimal' | 'float' = 'decimal';
    const code = this.text.charCodeAt(end);
    if (code === LOWER_E || code === UPPER_E) {
      end = this.#endOfExponent(end);
      if (end < 0) return this.#fail('an exponent has no digits');
      kind = 'float';
    }
    this.#push(kind, end, this.text.slice(this.#at, end), '');
  }

  #endOfDigits(from: number): number {
    let end = from;
    while (isDigit(this.text.charCodeAt(end))) end += 1;
    return end;
  }

  /** Negative: there is none. @param from where its letter is */
  #endOfExponent(from: number): number {
    const sign = this.text.charAt(from + 1);
    const digits = from + (sign === '+' || sign === '-' ? 2 : 1);
    return isDigit(this.text.charCodeAt(digits)) ? this.#endOfDigits(digits) : -1;
  }

  // ---- Symbols

  /** The servers take two or three of these characters together, whether that is an operator or not. */
  #comparison(first: number): void {
    const { text } = this;
    const isLong = first === LESS;
    let end = this.#at + 1;
    if (isComparison(text.charCodeAt(end))) {
      end += 1;
      if (isLong && isComparison(text.charCodeAt(end)) && text.charCodeAt(end) !== LESS) end += 1;
    }
    const symbol = text.slice(this.#at, end);
    if (!comparisons.has(symbol)) return this.#fail(`${symbol} is no operator`);
    this.#push('symbol', end, symbol, symbol);
  }

  #symbols(): void {
    const { text } = this;
    const one = text.charAt(this.#at);
    const two = text.slice(this.#at, this.#at + 2);
    let symbol = one;
    if (two === '||' || two === '&&' || two === ':=') symbol = two;
    else if (two === '->') symbol = text.charAt(this.#at + 2) === '>' ? '->>' : two;
    else if (!plainSymbols.includes(one)) return this.#fail(`the character ${JSON.stringify(one)}`);
    this.#push('symbol', this.#at + symbol.length, symbol, symbol);
  }

  // ---- Comments

  #lineComment(): void {
    const newline = this.text.indexOf('\n', this.#at);
    const end = newline < 0 ? this.text.length : newline + 1;
    this.#keepInComment(end);
    this.#hasQuotedPlaceholder ||= this.text.slice(this.#at, end).includes('?');
    this.#at = end;
  }

  #comment(): void {
    const { text } = this;
    const version = /^\/\*M?!(\d*)/.exec(text.slice(this.#at, this.#at + 12));
    if (version !== null) {
      if (this.#isInVersionComment) return this.#fail('a version comment in another');
      // Of more digits than a version has, and of six for MySQL 5.7, the rest begins the code.
      const { length } = version[1] ?? '';
      const isGlued = length === 6 && isNamePart(text.charCodeAt(this.#at + version[0].length));
      if (isGlued || ![0, 5, 6].includes(length)) return this.#fail('a version has other digits');
      this.#hasVersionComment = true;
      this.#isInVersionComment = true;
      this.#at += version[0].length;
      return;
    }
    const end = text.indexOf('*/', this.#at + 2);
    if (end < 0) return this.#fail('a comment does not end');
    const inner = text.slice(this.#at + 2, end);
    if (inner.startsWith('+')) {
      // The parser of hints reads names in quotes, so such a hint could end later.
      if (/^(?:[^'"`]|'[^']*'|"[^"]*"|`[^`]*`)*$/.test(inner)) this.#hints.push(inner.slice(1).trim());
      else return this.#fail('a hint has a quote that does not end');
    }
    this.#hasQuotedPlaceholder ||= inner.includes('?');
    this.#at = end + 2;
  }
}
