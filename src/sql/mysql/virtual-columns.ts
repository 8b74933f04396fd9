/**
 * Decides whether a column that is computed when it is read may show something else without a write: MariaDB lets such a
 * column follow the clock, chance or the session. Knows the expression as the server tells it, and no grammar.
 */
import { builtInOf } from './functions.js';
import { lex } from './lexer.js';
import { readingModeOf } from './reading.js';
import type { Token } from './tokens.js';

/** Functions that may stand without brackets. */
const withoutBrackets =
  /^(current_(date|time|timestamp|user|role)|localtime|localtimestamp|utc_(date|time|timestamp)|sysdate)$/;

/** @param timesOfDay columns of its table with a time of day, which becomes a date by the clock */
export function isUnstable(expression: string, timesOfDay: ReadonlySet<string>): boolean {
  const lexed = lex(expression, readingModeOf(''));
  if (!lexed.lexed) return true;
  return lexed.tokens.some((token, index) => {
    const name = token.text.toLowerCase();
    if (token.kind === 'name') return timesOfDay.has(name);
    if (token.kind === 'variable' || token.word === '@@') return true;
    return token.kind === 'word' && isUnstableWord(name, lexed.tokens.slice(index + 1, index + 3));
  });
}

/** `as time` casts to a time of day. Of the number of arguments only none at all matters. */
function isUnstableWord(name: string, [next, afterNext]: readonly Token[]): boolean {
  if (name === 'time' || withoutBrackets.test(name)) return true;
  return next?.word === '(' && builtInOf(name, afterNext?.word === ')' ? 0 : 1) === 'unstable';
}
