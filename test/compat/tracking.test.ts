/** Clients that cache on their side are told the same as by a real redis-server. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createServer } from '../../src/server/index.js';
import { describeWithRedis } from '../support/servers.js';
import { dialogue, type Step } from './dialogue.js';
import { serverPair } from './pair.js';
import { TRACKING_CLIENTS, trackingSteps } from './tracking.js';

const RUNS = Number(process.env['LOOKASIDE_COMPAT_RUNS'] ?? 300);

describeWithRedis('CLIENT TRACKING', () => {
  const { endpoint, real } = serverPair();

  async function expectSame(steps: readonly Step[], clients = TRACKING_CLIENTS): Promise<void> {
    const [ours, theirs] = await Promise.all([
      dialogue(endpoint, clients, steps),
      dialogue(real, clients, steps),
    ]);
    expect(ours).toEqual(theirs);
  }

  const turns = (...lines: (readonly [number, string])[]): Step[] =>
    lines.map(([client, line]) => ({ client, command: line.split(' ') }));

  it('tells everybody the same', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(trackingSteps, (steps) => expectSame(steps)),
      { numRuns: RUNS },
    );
  });

  it('tells another connection with REDIRECT, by a push or by a message, and says when it is gone', async () => {
    await expectSame(
      turns(
        [1, 'SUBSCRIBE __redis__:invalidate'],
        [0, 'CLIENT TRACKING ON REDIRECT {id:1}'],
        [0, 'GET a'],
        [2, 'SET a 1'],
        [0, 'GET a'],
        [2, 'FLUSHALL'],
        [0, 'GET a'],
        [0, 'HELLO 3'],
        [0, 'CLIENT TRACKING ON REDIRECT {id:1}'],
        [0, 'GET a'],
        [1, 'QUIT'],
        [2, 'SET a 2'],
        [0, 'PING'],
      ),
    );
  });

  it('forgets the oldest keys of a table that is too long, and says so', async () => {
    const server = createServer();
    const pushes: unknown[] = [];
    const client = server.connect((push) => pushes.push(push.map(String)));
    server.execute('CONFIG', 'SET', 'tracking-table-max-keys', '2');
    await client.execute('CLIENT', 'TRACKING', 'ON');
    for (const key of ['a', 'b', 'c']) await client.execute('GET', key);
    expect(pushes).toEqual([['invalidate', 'a']]);
    await server.close();
  });
});
