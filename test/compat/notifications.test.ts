/** Every command tells the keyspace events that it tells on a real redis-server, in the same order. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithRedis } from '../support/servers.js';
import { type CommandArgs, sequences } from './commands.js';
import { dialogue } from './dialogue.js';
import { generic } from './generic.js';
import { geo } from './geo.js';
import { hashes } from './hashes.js';
import { hyperloglog } from './hyperloglog.js';
import { lists } from './lists.js';
import { serverPair } from './pair.js';
import { sets } from './sets.js';
import { sorting } from './sort.js';
import { sortedSets } from './sorted-sets.js';
import { streamGroup } from './streams.js';
import { bitmaps, stringsMore } from './strings-more.js';

const RUNS = Number(process.env['LOOKASIDE_COMPAT_RUNS'] ?? 40);

/** Which members go is a matter of chance, and with it what can be told afterwards. */
const CHANCE = ['SPOP', 'SRANDMEMBER', 'HRANDFIELD', 'ZRANDMEMBER', 'RANDOMKEY'];
/** What would end a subscription, a connection or a server, change what is told, or answer with nothing. */
const OUT_OF_PLACE = [
  'RESET',
  'QUIT',
  'SHUTDOWN',
  'CONFIG',
  'CLIENT',
  'HELLO',
  'AUTH',
  'DEBUG',
  'MULTI',
  'EXEC',
  'DISCARD',
  'SELECT',
  'MOVE',
  'SWAPDB',
  'SCAN',
  'COMMAND',
];

/** SORT looks for weights in the order of a hash table; XAUTOCLAIM and XINFO are not told to look for their key in vain. */
const missesDiffer = ['SORT', 'streams'];

describeWithRedis('keyspace events', () => {
  const { endpoint, real } = serverPair();

  async function expectSame(commands: readonly CommandArgs[], flags = 'EAmn'): Promise<void> {
    const kept = commands.filter(
      ([name = '']) => !OUT_OF_PLACE.includes(name.toUpperCase()) && !CHANCE.includes(name.toUpperCase()),
    );
    const steps = [
      { client: 0, command: ['FLUSHALL'] },
      { client: 0, command: ['CONFIG', 'SET', 'notify-keyspace-events', flags] },
      { client: 1, command: ['PSUBSCRIBE', '__keyevent@*'] },
      ...kept.map((command) => ({ client: 0, command })),
    ];
    const [ours, theirs] = await Promise.all([dialogue(endpoint, 2, steps), dialogue(real, 2, steps)]);
    expect({ commands: kept, events: ours[1] }).toEqual({ commands: kept, events: theirs[1] });
  }

  it('of strings, hashes, keys and expiry are the same', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(sequences, (commands) => expectSame(commands)),
      { numRuns: RUNS },
    );
  });

  const groups = [
    stringsMore,
    bitmaps,
    generic,
    lists,
    sets,
    sortedSets,
    hashes,
    hyperloglog,
    geo,
    sorting,
    streamGroup,
  ];

  it.each(groups.map((group) => [group.name, group.commands] as const))(
    'of %s are the same',
    { timeout: 600_000 },
    async (name, commands) => {
      await fc.assert(
        fc.asyncProperty(fc.array(commands, { minLength: 1, maxLength: 20 }), (list) =>
          expectSame(list, missesDiffer.includes(name) ? 'EAn' : 'EAmn'),
        ),
        { numRuns: RUNS },
      );
    },
  );
});
