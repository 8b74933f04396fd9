/** Decides which rules, users and calls the compat suite tries. Knows no server. */
import fc from 'fast-check';
import type { Step } from './dialogue.js';

/** The first is the user `default`, who makes the rules. */
export const ACL_CLIENTS = 3;

const user = fc.constantFrom('ann', 'bob');
const commandRule = fc.constantFrom(
  '+get',
  '-get',
  '+set',
  '-SET',
  '+config',
  '-config|set',
  '+config|get',
  '+select|0',
  '+select|1',
  '-select',

  '+@all',
  '-@all',
  'allcommands',
  'nocommands',
  '+@read',
  '-@write',
  '+@hash',
  '-@dangerous',
  '+@connection',

  '+nope',
  '+@nope',
  '-config|nope',
  '+get|',
  '+config|get|x',
  '+',
  '-',
  '+acl|whoami',
  '+multi',
  '+exec',
  '+ping',
);
const keyRule = fc.constantFrom(
  '~a*',
  '~b',
  '%R~r*',
  '%W~w*',
  '%RW~x',
  '%rw~y',
  '%~a',
  '%X~a',
  '%RR~a',
  'allkeys',
  'resetkeys',
  '~*',
  '~',
);
const channelRule = fc.constantFrom('&a*', '&b', 'allchannels', 'resetchannels', '&*', '&');
const userRule = fc.constantFrom(
  'on',
  'OFF',
  'nopass',
  'resetpass',
  '>one',
  '>two',
  '<one',
  '<three',
  '#abc',
  `#${'a'.repeat(64)}`,
  `!${'a'.repeat(64)}`,
  'reset',
  'clearselectors',
  'sanitize-payload',
  'skip-sanitize-payload',
  'nope',
  '(',
  ')',
  '(+get ~s*)',
  '(+set',
  '%W~t*)',
  '(+nope)',
  '( ',
  '(%R~a +@read)',
  '',
  '( +get',
  '&x )',
);
const rule = fc.oneof(
  { weight: 5, arbitrary: commandRule },
  { weight: 4, arbitrary: keyRule },
  { weight: 2, arbitrary: channelRule },
  { weight: 4, arbitrary: userRule },
);
const rules = fc.array(rule, { maxLength: 5 });

const call = fc
  .constantFrom(
    'GET a1',
    'GET b',
    'GET r1',
    'GET w1',
    'SET a1 x',
    'SET r1 x',
    'SET w1 x',
    'SET x 1',
    'DEL a1 b',
    'MGET a1 r1',

    'MSET a1 1 b 2',
    'HGET a1 f',
    'HSET a1 f v',
    'CONFIG GET maxmemory',
    'CONFIG SET maxmemory 0',
    'SELECT 0',

    'SELECT 1',
    'PING',
    'PUBLISH a1 x',
    'PUBLISH b x',
    'SUBSCRIBE a1',
    'PSUBSCRIBE a*',
    'SSUBSCRIBE b',
    'EXPIRE s1 9',

    'ACL WHOAMI',
    'nope',
    'GET',
    'UNSUBSCRIBE',
    'GET s1',
    'SET t1 x',
    'DBSIZE',
    'COMMAND COUNT x',
    'SET w1 x GET',
  )
  .map((line) => line.split(' '));

const turn = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(user, rules)
      .map(([name, list]) => ({ client: 0, command: ['ACL', 'SETUSER', name, ...list] })),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        user,
        fc.constantFrom(['+@all', 'allkeys', '-get'], ['+get', '+set', '~a*'], ['+@all', '~r*', '&a*']),
      )
      .map(([name, list]) => ({ client: 0, command: ['ACL', 'SETUSER', name, 'on', '>one', ...list] })),
  },
  {
    weight: 10,
    arbitrary: fc
      .tuple(user, call)
      .map(([name, args]) => ({ client: 0, command: ['ACL', 'DRYRUN', name, ...args] })),
  },
  {
    weight: 6,
    arbitrary: fc.oneof(
      user.map((name) => ({ client: 0, command: ['ACL', 'GETUSER', name] })),
      fc
        .constantFrom(
          ['LIST'],
          ['USERS'],
          ['WHOAMI'],
          ['GETUSER', 'default'],
          ['GETUSER', 'nobody'],
          ['CAT', 'nope'],
          ['CAT', 'a', 'b'],

          ['DELUSER', 'nobody'],
          ['DELUSER', 'default'],
          ['DELUSER', 'ann'],
          ['SETUSER', 'a b', 'on'],
          ['LOG', 'x'],
          ['LOG', 'RESET'],

          ['GENPASS', '0'],
          ['GENPASS', 'x'],
          ['GENPASS', '5000'],
          ['SAVE'],
          ['LOAD'],
          ['nope'],
          ['DRYRUN', 'nobody', 'get', 'a'],
        )
        .map((words) => ({ client: 0, command: ['ACL', ...words] })),
    ),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.integer({ min: 1, max: 2 }), user, fc.constantFrom('one', 'two', 'nope'))
      .map(([client, name, password]) => ({ client, command: ['AUTH', name, password] })),
  },
  {
    weight: 12,
    arbitrary: fc
      .tuple(fc.integer({ min: 1, max: 2 }), call)
      .map(([client, command]) => ({ client, command })),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.integer({ min: 1, max: 2 }),
        fc.constantFrom(['MULTI'], ['EXEC'], ['EXEC'], ['DISCARD'], ['HELLO', '3']),
      )
      .map(([client, command]) => ({ client, command })),
  },
  { weight: 2, arbitrary: fc.constant({ client: 0, command: ['ACL', 'LOG'] }) },
);

export const aclSteps: fc.Arbitrary<Step[]> = fc.array(turn, { minLength: 5, maxLength: 40 }).map((steps) => [
  // Whatever an earlier run left behind.
  { client: 0, command: ['ACL', 'SETUSER', 'ann'] },
  { client: 0, command: ['ACL', 'SETUSER', 'bob'] },
  { client: 0, command: ['ACL', 'DELUSER', 'ann', 'bob'] },
  { client: 0, command: ['ACL', 'LOG', 'RESET'] },
  ...steps,
]);
