/**
 * Decides how decoded rows are copied for each caller, much faster than parsing the cells again, and only where a
 * copy is provably what parsing would have given. Knows nothing of caching.
 */
import { isDeepStrictEqual } from 'node:util';
import type { CellParser, Field, TypeParsers } from './shapes.js';

export type RowsCopier = (rows: readonly unknown[]) => unknown[];

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

/** `date`: dates and primitives mixed: nulls, and infinities, which pg gives as numbers. */
type ColumnKind = 'primitive' | 'dates-only' | 'date' | 'deep';

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

interface CopiedColumn {
  readonly key: string | number;
  readonly kind: ColumnKind;
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
  const parser = parsers[column] as CellParser; // one per field
  let kind: ColumnKind = 'primitive';
  let proven = false;
  let primitives = 0;
  for (let index = 0; index < rows.length; index++) {
    const value = asArrays
      ? (rows[index] as readonly unknown[])[column]
      : (rows[index] as Readonly<Record<string, unknown>>)[name];
    if (isPrimitive(value)) {
      primitives++;
      continue;
    }
    if (!proven) {
      const raw = cells[index]?.[column];
      if (typeof raw !== 'string' || !isFreshEachTime(parser, raw)) return null;
      proven = true;
    }
    if (isPlainDate(value)) kind = kind === 'deep' ? 'deep' : 'date';
    else if (isCopyable(value) && isDeepStrictEqual(copyDeep(value), value)) kind = 'deep';
    else return null;
  }
  return kind === 'date' && primitives === 0 ? 'dates-only' : kind;
}

const isPrimitive = (value: unknown): boolean =>
  value === null || (typeof value !== 'object' && typeof value !== 'function');

/** A parser that gives the same object again means that very object: nobody may be handed a copy of it. */
function isFreshEachTime(parser: CellParser, raw: string): boolean {
  const first = parser(raw);
  return first !== parser(raw);
}

const isPlainDate = (value: unknown): value is Date =>
  value instanceof Date &&
  Object.getPrototypeOf(value) === Date.prototype &&
  Reflect.ownKeys(value).length === 0;

/** What pg's own parsers build: arrays, JSON, points, intervals, bytes. */
function isCopyable(value: unknown): boolean {
  if (isPrimitive(value)) return typeof value !== 'symbol';
  if (typeof value !== 'object' || value === null || !Object.isExtensible(value)) return false;
  if (isPlainDate(value)) return true;
  if (Buffer.isBuffer(value)) return Object.getPrototypeOf(value) === Buffer.prototype;
  if (Array.isArray(value))
    return Object.getPrototypeOf(value) === Array.prototype && value.every((item) => isCopyable(item));
  if (!hasPlainPrototype(value)) return false;
  const descriptors = Object.values<PropertyDescriptor>(Object.getOwnPropertyDescriptors(value));
  return (
    Object.getOwnPropertySymbols(value).length === 0 &&
    descriptors.every((own) => own.enumerable && own.writable && own.configurable && isCopyable(own.value))
  );
}

/** `postgres-interval` is the one class among what the default parsers build; its fields are all it has. */
function hasPlainPrototype(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || value.constructor?.name === 'PostgresInterval';
}

/** Deep copy of what `isCopyable` accepts. */
export function copyDeep(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyDeep);
  if (value instanceof Date) return new Date(value);
  if (Buffer.isBuffer(value)) return Buffer.from(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  const copy = (prototype === Object.prototype ? {} : Object.create(prototype as object)) as Record<
    string,
    unknown
  >;
  for (const key of Object.keys(value)) {
    const inner = copyDeep((value as Readonly<Record<string, unknown>>)[key]);
    if (key === '__proto__')
      Object.defineProperty(copy, key, {
        value: inner,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    else copy[key] = inner;
  }
  return copy;
}

const copyDate = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? new Date(value as Date) : value;

/** A date is copied from the date, not from its time: V8 does that without a detour. */
const copyingCode: Readonly<Record<ColumnKind, (source: string) => string>> = {
  primitive: (source) => source,
  'dates-only': (source) => `new Date(${source})`,
  date: (source) => `copyDate(${source})`,
  deep: (source) => `copyDeep(${source})`,
};

/** Generated code beyond this many columns costs more than it saves. */
export const COLUMNS_MAX = 128;

/** A literal with constant keys makes rows as fast as the engine can. */
function compileCopier(columns: readonly CopiedColumn[], asArrays: boolean): RowsCopier {
  if (columns.length > COLUMNS_MAX) return plainCopier(columns, asArrays);
  const values = columns.map(({ key, kind }) => {
    return copyingCode[kind](`row[${JSON.stringify(key)}]`);
  });
  const literal = asArrays
    ? `[${values.join(', ')}]`
    : `{ ${columns.map(({ key }, index) => `${propertyName(key)}: ${values[index]}`).join(', ')} }`;
  const compiled = compileOnce(
    `return (rows) => {
      const count = rows.length;
      const copies = new Array(count);
      for (let index = 0; index < count; index++) { const row = rows[index]; copies[index] = ${literal}; }
      return copies;
    };`,
  );
  return (compiled as RowsCopier | null) ?? plainCopier(columns, asArrays);
}

/** `"__proto__": x` in a literal would set the prototype; computed, it is a name like any other. */
export const propertyName = (key: string | number): string =>
  key === '__proto__' ? '["__proto__"]' : JSON.stringify(String(key));

export function compileEmpty(keys: readonly string[]): () => object {
  const compiled =
    keys.length <= COLUMNS_MAX
      ? compileOnce(`return () => ({ ${keys.map((key) => `${propertyName(key)}: null`).join(', ')} });`)
      : null;
  if (compiled !== null) return compiled as () => object;
  const entries = keys.map((key) => [key, null] as const);
  return () => Object.fromEntries(entries);
}

/** Compiling costs some 80 µs, and the results of one statement are all alike. */
const compiledBodies = new Map<string, unknown>();
const COMPILED_MAX = 1_000;

export function compileOnce(body: string): unknown {
  let compiled = compiledBodies.get(body);
  if (compiled === undefined) {
    if (compiledBodies.size >= COMPILED_MAX) compiledBodies.clear();
    compiledBodies.set(body, (compiled = compile(body)));
  }
  return compiled;
}

/** Null in a process that forbids code from strings (`--disallow-code-generation-from-strings`). */
function compile(body: string): unknown {
  try {
    // oxlint-disable-next-line no-new-func, no-implied-eval -- column names enter the code as JSON strings only
    const make = new Function('copyDate', 'copyDeep', `'use strict'; ${body}`) as (
      ...given: readonly unknown[]
    ) => unknown;
    return make(copyDate, copyDeep);
  } catch (error) {
    if (error instanceof EvalError) return null;
    throw error;
  }
}

/** The same without generated code. */
export function plainCopier(columns: readonly CopiedColumn[], asArrays: boolean): RowsCopier {
  const copyValue = (kind: ColumnKind, value: unknown): unknown =>
    kind === 'primitive' ? value : kind === 'deep' ? copyDeep(value) : copyDate(value);
  if (asArrays)
    return (rows) =>
      rows.map((row) =>
        columns.map(({ key, kind }) => copyValue(kind, (row as readonly unknown[])[key as number])),
      );
  return (rows) =>
    rows.map((row) => {
      const copy: Record<string, unknown> = {};
      for (const { key, kind } of columns) {
        const value = copyValue(kind, (row as Readonly<Record<string, unknown>>)[key]);
        if (key === '__proto__')
          Object.defineProperty(copy, key, { value, enumerable: true, writable: true, configurable: true });
        else copy[key] = value;
      }
      return copy;
    });
}
