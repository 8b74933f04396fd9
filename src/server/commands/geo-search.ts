/** Decides GEOSEARCH and its older forms: the members of a circle or a box, answered or stored. */
import { type Bytes, byteString } from '../byte-string.js';
import { argumentAt, cString, keyAt, NOT_AN_INTEGER, SYNTAX_ERROR, WRONG_TYPE, wordAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { argument, block, keyArgument, oneOf, optional, token } from '../command-arguments.js';
import { parseDouble } from '../double-text.js';
import { distanceTarget, storedDistanceEffects } from '../effects.js';
import { coordinateReply, distanceText, pointAt, radiusAt, unitOf } from '../geo-arguments.js';
import { type FoundMember, membersIn, type Shape } from '../geo-search.js';
import { type Point, pointOfScore } from '../geohash.js';
import { integerOf } from '../integers.js';
import { keyAtIndex, oneKey } from '../key-specs.js';
import { SortedSetValue } from '../keyspace/sorted-set-value.js';
import { sortPart } from '../partial-sort.js';
import { ErrorReply, fail, type Reply } from '../resp/reply.js';
import { storeSortedSet } from '../sorted-set-operations.js';

// What several of them say of their arguments.
const unit = oneOf('unit', [token('M'), token('KM'), token('FT'), token('MI')]);
const order = oneOf('order', [token('ASC'), token('DESC')], optional);
const count = block(
  'count',
  [argument('count', 'integer', { token: 'COUNT' }), token('ANY', optional)],
  optional,
);
const countSinceAny = block(
  'count',
  [argument('count', 'integer', { token: 'COUNT' }), token('ANY', { since: '6.2.0', ...optional })],
  optional,
);
const from = oneOf('from', [
  argument('member', 'string', { token: 'FROMMEMBER' }),
  block('longitude_latitude', [argument('longitude', 'double'), argument('latitude', 'double')], {
    token: 'FROMLONLAT',
  }),
]);
const by = oneOf('by', [
  block('circle', [argument('radius', 'double', { token: 'BYRADIUS' }), unit]),
  block('box', [argument('width', 'double', { token: 'BYBOX' }), argument('height', 'double'), unit]),
]);

export const geoSearchCommands: readonly CommandDeclaration[] = [
  {
    name: 'geosearch',
    arity: -7,
    flags: ['readonly'],
    categories: ['geo'],
    keys: oneKey(['RO', 'access']),
    summary:
      'Query a sorted set representing a geospatial index to fetch members inside an area of a box or a circle.',
    since: '6.2.0',
    group: 'geo',
    complexity:
      'O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area around the shape provided as the filter and M is the number of items inside the shape',
    arguments: [
      keyArgument(),
      from,
      by,
      order,
      count,
      token('WITHCOORD', optional),
      token('WITHDIST', optional),
      token('WITHHASH', optional),
    ],
    run: (call) => search(call, 'search', false),
  },
  {
    name: 'geosearchstore',
    arity: -8,
    flags: ['write', 'denyoom'],
    categories: ['geo'],
    keys: [keyAtIndex(1, ['OW', 'update']), keyAtIndex(2, ['RO', 'access'])],
    summary:
      'Query a sorted set representing a geospatial index to fetch members inside an area of a box or a circle, and store the result in another key.',
    since: '6.2.0',
    group: 'geo',
    complexity:
      'O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area around the shape provided as the filter and M is the number of items inside the shape',
    arguments: [
      argument('destination', 'key', { keySpecIndex: 0 }),
      argument('source', 'key', { keySpecIndex: 1 }),
      from,
      by,
      order,
      count,
      token('STOREDIST', optional),
    ],
    run: (call) => search(call, 'search-store', false),
    propagate: storedDistanceEffects(([, target]) => target),
  },
  {
    name: 'georadius',
    arity: -6,
    flags: ['write', 'denyoom'],
    categories: ['geo'],
    keys: [
      keyAtIndex(1, ['RO', 'access']),
      keyAtIndex({ keyword: 'STORE', startFrom: 6 }, ['OW', 'update']),
      keyAtIndex({ keyword: 'STOREDIST', startFrom: 6 }, ['OW', 'update']),
    ],
    summary:
      'Query a sorted set representing a geospatial index to fetch members matching a given maximum distance from a point',
    since: '3.2.0',
    group: 'geo',
    complexity:
      'O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.',
    deprecated: {
      since: '6.2.0',
      replacedBy: '`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument',
    },
    arguments: [
      keyArgument(),
      argument('longitude', 'double'),
      argument('latitude', 'double'),
      argument('radius', 'double'),
      unit,
      token('WITHCOORD', optional),
      token('WITHDIST', optional),
      token('WITHHASH', optional),
      countSinceAny,
      order,
      keyArgument({ token: 'STORE', keySpecIndex: 1, ...optional }),
      keyArgument({ token: 'STOREDIST', keySpecIndex: 2, ...optional }),
    ],
    run: (call) => search(call, 'radius', true),
    propagate: storedDistanceEffects(distanceTarget),
  },
  {
    name: 'georadius_ro',
    arity: -6,
    flags: ['readonly'],
    categories: ['geo'],
    keys: oneKey(['RO', 'access']),
    summary: 'A read-only variant for GEORADIUS',
    since: '3.2.10',
    group: 'geo',
    complexity:
      'O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.',
    deprecated: { since: '6.2.0', replacedBy: '`GEOSEARCH` with the `BYRADIUS` argument' },
    arguments: [
      keyArgument(),
      argument('longitude', 'double'),
      argument('latitude', 'double'),
      argument('radius', 'double'),
      unit,
      token('WITHCOORD', optional),
      token('WITHDIST', optional),
      token('WITHHASH', optional),
      countSinceAny,
      order,
    ],
    run: (call) => search(call, 'radius', false),
  },
  {
    name: 'georadiusbymember',
    arity: -5,
    flags: ['write', 'denyoom'],
    categories: ['geo'],
    keys: [
      keyAtIndex(1, ['RO', 'access']),
      keyAtIndex({ keyword: 'STORE', startFrom: 5 }, ['OW', 'update']),
      keyAtIndex({ keyword: 'STOREDIST', startFrom: 5 }, ['OW', 'update']),
    ],
    summary:
      'Query a sorted set representing a geospatial index to fetch members matching a given maximum distance from a member',
    since: '3.2.0',
    group: 'geo',
    complexity:
      'O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.',
    deprecated: {
      since: '6.2.0',
      replacedBy: '`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments',
    },
    arguments: [
      keyArgument(),
      argument('member', 'string'),
      argument('radius', 'double'),
      unit,
      token('WITHCOORD', optional),
      token('WITHDIST', optional),
      token('WITHHASH', optional),
      count,
      order,
      keyArgument({ token: 'STORE', keySpecIndex: 1, ...optional }),
      keyArgument({ token: 'STOREDIST', keySpecIndex: 2, ...optional }),
    ],
    run: (call) => search(call, 'radius-of-member', true),
    propagate: storedDistanceEffects(distanceTarget),
  },
  {
    name: 'georadiusbymember_ro',
    arity: -5,
    flags: ['readonly'],
    categories: ['geo'],
    keys: oneKey(['RO', 'access']),
    summary: 'A read-only variant for GEORADIUSBYMEMBER',
    since: '3.2.10',
    group: 'geo',
    complexity:
      'O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.',
    deprecated: { since: '6.2.0', replacedBy: '`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments' },
    arguments: [
      keyArgument(),
      argument('member', 'string'),
      argument('radius', 'double'),
      unit,
      token('WITHCOORD', optional),
      token('WITHDIST', optional),
      token('WITHHASH', optional),
      count,
      order,
    ],
    run: (call) => search(call, 'radius-of-member', false),
  },
];

type Form = 'search' | 'search-store' | 'radius' | 'radius-of-member';

const NO_MEMBER = fail('could not decode requested zset member');

/** What a search has been told so far. */
interface Search {
  readonly form: Form;
  readonly maySayStore: boolean;
  /** Undefined when the key is not there: then the rest is only checked. */
  readonly set: SortedSetValue | undefined;
  center: Point | null;
  from: 'member' | 'point' | null;
  by: 'radius' | 'box' | null;
  radius: number;
  width: number;
  height: number;
  unitMeters: number;
  order: 'none' | 'ascending' | 'descending';
  /** 0 is no limit. */
  countMax: number;
  isAny: boolean;
  withDistance: boolean;
  withHash: boolean;
  withCoordinates: boolean;
  storeKey: string | null;
  storesDistance: boolean;
}

function search(call: Call, form: Form, maySayStore: boolean): Reply {
  const { args, db } = call;
  const value = db.read(keyAt(args, form === 'search-store' ? 2 : 1))?.value;
  if (value !== undefined && !(value instanceof SortedSetValue)) return WRONG_TYPE;
  const state = beginSearch(form, maySayStore, value);
  const first = parseHead(args, state);
  if (first instanceof ErrorReply) return first;
  const error = parseOptions(args, first, state) ?? conflictIn(args, state);
  if (error !== null) return error;
  if (value === undefined) return state.storeKey === null ? [] : storeNothing(call, state.storeKey);
  const found = ordered(membersIn(value, shapeOf(state), state.isAny ? state.countMax : 0), state);
  return state.storeKey === null
    ? found.map((member) => memberReply(member, state))
    : store(call, state.storeKey, found, state);
}

function beginSearch(form: Form, maySayStore: boolean, set: SortedSetValue | undefined): Search {
  return {
    form,
    maySayStore,
    set,
    center: null,
    from: null,
    by: null,
    radius: 0,
    width: 0,
    height: 0,
    unitMeters: 1,
    order: 'none',
    countMax: 0,
    isAny: false,
    withDistance: false,
    withHash: false,
    withCoordinates: false,
    storeKey: null,
    storesDistance: false,
  };
}

/** What the older forms say in front, and where the options begin. */
function parseHead(args: readonly Bytes[], state: Search): number | ErrorReply {
  if (state.form === 'search') return 2;
  if (state.form === 'search-store') {
    state.storeKey = keyAt(args, 1);
    return 3;
  }
  const isMember = state.form === 'radius-of-member';
  const center = isMember ? memberPoint(state, argumentAt(args, 2)) : pointAt(args, 2);
  if (center instanceof ErrorReply) return center;
  state.center = center;
  if (isMember && state.set === undefined) return 5;
  const error = parseRadius(args, isMember ? 3 : 4, state);
  return error ?? (isMember ? 5 : 6);
}

/** Null when there is no key to look in. */
function memberPoint({ set }: Search, member: Bytes): Point | null | ErrorReply {
  if (set === undefined) return null;
  const score = set.scoreOf(byteString(member));
  return score === undefined ? NO_MEMBER : pointOfScore(score);
}

function parseRadius(args: readonly Bytes[], index: number, state: Search): ErrorReply | null {
  const radius = radiusAt(args, index);
  if (radius instanceof ErrorReply) return radius;
  state.radius = radius.meters;
  state.unitMeters = radius.unitMeters;
  state.by = 'radius';
  return null;
}

function parseBox(args: readonly Bytes[], index: number, state: Search): ErrorReply | null {
  const width = parseDouble(byteString(argumentAt(args, index)));
  if (width === null) return fail('need numeric width');
  const height = parseDouble(byteString(argumentAt(args, index + 1)));
  if (height === null) return fail('need numeric height');
  if (width < 0 || height < 0) return fail('height or width cannot be negative');
  const unitMeters = unitOf(argumentAt(args, index + 2));
  if (unitMeters instanceof ErrorReply) return unitMeters;
  state.width = width * unitMeters;
  state.height = height * unitMeters;
  state.unitMeters = unitMeters;
  state.by = 'box';
  return null;
}

function parseOptions(args: readonly Bytes[], first: number, state: Search): ErrorReply | null {
  for (let index = first; index < args.length; index++) {
    const word = wordAt(args, index);
    if (parseFlag(word, state)) continue;
    const more = args.length - index - 1;
    const parsed = parseValue(args, index, word, more, state);
    if (parsed instanceof ErrorReply) return parsed;
    index += parsed;
  }
  return null;
}

function parseFlag(word: string, state: Search): boolean {
  if (word === 'WITHDIST') state.withDistance = true;
  else if (word === 'WITHHASH') state.withHash = true;
  else if (word === 'WITHCOORD') state.withCoordinates = true;
  else if (word === 'ANY') state.isAny = true;
  else if (word === 'ASC') state.order = 'ascending';
  else if (word === 'DESC') state.order = 'descending';
  else if (word === 'STOREDIST' && state.form === 'search-store') state.storesDistance = true;
  else return false;
  return true;
}

/** How many arguments the option took. */
function parseValue(
  args: readonly Bytes[],
  index: number,
  word: string,
  more: number,
  state: Search,
): number | ErrorReply {
  const isSearch = state.form === 'search' || state.form === 'search-store';
  let error: ErrorReply | null;
  if (word === 'COUNT' && more >= 1) {
    const count = integerOf(argumentAt(args, index + 1));
    if (count === null) return NOT_AN_INTEGER;
    if (count <= 0) return fail('COUNT must be > 0');
    state.countMax = Number(count);
    return 1;
  }
  if (state.maySayStore && (word === 'STORE' || word === 'STOREDIST') && more >= 1) {
    state.storeKey = keyAt(args, index + 1);
    state.storesDistance = word === 'STOREDIST';
    return 1;
  }
  if (!isSearch) return SYNTAX_ERROR;
  if (word === 'FROMMEMBER' && more >= 1 && state.from !== 'point') {
    const point = memberPoint(state, argumentAt(args, index + 1));
    if (point instanceof ErrorReply) return point;
    state.center = point;
    state.from = 'member';
    return 1;
  }
  if (word === 'FROMLONLAT' && more >= 2 && state.from !== 'member') {
    const point = pointAt(args, index + 1);
    if (point instanceof ErrorReply) return point;
    state.center = point;
    state.from = 'point';
    return 2;
  }
  if (word === 'BYRADIUS' && more >= 2 && state.by !== 'box') {
    error = parseRadius(args, index + 1, state);
    return error ?? 2;
  }
  if (word === 'BYBOX' && more >= 3 && state.by !== 'radius') {
    error = parseBox(args, index + 1, state);
    return error ?? 3;
  }
  return SYNTAX_ERROR;
}

function conflictIn(args: readonly Bytes[], state: Search): ErrorReply | null {
  const isSearch = state.form === 'search' || state.form === 'search-store';
  const name = cString(argumentAt(args, 0));
  if (state.storeKey !== null && (state.withDistance || state.withHash || state.withCoordinates)) {
    const who = state.form === 'search-store' ? 'GEOSEARCHSTORE' : 'STORE option in GEORADIUS';
    return fail(`${who} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`);
  }
  if (isSearch && state.from === null)
    return fail(`exactly one of FROMMEMBER or FROMLONLAT can be specified for ${name}`);
  if (isSearch && state.by === null)
    return fail(`exactly one of BYRADIUS and BYBOX can be specified for ${name}`);
  return state.isAny && state.countMax === 0 ? fail('the ANY argument requires COUNT argument') : null;
}

function shapeOf({ center, by, radius, width, height }: Search): Shape {
  const middle = center ?? { longitude: 0, latitude: 0 };
  return by === 'box'
    ? { kind: 'box', center: middle, width, height }
    : { kind: 'circle', center: middle, radius };
}

/** In the order asked for, and no more than asked for: the nearest, unless any will do. */
function ordered(found: FoundMember[], state: Search): FoundMember[] {
  const isLimited = state.countMax > 0 && state.countMax < found.length;
  const returned = isLimited ? state.countMax : found.length;
  const order = state.order === 'none' && state.countMax > 0 && !state.isAny ? 'ascending' : state.order;
  const sign = order === 'descending' ? -1 : 1;
  const compare = (left: FoundMember, right: FoundMember): number =>
    sign * (left.distance > right.distance ? 1 : left.distance < right.distance ? -1 : 0);
  if (order !== 'none' && isLimited) sortPart(found, compare, 0, returned - 1);
  else if (order !== 'none') found.sort(compare);
  return found.slice(0, returned);
}

function memberReply({ member, score, point, distance }: FoundMember, state: Search): Reply {
  const details: Reply[] = [];
  if (state.withDistance) details.push(distanceText(distance / state.unitMeters));
  if (state.withHash) details.push(score);
  if (state.withCoordinates)
    details.push([coordinateReply(point.longitude), coordinateReply(point.latitude)]);
  return details.length === 0 ? member : [member, ...details];
}

function store(call: Call, key: string, found: readonly FoundMember[], state: Search): Reply {
  const set = new SortedSetValue();
  const limits = call.server.settings.encodings;
  for (const { member, score, distance } of found)
    set.set(member, state.storesDistance ? distance / state.unitMeters : score, limits);
  const event = state.form === 'search-store' ? 'geosearchstore' : 'georadiusstore';
  return storeSortedSet(call, key, set, event);
}

function storeNothing(call: Call, key: string): Reply {
  if (call.db.delete(key)) call.notify('generic', 'del', key);
  return 0;
}
