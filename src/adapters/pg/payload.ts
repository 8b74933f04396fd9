/** Decides what is kept of a result: the raw cells as the wire gave them, so that any parser can decode them later. */
import type { Master } from './copier.js';
import type { Cells, Field } from './shapes.js';

/**
 * A row's cells: as one text until they are asked for, where there would be a dozen that whoever collects garbage has
 * to look through and to move. NUL is between them: it is in no text on the wire.
 */
export type KeptRow = string | Cells;

export interface Payload {
  /** The command tag, `SELECT 3`. */
  readonly tag: string;
  /** Read from the tag where it is that of a SELECT. */
  readonly rowCount: number | null;
  readonly fields: readonly Field[];
  rows: readonly KeptRow[];
  /** Bytes of memory it holds, roughly, decoded rows and cells included. */
  readonly bytes: number;
  /** Decoded rows to copy from, once they were asked for. One for each row mode. */
  objects: Master | null;
  arrays: Master | null;
  /** Came out of the store and was given to nobody yet: whoever is first may be the only one. */
  isNew: boolean;
}

/** Rough costs in memory; decoded rows are counted from the start. */
const PAYLOAD_BYTES = 400;
const FIELD_BYTES = 160;
const CELL_BYTES = 40;

export interface SharedFields {
  readonly fields: readonly Field[];
  /** Whether nobody else holds them: they count as this result's then. */
  readonly isOwn: boolean;
}

/** @param rowsBytes what `rowBytes` says of them all */
export function payloadOf(
  tag: string,
  { fields, isOwn }: SharedFields,
  rows: readonly KeptRow[],
  rowsBytes: number,
): Payload {
  const count = /^SELECT (\d+)$/.exec(tag)?.[1];
  return {
    tag,
    rowCount: count === undefined ? null : Number(count),
    fields,
    rows,
    bytes: PAYLOAD_BYTES + (isOwn ? fields.length * FIELD_BYTES : 0) + rowsBytes,
    objects: null,
    arrays: null,
    isNew: false,
  };
}

/** Between cells. */
export const BETWEEN = '\0';
/** Stands for null. Where it is in a cell the row is kept as it came. */
export const NULL = '\u0001';

export function keepRow(cells: Cells): KeptRow {
  const text = cells.join(BETWEEN);
  if (cells.length === 0 || text.includes(NULL)) return cells;
  return cells.includes(null) ? cells.map((cell) => cell ?? NULL).join(BETWEEN) : text;
}

function cellsOfRow(row: KeptRow): Cells {
  if (typeof row !== 'string') return row;
  const cells = row.split(BETWEEN);
  return row.includes(NULL) ? cells.map((cell) => (cell === NULL ? null : cell)) : cells;
}

/** The cells of each row. */
export const cellsOf = ({ rows }: Payload): readonly Cells[] => rows.map(cellsOfRow);

/** Once there are decoded rows to copy from, cells are hardly asked for again. */
export function keepRows(payload: Payload): void {
  payload.rows = payload.rows.map((row) => (typeof row === 'string' ? row : keepRow(row)));
}

/** Whoever parses them for one caller parses them for the next one: they stay as they are then. */
export function keptCellsOf(payload: Payload): readonly Cells[] {
  const cells = cellsOf(payload);
  payload.rows = cells;
  return cells;
}

const fieldsOfGroups = new WeakMap<object, readonly Field[]>();

/** The columns that an earlier result of the group holds already, if they are the same; else a copy of these. */
export function sharedFields(group: object, fields: readonly Field[]): SharedFields {
  const known = fieldsOfGroups.get(group);
  if (known !== undefined && sameFields(known, fields)) return { fields: known, isOwn: false };
  const own = fields.map((field) => copyField(field.constructor as FieldConstructor, field));
  fieldsOfGroups.set(group, own);
  return { fields: own, isOwn: true };
}

const sameFields = (left: readonly Field[], right: readonly Field[]): boolean =>
  left.length === right.length &&
  left.every((field, index) => {
    const other = right[index] as Field; // same length
    return (
      field.name === other.name &&
      field.tableID === other.tableID &&
      field.columnID === other.columnID &&
      field.dataTypeID === other.dataTypeID &&
      field.dataTypeSize === other.dataTypeSize &&
      field.dataTypeModifier === other.dataTypeModifier &&
      field.format === other.format
    );
  });

export type FieldConstructor = new (
  name: string,
  tableID: number,
  columnID: number,
  dataTypeID: number,
  dataTypeSize: number,
  dataTypeModifier: number,
  format: string,
) => Field;

/** A column as anybody's own object. */
export const copyField = (Field: FieldConstructor, field: Field): Field =>
  new Field(
    field.name,
    field.tableID,
    field.columnID,
    field.dataTypeID,
    field.dataTypeSize,
    field.dataTypeModifier,
    field.format,
  );

export const rowBytes = (cells: Cells): number => {
  let bytes = 0;
  for (const cell of cells) bytes += CELL_BYTES + (cell === null ? 0 : 2 * cell.length);
  return bytes;
};

/** What `rowBytes` says of so many cells whose texts are so long together. */
export const memoryOfCells = (count: number, textLength: number): number =>
  CELL_BYTES * count + 2 * textLength;

/** Whether a reader could tell the two apart. */
export const samePayload = (left: Payload, right: Payload): boolean =>
  left.tag === right.tag &&
  left.fields.length === right.fields.length &&
  left.fields.every((field, index) => field.name === right.fields[index]?.name) &&
  left.rows.length === right.rows.length &&
  left.rows.every((row, index) => sameRow(row, right.rows[index] as KeptRow)); // same length, just seen

function sameRow(left: KeptRow, right: KeptRow): boolean {
  if (typeof left === 'string' && typeof right === 'string') return left === right;
  const other = cellsOfRow(right);
  const cells = cellsOfRow(left);
  return cells.length === other.length && cells.every((cell, index) => cell === other[index]);
}
