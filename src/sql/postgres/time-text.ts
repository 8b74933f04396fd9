/** Decides whether a text may mean another date or time tomorrow. Knows no type: any text may become a date. */

const clockWord = /(?:^|[^a-z])(?:now|today|tomorrow|yesterday)(?:[^a-z]|$)/i;
/** Inside array, range and composite texts a backslash or a quote may stand anywhere in a word. */
const escapes = /[\\"]/g;

/**
 * True if Postgres could read the clock when it turns this text into a date, a time, or an array or range of them
 * (`now`, `today`, `tomorrow`, `yesterday`). Texts that merely contain such a word count too.
 * A statement with such a parameter, also inside an array parameter, must not be cached.
 */
export function isTimeDependentText(value: string): boolean {
  if (clockWord.test(value)) return true;
  return (value.includes('\\') || value.includes('"')) && clockWord.test(value.replace(escapes, ''));
}
