/**
 * Decides how a point on the earth becomes a number and back: the bits of its longitude and latitude in turns, as
 * Redis keeps them as scores. Knows no search. (Redis: `geohash.c`.)
 */

/** The most bits of each coordinate. */
export const STEPS_MAX = 26;
const LONGITUDE_MAX = 180;
/** What a Mercator map shows. */
const LATITUDE_MAX = 85.05112878;
const STANDARD_LATITUDE_MAX = 90;
const ALPHABET = '0123456789bcdefghjkmnpqrstuvwxyz';
const TEXT_LENGTH = 11;
const HALF = 65_536;

export interface Point {
  readonly longitude: number;
  readonly latitude: number;
}

/** A cell of a grid that divides the world 2^steps times in both directions. */
export interface Cell {
  readonly x: number;
  readonly y: number;
  readonly steps: number;
}

export interface Area {
  readonly west: number;
  readonly east: number;
  readonly south: number;
  readonly north: number;
}

export function isOnMap({ longitude, latitude }: Point): boolean {
  return Math.abs(longitude) <= LONGITUDE_MAX && Math.abs(latitude) <= LATITUDE_MAX;
}

export function cellOf({ longitude, latitude }: Point, steps: number, latitudeMax = LATITUDE_MAX): Cell {
  const cells = 2 ** steps;
  return {
    x: Math.trunc(((longitude + LONGITUDE_MAX) / (LONGITUDE_MAX * 2)) * cells),
    y: Math.trunc(((latitude + latitudeMax) / (latitudeMax * 2)) * cells),
    steps,
  };
}

export function areaOf({ x, y, steps }: Cell): Area {
  const cells = 2 ** steps;
  const [width, height] = [LONGITUDE_MAX * 2, LATITUDE_MAX * 2];
  return {
    west: -LONGITUDE_MAX + (x / cells) * width,
    east: -LONGITUDE_MAX + ((x + 1) / cells) * width,
    south: -LATITUDE_MAX + (y / cells) * height,
    north: -LATITUDE_MAX + ((y + 1) / cells) * height,
  };
}

/**
 * The neighbour so far to the east and to the north; the world is round in both directions. What is not moved stays
 * even where it is one beyond the last, which is so at the very edge of the map.
 */
export function neighbourOf({ x, y, steps }: Cell, east: number, north: number): Cell {
  const cells = 2 ** steps;
  const moved = (from: number, by: number): number => (by === 0 ? from : (from + by + cells) % cells);
  return { x: moved(x, east), y: moved(y, north), steps };
}

/** Bits of both in turns, latitude's lowest being the lowest. */
export function bitsOf({ x, y }: Cell): number {
  const high = interleaved(Math.floor(y / HALF), Math.floor(x / HALF));
  return high * 2 ** 32 + interleaved(y % HALF, x % HALF);
}

function interleaved(even: number, odd: number): number {
  return (spread(even) | (spread(odd) << 1)) >>> 0;
}

/** Sixteen bits, a zero between any two. */
function spread(bits: number): number {
  let wide = bits;
  wide = (wide | (wide << 8)) & 0x00ff_00ff;
  wide = (wide | (wide << 4)) & 0x0f0f_0f0f;
  wide = (wide | (wide << 2)) & 0x3333_3333;
  return (wide | (wide << 1)) & 0x5555_5555;
}

/** Every second bit. */
function gathered(bits: number): number {
  let narrow = bits & 0x5555_5555;
  narrow = (narrow | (narrow >>> 1)) & 0x3333_3333;
  narrow = (narrow | (narrow >>> 2)) & 0x0f0f_0f0f;
  narrow = (narrow | (narrow >>> 4)) & 0x00ff_00ff;
  return (narrow | (narrow >>> 8)) & 0x0000_ffff;
}

/** Where the score of a sorted set lies, whatever number it is: the middle of its cell. */
export function pointOfScore(score: number): Point {
  const bits = Number.isFinite(score) ? BigInt.asUintN(64, BigInt(Math.trunc(score))) : 1n << 63n;
  const [high, low] = [Number(bits >> 32n), Number(bits & 0xffff_ffffn)];
  const cell = {
    x: gathered(high >>> 1) * HALF + gathered(low >>> 1),
    y: gathered(high) * HALF + gathered(low),
    steps: STEPS_MAX,
  };
  const { west, east, south, north } = areaOf(cell);
  return {
    longitude: clamped((west + east) / 2, LONGITUDE_MAX),
    latitude: clamped((south + north) / 2, LATITUDE_MAX),
  };
}

function clamped(value: number, max: number): number {
  return Math.min(max, Math.max(-max, value));
}

export function scoreOf(point: Point): number {
  return bitsOf(cellOf(point, STEPS_MAX));
}

/** The scores in a cell: from, and up to without it. */
export function scoresIn(cell: Cell): { readonly from: number; readonly to: number } {
  const scale = 2 ** (2 * (STEPS_MAX - cell.steps));
  const bits = bitsOf(cell);
  return { from: bits * scale, to: (bits + 1) * scale };
}

/** The geohash as the world writes it, by latitudes up to the poles; the last letter has no bits left and is a zero. */
export function geohashText(score: number): string {
  const bits = BigInt(bitsOf(cellOf(pointOfScore(score), STEPS_MAX, STANDARD_LATITUDE_MAX)));
  let text = '';
  for (let index = 1; index < TEXT_LENGTH; index++)
    text += ALPHABET.charAt(Number((bits >> BigInt(STEPS_MAX * 2 - index * 5)) & 31n));
  return `${text}0`;
}
