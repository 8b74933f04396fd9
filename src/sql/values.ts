/** Decides which JavaScript values and texts stand for one database value each. Knows no column and no statement. */
import { canonicalLimited, storesNull } from './limited-values.js';
import type { ValueClass } from './plan.js';

/** Stands for NULL among canonical texts: no value is named so, as no text on the wire holds a NUL. */
export const NULL_VALUE = '\0';

const integerText = /^-?(?:0|[1-9][0-9]{0,18})$/;
const uuidText = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** A NUL ends a text on the wire; a lone surrogate becomes U+FFFD there, as any other does. */
const unsafeText = /[\0\p{Surrogate}]/u;

const integerRanges = {
  int2: { min: -(2n ** 15n), max: 2n ** 15n - 1n },
  int4: { min: -(2n ** 31n), max: 2n ** 31n - 1n },
  int8: { min: -(2n ** 63n), max: 2n ** 63n - 1n },
} as const;

function canonicalInteger(
  range: { readonly min: bigint; readonly max: bigint },
  value: unknown,
): string | null {
  let exact: bigint;
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) return null;
    return range.min <= value && value <= range.max ? String(value) : null; // -0 is 0
  } else if (typeof value === 'bigint') exact = value;
  else if (typeof value === 'string' && integerText.test(value) && value !== '-0') exact = BigInt(value);
  else return null;
  return range.min <= exact && exact <= range.max ? exact.toString() : null;
}

/**
 * The text that two values have in common exactly when the database finds them equal in a column of this class.
 * Null for any value of which that is not certain (another JavaScript type, out of range, spelt unusually, null):
 * a reference with such a value counts as unpinned.
 */
export function canonicalValue(valueClass: ValueClass, value: unknown): string | null {
  switch (valueClass) {
    case 'int2':
    case 'int4':
    case 'int8':
      return canonicalInteger(integerRanges[valueClass], value);
    case 'bool':
      return typeof value === 'boolean' ? String(value) : null;
    case 'uuid':
      return typeof value === 'string' && uuidText.test(value) ? value.toLowerCase() : null;
    case 'text':
      // Storing into varchar(n) may cut trailing spaces off, so a text that ends in one is not the value's name.
      if (typeof value !== 'string' || value.endsWith(' ') || unsafeText.test(value)) return null;
      return value;
    case 'bytea':
      return canonicalBytes(value);
    case 'enum':
      // A label is compared letter by letter.
      return typeof value === 'string' && !unsafeText.test(value) ? value : null;
    default:
      return canonicalLimited(valueClass, value);
  }
}

/** The same where null is a value too. */
export function canonicalOrNull(valueClass: ValueClass, value: unknown): string | null {
  if (value === null || value === undefined) return storesNull(valueClass) ? NULL_VALUE : null;
  return canonicalValue(valueClass, value);
}

const hexBytes = /^\\x(?:[0-9a-f]{2})*$/i;

/** In the hex form, which is one for each value; the others (`escape`, white space between the digits) are several. */
function canonicalBytes(value: unknown): string | null {
  if (typeof value === 'string') return hexBytes.test(value) ? value.toLowerCase() : null;
  if (!(value instanceof Uint8Array)) return null;
  return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
}

/**
 * The same for a cell of an answer, as the wire gave it: what the server itself wrote is spelt in one way, so nothing
 * is refused. Null stands for NULL.
 */
export function canonicalCell(valueClass: ValueClass, cell: string | null): string {
  if (cell === null) return NULL_VALUE;
  switch (valueClass) {
    case 'bool':
      return String(cell === 't');
    case 'int2':
    case 'int4':
    case 'int8':
    case 'uuid':
    case 'text':
    case 'enum':
      return cell;
    case 'bytea':
      return hexBytes.test(cell) ? cell : escapedBytes(cell);
    default:
      // Cells name rows only where they were never cut or folded.
      throw new Error(`a cell of the class "${valueClass}" has no name`);
  }
}

/** As a session with `bytea_output = escape` writes them: `\\`, `\ooo`, or the byte itself. */
function escapedBytes(cell: string): string {
  const bytes = cell.replace(/\\(?:\\|[0-7]{3})/g, (escaped) =>
    escaped === '\\\\' ? '\\' : String.fromCharCode(Number.parseInt(escaped.slice(1), 8)),
  );
  return `\\x${Buffer.from(bytes, 'latin1').toString('hex')}`;
}
