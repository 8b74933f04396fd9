/** DEBUG answers what a real redis-server answers; its digests of equal data are equal. */
import { expect, it } from 'vitest';
import { createServer } from '../../src/server/index.js';
import { describeWithRedis, redisServer } from '../support/servers.js';
import { serverPair, withDebug } from './pair.js';
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
