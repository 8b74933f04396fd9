/** What an append only file of ours says is read the same by ours and by a real redis-server, and the other way round. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sequences } from '../compat/commands.js';
import type { GeneratedGroup } from '../compat/generated.js';
import { generic } from '../compat/generic.js';
import { geo } from '../compat/geo.js';
import { hashes } from '../compat/hashes.js';
import { hyperloglog } from '../compat/hyperloglog.js';
import { lists } from '../compat/lists.js';
import { sets } from '../compat/sets.js';
import { sorting } from '../compat/sort.js';
import { sortedSets } from '../compat/sorted-sets.js';
import { streamGroup } from '../compat/streams.js';
import { bitmaps, stringsMore } from '../compat/strings-more.js';
import { describeWithRedis } from '../support/servers.js';
import { checkedByRedis, contentOf, copyOf, DATABASES, ours, ownFolder, theirs } from './aof-servers.js';
import { type CommandArgs, converseInCommands, type Endpoint } from './aof-wire.js';

/** Raise for a long run. */
const RUNS = Number(process.env['LOOKASIDE_AOF_RUNS'] ?? 60);
const seed = Number(process.env['LOOKASIDE_AOF_SEED'] ?? 1);

const groups: readonly GeneratedGroup[] = [
  generic,
  geo,
  hashes,
  hyperloglog,
  lists,
  sets,
  sorting,
  sortedSets,
  streamGroup,
  stringsMore,
  bitmaps,
];

/** What would stop the server, change what a restart cannot know, or empty everything so that nothing is compared. */
const isLeftOut = ([name = '', sub = '']: CommandArgs): boolean =>
  [
    'FLUSHALL',
    'SHUTDOWN',
    'CONFIG',
    'DEBUG',
    'CLIENT',
    'SUBSCRIBE',
    'PSUBSCRIBE',
    'MONITOR',
    'HELLO',
    'AUTH',
    'WAIT',
  ].includes(name.toUpperCase()) || sub.toUpperCase() === 'SLEEP';

const tests: readonly (readonly [string, fc.Arbitrary<CommandArgs[]>])[] = [
  ['strings, keys, hashes and transactions', sequences],
  ...groups.map(
    ({ name, commands, longest = 30 }) =>
      [name, fc.array(commands, { minLength: 1, maxLength: longest })] as const,
  ),
];

/** One sequence in one database, so that what it leaves is still there when all are compared. */
async function converse(
  endpoint: Endpoint,
  database: number,
  commands: readonly CommandArgs[],
): Promise<void> {
  const taken = commands.filter((command) => !isLeftOut(command));
  await converseInCommands(endpoint, [['SELECT', String(database)], ...taken, ['DISCARD']]);
}

const samplesOf = (arbitrary: fc.Arbitrary<CommandArgs[]>): CommandArgs[][] =>
  fc.sample(arbitrary, { numRuns: RUNS, seed });

/** What is full is compared and emptied. */
const isFull = (index: number): boolean => index % DATABASES === DATABASES - 1 || index === RUNS - 1;

describeWithRedis('an append only file of ours', () => {
  describe.each(tests)('of %s', (_name, arbitrary) => {
    it('is loaded by ours and by redis-server to the same data', { timeout: 300_000 }, async () => {
      const folder = await ownFolder();
      const live = await ours(folder);
      for (const [index, commands] of samplesOf(arbitrary).entries()) {
        await converse(live.endpoint, index % DATABASES, commands);
        if (!isFull(index)) continue;
        const content = await contentOf(live.endpoint);
        const [one, other] = [await copyOf(folder), await copyOf(folder)];
        await checkedByRedis(one);
        const again = await ours(one);
        expect(await contentOf(again.endpoint)).toEqual(content);
        const real = await theirs(other);
        expect(await contentOf(real)).toEqual(content);
        await again.server.close();
        await real.stop();
        await converse(live.endpoint, 0, [['FLUSHALL']]);
      }
    });
  });
});

describeWithRedis('an append only file of redis-server', () => {
  describe.each(tests)('of %s', (_name, arbitrary) => {
    it('is loaded by ours to the same data', { timeout: 300_000 }, async () => {
      const folder = await ownFolder();
      const live = await theirs(folder, ['--appendfsync', 'no']);
      for (const [index, commands] of samplesOf(arbitrary).entries()) {
        // V8 calculates the last bit of a distance otherwise; ours writes distances down, redis-server does not.
        const exact = commands.filter((command) => !command.includes('STOREDIST'));
        await converse(live, index % DATABASES, exact);
        if (!isFull(index)) continue;
        // Not what it has: how far a group is it does not write down.
        await contentOf(live);
        const real = await theirs(await copyOf(folder));
        const again = await ours(await copyOf(folder));
        expect(await contentOf(again.endpoint)).toEqual(await contentOf(real));
        await again.server.close();
        await real.stop();
        await converse(live, 0, [['FLUSHALL']]);
      }
    });
  });
});
