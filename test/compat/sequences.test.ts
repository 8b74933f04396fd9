/** Generated command sequences get the same replies, and leave the same data, as on a real redis-server. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithRedis } from '../support/servers.js';
import { type CommandArgs, keys, sequences } from './commands.js';
import { comparable } from './compare.js';
import { lazilyExpiring, serverPair } from './pair.js';
import { converseInCommands } from './wire.js';

/** Raise for a long run; set the seed (and path) that a failure printed to see it again. */
const RUNS = Number(process.env['LOOKASIDE_COMPAT_RUNS'] ?? 800);
const seed = process.env['LOOKASIDE_COMPAT_SEED'];
const path = process.env['LOOKASIDE_COMPAT_PATH'];

describeWithRedis('command sequences', () => {
  const { endpoint, real } = serverPair(lazilyExpiring);

  async function expectSame(commands: readonly CommandArgs[]): Promise<void> {
    const all = [['FLUSHALL'], ...commands, ...finalState];
    const [ours, theirs] = await Promise.all([
      converseInCommands(endpoint, all),
      converseInCommands(real, all),
    ]);
    all.forEach((args, index) => {
      const [a, b] = [ours[index], theirs[index]];
      if (a === undefined || b === undefined) expect({ args, reply: a }).toEqual({ args, reply: b });
      else {
        const pair = comparable(args, a, b);
        expect({ args, reply: pair.mine }).toEqual({ args, reply: pair.real });
      }
    });
    expect(ours.length).toBe(theirs.length);
  }

  it('leave what is past its time and not wanted by a SCAN', async () => {
    const past = ['SET', 'a', '', 'EXAT', '1'];
    const scan = (pattern: string): string[] => ['SCAN', '0', 'MATCH', pattern, 'COUNT', '100'];
    await expectSame([past, scan('b*'), ['DBSIZE'], scan('a*'), ['DBSIZE']]);
    await expectSame([
      past,
      [...scan('b*'), 'TYPE', 'hash'],
      ['DBSIZE'],
      [...scan('a*'), 'TYPE', 'hash'],
      ['DBSIZE'],
    ]);
  });

  it('get the same replies and leave the same data', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(sequences, (commands) => expectSame(commands)),
      {
        numRuns: RUNS,
        ...(seed === undefined ? {} : { seed: Number(seed) }),
        ...(path === undefined ? {} : { path }),
      },
    );
  });
});

/** Whatever the sequence left open is closed, then all of the data is asked for. */
const finalState: readonly CommandArgs[] = [
  ['DISCARD'],
  ...['0', '1', '2'].flatMap((database) => [
    ['SELECT', database],
    ['DBSIZE'],
    ['KEYS', '*'],
    ...keys.flatMap((key) => [
      ['TYPE', key],
      ['GET', key],
      ['HGETALL', key],
      ['PEXPIRETIME', key],
    ]),
  ]),
];
