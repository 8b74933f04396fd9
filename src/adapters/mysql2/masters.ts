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
  type RowsCopier,
} from '../copier.js';
import { hasNestedTables, type RowShape } from './options.js';
import type { Field } from './shapes.js';

/** Decoded rows and columns that nobody was given. */
export interface Master {
  readonly shape: RowShape;
  readonly rows: readonly unknown[];
  /** Null when some value could be told from its copy: then the bytes are decoded for each caller. */
  readonly copyRows: RowsCopier | null;
  readonly columns: Columns;
}

/** @param response what they were decoded from, and what else decides how columns are read */
export function masterOf(
  shape: RowShape,
  [rows, fields]: readonly [readonly unknown[], readonly Field[]],
  response: Response,
): Master {
  const asArrays = Array.isArray(rows[0]);
  const columns = columnsOf(rows as readonly RowLike[], hasNestedTables(shape) && !asArrays);
  const copyRows = columns === null ? null : compileCopier(columns, asArrays);
  return {
    shape,
    rows: copyRows === null ? [] : rows,
    copyRows,
    columns: sharedColumns(fields, response),
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

/** The columns of a result, shared by all whose responses describe them alike. */
export interface Columns {
  readonly fields: readonly Field[];
  readonly copier: FieldsCopier;
}

/** Columns of the driver's class, each of the caller's own. Only names are read from the bytes, which are shared. */
export type FieldsCopier = (fields: readonly Field[], bytes: Buffer) => Field[];

export interface Response {
  readonly bytes: Buffer;
  /** Where the description of the columns ends. */
  readonly describedTo: number;
  readonly readAs: string;
}

const columnsByClass = new WeakMap<object, Map<string, Columns>>();
const COLUMNS_KNOWN_MAX = 1_000;
const BYTES_KEY = '_buf';
const nothing = Buffer.alloc(0);

function sharedColumns(fields: readonly Field[], { bytes, describedTo, readAs }: Response): Columns {
  const [first] = fields;
  if (first === undefined) return { fields, copier: copyFieldsPlainly };
  const prototype = Object.getPrototypeOf(first) as object;
  const keys = Object.keys(first);
  const signature = keys.join();
  const alike = fields.every(
    (field) => Object.keys(field).join() === signature && Object.getPrototypeOf(field) === prototype,
  );
  if (!alike || keys.length > COLUMNS_MAX || !keys.includes(BYTES_KEY))
    return { fields, copier: copyFieldsPlainly };
  let known = columnsByClass.get(prototype);
  if (known === undefined) columnsByClass.set(prototype, (known = new Map<string, Columns>()));
  const key = `${readAs} ${signature} ${bytes.toString('latin1', 0, describedTo)}`;
  let columns = known.get(key);
  if (columns === undefined) {
    if (known.size >= COLUMNS_KNOWN_MAX) known.clear();
    const copier = copierFor(prototype, keys);
    // Shared ones hold no response in memory.
    known.set(key, (columns = { fields: copier(fields, nothing), copier }));
  }
  return columns;
}

/** Also where code may not be generated. What one column has that others have not is copied too. */
const copyFieldsPlainly: FieldsCopier = (fields, bytes) =>
  fields.map((field) =>
    Object.assign(Object.create(Object.getPrototypeOf(field) as object) as Field, field, {
      [BYTES_KEY]: bytes,
    }),
  );

const copiersByClass = new WeakMap<object, Map<string, FieldsCopier>>();

/** One for all columns of a class with the same keys: they are objects of one shape to the engine. */
function copierFor(prototype: object, keys: readonly string[]): FieldsCopier {
  let copiers = copiersByClass.get(prototype);
  if (copiers === undefined) copiersByClass.set(prototype, (copiers = new Map<string, FieldsCopier>()));
  const signature = keys.join();
  let copier = copiers.get(signature);
  if (copier === undefined) {
    if (copiers.size >= COLUMNS_KNOWN_MAX) copiers.clear();
    copiers.set(signature, (copier = compileFieldsCopier(prototype, keys) ?? copyFieldsPlainly));
  }
  return copier;
}

function compileFieldsCopier(prototype: object, keys: readonly string[]): FieldsCopier | null {
  const assignments = keys.map((key) => {
    const name = JSON.stringify(key);
    return `this[${name}] = ${key === BYTES_KEY ? 'bytes' : `field[${name}]`};`;
  });
  const make = compileOnce(
    `return (prototype) => {
      function Copy(field, bytes) { ${assignments.join(' ')} }
      Copy.prototype = prototype;
      return (fields, bytes) => {
        const count = fields.length;
        const copies = new Array(count);
        for (let index = 0; index < count; index++) copies[index] = new Copy(fields[index], bytes);
        return copies;
      };
    };`,
  ) as ((prototype: object) => FieldsCopier) | null;
  return make === null ? null : make(prototype);
}
