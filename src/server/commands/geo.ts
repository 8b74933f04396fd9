/** Decides the geo commands on single members: sorted sets whose scores are places on the earth. */
import { argumentAt, keyAt, SYNTAX_ERROR, wordAt } from '../call.js';
import { Call, type CommandDeclaration } from '../command.js';
import { argument, block, keyArgument, multiple, oneOf, optional, token } from '../command-arguments.js';
import { coordinateReply, distanceText, pointAt, unitOf } from '../geo-arguments.js';
import { distanceBetween } from '../geo-search.js';
import { geohashText, pointOfScore, scoreOf } from '../geohash.js';
import { oneKey } from '../key-specs.js';
import { ErrorReply, NULL_ARRAY, type Reply } from '../resp/reply.js';
import { sortedSetToRead } from '../sorted-set-operations.js';

export const geoCommands: readonly CommandDeclaration[] = [
  {
    name: 'geoadd',
    arity: -5,
    flags: ['write', 'denyoom'],
    categories: ['geo'],
    keys: oneKey(['RW', 'update']),
    summary: 'Add one or more geospatial items in the geospatial index represented using a sorted set',
    since: '3.2.0',
    group: 'geo',
    complexity: 'O(log(N)) for each item added, where N is the number of elements in the sorted set.',
    arguments: [
      keyArgument(),
      oneOf('condition', [token('NX'), token('XX')], { since: '6.2.0', ...optional }),
      argument('change', 'pure-token', { token: 'CH', since: '6.2.0', ...optional }),
      block(
        'longitude_latitude_member',
        [argument('longitude', 'double'), argument('latitude', 'double'), argument('member', 'string')],
        multiple,
      ),
    ],
    run: geoadd,
  },
  {
    name: 'geodist',
    arity: -4,
    flags: ['readonly'],
    categories: ['geo'],
    keys: oneKey(['RO', 'access']),
    summary: 'Returns the distance between two members of a geospatial index',
    since: '3.2.0',
    group: 'geo',
    complexity: 'O(log(N))',
    arguments: [
      keyArgument(),
      argument('member1', 'string'),
      argument('member2', 'string'),
      oneOf('unit', [token('M'), token('KM'), token('FT'), token('MI')], optional),
    ],
    run: geodist,
  },
  {
    name: 'geohash',
    arity: -2,
    flags: ['readonly'],
    categories: ['geo'],
    keys: oneKey(['RO', 'access']),
    summary: 'Returns members of a geospatial index as standard geohash strings',
    since: '3.2.0',
    group: 'geo',
    complexity: 'O(log(N)) for each member requested, where N is the number of elements in the sorted set.',
    arguments: [keyArgument(), argument('member', 'string', multiple)],
    run: geohash,
  },
  {
    name: 'geopos',
    arity: -2,
    flags: ['readonly'],
    categories: ['geo'],
    keys: oneKey(['RO', 'access']),
    summary: 'Returns longitude and latitude of members of a geospatial index',
    since: '3.2.0',
    group: 'geo',
    complexity: 'O(N) where N is the number of members requested.',
    arguments: [keyArgument(), argument('member', 'string', multiple)],
    run: geopos,
  },
];

const addOptions: readonly string[] = ['NX', 'XX', 'CH'];

/** Becomes a ZADD. */
function geoadd(call: Call): Reply {
  const { args, db, client, server } = call;
  let first = 2;
  while (first < args.length && addOptions.includes(wordAt(args, first))) first++;
  const options = args.slice(2, first);
  const words = options.map((_, index) => wordAt(options, index));
  if ((args.length - first) % 3 !== 0 || (words.includes('NX') && words.includes('XX'))) return SYNTAX_ERROR;
  const zadd = ['ZADD', argumentAt(args, 1), ...options];
  for (let index = first; index < args.length; index += 3) {
    const point = pointAt(args, index);
    if (point instanceof ErrorReply) return point;
    zadd.push(String(scoreOf(point)), argumentAt(args, index + 2));
  }
  const { run } = server.commands.find('zadd') ?? {};
  return run === undefined ? SYNTAX_ERROR : run(new Call(zadd, db, client, server));
}

function geodist(call: Call): Reply {
  const { args } = call;
  const unitMeters = args.length === 5 ? unitOf(argumentAt(args, 4)) : 1;
  if (unitMeters instanceof ErrorReply) return unitMeters;
  if (args.length > 5) return SYNTAX_ERROR;
  const set = sortedSetToRead(call, keyAt(args, 1));
  if (set instanceof ErrorReply) return set;
  const [from, to] = [set?.scoreOf(keyAt(args, 2)), set?.scoreOf(keyAt(args, 3))];
  if (from === undefined || to === undefined) return null;
  return distanceText(distanceBetween(pointOfScore(from), pointOfScore(to)) / unitMeters);
}

function forEachMember(call: Call, reply: (score: number | undefined) => Reply): Reply {
  const { args } = call;
  const set = sortedSetToRead(call, keyAt(args, 1));
  if (set instanceof ErrorReply) return set;
  return args.slice(2).map((_, index) => reply(set?.scoreOf(keyAt(args, index + 2))));
}

function geohash(call: Call): Reply {
  return forEachMember(call, (score) => (score === undefined ? null : geohashText(score)));
}

function geopos(call: Call): Reply {
  return forEachMember(call, (score) => {
    if (score === undefined) return NULL_ARRAY;
    const { longitude, latitude } = pointOfScore(score);
    return [coordinateReply(longitude), coordinateReply(latitude)];
  });
}
