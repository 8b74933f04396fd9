/**
 * Decides how decoded rows are copied for each caller, much faster than decoding them again, and which values a copy
 * cannot be told from. Knows no driver and nothing of caching.
 */
import { isDeepStrictEqual } from 'node:util';

export type RowsCopier = (rows: readonly unknown[]) => unknown[];

/** `date`: dates and primitives mixed: nulls, and infinities, which pg gives as numbers. Else: objects of these columns. */
export type ColumnKind = 'primitive' | 'dates-only' | 'date' | 'deep' | readonly CopiedColumn[];

export interface CopiedColumn {
  readonly key: string | number;
  readonly kind: ColumnKind;
}

/** Whether objects of a class other than `Object` are no more than their fields. */
export type IsPlainClass = (value: object) => boolean;

const noClass: IsPlainClass = () => false;

export const isPrimitive = (value: unknown): boolean =>
  value === null || (typeof value !== 'object' && typeof value !== 'function');

/** How all values of a column can be copied. Null: some could be told from its copy. */
export function kindOfValues(
  values: readonly unknown[],
  isPlainClass: IsPlainClass = noClass,
): ColumnKind | null {
  let kind: 'primitive' | 'date' | 'deep' = 'primitive';
  let primitives = 0;
  for (const value of values) {
    if (isPrimitive(value)) primitives++;
    else if (isPlainDate(value)) kind = kind === 'deep' ? 'deep' : 'date';
    else if (isCopyable(value, isPlainClass) && isDeepStrictEqual(copyDeep(value), value)) kind = 'deep';
    else return null;
  }
  return kind === 'date' && primitives === 0 ? 'dates-only' : kind;
}

const isPlainDate = (value: unknown): value is Date =>
  value instanceof Date &&
  Object.getPrototypeOf(value) === Date.prototype &&
  Reflect.ownKeys(value).length === 0;

/** What drivers' own parsers build: arrays, JSON, points, intervals, bytes. */
function isCopyable(value: unknown, isPlainClass: IsPlainClass): boolean {
  if (isPrimitive(value)) return typeof value !== 'symbol';
  if (typeof value !== 'object' || value === null || !Object.isExtensible(value)) return false;
  if (isPlainDate(value)) return true;
  if (Buffer.isBuffer(value)) return Object.getPrototypeOf(value) === Buffer.prototype;
  if (Array.isArray(value))
    return (
      Object.getPrototypeOf(value) === Array.prototype &&
      value.every((item) => isCopyable(item, isPlainClass))
    );
  if (Object.getPrototypeOf(value) !== Object.prototype && !isPlainClass(value)) return false;
  const descriptors = Object.values<PropertyDescriptor>(Object.getOwnPropertyDescriptors(value));
  return (
    Object.getOwnPropertySymbols(value).length === 0 &&
    descriptors.every(
      (own) => own.enumerable && own.writable && own.configurable && isCopyable(own.value, isPlainClass),
    )
  );
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
  for (const key of Object.keys(value))
    define(copy, key, copyDeep((value as Readonly<Record<string, unknown>>)[key]));
  return copy;
}

/** `copy.__proto__ = x` would set the prototype. */
function define(copy: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(copy, key, { value, enumerable: true, writable: true, configurable: true });
  else copy[key] = value;
}

const copyDate = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? new Date(value as Date) : value;

/** A date is copied from the date, not from its time: V8 does that without a detour. */
function codeFor(kind: ColumnKind, source: string): string {
  switch (kind) {
    case 'primitive':
      return source;
    case 'dates-only':
      return `new Date(${source})`;
    case 'date':
      return `copyDate(${source})`;
    case 'deep':
      return `copyDeep(${source})`;
    default:
      return literalFor(kind, source, false);
  }
}

/** A literal with constant keys makes rows as fast as the engine can. */
function literalFor(columns: readonly CopiedColumn[], source: string, asArray: boolean): string {
  const values = columns.map(({ key, kind }) => codeFor(kind, `${source}[${JSON.stringify(key)}]`));
  return asArray
    ? `[${values.join(', ')}]`
    : `{ ${columns.map(({ key }, index) => `${propertyName(key)}: ${values[index]}`).join(', ')} }`;
}

/** Generated code beyond this many columns costs more than it saves. */
export const COLUMNS_MAX = 128;

const countOf = (columns: readonly CopiedColumn[]): number =>
  columns.reduce((count, { kind }) => count + (typeof kind === 'string' ? 1 : countOf(kind)), 0);

export function compileCopier(columns: readonly CopiedColumn[], asArrays: boolean): RowsCopier {
  if (countOf(columns) > COLUMNS_MAX) return plainCopier(columns, asArrays);
  const compiled = compileOnce(
    `return (rows) => {
      const count = rows.length;
      const copies = new Array(count);
      for (let index = 0; index < count; index++) {
        const row = rows[index];
        copies[index] = ${literalFor(columns, 'row', asArrays)};
      }
      return copies;
    };`,
  );
  return (compiled as RowsCopier | null) ?? plainCopier(columns, asArrays);
}

/** `"__proto__": x` in a literal would set the prototype; computed, it is a name like any other. */
export const propertyName = (key: string | number): string =>
  key === '__proto__' ? '["__proto__"]' : JSON.stringify(String(key));

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
  if (asArrays)
    return (rows) =>
      rows.map((row) =>
        columns.map(({ key, kind }) => copyValue(kind, (row as readonly unknown[])[key as number])),
      );
  return (rows) => rows.map((row) => copyColumns(columns, row));
}

function copyValue(kind: ColumnKind, value: unknown): unknown {
  if (kind === 'primitive') return value;
  if (typeof kind !== 'string') return copyColumns(kind, value);
  return kind === 'deep' ? copyDeep(value) : copyDate(value);
}

function copyColumns(columns: readonly CopiedColumn[], row: unknown): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const { key, kind } of columns)
    define(copy, String(key), copyValue(kind, (row as Readonly<Record<string, unknown>>)[key]));
  return copy;
}
