/**
 * Decides what a column has once it was given values that another one has: each as it is, or nobody knows. Knows no
 * statement.
 */
import { isLimited, kindOfLimited, storesNull } from '../limited-values.js';
import type { ValueClass } from '../plan.js';
import { type Candidate, familyOf } from '../rows/candidates.js';
import type { Column as AnyColumn } from '../rows/relation.js';
import { canonicalValue, NULL_VALUE } from '../values.js';
import type { Catalog, Column } from './catalog.js';
import { storesAllOf } from './value-classes.js';

/** Whether what this column has is kept as it is by the other one, or else is a value that has no name there. */
export function mayCarry({ session }: Catalog, from: AnyColumn, to: Column): boolean {
  const { valueClass } = from;
  if (valueClass === null || from.generated || to.storedClass === null || to.generated) return false;
  if (familyOf(from) !== familyOf(to)) return false;
  if (!isText(valueClass)) return true;
  // With the mode texts grow by spaces when they are read, which collations of NO PAD tell apart.
  if (/\bPAD_CHAR_TO_FULL_LENGTH\b/i.test(session.sqlMode)) return false;
  // What a collation takes for equal may be longer than its name, and is cut where it does not fit.
  return storesAllOf(to.storedClass, valueClass);
}

/**
 * The values of a column that may carry them, as the other one's: an integer or some bytes that do not fit have no name
 * there.
 *
 * @returns null: anything
 */
export function carriedValues(values: readonly Candidate[], to: Column): readonly Candidate[] | null {
  const valueClass = to.storedClass;
  if (valueClass === null) return null;
  const carried = values.flatMap((value): readonly Candidate[] => {
    if (value.kind !== 'literal') return [{ ...value, valueClass }];
    return fits(value.value, valueClass) ? [value] : [];
  });
  return carried.length === values.length ? carried : null;
}

const isText = (valueClass: ValueClass): boolean =>
  isLimited(valueClass) && ['exact', 'folded'].includes(kindOfLimited(valueClass));

/** Whether a canonical text is that of a value which is stored as it is. */
function fits(canonical: string, valueClass: ValueClass): boolean {
  if (canonical === NULL_VALUE) return storesNull(valueClass);
  const isBytes = isLimited(valueClass) && kindOfLimited(valueClass) === 'bytes';
  return canonicalValue(valueClass, isBytes ? Buffer.from(canonical, 'hex') : canonical) === canonical;
}
