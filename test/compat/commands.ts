/** Decides which command sequences the compat suite tries: valid, odd and malformed ones. Knows no server. */
import fc from 'fast-check';

export type CommandArgs = readonly string[];

/** Stands for an expiry far away and unlike any other of its sequence, so that GT and LT do not hang on the clock. */
export const SOON = '{soon}';
export const SOON_MS = '{soon-ms}';

const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

export const keys = ['a', 'b', 'n', 'h', 'h2', '', utf8('ключ'), '\0\xff'];
const key = fc.constantFrom(...keys);
const field = fc.constantFrom('f', 'g', '', utf8('поле'), '\r\n');

const numbers = [
  '0',
  '1',
  '-1',
  '10',
  '-0',
  '+5',
  '01',
  ' 1',
  '1 ',
  '5000',
  '9223372036854775807',
  '-9223372036854775808',
  '9223372036854775808',
  '18446744073709551616',
  '99999999999999999999999',
  '4503599627370496',
  '9007199254740993',
];
const floats = [
  '1.5',
  '-0.1',
  '0.1',
  '3.0e3',
  '1e-7',
  '1e17',
  '1e400',
  '1e5000',
  '-1e-5000',
  '0x10',
  '0x1.8p3',
  'inf',
  '-inf',
  'nan',
  '.5',
  '5.',
  '.',
  'e5',
  '1e',
  '1.5 ',
  '0.00000000000000000001',
  '123456789.123456789123456789',
  '3.14159265358979323846',
];
const texts = ['', 'abc', 'x'.repeat(100), 'y'.repeat(3000), 'z'.repeat(20_000), '\0', '\xff\xfe', 'a\r\nb'];
const number = fc.constantFrom(...numbers);
const value = fc.oneof(fc.constantFrom(...texts, ...numbers, ...floats), fc.integer().map(String));
const float = fc.oneof(
  fc.constantFrom(...floats, ...numbers),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }).map(String),
);

/** Relative times are far away, absurd or past, never near: the two servers must not race the clock. */
const relative = (soon: string): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(soon) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '0',
        '-1',
        'x',
        '',
        '9223372036854775807',
        '-9223372036854775808',
        '9223372036854775',
      ),
    },
  );
const seconds = fc.constantFrom(
  '1',
  '-5',
  '33177117420',
  '4102444800',
  'x',
  '9223372036854775807',
  '9223372036854775',
);
const milliseconds = fc.constantFrom(
  '1',
  '-5',
  '33177117420000',
  '4102444800000',
  '9007199254740993',
  '9223372036854775807',
  '1.5',
);

const flags = fc.subarray(['NX', 'XX', 'GT', 'lt', 'zz'], { maxLength: 2 });
const expireOption = fc.oneof(
  fc.tuple(fc.constantFrom('EX', 'ex'), relative(SOON)),
  fc.tuple(fc.constant('PX'), relative(SOON_MS)),
  fc.tuple(fc.constant('EXAT'), seconds),
  fc.tuple(fc.constant('PXAT'), milliseconds),
  fc.constant(['KEEPTTL']),
);
const setOption = fc.oneof(expireOption, fc.constantFrom(['NX'], ['XX'], ['GET'], ['get'], ['EX'], ['foo']));
const setOptions = fc.oneof(
  { weight: 3, arbitrary: fc.constant<string[]>([]) },
  { weight: 4, arbitrary: fc.array(setOption, { maxLength: 3 }).map((options) => options.flat()) },
);

const word = (...words: string[]): fc.Arbitrary<string[]> => fc.constant(words);
const list = (item: fc.Arbitrary<string>, minLength = 1): fc.Arbitrary<string[]> =>
  fc.array(item, { minLength, maxLength: 4 });
const call = (name: string, ...rest: fc.Arbitrary<string | readonly string[]>[]): fc.Arbitrary<string[]> =>
  fc.tuple(...rest).map((parts) => [name, ...parts.flat()]);

const pattern = fc.constantFrom(
  '*',
  'a',
  '?',
  '[a-h]',
  '[^a]',
  'h*',
  '*2',
  '\\a',
  '[',
  '[]',
  'h[0-9]',
  '',
  '*****a',
  '[b-',
  '\\',
);
const hashPairs = fc
  .array(fc.tuple(field, value), { minLength: 1, maxLength: 3 })
  .map((pairs) => pairs.flat());
const database = fc.constantFrom('0', '1', '2', '15', '16', '-1', 'x', '01', '99999999999');

const strings = [
  call('GET', key),
  call('SET', key, value, setOptions),
  call('SET', key, value, setOptions),
  call('MGET', list(key)),
  call(
    'MSET',
    fc.array(fc.tuple(key, value), { minLength: 1, maxLength: 3 }).map((pairs) => pairs.flat()),
  ),
  call('INCR', key),
  call('DECR', key),
  call('INCRBY', key, number),
  call('DECRBY', key, number),
  call('INCRBYFLOAT', key, float),
];
const generic = [
  call('DEL', list(key)),
  call('UNLINK', list(key)),
  call('EXISTS', list(key)),
  call('TYPE', key),
  call('KEYS', pattern),
  call('SCAN', fc.constantFrom('0', '', '00', 'x', '99999999999999999999', '-1x'), word('COUNT', '100000')),
  call('SCAN', word('0', 'MATCH'), pattern, word('COUNT', '100000')),
  call('SCAN', word('0', 'COUNT', '100000', 'TYPE'), fc.constantFrom('string', 'HASH', 'zset', 'nope')),
  call(
    'SCAN',
    word('0'),
    fc.constantFrom(['COUNT'], ['COUNT', '0'], ['COUNT', 'x'], ['MATCH'], ['FOO', '1']),
  ),
  call('DBSIZE'),
  call('FLUSHDB', fc.constantFrom([], ['ASYNC'], ['sync'], ['foo'], ['ASYNC', 'SYNC'])),
];
const expiry = [
  call('EXPIRE', key, relative(SOON), flags),
  call('PEXPIRE', key, relative(SOON_MS), flags),
  call('EXPIREAT', key, seconds, flags),
  call('PEXPIREAT', key, milliseconds, flags),
  call('TTL', key),
  call('PTTL', key),
  call('EXPIRETIME', key),
  call('PEXPIRETIME', key),
  call('PERSIST', key),
];
const hashes = [
  call('HSET', key, hashPairs),
  call('HSET', fc.constantFrom('h', 'h2'), hashPairs),
  call('HSETNX', key, field, value),
  call('HGET', key, field),
  call('HMGET', key, list(field)),
  call('HGETALL', key),
  call('HDEL', key, list(field)),
  call('HLEN', key),
];
const transactions = [
  call('MULTI'),
  call('MULTI'),
  call('EXEC'),
  call('EXEC'),
  call('DISCARD'),
  call('WATCH', list(key)),
  call('UNWATCH'),
];
const connection = [
  call('PING', fc.constantFrom([], ['hi'], ['a', 'b'])),
  call('ECHO', value),
  call('SELECT', database),
  call(
    'HELLO',
    fc.constantFrom(
      [],
      ['2'],
      ['3'],
      ['4'],
      ['x'],
      ['3', 'SETNAME', 'me'],
      ['3', 'SETNAME', 'a b'],
      ['2', 'AUTH', 'default', 'x'],
      ['3', 'AUTH', 'bob', 'x'],
      ['3', 'AUTH', 'x'],
      ['3', 'foo'],
    ),
  ),
  call('AUTH', fc.constantFrom(['x'], ['default', 'x'], ['bob', 'x'], ['a', 'b', 'c'])),
  call('RESET'),
  call(
    'CLIENT',
    fc.constantFrom(
      ['GETNAME'],
      ['SETNAME', 'me'],
      ['SETNAME', ''],
      ['SETNAME', 'a b'],
      ['ID', 'x'],
      ['nope'],
      ['getname', 'x'],
      [],
    ),
  ),
  call(
    'CLIENT',
    word('KILL'),
    fc.constantFrom(
      ['1.2.3.4:5'],
      ['ID', '0'],
      ['ID', 'x'],
      ['ID', '99999999'],
      ['TYPE', 'nope'],
      ['TYPE', 'replica'],
      ['USER', 'bob'],
      ['ADDR', 'x', 'SKIPME', 'maybe'],
      ['FOO', 'x'],
      ['ID'],
      ['LADDR', 'x', 'SKIPME', 'yes'],
      ['ID', '1', 'ADDR'],
    ),
  ),
  call(
    'CLIENT',
    word('LIST'),
    fc.constantFrom(
      ['TYPE', 'nope'],
      ['TYPE', 'master'],
      ['ID'],
      ['ID', 'x'],
      ['foo', 'bar'],
      ['ID', '99999999'],
    ),
  ),
  call(
    'CONFIG',
    fc.constantFrom(
      ['GET', 'maxmemory'],
      ['GET', 'MAXMEMORY-pol*'],
      ['GET', 'nope'],
      ['GET', 'databases', 'save'],
      ['GET'],
      ['SET', 'nope', '1'],
      ['SET', 'maxmemory'],
      ['SET', 'databases', '3'],
      ['SET', 'maxmemory-policy', 'nope'],
      ['SET', 'maxmemory', 'x'],
      ['SET', 'dir', '/tmp', 'nope', '1'],
      ['SET', 'maxmemory-samples', '5', 'maxmemory-samples', '6'],
      ['nope'],
    ),
  ),
  call(
    'COMMAND',
    fc.constantFrom(
      ['GETKEYS', 'set', 'a', 'b'],
      ['GETKEYS', 'mset', 'a', 'b', 'c', 'd'],
      ['GETKEYS', 'nope', 'a', 'b'],
      ['GETKEYS', 'ping', 'a'],
      ['GETKEYS', 'get', 'a', 'b'],
      ['GETKEYSANDFLAGS', 'mset', 'a', 'b'],
      ['GETKEYSANDFLAGS', 'del', 'a', 'b', 'c'],
      ['INFO', 'nope'],
      ['INFO', 'get', 'nope'],
      ['LIST', 'FILTERBY', 'foo', 'bar'],
      ['COUNT', 'x'],
      ['nope'],
    ),
  ),
  call('SHUTDOWN', fc.constantFrom(['ABORT'], ['foo'], ['SAVE', 'NOSAVE'], ['ABORT', 'NOW'])),
];

const valid = fc.oneof(
  { weight: 30, arbitrary: fc.oneof(...strings) },
  { weight: 20, arbitrary: fc.oneof(...generic) },
  { weight: 25, arbitrary: fc.oneof(...expiry) },
  { weight: 25, arbitrary: fc.oneof(...hashes) },
  { weight: 12, arbitrary: fc.oneof(...transactions) },
  { weight: 12, arbitrary: fc.oneof(...connection) },
  { weight: 1, arbitrary: call('FLUSHALL') },
);

/** A valid command with an argument dropped, doubled or replaced, or another name. */
const odd = fc
  .tuple(valid, fc.nat(), fc.constantFrom('drop', 'double', 'replace', 'case', 'rename'), value)
  .map(([args, seed, change, other]) => {
    // The name alone may be lacking nothing: an empty request is another matter.
    const at = args.length > 1 ? 1 + (seed % (args.length - 1)) : 0;
    const copy = [...args];
    if (change === 'drop' && at > 0) copy.splice(at, 1);
    else if (change === 'double') copy.push(copy[at] ?? '');
    else if (change === 'replace' && at > 0 && !isDangerous(copy)) copy[at] = other;
    else if (change === 'case') copy[0] = (copy[0] ?? '').toLowerCase();
    else if (change === 'rename')
      copy[0] = ['foo', 'getx', '', 'a b', 'x\r\ny', 'q'.repeat(200)][seed % 6] ?? '';
    return isDangerous(copy) ? args : copy;
  });

/** What would end a server, touch its host, or race the clock once an argument is changed. */
function isDangerous(args: readonly string[]): boolean {
  const name = args[0]?.toUpperCase() ?? '';
  return (
    ['SHUTDOWN', 'CONFIG', 'CLIENT', 'COMMAND', 'SCAN', 'EXPIRE', 'PEXPIRE'].includes(name) ||
    args.some((arg) => [SOON, SOON_MS, 'EX', 'PX', 'ex'].includes(arg))
  );
}

const raw = fc.array(fc.oneof({ weight: 5, arbitrary: valid }, { weight: 1, arbitrary: odd }), {
  minLength: 1,
  maxLength: 40,
});

export const sequences: fc.Arbitrary<CommandArgs[]> = raw.map((commands) =>
  commands.map((args, index) =>
    args.map((arg) =>
      arg === SOON
        ? String(10_000 + index * 100)
        : arg === SOON_MS
          ? String((20_000 + index * 100) * 1000)
          : arg,
    ),
  ),
);
