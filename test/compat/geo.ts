/** Decides which sequences of geo commands the compat suite tries. Knows no server. */
import fc from 'fast-check';
import type { CommandArgs } from './commands.js';
import { call, type GeneratedGroup, list, sometimes, withOddities, word } from './generated.js';
import type { Tree } from './wire.js';

const keys = ['g', 'o', 'd', 'l'];
const key = fc.constantFrom('g', 'g', 'g', 'o', 'd', 'l');
const member = fc.oneof(
  fc.constantFrom('Palermo', 'Catania', 'pole', 'edge'),
  fc.nat(25).map((index) => `m${index}`),
);
const near = (middle: number, reach: number): fc.Arbitrary<string> =>
  fc.double({ min: middle - reach, max: middle + reach, noNaN: true }).map((value) => value.toFixed(6));
const point = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(near(13, 3), near(38, 3)) },
  { weight: 3, arbitrary: fc.tuple(near(0, 180), near(0, 85)) },
  { weight: 2, arbitrary: fc.tuple(near(179.9, 0.1), near(70, 10)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(['13.361389', '38.115556'], ['180', '85.05112878'], ['-180', '-85.05112878']),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ['0', '0'],
      ['181', '0'],
      ['0', '86'],
      ['x', '0'],
      ['0', 'nan'],
      ['1e400', '0'],
    ),
  },
);
const length = fc.oneof(
  fc.constantFrom('0', '1', '10', '200', '5000', '-1', 'x', '0.5', '20000'),
  fc.integer({ min: 1, max: 500 }).map(String),
);
const unit = fc.constantFrom('m', 'km', 'km', 'KM', 'ft', 'mi', 'foo');
const places = fc
  .array(fc.tuple(point, member), { minLength: 1, maxLength: 5 })
  .map((all) => all.flatMap(([[longitude = '', latitude = ''], name]) => [longitude, latitude, name]));
const count = fc.constantFrom(
  ['COUNT', '1'],
  ['COUNT', '3'],
  ['COUNT', '2', 'ANY'],
  ['COUNT', '0'],
  ['COUNT', 'x'],
  ['ANY'],
);
const options = fc
  .array(
    fc.oneof(fc.constantFrom(['WITHDIST'], ['withhash'], ['WITHCOORD'], ['ASC'], ['DESC'], ['foo']), count),
    { maxLength: 3 },
  )
  .map((all) => all.flat());
const storing = fc.oneof(fc.constantFrom<string[]>([], ['ASC'], ['DESC']), count);
const from = fc.oneof(
  member.map((name) => ['FROMMEMBER', name]),
  point.map((pair) => ['FROMLONLAT', ...pair]),
);
const by = fc.oneof(
  fc.tuple(length, unit).map((parts) => ['BYRADIUS', ...parts]),
  fc.tuple(length, length, unit).map((parts) => ['BYBOX', ...parts]),
);

const commands = fc.oneof(
  call('GEOADD', key, sometimes(['NX'], ['XX'], ['CH'], ['XX', 'CH'], ['NX', 'XX']), places),
  call('GEOADD', key, places),
  call('GEOADD', key, places),
  call('ZADD', key, fc.constantFrom('-1', '1.5', '1e15', '4503599627370496', '1e18', '-1e15'), member),
  call('GEODIST', key, member, member, sometimes(['km'], ['FT'], ['mi'], ['foo'], ['m', 'x'])),
  call('GEOHASH', key, list(member, 0)),
  call('GEOPOS', key, list(member, 0)),
  call('GEOSEARCH', key, from, by, options),
  call('GEOSEARCH', key, from, by, options),
  call(
    'GEOSEARCH',
    key,
    fc.array(fc.oneof(from, by), { maxLength: 3 }).map((all) => all.flat()),
  ),
  call('GEOSEARCHSTORE', fc.constantFrom('d', 'l'), key, from, by, storing, sometimes(['STOREDIST'])),
  call('GEORADIUS', key, point, length, unit, options, sometimes(['STORE', 'd'], ['STOREDIST', 'd'])),
  call('GEORADIUS_RO', key, point, length, unit, options, sometimes(['STORE', 'd'])),
  call(
    'GEORADIUSBYMEMBER',
    key,
    member,
    length,
    unit,
    options,
    sometimes(['STORE', 'd'], ['STOREDIST', 'o']),
  ),
  call('GEORADIUSBYMEMBER_RO', key, member, length, unit, options),
  call('SET', word('l', 'v')),
  call('DEL', key),
);

export const geo: GeneratedGroup = {
  name: 'places on the earth',
  runs: 250,
  longest: 40,
  commands: withOddities(commands),
  finalState: keys.flatMap((name): CommandArgs[] => [
    ['TYPE', name],
    ['ZRANGE', name, '0', '-1', 'WITHSCORES'],
    ['OBJECT', 'ENCODING', name],
  ]),
  comparable: (args, mine, real) =>
    args[0] === 'ZRANGE' ? { mine: toFourteenDigits(mine), real: toFourteenDigits(real) } : { mine, real },
};

/** Stored distances: V8's sines and the C library's differ in the last bit of a double now and then. */
function toFourteenDigits([mark, content]: Tree): Tree {
  if (content === null) return [mark, content];
  if (typeof content !== 'string') return [mark, content.map(toFourteenDigits)];
  return [mark, /^\d+\.\d{8,}$/.test(content) ? Number(content).toPrecision(14) : content];
}
