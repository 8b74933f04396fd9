/** Decides how points, distances and units are written in commands, and how they are answered. Knows no particular command. */
import { type Bytes, byteString } from './byte-string.js';
import { argumentAt } from './call.js';
import { parseDouble } from './double-text.js';
import { isOnMap, type Point } from './geohash.js';
import { DoubleReply, ErrorReply, fail, type Reply } from './resp/reply.js';

const NOT_A_FLOAT = fail('value is not a valid float');
const UNIT_INVALID = fail('unsupported unit provided. please use M, KM, FT, MI');
const FRACTION_DIGITS = 17;

const metersByUnit: Readonly<Record<string, number>> = { m: 1, km: 1000, ft: 0.3048, mi: 1609.34 };

/** Metres of a unit. */
export function unitOf(bytes: Bytes): number | ErrorReply {
  const meters = new Map(Object.entries(metersByUnit)).get(byteString(bytes).toLowerCase());
  return meters ?? UNIT_INVALID;
}

/** Two arguments from an index on. */
export function pointAt(args: readonly Bytes[], index: number): Point | ErrorReply {
  const longitude = parseDouble(byteString(argumentAt(args, index)));
  if (longitude === null) return NOT_A_FLOAT;
  const latitude = parseDouble(byteString(argumentAt(args, index + 1)));
  if (latitude === null) return NOT_A_FLOAT;
  const point = { longitude, latitude };
  if (isOnMap(point)) return point;
  return fail(`invalid longitude,latitude pair ${sixDigits(longitude)},${sixDigits(latitude)}`);
}

/** C's `%f`. */
function sixDigits(value: number): string {
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  if (Object.is(value, -0)) return '-0.000000';
  if (Math.abs(value) < 1e21) return value.toFixed(6);
  return `${BigInt(value)}.000000`;
}

/** A length in a unit, two arguments. */
export interface Distance {
  readonly meters: number;
  readonly unitMeters: number;
}

export function radiusAt(args: readonly Bytes[], index: number): Distance | ErrorReply {
  const radius = parseDouble(byteString(argumentAt(args, index)));
  if (radius === null) return fail('need numeric radius');
  if (radius < 0) return fail('radius cannot be negative');
  const unitMeters = unitOf(argumentAt(args, index + 1));
  return unitMeters instanceof ErrorReply ? unitMeters : { meters: radius * unitMeters, unitMeters };
}

/** What Redis' `%.4f` says of a distance. */
export function distanceText(value: number): string {
  return value.toFixed(4);
}

/** With up to 17 digits behind the point. */
export function coordinateReply(value: number): Reply {
  const text = value.toFixed(FRACTION_DIGITS).replace(/\.?0+$/, '');
  return new DoubleReply(value, text === '-0' ? '0' : text);
}
