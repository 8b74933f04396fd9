/** Decides which turns of subscribers and publishers the compat suite tries. Knows no server. */
import fc from 'fast-check';
import type { Step } from './dialogue.js';

export const PUBSUB_CLIENTS = 3;

const channel = fc.constantFrom('a', 'b', 'ab', '', '\0\xff', 'new\r\nline');
const pattern = fc.constantFrom('a', 'a*', '*', '?', '[ab]', 'b\\*', '', '*b', '__key*');
const several = (item: fc.Arbitrary<string>, minLength = 1): fc.Arbitrary<string[]> =>
  fc.array(item, { minLength, maxLength: 3 });
const call = (name: string, ...rest: fc.Arbitrary<string | readonly string[]>[]): fc.Arbitrary<string[]> =>
  fc.tuple(...rest).map((parts) => [name, ...parts.flat()]);

const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.oneof(
      call('SUBSCRIBE', several(channel)),
      call('PSUBSCRIBE', several(pattern)),
      call('SSUBSCRIBE', several(channel)),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.oneof(
      call('UNSUBSCRIBE', several(channel, 0)),
      call('PUNSUBSCRIBE', several(pattern, 0)),
      call('SUNSUBSCRIBE', several(channel, 0)),
    ),
  },
  {
    weight: 8,
    arbitrary: fc.oneof(
      call('PUBLISH', channel, fc.constantFrom('', 'hello', '\r\n')),
      call('SPUBLISH', channel, fc.constantFrom('', 'hello')),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.oneof(
      call(
        'PUBSUB',
        fc.constantFrom(['NUMSUB', 'a', 'b'], ['NUMSUB'], ['NUMPAT'], ['SHARDNUMSUB', 'a', 'b']),
      ),
      // At most one name, so that there is one order.
      call('PUBSUB', fc.constantFrom(['CHANNELS', 'ab'], ['SHARDCHANNELS', 'ab'], ['CHANNELS', 'nope*'])),
      call(
        'PUBSUB',
        fc.constantFrom(['nope'], ['NUMPAT', 'x'], ['CHANNELS', 'a', 'b'], ['shardchannels', 'a', 'b'], []),
      ),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      ['PING'],
      ['PING', 'hi'],
      ['RESET'],
      ['HELLO', '3'],
      ['HELLO', '2'],
      ['MULTI'],
      ['EXEC'],
      ['DISCARD'],
      ['SUBSCRIBE'],
      ['GET', 'k'],
      ['CLIENT', 'GETNAME'],
      ['nope'],
    ),
  },
);

export const pubsubSteps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ client: fc.nat(PUBSUB_CLIENTS - 1), command }),
  { minLength: 3, maxLength: 30 },
);
