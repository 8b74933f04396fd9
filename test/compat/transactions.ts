/** Decides which turns of clients in each other's transactions the compat suite tries. Knows no server. */
import fc from 'fast-check';
import type { Step } from './dialogue.js';

export const TRANSACTION_CLIENTS = 3;

const key = fc.constantFrom('a', 'b', 'c');

const command: fc.Arbitrary<readonly string[]> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(['MULTI'], ['MULTI'], ['EXEC'], ['EXEC'], ['EXEC'], ['DISCARD']) },
  { weight: 5, arbitrary: fc.tuple(fc.constant('WATCH'), key).map((args): readonly string[] => args) },
  { weight: 1, arbitrary: fc.constantFrom(['WATCH', 'a', 'b', 'a'], ['UNWATCH'], ['WATCH']) },
  {
    weight: 7,
    arbitrary: key.chain((name) =>
      fc.constantFrom(
        ['SET', name, '1'],
        ['SET', name, '1', 'XX'],
        ['GET', name],
        ['INCR', name],
        ['DEL', name],
        ['RPUSH', name, 'x'],
        ['LPOP', name],
        ['SADD', name, 'x'],
        ['SREM', name, 'nothing'],
        ['HSET', name, 'f', 'v'],
        ['EXPIRE', name, '1000'],
        ['EXPIRE', name, '-1'],
        ['PERSIST', name],
        ['TOUCH', name],
        ['RENAME', name, 'c'],
        ['RENAMENX', 'a', name],
        ['COPY', 'a', name, 'REPLACE'],
        ['MOVE', name, '1'],
        ['SETRANGE', name, '0', ''],
        ['APPEND', name, ''],
        ['PFADD', name],
        ['BLPOP', name, '0.01'],
      ),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ['FLUSHDB'],
      ['FLUSHALL'],
      ['SWAPDB', '0', '1'],
      ['SELECT', '1'],
      ['SELECT', '0'],
      ['nope'],
      ['GET'],
      ['SHUTDOWN', 'ABORT', 'x'],
      ['RESET'],
      ['PING'],
      ['CLIENT', 'REPLY', 'nope'],
      ['SUBSCRIBE'],
      ['MONITOR', 'x'],
      ['HELLO', '3'],
      ['HELLO', '2'],
      ['CONFIG', 'SET', 'nope', '1'],
      ['DBSIZE'],
    ),
  },
);

export const transactionSteps: fc.Arbitrary<Step[]> = fc
  .array(fc.record({ client: fc.nat(TRANSACTION_CLIENTS - 1), command }), { minLength: 5, maxLength: 40 })
  .map((steps) => [{ client: 0, command: ['FLUSHALL'] }, ...steps]);
