/** Decides what Prisma is told of the driver's columns and rows: the same as by its own adapter for MariaDB. Runs nothing. */
import { declarePure } from '../adapters/mysql2/options.js';
import { type ColumnType, columnTypes, type SqlResultSet } from './shapes.js';

/** What is read of a column of mysql2. */
export interface Column {
  readonly name: string;
  readonly columnType: number;
  readonly characterSet: number;
  readonly flags: number;
  /** MariaDB has JSON in LONGTEXT. */
  readonly extendedFormat?: string;
}

/** What mysql2 hands to a `typeCast`. */
interface Cell {
  readonly type: string;
  readonly extendedFormat?: string;
  string(encoding?: string): string | null;
  buffer(): Buffer | null;
}

/** The protocol's numbers. */
const types = {
  DECIMAL: 0,
  TINY: 1,
  SHORT: 2,
  LONG: 3,
  FLOAT: 4,
  DOUBLE: 5,
  NULL: 6,
  TIMESTAMP: 7,
  LONGLONG: 8,
  INT24: 9,
  DATE: 10,
  TIME: 11,
  DATETIME: 12,
  YEAR: 13,
  NEWDATE: 14,
  VARCHAR: 15,
  BIT: 16,
  TIMESTAMP2: 17,
  DATETIME2: 18,
  JSON: 245,
  NEWDECIMAL: 246,
  ENUM: 247,
  TINY_BLOB: 249,
  MEDIUM_BLOB: 250,
  LONG_BLOB: 251,
  BLOB: 252,
  VAR_STRING: 253,
  STRING: 254,
  GEOMETRY: 255,
} as const;

const UNSIGNED = 32;
const SET = 2048;
const BINARY_CHARACTER_SET = 63;

const typeByNumber = new Map<number, ColumnType>([
  [types.TINY, columnTypes.Int32],
  [types.SHORT, columnTypes.Int32],
  [types.INT24, columnTypes.Int32],
  [types.YEAR, columnTypes.Int32],
  [types.LONGLONG, columnTypes.Int64],
  [types.FLOAT, columnTypes.Float],
  [types.DOUBLE, columnTypes.Double],
  [types.TIMESTAMP, columnTypes.DateTime],
  [types.TIMESTAMP2, columnTypes.DateTime],
  [types.DATETIME, columnTypes.DateTime],
  [types.DATETIME2, columnTypes.DateTime],
  [types.DATE, columnTypes.Date],
  [types.NEWDATE, columnTypes.Date],
  [types.TIME, columnTypes.Time],
  [types.DECIMAL, columnTypes.Numeric],
  [types.NEWDECIMAL, columnTypes.Numeric],
  [types.ENUM, columnTypes.Enum],
  [types.JSON, columnTypes.Json],
  [types.BIT, columnTypes.Bytes],
  [types.GEOMETRY, columnTypes.Bytes],
  [types.NULL, columnTypes.Int32],
]);

const texts = new Set<number>([
  types.VARCHAR,
  types.VAR_STRING,
  types.STRING,
  types.BLOB,
  types.TINY_BLOB,
  types.MEDIUM_BLOB,
  types.LONG_BLOB,
]);

const moments = new Set<number>([types.TIMESTAMP, types.TIMESTAMP2, types.DATETIME, types.DATETIME2]);

function typeOf({ columnType, flags, characterSet, extendedFormat }: Column): ColumnType {
  if (columnType === types.LONG) return (flags & UNSIGNED) === 0 ? columnTypes.Int32 : columnTypes.Int64;
  if (texts.has(columnType)) {
    if (extendedFormat === 'json') return columnTypes.Json;
    return characterSet === BINARY_CHARACTER_SET ? columnTypes.Bytes : columnTypes.Text;
  }
  const type = typeByNumber.get(columnType);
  if (type === undefined) throw new Error(`Unsupported column type: ${columnType}`);
  return type;
}

/** Whatever the pool's own options are, each value is read as Prisma wants it. */
export const rowOptions = {
  rowsAsArray: true,
  dateStrings: true,
  supportBigNumbers: true,
  bigNumberStrings: true,
  nestTables: false,
  typeCast: declarePure((cell: Cell, next: () => unknown): unknown => {
    switch (cell.type) {
      case 'DECIMAL':
      case 'NEWDECIMAL':
        return cell.string('ascii');
      case 'JSON':
        return cell.buffer()?.toString('utf8') ?? null; // always UTF-8, whatever it is said to be
      case 'GEOMETRY':
        return cell.buffer();
      case 'TIME':
        return microseconds(next());
      default:
        return cell.extendedFormat === 'json' ? cell.string() : next();
    }
  }),
} as const;

/** Six digits, or none. */
function microseconds(time: unknown): unknown {
  if (typeof time !== 'string' || !time.includes('.')) return time;
  const [clock, fraction = ''] = time.split('.');
  return `${clock}.${fraction.padEnd(6, '0')}`;
}

/** What a call gave: rows and their columns, or what a statement without rows tells. */
export function resultSetOf(rows: unknown, fields: unknown): SqlResultSet {
  if (!Array.isArray(rows) || !Array.isArray(fields))
    return { columnNames: [], columnTypes: [], rows: [], ...lastInsertIdOf(rows) };
  const columns = fields as readonly Column[];
  return {
    columnNames: columns.map(({ name }) => name),
    columnTypes: columns.map(typeOf),
    rows: withConverted(rows as unknown[][], columns),
    ...lastInsertIdOf(rows),
  };
}

function lastInsertIdOf(header: unknown): Pick<SqlResultSet, 'lastInsertId'> {
  const { insertId } = header as { readonly insertId?: number | string };
  return insertId === undefined ? {} : { lastInsertId: String(insertId) };
}

type Convert = (value: unknown) => unknown;

function converterFor({ columnType, flags, characterSet, extendedFormat }: Column): Convert | null {
  if (moments.has(columnType)) return isoText;
  const isSet = (flags & SET) !== 0 && texts.has(columnType) && characterSet !== BINARY_CHARACTER_SET;
  return isSet && extendedFormat === undefined ? members : null;
}

/** In place: the rows are this caller's own. */
function withConverted(rows: unknown[][], columns: readonly Column[]): unknown[][] {
  columns.forEach((column, index) => {
    const convert = converterFor(column);
    if (convert === null) return;
    for (const row of rows) if (row[index] !== null) row[index] = convert(row[index]);
  });
  return rows;
}

/** @throws RangeError for `0000-00-00`, as Prisma's own adapter */
const isoText: Convert = (text) =>
  new Date(`${text as string}Z`).toISOString().replace(/(\.000)?Z$/, '+00:00');

const members: Convert = (text) => (text === '' ? [] : (text as string).split(','));
