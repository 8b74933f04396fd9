/** Decides which turns of clients that cache on their side the compat suite tries. Knows no server. */
import fc from 'fast-check';
import type { Step } from './dialogue.js';

export const TRACKING_CLIENTS = 3;

const key = fc.constantFrom('a', 'ab', 'b', 'c');
const option = fc.constantFrom<string[]>(
  ['BCAST'],
  ['BCAST'],
  ['OPTIN'],
  ['OPTOUT'],
  ['NOLOOP'],
  ['PREFIX', 'a'],
  ['PREFIX', 'b'],
  ['PREFIX', 'ab'],
  ['REDIRECT', '0'],
  ['REDIRECT', '987654'],
  ['REDIRECT', 'x'],
  ['PREFIX'],
  ['nope'],
);

const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom('ON', 'on', 'OFF', 'maybe'), fc.array(option, { maxLength: 3 }))
      .map(([word, options]) => ['CLIENT', 'TRACKING', word, ...options.flat()]),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ['CLIENT', 'TRACKING', 'ON'],
      ['CLIENT', 'TRACKING', 'ON', 'BCAST'],
      ['CLIENT', 'TRACKING', 'ON', 'OPTIN'],
      ['CLIENT', 'TRACKING', 'ON', 'OPTOUT', 'NOLOOP'],
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ['CLIENT', 'CACHING', 'YES'],
      ['CLIENT', 'CACHING', 'NO'],
      ['CLIENT', 'CACHING', 'x'],
      ['CLIENT', 'TRACKINGINFO'],
      ['CLIENT', 'GETREDIR'],
      ['CLIENT', 'UNBLOCK', '987654'],
      ['CLIENT', 'UNBLOCK', 'x'],
      ['CLIENT', 'UNBLOCK', '1', 'x'],
      ['CLIENT', 'NO-EVICT', 'ON'],
      ['CLIENT', 'NO-EVICT', 'x'],
      ['CLIENT', 'PAUSE', '0', 'x'],
      ['CLIENT', 'PAUSE', '-1'],
      ['CLIENT', 'PAUSE', 'x', 'WRITE'],
      ['CLIENT', 'UNPAUSE'],
    ),
  },
  {
    weight: 8,
    arbitrary: fc.tuple(fc.constantFrom('GET', 'MGET', 'TTL', 'EXISTS'), key).map((args) => args),
  },
  { weight: 2, arbitrary: fc.tuple(fc.constant('MGET'), key, key).map((args) => [...args]) },
  { weight: 5, arbitrary: key.map((name) => ['SET', name, '1']) },
  { weight: 3, arbitrary: key.map((name) => ['DEL', name]) },
  { weight: 1, arbitrary: key.map((name) => ['EXPIRE', name, '-1']) },
  { weight: 1, arbitrary: fc.constantFrom(['FLUSHDB'], ['FLUSHALL']) },
  { weight: 3, arbitrary: fc.constantFrom(['HELLO', '3'], ['HELLO', '3'], ['HELLO', '2']) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(['MULTI'], ['EXEC'], ['EXEC'], ['DISCARD'], ['RESET'], ['SELECT', '1']),
  },
);

export const trackingSteps: fc.Arbitrary<Step[]> = fc
  .array(fc.record({ client: fc.nat(TRACKING_CLIENTS - 1), command: command as fc.Arbitrary<string[]> }), {
    minLength: 3,
    maxLength: 30,
  })
  // Most of it is about clients that can be pushed to.
  .map((steps) => [
    { client: 0, command: ['HELLO', '3'] },
    { client: 1, command: ['HELLO', '3'] },
    { client: 0, command: ['FLUSHALL'] },
    ...steps,
  ]);
