/** The keyspace events that commands on strings, keys, streams and places tell are those of a real redis-server. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createServer, type EmbeddedServer } from '../../src/server/index.js';
import { describeWithRedis, type RedisServer, redisServer } from '../support/servers.js';
import { dialogue, type Step } from './dialogue.js';
import { converseInCommands, type Endpoint } from './wire.js';

const told: Record<string, string[]> = {
  strings: [
    'APPEND s 1',
    'SETRANGE s 3 x',
    'SETRANGE s 3 ',
    'GETSET s v',
    'GETEX s EX 1000',
    'GETEX s PERSIST',
    'GETEX s PERSIST',
    'GETEX s EXAT 1',
    'SETEX s 1000 v',
    'PSETEX s 1000000 v',
    'SETNX s v',
    'SETNX t v',
    'MSETNX u 1 v 2',
    'MSETNX u 1 w 2',
    'GETDEL u',
    'GETDEL u',
  ],
  bitmaps: [
    'SETBIT b 7 1',
    'SETBIT b 7 1',
    'BITFIELD b SET u8 0 5 GET u8 0',
    'BITFIELD b SET u8 0 5',
    'BITFIELD b OVERFLOW FAIL INCRBY u8 100 300',
    'BITOP OR c b b',
    'BITOP OR c none none',
    'PFADD h a',
    'PFADD h a',
    'PFMERGE i h',
    'PFCOUNT i',
  ],
  keys: [
    'SET a v',
    'COPY a b',
    'COPY a b',
    'COPY a b DB 1',
    'RENAME a c',
    'RENAMENX c d',
    'MOVE d 1',
    'RPUSH l 3 1 2',
    'SORT l STORE m',
    'SORT none STORE m',
    'SWAPDB 0 1',
    'TOUCH l',
  ],
  streams: [
    'XADD x 1-1 f v',
    'XADD x MAXLEN 1 2-1 f v',
    'XADD x MAXLEN 10 3-1 f v',
    'XADD none NOMKSTREAM 1-1 f v',
    'XTRIM x MAXLEN 1',
    'XTRIM x MAXLEN 1',
    'XDEL x 3-1',
    'XDEL x 3-1',
    'XSETID x 9-0',
    'XGROUP CREATE x g 0',
    'XGROUP CREATE y g 0 MKSTREAM',
    'XGROUP SETID x g 0',
    'XGROUP CREATECONSUMER x g a',
    'XGROUP CREATECONSUMER x g a',
    'XADD x 10-1 f v',
    'XREADGROUP GROUP g b STREAMS x >',
    'XCLAIM x g c 0 10-1',
    'XAUTOCLAIM x g d 0 0',
    'XACK x g 10-1',
    'XGROUP DELCONSUMER x g a',
    'XGROUP DESTROY x g',
    'XGROUP DESTROY x g',
  ],
  places: [
    'GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania',
    'GEOADD g NX 13.361389 38.115556 Palermo',
    'GEOSEARCHSTORE d g FROMMEMBER Palermo BYRADIUS 200 km',
    'GEORADIUS g 15 37 200 km STORE e',
    'GEORADIUS g 0 0 1 km STORE e',
    'GEOSEARCHSTORE d none FROMMEMBER Palermo BYRADIUS 200 km',
  ],
};

/** What each says of its keys. */
const keyed = [
  'BITFIELD k GET u8 0',
  'BITFIELD k GET u8 0 OVERFLOW WRAP SET u8 0 1',
  'BITFIELD k',
  'BITFIELD k foo',
  'BITFIELD_RO k GET u8 0',
  'BITOP AND d a b',
  'LCS a b IDX',
  'PFCOUNT a b',
  'PFMERGE a b c',
  'PFDEBUG ENCODING a',
  'COPY a b DB 1',
  'RENAME a b',
  'MSETNX a 1 b 2',
  'OBJECT ENCODING a',
  'RESTORE a 0 x',
  'SORT a BY x GET y STORE b',
  'SORT a BY store GET get STORE b LIMIT store 2 STORE c',
  'SORT_RO a BY b',
  'XADD a * f v',
  'XREAD COUNT 1 STREAMS a b 0 0',
  'XREAD STREAMS a b 0',
  'XREADGROUP GROUP g c STREAMS a b > >',
  'XREADGROUP GROUP streams c STREAMS a >',
  'XGROUP CREATE a g 0',
  'XINFO STREAM a',
  'GEORADIUS a 1 1 1 m STORE b STOREDIST c',
  'GEORADIUS_RO a 1 1 1 m',
  'GEORADIUSBYMEMBER a m 1 m STORE b',
  'GEOSEARCHSTORE a b FROMMEMBER m BYRADIUS 1 m',
];

describeWithRedis('keys', () => {
  let mine: EmbeddedServer;
  let real: RedisServer;
  let endpoint: Endpoint;

  beforeAll(async () => {
    mine = createServer();
    const { port = 0 } = await mine.listen({ port: 0 });
    endpoint = { host: '127.0.0.1', port };
    real = await redisServer();
  });

  afterAll(async () => {
    await mine.close();
    await real.stop();
  });

  it.each(Object.entries(told))('tell their events: %s', async (_group, lines) => {
    const steps: Step[] = [
      { client: 0, command: ['FLUSHALL'] },
      { client: 0, command: ['CONFIG', 'SET', 'notify-keyspace-events', 'KEA'] },
      { client: 1, command: ['PSUBSCRIBE', '__key*__:*'] },
      ...lines.map((line) => ({ client: 0, command: line.split(' ') })),
    ];
    const ours = await dialogue(endpoint, 2, steps);
    expect(ours).toEqual(await dialogue(real, 2, steps));
    expect(ours[1]?.length).toBeGreaterThan(10);
  });

  it('are found in the arguments', async () => {
    const commands = keyed.map((line) => ['COMMAND', 'GETKEYSANDFLAGS', ...line.split(' ')]);
    const [ours, theirs] = await Promise.all([
      converseInCommands(endpoint, commands),
      converseInCommands(real, commands),
    ]);
    keyed.forEach((line, index) =>
      expect({ line, keys: ours[index] }).toEqual({ line, keys: theirs[index] }),
    );
  });
});
