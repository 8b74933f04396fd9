/** The keyspace events that commands tell are those of a real redis-server, and so are the keys they are found to have. */
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
  lists: [
    'RPUSH l a b c',
    'LPUSH l z',
    'LPUSHX l z',
    'RPUSHX none z',
    'LSET l 0 y',
    'LINSERT l BEFORE a x',
    'LINSERT l AFTER nope x',
    'LREM l 0 x',
    'LREM l 0 nope',
    'LTRIM l 0 2',
    'LPOP l',
    'RPOP l 5',
    'RPUSH l 1 2 3',
    'LMOVE l m LEFT RIGHT',
    'LMOVE l l LEFT RIGHT',
    'RPOPLPUSH l m',
    'LMPOP 2 l m LEFT COUNT 5',
    'LTRIM m 5 6',
    'RPUSH m 1 1',
    'LREM m 0 1',
    'RPUSH m 1 2',
    'BLPOP m 0',
    'BRPOP m 0',
    'RPUSH m 1',
    'BLMOVE m n LEFT LEFT 0',
    'BLMPOP 0 1 n LEFT',
  ],
  sets: [
    'SADD s a b c',
    'SADD s a',
    'SREM s a',
    'SREM s nope',
    'SMOVE s t b',
    'SMOVE s t nope',
    'SMOVE s t c',
    'DEL s',
    'SADD s 1',
    'SPOP s',
    'SADD s 1 2 3',
    'SPOP s 5',
    'SADD s a b',
    'SINTERSTORE u s s',
    'SUNIONSTORE u s t',
    'SDIFFSTORE u s s',
    'SDIFFSTORE u s s',
    'SINTERSTORE t s none',
  ],
  'sorted sets': [
    'ZADD z 1 a 2 b',
    'ZADD z 1 a',
    'ZADD z CH 3 a',
    'ZADD z XX 1 nope',
    'ZADD z INCR 1 a',
    'ZINCRBY z 1 a',
    'ZINCRBY z 0 a',
    'ZREM z nope',
    'ZADD z 1 c 2 d 3 e 4 f 5 g',
    'ZREM z c',
    'ZREMRANGEBYRANK z 0 0',
    'ZREMRANGEBYRANK z 50 60',
    'ZREMRANGEBYSCORE z 3 3',
    'ZADD l 0 a 0 b 0 c',
    'ZREMRANGEBYLEX l [a [a',
    'ZRANGESTORE m l 0 -1',
    'ZRANGESTORE m l 5 6',
    'ZUNIONSTORE m 2 z l',
    'ZINTERSTORE n 2 z l',
    'ZDIFFSTORE n 1 z',
    'ZPOPMIN n',
    'ZPOPMAX n 50',
    'ZMPOP 1 l MIN',
    'BZPOPMIN l 0',
    'ZADD l 0 a 0 b',
    'BZPOPMAX l 0',
    'BZMPOP 0 1 l MIN',
  ],
  hashes: [
    'HSET h f v g w',
    'HSET h f v',
    'HSETNX h f v',
    'HSETNX h n 1',
    'HMSET h a 1 b 2',
    'HINCRBY h n 5',
    'HINCRBYFLOAT h n 0.5',
    'HINCRBY h f 1',
    'HDEL h nope',
    'HDEL h f',
    'HDEL h g n a b',
    'HDEL h f',
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
  'LMPOP 2 a b LEFT',
  'BLMPOP 0 2 a b LEFT COUNT 3',
  'LMOVE a b LEFT RIGHT',
  'BRPOPLPUSH a b 0',
  'BLPOP a b 0',
  'SINTERCARD 2 a b LIMIT 1',
  'SINTERCARD 3 a b',
  'SMOVE a b m',
  'SINTERSTORE d a b',
  'ZUNION 2 a b WEIGHTS 1 2',
  'ZUNIONSTORE d 2 a b AGGREGATE MIN',
  'ZINTERSTORE d x a b',
  'ZINTERCARD 0 a',
  'ZDIFF 1 a WITHSCORES',
  'ZRANGESTORE d a 0 1',
  'ZMPOP 2 a b MIN',
  'BZMPOP 0 1 a MAX',
  'BZPOPMIN a b 0',
  'HRANDFIELD a 1',
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
