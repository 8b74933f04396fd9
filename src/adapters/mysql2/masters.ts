/**
 * Decides how decoded rows and columns are copied for each caller: all that the driver decodes by itself is made anew
 * each time, so a copy cannot be told from it. Knows nothing of caching.
 */
import {
  COLUMNS_MAX,
  type CopiedColumn,
  compileCopier,
  compileOnce,
  kindOfValues,
  propertyName,
  type RowsCopier,
} from '../copier.js';
import { hasNestedTables, type RowShape } from './options.js';
import type { Field } from './shapes.js';

/** Decoded rows and columns that nobody was given. */
export interface Master {
  readonly shape: RowShape;
  readonly rows: readonly unknown[];
  readonly fields: readonly Field[];
  readonly copyFields: FieldsCopier;
  /** Null when some value could be told from its copy: then the bytes are decoded for each caller. */
  readonly copyRows: RowsCopier | null;
}

type FieldsCopier = (fields: readonly Field[]) => Field[];

export function masterOf(shape: RowShape, rows: readonly unknown[], fields: readonly Field[]): Master {
  const asArrays = Array.isArray(rows[0]);
  const columns = columnsOf(rows as readonly RowLike[], hasNestedTables(shape) && !asArrays);
  const copyRows = columns === null ? null : compileCopier(columns, asArrays);
  return {
    shape,
    rows: copyRows === null ? [] : rows,
    fields: copyRows === null ? [] : fields,
    copyFields: fieldsCopierOf(fields),
    copyRows,
  };
}

type RowLike = Readonly<Record<string, unknown>>;

/** The rows of a result have the same keys: one parser made them all. */
function columnsOf(rows: readonly RowLike[], nested: boolean): readonly CopiedColumn[] | null {
  const [first] = rows;
  if (first === undefined) return [];
  // Both `rowsAsArray` and `nestTables`: an array that has names.
  if (Array.isArray(first) && Object.keys(first).some((key, index) => key !== String(index))) return null;
  const columns: CopiedColumn[] = [];
  for (const key of Object.keys(first)) {
    const values = rows.map((row) => row[key]);
    const kind = nested ? columnsOf(values as readonly RowLike[], false) : kindOfValues(values);
    if (kind === null) return null;
    columns.push({ key: Array.isArray(first) ? Number(key) : key, kind });
  }
  return columns;
}

const copiersByPrototype = new WeakMap<object, Map<string, FieldsCopier>>();
const COPIERS_MAX = 100;

/** Columns of the driver's class, each of the caller's own; their bytes, which only names are read from, are shared. */
function fieldsCopierOf(fields: readonly Field[]): FieldsCopier {
  const [first] = fields;
  if (first === undefined) return () => [];
  const keys = Object.keys(first);
  const signature = keys.join();
  const prototype = Object.getPrototypeOf(first) as object;
  if (
    keys.length > COLUMNS_MAX ||
    !fields.every(
      (field) => Object.keys(field).join() === signature && Object.getPrototypeOf(field) === prototype,
    )
  )
    return copyFieldsPlainly;
  let copiers = copiersByPrototype.get(prototype);
  if (copiers === undefined) copiersByPrototype.set(prototype, (copiers = new Map<string, FieldsCopier>()));
  let copier = copiers.get(signature);
  if (copier === undefined) {
    if (copiers.size >= COPIERS_MAX) copiers.clear();
    copiers.set(signature, (copier = compileFieldsCopier(keys, prototype) ?? copyFieldsPlainly));
  }
  return copier;
}

const copyFieldsPlainly: FieldsCopier = (fields) =>
  fields.map((field) => Object.assign(Object.create(Object.getPrototypeOf(field) as object) as Field, field));

function compileFieldsCopier(keys: readonly string[], prototype: object): FieldsCopier | null {
  const assignments = keys.map((key) => {
    const name = `[${propertyName(key).replace(/^\[|\]$/g, '')}]`;
    return `this${name} = field${name};`;
  });
  const make = compileOnce(
    `return (prototype) => {
      function Copy(field) { ${assignments.join(' ')} }
      Copy.prototype = prototype;
      return (fields) => {
        const count = fields.length;
        const copies = new Array(count);
        for (let index = 0; index < count; index++) copies[index] = new Copy(fields[index]);
        return copies;
      };
    };`,
  ) as ((prototype: object) => FieldsCopier) | null;
  return make === null ? null : make(prototype);
}
