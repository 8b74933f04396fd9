/** Decides whether a byte string matches a pattern, as Redis' `stringmatchlen` does. Knows nothing of keys. */

/** Most steps before a pattern counts as not matching: `a*a*a*…` could take for ever. */
const STEPS_MAX = 1_000_000;

export interface GlobOptions {
  readonly ignoreCase?: boolean;
}

/** A matcher for one pattern: `*`, `?`, `[a-c]`, `[^x]`, `\` before any of them. */
export function globMatcher(pattern: string, options: GlobOptions = {}): (text: string) => boolean {
  if (pattern === '*') return () => true;
  const ignoreCase = options.ignoreCase === true;
  const wanted = ignoreCase ? pattern.toLowerCase() : pattern;
  if (!/[*?[\\]/.test(wanted)) return (text) => (ignoreCase ? text.toLowerCase() : text) === wanted;
  // In Redis no star matches an empty text, but for commands that take `*` alone to mean everything.
  return (text) => text !== '' && new Glob(wanted, ignoreCase ? text.toLowerCase() : text).matches(0, 0);
}

/** The same where `*` alone is a pattern like any other: it does not match an empty text. */
export function channelMatcher(pattern: string): (text: string) => boolean {
  return pattern === '*' ? (text) => text !== '' : globMatcher(pattern);
}

class Glob {
  private steps = 0;
  /** A star that could not match to the text's end: no star before it can do better. */
  private isHopeless = false;

  constructor(
    private readonly pattern: string,
    private readonly text: string,
  ) {}

  matches(patternStart: number, textStart: number): boolean {
    const { pattern, text } = this;
    let at = patternStart;
    let index = textStart;
    while (at < pattern.length && index < text.length) {
      if (++this.steps > STEPS_MAX) this.isHopeless = true;
      if (this.isHopeless) return false;
      const char = pattern.charAt(at);
      if (char === '*') return this.star(at, index);
      if (char === '[') {
        const set = this.set(at, text.charCodeAt(index));
        if (!set.isMember) return false;
        at = set.end;
      } else if (char === '?') at++;
      else {
        if (char === '\\' && at + 1 < pattern.length) at++;
        if (pattern[at] !== text[index]) return false;
        at++;
      }
      index++;
    }
    if (index >= text.length) while (pattern[at] === '*') at++;
    return at >= pattern.length && index >= text.length;
  }

  private star(patternAt: number, textAt: number): boolean {
    let at = patternAt;
    while (this.pattern[at + 1] === '*') at++;
    if (at + 1 >= this.pattern.length) return true;
    for (let index = textAt; index < this.text.length; index++) {
      if (this.matches(at + 1, index)) return true;
      if (this.isHopeless) return false;
    }
    this.isHopeless = true;
    return false;
  }

  /** A bracket: whether the character is in it, and where the pattern goes on. An unclosed one ends with the pattern. */
  private set(patternAt: number, code: number): { isMember: boolean; end: number } {
    const { pattern } = this;
    let at = patternAt + 1;
    const isNegated = pattern[at] === '^';
    if (isNegated) at++;
    let isFound = false;
    for (;;) {
      if (at >= pattern.length) break;
      if (pattern[at] === '\\' && at + 1 < pattern.length) {
        at++;
        if (pattern.charCodeAt(at) === code) isFound = true;
      } else if (pattern[at] === ']') {
        at++;
        break;
      } else if (pattern[at + 1] === '-' && at + 2 < pattern.length) {
        const from = pattern.charCodeAt(at);
        const to = pattern.charCodeAt(at + 2);
        if (code >= Math.min(from, to) && code <= Math.max(from, to)) isFound = true;
        at += 2;
      } else if (pattern.charCodeAt(at) === code) isFound = true;
      at++;
    }
    return { isMember: isFound !== isNegated, end: at };
  }
}
