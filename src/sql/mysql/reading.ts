/** Decides how a text is read in a session, from its sql_mode. */
import type { ReadingMode } from './tokens.js';

export function readingModeOf(sqlMode: string): ReadingMode {
  const modes = new Set(sqlMode.toUpperCase().split(','));
  return {
    ansiQuotes: modes.has('ANSI_QUOTES'),
    noBackslashEscapes: modes.has('NO_BACKSLASH_ESCAPES'),
    pipesAsConcat: modes.has('PIPES_AS_CONCAT'),
    highNotPrecedence: modes.has('HIGH_NOT_PRECEDENCE'),
    ignoreSpace: modes.has('IGNORE_SPACE'),
  };
}
