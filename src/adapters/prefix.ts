/** Decides by which text results under other settings are told apart. Knows no setting by name. */
import { createHash } from 'node:crypto';

/** Longer prefixes are named by their digest. */
const PREFIX_LENGTH_MAX = 96;

/**
 * Empty for no departures. Begins with a NUL and a letter, which no key of parameters does, and says how long it is:
 * two prefixes are equal exactly when what they stand for is, and no key behind one can be taken for a part of it.
 */
export function prefixOf(kind: 's' | 'r' | 'd' | 'w', departed: ReadonlyMap<string, string | null>): string {
  if (departed.size === 0) return '';
  const parts = [...departed].map(
    ([name, value]) => `${measured(name)}${value === null ? 'n' : measured(value)}`,
  );
  const text = parts.sort().join('');
  if (text.length <= PREFIX_LENGTH_MAX) return `\0${kind}${measured(text)}`;
  return `\0${kind}#${createHash('sha256').update(text).digest('base64url')}`;
}

const measured = (text: string): string => `${text.length}:${text}`;
