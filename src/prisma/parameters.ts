/** Decides what the driver is given for each value of a query of Prisma, and as which type it is sent. Runs nothing. */
import mysql from 'mysql2';
import type { ArgType, SqlQuery } from './shapes.js';

const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;
/** From here on they are no BIGINT. */
const BIGINT_END = 2n ** 63n;

/** Types decide results: the sum of a DECIMAL and an integer is exact, that of a DECIMAL and a DOUBLE is not. */
export function parametersOf({ args, argTypes }: SqlQuery): unknown[] {
  return args.map((value, index) => typed(converted(value, argTypes[index])));
}

/** As Prisma's own adapter for MariaDB. */
function converted(value: unknown, type: ArgType | undefined): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') {
    if (type?.scalarType === 'bigint') return BigInt(value);
    if (type?.scalarType === 'datetime') return formatted(new Date(value), type.dbType);
    if (type?.scalarType === 'bytes') return Buffer.from(value, 'base64');
  }
  if (value instanceof Date) return formatted(value, type?.dbType);
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return value;
}

function typed(value: unknown): unknown {
  const { TypedParameter } = mysql;
  switch (typeof value) {
    case 'number':
      return Number.isInteger(value) && value >= INT_MIN && value < INT_MAX
        ? TypedParameter.LONG(value)
        : value;
    case 'bigint':
      return value < BIGINT_END ? TypedParameter.LONGLONG(value) : TypedParameter.NEWDECIMAL(String(value));
    case 'object':
      if (value === null) return TypedParameter.VAR_STRING(null);
      return Buffer.isBuffer(value) ? value : JSON.stringify(value);
    default:
      return value;
  }
}

const padded = (value: number, length = 2): string => String(value).padStart(length, '0');

function formatted(date: Date, dbType: string | undefined): string {
  const day = [
    padded(date.getUTCFullYear(), 4),
    padded(date.getUTCMonth() + 1),
    padded(date.getUTCDate()),
  ].join('-');
  if (dbType === 'DATE' || dbType === 'NEWDATE') return day;
  const milliseconds = date.getUTCMilliseconds();
  const clock = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]
    .map((part) => padded(part))
    .join(':');
  const time = milliseconds > 0 ? `${clock}.${padded(milliseconds, 3)}` : clock;
  return dbType === 'TIME' || dbType === 'TIME2' ? time : `${day} ${time}`;
}
