/** Decides which points lie in a circle or a box on the earth, and which cells must be looked at. (Redis: `geohash_helper.c`, `geo.c`.) */
import {
  type Area,
  areaOf,
  bitsOf,
  type Cell,
  cellOf,
  neighbourOf,
  type Point,
  pointOfScore,
  STEPS_MAX,
  scoresIn,
} from './geohash.js';
import type { SortedSetValue } from './keyspace/sorted-set-value.js';

const EARTH_RADIUS_METERS = 6_372_797.560_856;
const MERCATOR_MAX_METERS = 20_037_726.37;
const RADIANS = Math.PI / 180;

/** Lengths in metres. */
export type Shape =
  | { readonly kind: 'circle'; readonly center: Point; readonly radius: number }
  | { readonly kind: 'box'; readonly center: Point; readonly width: number; readonly height: number };

export interface FoundMember {
  readonly member: string;
  readonly score: number;
  readonly point: Point;
  /** From the centre, in metres. */
  readonly distance: number;
}

/** In metres, on a sphere. */
export function distanceBetween(from: Point, to: Point): number {
  const halfLongitude = Math.sin((to.longitude * RADIANS - from.longitude * RADIANS) / 2);
  if (halfLongitude === 0) return latitudeDistance(from, to);
  const [fromLatitude, toLatitude] = [from.latitude * RADIANS, to.latitude * RADIANS];
  const halfLatitude = Math.sin((toLatitude - fromLatitude) / 2);
  const chord =
    halfLatitude * halfLatitude +
    Math.cos(fromLatitude) * Math.cos(toLatitude) * halfLongitude * halfLongitude;
  return 2 * EARTH_RADIUS_METERS * Math.asin(Math.sqrt(chord));
}

function latitudeDistance(from: Point, to: Point): number {
  return EARTH_RADIUS_METERS * Math.abs(to.latitude * RADIANS - from.latitude * RADIANS);
}

/** The members in a shape, cell by cell; no more than `countMax` if that is not 0. */
export function membersIn(set: SortedSetValue, shape: Shape, countMax: number): FoundMember[] {
  const found: FoundMember[] = [];
  const cells = cellsFor(shape);
  let last = 0;
  for (const [index, cell] of cells.entries()) {
    // With few steps neighbours may be the same cell. The one in the middle is not compared, as in Redis.
    const before = last === 0 ? undefined : cells[last];
    if (before !== undefined && bitsOf(before) === bitsOf(cell)) continue;
    if (countMax > 0 && found.length >= countMax) break;
    const { from, to } = scoresIn(cell);
    const first = set.countBelow(from, false);
    set.visit(first, set.countBelow(to, false) - first, (member, score) => {
      if (countMax > 0 && found.length >= countMax) return;
      const point = pointOfScore(score);
      const distance = distanceIn(shape, point);
      if (distance !== null) found.push({ member, score, point, distance });
    });
    last = index;
  }
  return found;
}

/** From the centre; null when the point is outside. */
function distanceIn(shape: Shape, point: Point): number | null {
  const { center } = shape;
  if (shape.kind === 'circle') {
    const distance = distanceBetween(center, point);
    return distance > shape.radius ? null : distance;
  }
  if (latitudeDistance(point, center) > shape.height / 2) return null;
  const { latitude } = point;
  const across = distanceBetween(point, { longitude: center.longitude, latitude });
  return across > shape.width / 2 ? null : distanceBetween(center, point);
}

/** The cell in the middle and those around it that the shape may reach. */
function cellsFor(shape: Shape): Cell[] {
  const { center } = shape;
  const bounds = boundsOf(shape);
  let steps = stepsFor(radiusOf(shape), center.latitude);
  let cell = cellOf(center, steps);
  if (steps > 1 && !neighboursCover(cell, bounds)) cell = cellOf(center, --steps);
  const area = areaOf(cell);
  const isLeftOut = (east: number, north: number): boolean =>
    steps >= 2 &&
    ((north < 0 && area.south < bounds.south) ||
      (north > 0 && area.north > bounds.north) ||
      (east < 0 && area.west < bounds.west) ||
      (east > 0 && area.east > bounds.east));
  const around: readonly (readonly [number, number])[] = [
    [0, 0],
    [0, 1],
    [0, -1],
    [1, 0],
    [-1, 0],
    [1, 1],
    [-1, 1],
    [1, -1],
    [-1, -1],
  ];
  return around
    .filter(([east, north]) => !isLeftOut(east, north))
    .map(([east, north]) => neighbourOf(cell, east, north));
}

/** Near the edge of a cell its neighbours may be too small. */
function neighboursCover(cell: Cell, bounds: Area): boolean {
  return (
    areaOf(neighbourOf(cell, 0, 1)).north >= bounds.north &&
    areaOf(neighbourOf(cell, 0, -1)).south <= bounds.south &&
    areaOf(neighbourOf(cell, 1, 0)).east >= bounds.east &&
    areaOf(neighbourOf(cell, -1, 0)).west <= bounds.west
  );
}

function radiusOf(shape: Shape): number {
  if (shape.kind === 'circle') return shape.radius;
  const [halfWidth, halfHeight] = [shape.width / 2, shape.height / 2];
  return Math.sqrt(halfWidth * halfWidth + halfHeight * halfHeight);
}

function stepsFor(radius: number, latitude: number): number {
  if (radius === 0) return STEPS_MAX;
  let steps = 1;
  for (let reach = radius; reach < MERCATOR_MAX_METERS; reach *= 2) steps++;
  steps -= 2;
  // Meridians come together towards the poles.
  if (Math.abs(latitude) > 66) steps--;
  if (Math.abs(latitude) > 80) steps--;
  return Math.min(STEPS_MAX, Math.max(1, steps));
}

function boundsOf(shape: Shape): Area {
  const { longitude, latitude } = shape.center;
  const height = shape.kind === 'circle' ? shape.radius : shape.height / 2;
  const width = shape.kind === 'circle' ? shape.radius : shape.width / 2;
  const northwards = height / EARTH_RADIUS_METERS / RADIANS;
  const edge = latitude < 0 ? latitude - northwards : latitude + northwards;
  const eastwards = width / EARTH_RADIUS_METERS / Math.cos(edge * RADIANS) / RADIANS;
  return {
    west: longitude - eastwards,
    east: longitude + eastwards,
    south: latitude - northwards,
    north: latitude + northwards,
  };
}
