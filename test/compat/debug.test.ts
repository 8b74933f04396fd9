/** DEBUG answers what a real redis-server answers; its digests of equal data are equal. */
import { afterAll, expect, it } from 'vitest';
import { createServer } from '../../src/server/index.js';
import { approvedNow } from '../persistence/approved.js';
import { sharedFolder } from '../persistence/support.js';
import { describeWithRedis, redisServer } from '../support/servers.js';
import { debugArgs, serverPair, withDebug } from './pair.js';
import { converseInCommands } from './wire.js';

describeWithRedis('DEBUG', () => {
  const { endpoint, real } = serverPair(withDebug);

  async function expectSame(...lines: string[]): Promise<void> {
    const commands = lines.map((line) => line.split(' '));
    const [ours, theirs] = await Promise.all([
      converseInCommands(endpoint, commands),
      converseInCommands(real, commands),
    ]);
    expect(ours).toEqual(theirs);
  }

  it.each(['2', '3'])('PROTOCOL shows every type in RESP%s', async (version) => {
    const types = 'string integer double bignum null array set map verbatim true false nope'.split(' ');
    const commands = [['HELLO', version], ...types.map((type) => ['DEBUG', 'PROTOCOL', type])];
    const [ours, theirs] = await Promise.all([
      converseInCommands(endpoint, commands),
      converseInCommands(real, commands),
    ]);
    expect(ours.slice(1)).toEqual(theirs.slice(1));
  });

  it('DIGEST and DIGEST-VALUE of the same data are the same', async () => {
    await expectSame(
      'FLUSHALL',
      'DEBUG DIGEST',
      'SET s value',
      'SET n 12345678901234567890',
      'SET e x EX 10000',
      'HSET h a 1 b 2 c three',
      'RPUSH l a b 3 c',
      'SADD i 3 1 2',
      'SADD u a b c',
      'ZADD z 1 a 1.5 b 1e300 c 0.1 d -inf e 1e-7 f 123456789.123 g',
      'XADD x 1-1 f v g w',
      'XADD x 2-0 f v',
      'PFADD p a b c',
      'SETBIT bits 100 1',
      'SELECT 3',
      'SET other 1',
      'DEBUG DIGEST-VALUE other nothing',
      'SELECT 0',
      'DEBUG DIGEST-VALUE s n e h l i u z x',
      'DEBUG DIGEST',
      'FLUSHALL',
    );
  });

  it('DIGEST is neither a hit nor a use of a key', async () => {
    const info = ['INFO', 'stats'];
    for (const side of [endpoint, real]) {
      const [, , , [, dump] = [], ...rest] = await converseInCommands(side, [
        ['FLUSHALL'],
        ['CONFIG', 'RESETSTAT'],
        ['RPUSH', 'l', 'a', 'b'],
        ['DUMP', 'l'],
        info,
      ]);
      const hitsOf = (reply: unknown): string | undefined => /keyspace_hits:(\d+)/.exec(String(reply))?.[1];
      const replies = await converseInCommands(side, [
        ['RESTORE', 'old', '0', String(dump), 'IDLETIME', '1000'],
        ['DEBUG', 'DIGEST'],
        ['DEBUG', 'DIGEST-VALUE', 'old', 'l'],
        info,
        ['OBJECT', 'IDLETIME', 'old'],
        ['FLUSHALL'],
      ]);
      expect(hitsOf(rest[0]?.[1])).toMatch(/^\d+$/);
      expect(hitsOf(replies[3]?.[1])).toBe(hitsOf(rest[0]?.[1]));
      expect(Number(replies[4]?.[1])).toBeGreaterThanOrEqual(1000);
    }
  });

  it('POPULATE, ERROR, SLEEP and the others answer the same', async () => {
    await expectSame(
      'DEBUG POPULATE 5',
      'DEBUG POPULATE 3 p 20',
      'DEBUG POPULATE -1',
      'DEBUG POPULATE x',
      'DEBUG POPULATE',
      'DEBUG POPULATE 1 2 3 4',
      'GET key:4',
      'GET p:2',
      'DBSIZE',
      'DEBUG ERROR CODE-of-mine',
      'DEBUG SLEEP 0',
      'DEBUG SLEEP',
      'DEBUG SET-ACTIVE-EXPIRE 0',
      'DEBUG SET-ACTIVE-EXPIRE 1',
      'DEBUG LOG hello',
      'DEBUG OBJECT nothing',
      'DEBUG JMAP',
      'DEBUG',
      'FLUSHALL',
    );
  });

  it('is off unless asked for, and a call of this process may always use it', async () => {
    const server = createServer();
    const { port = 0 } = await server.listen({ port: 0 });
    const plain = await redisServer();
    try {
      const command = [['DEBUG', 'DIGEST'], ['DEBUG']];
      const [ours, theirs] = await Promise.all([
        converseInCommands({ host: '127.0.0.1', port }, command),
        converseInCommands(plain, command),
      ]);
      expect(ours).toEqual(theirs);
      expect(server.execute('DEBUG', 'DIGEST')).toBe('0'.repeat(40));
    } finally {
      await server.close();
      await plain.stop();
    }
  });
});

describeWithRedis('DEBUG RELOAD and DEBUG LOADAOF', () => {
  const dir = sharedFolder();
  // Hooks run from the last to the first: the server has been closed by then.
  afterAll(() => approvedNow(dir));
  const { endpoint, real } = serverPair({
    config: { ...withDebug.config, persistence: { dir, aof: {} } },
    args: [...debugArgs, '--appendonly', 'yes', '--save', ''],
  });

  async function expectSame(...lines: string[]): Promise<void> {
    const commands = lines.map((line) => line.split(' '));
    const [ours, theirs] = await Promise.all([
      converseInCommands(endpoint, commands),
      converseInCommands(real, commands),
    ]);
    expect(ours).toEqual(theirs);
  }

  const every = [
    'SET s value',
    'SET n 42',
    'SET e x PXAT 4102444800000',
    'HSET h a 1 b 2',
    'RPUSH l a b 3',
    'SADD i 3 1 2',
    'SADD u a b c',
    'ZADD z 1 a 2.5 b -inf c',
    'XADD x 1-1 f v',
    'XADD x 2-0 f v',
    'XGROUP CREATE x g 0',
    'XREADGROUP GROUP g ann COUNT 1 STREAMS x >',
    'PFADD p a b c',
    'SELECT 3',
    'SET other 1',
    'SELECT 0',
  ];

  it('both answer the same, and the data is the same, with every set of options', async () => {
    await expectSame(
      'FLUSHALL',
      'DEBUG RELOAD',
      'DBSIZE',
      ...every,
      'DEBUG RELOAD',
      'DEBUG DIGEST',
      'XPENDING x g',
      'SET s later',
      'SET own 1',
      'DEBUG RELOAD NOSAVE NOFLUSH MERGE',
      'GET s',
      'GET own',
      'DEBUG DIGEST',
      'debug reload nosave merge',
      'GET own',
      'DEBUG DIGEST',
      'DEBUG RELOAD MERGE MERGE',
      'DEBUG DIGEST',
      'SET gone 1',
      'DEBUG RELOAD NOSAVE',
      'GET gone',
      'DEBUG DIGEST',
      'PEXPIRETIME e',
      'DEBUG RELOAD NOTHING',
      'DEBUG RELOAD MERGE NO',
      'DEBUG DIGEST',
    );
  });

  it('LOADAOF brings back what was written of every change, also what RELOAD made of it', async () => {
    await expectSame(
      'FLUSHALL',
      ...every,
      'DEBUG LOADAOF',
      'DEBUG DIGEST',
      'APPEND s more',
      'DEL l',
      'DEBUG RELOAD',
      'SET e y PXAT 4102444800001',
      'DEBUG LOADAOF and more',
      'GET s',
      'EXISTS l',
      'DEBUG DIGEST',
      'MULTI',
      'DEBUG RELOAD',
      'GET s',
      'DEBUG LOADAOF',
      'GET s',
      'EXEC',
    );
  });

  it('what is watched is seen to change, also where a key of the same name comes back', async () => {
    await expectSame(
      'FLUSHALL',
      'SET w 1',
      'WATCH w',
      'DEBUG RELOAD',
      'MULTI',
      'GET w',
      'EXEC',
      'WATCH w',
      'DEBUG LOADAOF',
      'MULTI',
      'GET w',
      'EXEC',
    );
  });

  it('HELP tells of both in the words of redis-server', async () => {
    const [ours, theirs] = await Promise.all(
      [endpoint, real].map((side) => converseInCommands(side, [['DEBUG', 'HELP']])),
    );
    const linesOf = (reply: unknown): string[] => JSON.stringify(reply).split(/[",]+/);
    for (const line of [
      'RELOAD [option ...]',
      'LOADAOF',
      '    Flush the AOF buffers on disk and reload the AOF in memory.',
    ]) {
      expect(linesOf(ours)).toContain(line);
      expect(linesOf(theirs)).toContain(line);
    }
  });
});
