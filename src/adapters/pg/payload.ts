/** Decides what is kept of a result: the raw cells as the wire gave them, so that any parser can decode them later. */
import type { PayloadCodec } from '../../cache/entry.js';
import type { Master } from './copier.js';
import type { Cells, Field } from './shapes.js';

export interface Payload {
  /** The command tag, `SELECT 3`. */
  readonly tag: string;
  /** Read from the tag where it is that of a SELECT. */
  readonly rowCount: number | null;
  readonly fields: readonly Field[];
  /** Whether they count as this result's: the results of one statement share theirs. */
  readonly ownsFields: boolean;
  readonly rows: readonly Cells[];
  /** Decoded rows to copy from, once they were asked for. One for each row mode. */
  objects: Master | null;
  arrays: Master | null;
}

export interface SharedFields {
  readonly fields: readonly Field[];
  /** Whether nobody else holds them. */
  readonly isOwn: boolean;
}

export function payloadOf(tag: string, { fields, isOwn }: SharedFields, rows: readonly Cells[]): Payload {
  const count = /^SELECT (\d+)$/.exec(tag)?.[1];
  return {
    tag,
    rowCount: count === undefined ? null : Number(count),
    fields,
    ownsFields: isOwn,
    rows,
    objects: null,
    arrays: null,
  };
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

interface Written {
  readonly t: string;
  readonly f: readonly (readonly [string, number, number, number, number, number, string])[];
  readonly r: readonly Cells[];
}

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

/** Rough costs in memory; decoded rows are counted from the start. */
const PAYLOAD_BYTES = 400;
const FIELD_BYTES = 160;
const CELL_BYTES = 40;

export const rowBytes = (cells: Cells): number => {
  let bytes = 0;
  for (const cell of cells) bytes += CELL_BYTES + (cell === null ? 0 : 2 * cell.length);
  return bytes;
};

/** @param Field pg-protocol's class, so that what comes out of the store is what the wire would have given */
export function payloadCodec(Field: FieldConstructor): PayloadCodec<Payload> {
  return {
    encode: ({ tag, fields, rows }) => {
      const written: Written = {
        t: tag,
        f: fields.map((field) => [
          field.name,
          field.tableID,
          field.columnID,
          field.dataTypeID,
          field.dataTypeSize,
          field.dataTypeModifier,
          field.format,
        ]),
        r: rows,
      };
      return Buffer.from(JSON.stringify(written));
    },
    decode: (bytes) => {
      const { t, f, r } = JSON.parse(bytes.toString()) as Written;
      const fields = f.map((parts) => new Field(...parts));
      return payloadOf(t, { fields, isOwn: true }, r);
    },
    bytesOf: ({ fields, ownsFields, rows }) => {
      let bytes = PAYLOAD_BYTES + (ownsFields ? fields.length * FIELD_BYTES : 0);
      for (const row of rows) bytes += rowBytes(row);
      return bytes;
    },
    same: (left, right) =>
      left.tag === right.tag &&
      left.fields.length === right.fields.length &&
      left.fields.every((field, index) => field.name === right.fields[index]?.name) &&
      left.rows.length === right.rows.length &&
      left.rows.every((row, index) => sameCells(row, right.rows[index] as Cells)), // same length, just seen
  };
}

const sameCells = (left: Cells, right: Cells): boolean =>
  left.length === right.length && left.every((cell, index) => cell === right[index]);
