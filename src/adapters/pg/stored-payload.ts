/**
 * Decides how a result is written in the store: its columns once, its cells as one text that is cut where they end.
 * Knows neither checksums nor tokens: those are the entry's.
 */
import type { PayloadCodec } from '../../cache/entry.js';
import {
  BETWEEN,
  type FieldConstructor,
  type KeptRow,
  memoryOfCells,
  NULL,
  type Payload,
  payloadOf,
  samePayload,
} from './payload.js';
import type { Cells, Field } from './shapes.js';

/** Lengths of the columns and the tag, the number of rows. */
const PREFIX_BYTES = 12;
const LENGTH_BYTES = 4;
/** A cell that its reader keeps keeps its block in memory: rows are put together up to this much. */
const BLOCK_LENGTH = 8_192;
/** Results of one statement have the same columns, which are read once. */
const COLUMNS_KNOWN_MAX = 1_000;

/** @param Field pg-protocol's class, so that what comes out of the store is what the wire would have given */
export function payloadCodec(Field: FieldConstructor): PayloadCodec<Payload> {
  const known = new Map<string, readonly Field[]>();
  const fieldsFrom = (text: string): readonly Field[] => {
    let fields = known.get(text);
    if (fields === undefined) {
      if (known.size >= COLUMNS_KNOWN_MAX) known.clear();
      fields = (JSON.parse(text) as WrittenField[]).map((parts) => new Field(...parts));
      known.set(text, fields);
    }
    return fields;
  };
  return {
    encode,
    decode: (bytes) => decode(bytes, fieldsFrom),
    bytesOf: ({ bytes }) => bytes,
    same: samePayload,
  };
}

type WrittenField = readonly [string, number, number, number, number, number, string];

const written = (field: Field): WrittenField => [
  field.name,
  field.tableID,
  field.columnID,
  field.dataTypeID,
  field.dataTypeSize,
  field.dataTypeModifier,
  field.format,
];

function encode({ tag, fields, rows }: Payload): Buffer {
  const columns = Buffer.from(JSON.stringify(fields.map(written)));
  const name = Buffer.from(tag);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(columns.length, 0);
  prefix.writeUInt32BE(name.length, 4);
  prefix.writeUInt32BE(rows.length, 8);
  const parts: Buffer[] = [prefix, columns, name];
  let block: string[] = [];
  let length = 0;
  const close = (): void => {
    const text = Buffer.from(block.join(BETWEEN));
    const header = Buffer.alloc(LENGTH_BYTES);
    header.writeUInt32BE(text.length, 0);
    parts.push(header, text);
    block = [];
    length = 0;
  };
  for (const row of rows) {
    const text = textOfRow(row);
    block.push(text);
    length += text.length;
    if (length >= BLOCK_LENGTH) close();
  }
  if (block.length > 0) close();
  return Buffer.concat(parts);
}

/** A row that is kept as one text is kept as it is written. */
const textOfRow = (row: KeptRow): string =>
  typeof row === 'string'
    ? row
    : row.map((cell) => (cell === null ? NULL : cell.startsWith(NULL) ? NULL + cell : cell)).join(BETWEEN);

function decode(bytes: Buffer, fieldsFrom: (text: string) => readonly Field[]): Payload {
  const tagAt = PREFIX_BYTES + bytes.readUInt32BE(0);
  const cellsAt = tagAt + bytes.readUInt32BE(4);
  const fields = fieldsFrom(bytes.toString('utf8', PREFIX_BYTES, tagAt));
  const tag = bytes.toString('utf8', tagAt, cellsAt);
  const rowCount = bytes.readUInt32BE(8);
  const rows =
    fields.length === 0
      ? Array.from({ length: rowCount }, () => [])
      : rowsFrom(bytes, cellsAt, fields.length);
  if (rows.length !== rowCount)
    throw new RangeError(`a stored result of ${rowCount} rows has ${rows.length}`);
  const memory = memoryOfCells(rowCount * fields.length, bytes.length - cellsAt);
  const payload = payloadOf(tag, { fields, isOwn: false }, rows, memory);
  payload.isNew = true;
  return payload;
}

function rowsFrom(bytes: Buffer, cellsAt: number, columns: number): Cells[] {
  const rows: Cells[] = [];
  for (let at = cellsAt; at < bytes.length; ) {
    const start = at + LENGTH_BYTES;
    at = start + bytes.readUInt32BE(at);
    const text = bytes.toString('utf8', start, at);
    const parts = text.split(BETWEEN);
    const cells: Cells = text.includes(NULL) ? parts.map(cellFrom) : parts;
    for (let first = 0; first < cells.length; first += columns)
      rows.push(cells.slice(first, first + columns));
  }
  return rows;
}

const cellFrom = (text: string): string | null =>
  text === NULL ? null : text.startsWith(NULL) ? text.slice(NULL.length) : text;
