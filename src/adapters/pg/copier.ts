/**
 * Decides which decoded rows are copied for each caller instead of parsing the cells again: only where a copy is
 * provably what parsing would have given. Knows nothing of caching.
 */
import {
  COLUMNS_MAX,
  type ColumnKind,
  type CopiedColumn,
  compileCopier,
  compileOnce,
  isPrimitive,
  kindOfValues,
  propertyName,
  type RowsCopier,
} from '../copier.js';
import type { CellParser, Field, TypeParsers } from './shapes.js';

/** Decoded rows that nobody was given, and the copier that was made for their shape. */
export interface Master {
  readonly rows: readonly unknown[];
  /** Null when some value could be told from its copy: then the cells are parsed for each caller. */
  readonly copy: RowsCopier | null;
  readonly parsers: readonly CellParser[];
  /** One column per distinct type: enough to see that the parsers are still the same. */
  readonly distinct: readonly { readonly oid: number; readonly parser: CellParser }[];
  /** What pg starts each row from, as `Result._prebuiltEmptyResultObject`. */
  readonly copyEmpty: () => object;
}

export interface DecodedRows {
  readonly rows: readonly unknown[];
  readonly cells: readonly (readonly (string | null)[])[];
  readonly fields: readonly Field[];
  readonly parsers: readonly CellParser[];
  readonly asArrays: boolean;
  readonly empty: object;
}

export function masterOf(decoded: DecodedRows): Master {
  const { rows, fields, parsers, asArrays } = decoded;
  const kinds = fields.map((_, column) => columnKind(decoded, column));
  const copyable = kinds.filter((kind) => kind !== null);
  const copy =
    copyable.length < kinds.length
      ? null
      : compileCopier(asArrays ? arrayColumns(copyable) : objectColumns(decoded, copyable), asArrays);
  return {
    rows: copy === null ? [] : rows,
    copy,
    parsers,
    distinct: distinctParsers(fields, parsers),
    copyEmpty: compileEmpty(Object.keys(decoded.empty)),
  };
}

export function distinctParsers(
  fields: readonly Field[],
  parsers: readonly CellParser[],
): Master['distinct'] {
  const distinct = new Map(
    fields.map(({ dataTypeID }, index) => [dataTypeID, parsers[index] as CellParser]), // one parser per field
  );
  return [...distinct].map(([oid, parser]) => ({ oid, parser }));
}

export type CopyingMaster = Master & { readonly copy: RowsCopier };

export const isCopying = (master: Master): master is CopyingMaster => master.copy !== null;

/** Whether parsing now would still give what the master was made of. */
export function isCurrent({ distinct }: Pick<Master, 'distinct'>, types: TypeParsers): boolean {
  for (const { oid, parser } of distinct) if (types.getTypeParser(oid, 'text') !== parser) return false;
  return true;
}

const arrayColumns = (kinds: readonly ColumnKind[]): readonly CopiedColumn[] =>
  kinds.map((kind, key) => ({ key, kind }));

/** Of columns that share a name the last one gives the value, the first one the place. */
function objectColumns(
  { fields, empty }: DecodedRows,
  kinds: readonly ColumnKind[],
): readonly CopiedColumn[] {
  const kindOf = new Map(fields.map(({ name }, index) => [name, kinds[index] as ColumnKind])); // one per field
  return Object.keys(empty).map((key) => ({ key, kind: kindOf.get(key) as ColumnKind })); // the fields' names
}

/** Null: not to be copied. */
function columnKind(
  { rows, cells, fields, parsers, asArrays }: DecodedRows,
  column: number,
): ColumnKind | null {
  const name = fields[column]?.name as string; // column < fields.length
  if (!asArrays && fields.findLastIndex((field) => field.name === name) !== column) return 'primitive'; // overwritten
  const values = rows.map((row) =>
    asArrays ? (row as readonly unknown[])[column] : (row as Readonly<Record<string, unknown>>)[name],
  );
  const first = values.findIndex((value) => !isPrimitive(value));
  const raw = cells[first]?.[column];
  if (first >= 0 && (typeof raw !== 'string' || !isFreshEachTime(parsers[column] as CellParser, raw)))
    return null; // one parser per field
  return kindOfValues(values, isInterval);
}

/** A parser that gives the same object again means that very object: nobody may be handed a copy of it. */
function isFreshEachTime(parser: CellParser, raw: string): boolean {
  const first = parser(raw);
  return first !== parser(raw);
}

/** The one class among what the default parsers build (`postgres-interval`); its fields are all it has. */
const isInterval = (value: object): boolean => value.constructor?.name === 'PostgresInterval';

export function compileEmpty(keys: readonly string[]): () => object {
  const compiled =
    keys.length <= COLUMNS_MAX
      ? compileOnce(`return () => ({ ${keys.map((key) => `${propertyName(key)}: null`).join(', ')} });`)
      : null;
  if (compiled !== null) return compiled as () => object;
  const entries = keys.map((key) => [key, null] as const);
  return () => Object.fromEntries(entries);
}
