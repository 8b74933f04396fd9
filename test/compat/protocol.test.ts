/** Bytes that are not, or not quite, the protocol are answered as a real redis-server answers them. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithRedis } from '../support/servers.js';
import { serverPair } from './pair.js';
import { converse, encode } from './wire.js';

const RUNS = Number(process.env['LOOKASIDE_COMPAT_RUNS'] ?? 800);

/** Written as byte strings; `{long}` stands for 70,000 digits, so that a failure can be read. */
const LONG = '1'.repeat(70_000);
const request = (...args: string[]): string => encode(args).toString('latin1');

const good = fc.constantFrom(
  request('PING'),
  request('ECHO', 'a\r\nb'),
  '*3\r\n$3\r\nSET\r\n$4\r\nlong\r\n$70000\r\n{long}\r\n',
  request('GET', 'k'),
  // Not SKIP alone: to Redis an empty request is one that can be skipped.
  request('CLIENT', 'REPLY', 'SKIP') + request('PING') + request('PING', 'again'),
  request('CLIENT', 'REPLY', 'OFF'),
  request('CLIENT', 'REPLY', 'ON'),
  request('CLIENT', 'REPLY', 'nope'),
  request('QUIT'),
  request('HELLO', '9'),
  'PING\r\n',
  'echo "a\\x41\\n" \n',
  "SET 'a b' c\r\n",
);

// prettier-ignore
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
  `*${'1'.repeat(40)}\r\n`,
);

/** A line without an end: only as the last part, since it hangs on how the bytes arrive when it is given up. */
const endless = fc.constantFrom('', '', '', '*{long}', '*1\r\n${long}', 'x{long}');

/** No zero bytes: in C one ends the search for a line's end, and Redis waits for ever where we answer. */
const noise = fc.uint8Array({ min: 1, maxLength: 30 }).map((bytes) => Buffer.from(bytes).toString('latin1'));

const garbage = fc.oneof(
  { weight: 4, arbitrary: good },
  { weight: 4, arbitrary: bad },
  { weight: 1, arbitrary: noise },
);

describeWithRedis('the wire', () => {
  const { endpoint, real } = serverPair();

  async function same(text: string): Promise<true> {
    const bytes = Buffer.from(text.replaceAll('{long}', LONG), 'latin1');
    const [ours, theirs] = await Promise.all([converse(endpoint, bytes), converse(real, bytes)]);
    expect({ text, answer: withoutClientId(ours) }).toEqual({ text, answer: withoutClientId(theirs) });
    return true;
  }

  it('answers garbage and half requests the same', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(garbage, { minLength: 1, maxLength: 4 }), endless, async (parts, end) => {
        expect(await same(parts.join('') + end)).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  it.each(['POST / HTTP/1.1\r\n', 'Host: localhost\r\n', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'])(
    'hangs up on a browser that says %j the same',
    async (line) => {
      expect(await same(line)).toBe(true);
    },
  );

  it('refuses long requests of a client that has not logged in the same', async () => {
    await same('config set requirepass secret\r\n');
    for (const text of [
      '*11\r\n',
      '*10\r\n$3\r\nGET\r\n',
      '*1\r\n$16385\r\n',
      '*1\r\n$4\r\nPING\r\n',
      'PING\r\nmulti\r\nexec\r\nquit\r\n',
      'auth secret\r\nPING\r\n',
      'auth nope\r\nauth default secret\r\nreset\r\nping\r\n',
      'hello 3\r\n',
      'hello 3 auth default nope\r\n',
      'hello 3 auth default secret setname me\r\nclient getname\r\n',
    ])
      expect(await same(text)).toBe(true);
    await same("auth secret\r\nconfig set requirepass ''\r\n");
  });
});

/** HELLO tells each client its number. */
function withoutClientId(answer: Buffer): string {
  return answer.toString('latin1').replace(/\$2\r\nid\r\n:\d+/g, '$2\r\nid\r\n:?');
}
