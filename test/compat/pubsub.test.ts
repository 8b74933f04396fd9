/** Subscribers and publishers are told the same as by a real redis-server, whoever says what in which order. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithRedis } from '../support/servers.js';
import { dialogue, type Step } from './dialogue.js';
import { serverPair } from './pair.js';
import { PUBSUB_CLIENTS, pubsubSteps } from './pubsub.js';

const RUNS = Number(process.env['LOOKASIDE_COMPAT_RUNS'] ?? 300);

describeWithRedis('pub/sub', () => {
  const { endpoint, real } = serverPair();

  async function expectSame(steps: readonly Step[], clients = PUBSUB_CLIENTS): Promise<void> {
    const [ours, theirs] = await Promise.all([
      dialogue(endpoint, clients, steps),
      dialogue(real, clients, steps),
    ]);
    expect(ours).toEqual(theirs);
  }

  it('tells everybody the same', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(pubsubSteps, (steps) => expectSame(steps)),
      { numRuns: RUNS },
    );
  });

  it.each(['AKE', 'KEA', 'nm', 'nKEm', '$xeKE', 'AmdnKE', 'Kq', 'g$lshzxetd', ''])(
    'takes notify-keyspace-events %j the same',
    async (flags) => {
      const set = ['CONFIG', 'SET', 'notify-keyspace-events', flags];
      const get = ['CONFIG', 'GET', 'notify-keyspace-events'];
      await expectSame(
        [set, get, ['CONFIG', 'SET', 'notify-keyspace-events', '']].map((command) => ({
          client: 0,
          command,
        })),
        1,
      );
    },
  );

  it('tells of keys that expire, are looked for in vain and are new', async () => {
    const commands: [number, string][] = [
      [0, 'CONFIG SET notify-keyspace-events xmnKE'],
      [1, 'PSUBSCRIBE __key*'],
      [0, 'GET nothing'],
      [0, 'SET k v'],
      [0, 'SET k w'],
      [0, 'HSET h f v'],
      [0, 'DEL k h'],
      [0, 'CONFIG SET notify-keyspace-events KE'],
      [0, 'SET k v'],
      [0, 'DEL k'],
    ];
    await expectSame(
      commands.map(([client, line]) => ({ client, command: line.split(' ') })),
      2,
    );
  });

  it('pushes to a client that is in the middle of EXEC where Redis does', async () => {
    const lines = [
      'HELLO 3',
      'MULTI',
      'SUBSCRIBE a b',
      'PUBLISH a 1',
      'UNSUBSCRIBE a',
      'PING',
      'EXEC',
      'PING',
    ];
    await expectSame(lines.map((line) => ({ client: 0, command: line.split(' ') })));
  });
});
