/** Decides how a text is read in a session, from its sql_mode. */
import type { ReadingMode } from './tokens.js';

/** On MariaDB `2 + 3 || 4` is '54' under ORACLE, `''` is NULL under EMPTY_STRING_IS_NULL, and `[a]` is a name under MSSQL. */
const otherGrammars = ['ORACLE', 'EMPTY_STRING_IS_NULL', 'MSSQL'];

export function readingModeOf(sqlMode: string): ReadingMode {
  const modes = new Set(sqlMode.toUpperCase().split(','));
  return {
    ansiQuotes: modes.has('ANSI_QUOTES'),
    noBackslashEscapes: modes.has('NO_BACKSLASH_ESCAPES'),
    pipesAsConcat: modes.has('PIPES_AS_CONCAT'),
    highNotPrecedence: modes.has('HIGH_NOT_PRECEDENCE'),
    ignoreSpace: modes.has('IGNORE_SPACE'),
    hasOtherGrammar: otherGrammars.some((name) => modes.has(name)),
  };
}
