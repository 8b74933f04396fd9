/** Decides which types make a value depend on more than its text: the clock, the catalog. Knows no statement. */
import { type Catalog, findTypes, type TypeInfo } from './catalog.js';

/** date, time, timestamp, timestamptz: their input reads `now`, `today`, `tomorrow`, `yesterday`. */
const clockTypes: ReadonlySet<string> = new Set(['1082', '1083', '1114', '1184']);

/** timetz: a time without a zone gets the offset that the session's zone has today, in casts and comparisons. */
const timeWithZone = '1266';

/** Types whose input or output looks into the catalog. */
const catalogTypeNames =
  /^(reg(proc|procedure|oper|operator|class|type|role|namespace|config|dictionary|collation|database)|aclitem|pg_node_tree)$/;

/** What reading or making a value of a type depends on. */
export type TypeNature = 'plain' | 'clock' | 'catalog' | 'checked' | 'composite' | 'settings' | 'today';

/**
 * - `clock`: its input may read the clock (dates and times, and what is made of them).
 * - `catalog`: its input or output depends on the catalog, or is volatile.
 * - `checked`: a domain whose check runs on every cast.
 * - `composite`: made of columns that are not looked up.
 * - `today`: whatever is turned into it may depend on the date.
 * - `settings`: its input follows a setting that is in no cache key (xmloption).
 */
export function natureOfType(catalog: Catalog, type: TypeInfo, depth = 0): TypeNature {
  if (type.volatile || catalogTypeNames.test(type.name)) return 'catalog';
  if (type.oid === timeWithZone) return 'today';
  if (clockTypes.has(type.oid)) return 'clock';
  if (type.kind === 'd') return type.checked ? 'checked' : natureOfOid(catalog, type.base, depth);
  if (type.kind === 'b' && type.element !== '0') return natureOfOid(catalog, type.element, depth);
  if (type.kind === 'c') return 'composite';
  // What a range is made of is not looked up: it may be dates.
  if (type.kind === 'r' || type.kind === 'm') return 'clock';
  if (type.name === 'xml') return 'settings';
  return 'plain';
}

export function natureOfOid(catalog: Catalog, oid: string, depth = 0): TypeNature {
  const type = catalog.types.get(oid);
  if (type === undefined || depth > 32) return 'catalog';
  return natureOfType(catalog, type, depth + 1);
}

/**
 * Whether a value of this category (`pg_type.typcategory`) may be turned into a date through its text: strings,
 * arrays of them, and what has no type of its own yet. The server converts no other type that way.
 */
export function isTextual(category: string): boolean {
  return 'SXPACZ'.includes(category);
}

/** The types a type name in a text can mean. */
export function findTypeName(catalog: Catalog, names: readonly string[]): readonly TypeInfo[] {
  const name = names.at(-1) ?? '';
  return findTypes(catalog, names.length > 1 ? (names.at(-2) ?? '') : '', name);
}
