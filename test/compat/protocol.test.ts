/** Bytes that are not, or not quite, the protocol are answered as a real redis-server answers them. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createServer, type EmbeddedServer } from '../../src/server/index.js';
import { describeWithRedis, type RedisServer, redisServer } from '../support/servers.js';
import { converse, type Endpoint, encode } from './wire.js';

const RUNS = Number(process.env['LOOKASIDE_COMPAT_RUNS'] ?? 600);

const good = fc.constantFrom(
  encode(['PING']),
  encode(['ECHO', 'a\r\nb']),
  encode(['SET', 'k', 'x'.repeat(70_000)]),
  encode(['GET', 'k']),
  encode(['CLIENT', 'REPLY', 'SKIP']),
  encode(['CLIENT', 'REPLY', 'OFF']),
  encode(['CLIENT', 'REPLY', 'ON']),
  encode(['CLIENT', 'REPLY', 'nope']),
  encode(['QUIT']),
  encode(['HELLO', '9']),
  Buffer.from('PING\r\n'),
  Buffer.from('echo "a\\x41\\n" \n'),
  Buffer.from("SET 'a b' c\r\n"),
);

const bad = fc.constantFrom(
  '*0\r\n',
  '*-1\r\n',
  '\r\n',
  '\n',
  '   \r\n',
  '*\r\n',
  '*x\r\n',
  '*01\r\n',
  '*+1\r\n',
  '*-5\r\n',
  '*99999999999999\r\n',
  '*1\r\n+PING\r\n',
  '*1\r\n\r\n',
  '*1\r\nPING\r\n',
  '*1\r\n$-1\r\n',
  '*1\r\n$x\r\n',
  '*1\r\n$04\r\nPING\r\n',
  '*1\r\n$\r\n',
  '*1\r\n$4\r\nPINGxx',
  '*1\r\n$4\r\nPING',
  '*2\r\n$4\r\nECHO\r\n$0\r\n\r\n',
  '*1\r\n$536870913\r\n',
  '*1\r\n$9223372036854775808\r\n',
  '"unbalanced\r\n',
  "'unbalanced\r\n",
  'ping"x"y\r\n',
  'ping "a"b\r\n',
  '"ping"x\r\n',
  'GET \\\r\n',
  '$4\r\nPING\r\n',
  '+OK\r\n',
  ':1\r\n',
  'GET a b c\r\n',
  '*1\r\n$0\r\n\r\n',
  '*1',
  '*',
  '$',
  'POST / HTTP/1.1\r\n',
  'Host: x\r\n',
  'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
  `*${'1'.repeat(70_000)}`,
  `*1\r\n$${'1'.repeat(70_000)}`,
  'x'.repeat(70_000),
  `*${'1'.repeat(40)}\r\n`,
);

const garbage = fc.oneof(
  { weight: 4, arbitrary: good },
  { weight: 4, arbitrary: bad.map((text) => Buffer.from(text, 'latin1')) },
  // A zero byte ends a line's search in C: there Redis waits for ever where we answer.
  { weight: 1, arbitrary: fc.uint8Array({ min: 1, maxLength: 30 }).map((bytes) => Buffer.from(bytes)) },
);

describeWithRedis('the wire', () => {
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

  async function same(bytes: Buffer): Promise<void> {
    const [ours, theirs] = await Promise.all([converse(endpoint, bytes), converse(real, bytes)]);
    expect({ bytes: bytes.toString('latin1'), answer: ours.toString('latin1') }).toEqual({
      bytes: bytes.toString('latin1'),
      answer: theirs.toString('latin1'),
    });
  }

  it('answers garbage and half requests the same', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(garbage, { minLength: 1, maxLength: 4 }), (parts) =>
        same(Buffer.concat(parts)),
      ),
      { numRuns: RUNS },
    );
  });

  it('refuses long requests of a client that has not logged in the same', async () => {
    const login = encode(['CONFIG', 'SET', 'requirepass', 'secret']);
    await same(login);
    for (const bytes of [
      '*11\r\n',
      '*10\r\n$3\r\nGET\r\n',
      '*1\r\n$16385\r\n',
      '*1\r\n$4\r\nPING\r\n',
      'PING\r\n',
      'auth secret\r\nPING\r\n',
      'auth nope\r\n',
      'hello 3\r\n',
      'hello 3 auth default secret\r\n',
    ])
      await same(Buffer.from(bytes.startsWith('hello 3 auth') ? 'auth secret\r\n' : bytes));
    await same(Buffer.concat([encode(['AUTH', 'secret']), encode(['CONFIG', 'SET', 'requirepass', ''])]));
  });
});
