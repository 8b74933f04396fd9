/** Decides of which class the values of a column are, from its type as information_schema tells it (CONSISTENCY §3, rule 3). */
import type { LimitedValueClass, ValueClass } from '../plan.js';
import { textsOf } from './collations.js';

export interface ColumnType {
  /** `int`, `varchar` … */
  readonly dataType: string;
  /** `int(11) unsigned` … */
  readonly columnType: string;
  /** In letters, or in bytes for binary types. */
  readonly lengthMax: number;
  readonly collation: string | null;
}

const bitsByType: Readonly<Record<string, number>> = {
  tinyint: 8,
  smallint: 16,
  mediumint: 24,
  int: 32,
  bigint: 64,
};

const textTypes: ReadonlySet<string> = new Set([
  'char',
  'varchar',
  'tinytext',
  'text',
  'mediumtext',
  'longtext',
]);

/** Longer texts are not told apart. */
const LENGTH_MAX = 1_000;

const clamped = (value: number): number =>
  Math.max(Number.MIN_SAFE_INTEGER, Math.min(value, Number.MAX_SAFE_INTEGER));

/** Those that are compared: null where equal values need not have equal names. */
export function valueClassOf(type: ColumnType): ValueClass | null {
  const { dataType, columnType, collation } = type;
  // 255 bytes, not letters, which have up to four.
  const lengthMax = dataType === 'tinytext' ? 63 : Math.min(type.lengthMax, LENGTH_MAX);
  const bits = bitsByType[dataType];
  if (bits !== undefined) {
    const isUnsigned = / unsigned\b/i.test(columnType);
    const least = isUnsigned ? 0 : -(2 ** (bits - 1));
    const greatest = isUnsigned ? 2 ** bits - 1 : 2 ** (bits - 1) - 1;
    return `integer ${clamped(least)}..${clamped(greatest)}`;
  }
  if (textTypes.has(dataType)) {
    const texts = collation === null ? null : textsOf(collation);
    return texts === null ? null : `${texts} 0..${lengthMax}`;
  }
  switch (dataType) {
    case 'binary':
      return type.lengthMax > LENGTH_MAX ? null : `bytes ${lengthMax}..${lengthMax}`;
    case 'varbinary':
      return `bytes 0..${lengthMax}`;
    case 'uuid':
      return 'uuid';
    default:
      return null;
  }
}

/** What the family of its values is called: integers are one, texts are compared as their collation says. */
export const typeName = ({ dataType, collation }: ColumnType): string => collation ?? dataType;

/** Those that are stored as they are given: null is something else in a column that takes none. */
export function storedClassOf(
  valueClass: ValueClass | null,
  { isNullable, isAutoIncrement }: { readonly isNullable: boolean; readonly isAutoIncrement: boolean },
): ValueClass | null {
  if (valueClass === null || valueClass === 'uuid') return isNullable ? valueClass : null;
  const limited = valueClass as LimitedValueClass;
  // 0 and NULL make it take its next number.
  if (isAutoIncrement) return `required ${limited.replace(/-?\d+\.\./, '1..')}` as LimitedValueClass;
  return isNullable ? limited : (`required ${limited}` as LimitedValueClass);
}

/** Whether every text of one class fits into a column of another: longer ones than are told apart never do. */
export function storesAllOf(stored: ValueClass, texts: ValueClass): boolean {
  const lengthMax = lengthMaxOf(texts);
  return lengthMax < LENGTH_MAX && lengthMax <= lengthMaxOf(stored);
}

const lengthMaxOf = (valueClass: ValueClass): number => Number(/\d+$/.exec(valueClass)?.[0] ?? LENGTH_MAX);
