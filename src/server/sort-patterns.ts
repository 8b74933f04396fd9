/** Decides which key or field stands for an element in SORT's BY and GET. Knows no options. */
import { type Bytes, byteString } from './byte-string.js';
import { Container } from './keyspace/container.js';
import type { Database } from './keyspace/database.js';
import { HashValue } from './keyspace/hash-value.js';

/** Where to look for an element's weight or its other name. */
export interface SortPattern {
  readonly kind: 'element' | 'key' | 'nothing';
  /** In front of the element, and behind it. */
  readonly prefix: string;
  readonly suffix: string;
  /** Of the hash that the key holds; null when it holds a string. */
  readonly field: string | null;
}

/** `#` is the element itself; the first `*` is where it goes; `->` behind it names a field. */
export function sortPatternOf(bytes: Bytes): SortPattern {
  const text = byteString(bytes);
  if (text === '#') return { kind: 'element', prefix: '', suffix: '', field: null };
  // As in C, a zero byte ends what is looked through.
  const [visible = ''] = text.split('\0', 1);
  const star = visible.indexOf('*');
  if (star < 0) return { kind: 'nothing', prefix: '', suffix: '', field: null };
  const arrow = visible.indexOf('->', star + 1);
  const hasField = arrow >= 0 && arrow + 2 < visible.length;
  return {
    kind: 'key',
    prefix: text.slice(0, star),
    suffix: hasField ? text.slice(star + 1, arrow) : text.slice(star + 1),
    field: hasField ? text.slice(arrow + 2) : null,
  };
}

/** Undefined when there is nothing of the kind. */
export function lookUpPattern(db: Database, pattern: SortPattern, element: Bytes): Bytes | undefined {
  if (pattern.kind === 'element') return element;
  if (pattern.kind === 'nothing') return undefined;
  const value = db.read(pattern.prefix + byteString(element) + pattern.suffix)?.value;
  if (pattern.field !== null) return value instanceof HashValue ? value.get(pattern.field) : undefined;
  return value instanceof Container ? undefined : value;
}
