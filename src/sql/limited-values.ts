/**
 * Decides which JavaScript values stand for one value of a column that makes what is stored fit its limits. Knows no column
 * and no statement.
 *
 * MySQL compares and stores more than it is given: a text may be cut, a number clamped, letters folded. So a value has a
 * name only where none of that can happen: integers within the column's range and within ±2^53 (a text is compared with a
 * column of integers as a double), texts of printable ASCII no longer than the column (of those the collations that are
 * taken for such a class fold letters and nothing else), bytes that need no padding.
 */
import type { LimitedValueClass } from './plan.js';

type Canonical = (value: unknown) => string | null;

const printable = /^[\x20-\x7e]*$/;
const integerText = /^(?:0|-?[1-9][0-9]{0,15})$/;

const makers: Readonly<Record<string, (from: number, to: number) => Canonical>> = {
  integer: (from, to) => (value) => {
    const exact = integerOf(value);
    return exact !== null && from <= exact && exact <= to ? String(exact) : null;
  },
  exact: (_, to) => (value) => textOf(value, to),
  folded: (_, to) => (value) => textOf(value, to)?.toLowerCase() ?? null,
  bytes: (from, to) => (value) => {
    const bytes = bytesOf(value);
    return bytes !== null && from <= bytes.length && bytes.length <= to ? bytes.toString('hex') : null;
  },
};

/** 1, 1n, '1' and true are one value. */
function integerOf(value: unknown): number | null {
  switch (typeof value) {
    case 'number':
      return Number.isSafeInteger(value) ? value : null;
    case 'bigint':
      return Number.MIN_SAFE_INTEGER <= value && value <= Number.MAX_SAFE_INTEGER ? Number(value) : null;
    case 'boolean':
      return Number(value);
    case 'string': {
      const exact = integerText.test(value) ? Number(value) : Number.NaN;
      return Number.isSafeInteger(exact) ? exact : null;
    }
    default:
      return null;
  }
}

/** Trailing spaces may count or not, and may be cut off. */
function textOf(value: unknown, lengthMax: number): string | null {
  if (typeof value !== 'string' || value.length > lengthMax || value.endsWith(' ')) return null;
  return printable.test(value) ? value : null;
}

/** A text of other letters is other bytes in another character set; bytes that are no Buffer may be sent as such a text. */
function bytesOf(value: unknown): Buffer | null {
  if (typeof value === 'string') return printable.test(value) ? Buffer.from(value, 'latin1') : null;
  return Buffer.isBuffer(value) ? value : null;
}

const known = new Map<LimitedValueClass, Canonical>();

/** A schema has few: this is where endless ones would show. */
const CLASSES_MAX = 10_000;

function canonicalOf(valueClass: LimitedValueClass): Canonical {
  let canonical = known.get(valueClass);
  if (canonical === undefined) {
    const [, word = '', from, to] = /(\w+) (-?\d+)\.\.(-?\d+)$/.exec(valueClass) ?? [];
    const made = makers[word]?.(Number(from), Number(to));
    if (made === undefined) throw new Error(`"${valueClass}" is no class of values`);
    canonical = made;
    if (known.size >= CLASSES_MAX) known.clear();
    known.set(valueClass, canonical);
  }
  return canonical;
}

/** As `canonicalValue` (values.ts). */
export const canonicalLimited = (valueClass: LimitedValueClass, value: unknown): string | null =>
  canonicalOf(valueClass)(value);

/** Whether NULL is stored as it is, and not as something else. */
export const storesNull = (valueClass: string): boolean => !valueClass.startsWith('required ');

const limited = /^(?:required )?(?:integer|exact|folded|bytes) /;

export const isLimited = (valueClass: string): valueClass is LimitedValueClass => limited.test(valueClass);

/** The kind of values, whatever the limits: `integer`, `exact`, `folded`, `bytes`. */
export const kindOfLimited = (valueClass: LimitedValueClass): string =>
  /(\w+) -?\d+\.\./.exec(valueClass)?.[1] ?? '';
