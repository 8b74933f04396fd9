/** MULTI, EXEC, DISCARD and WATCH give several clients the same replies as a real redis-server, whatever is in them. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithRedis } from '../support/servers.js';
import { dialogue, type Step } from './dialogue.js';
import { serverPair } from './pair.js';
import { TRANSACTION_CLIENTS, transactionSteps } from './transactions.js';

const RUNS = Number(process.env['LOOKASIDE_COMPAT_RUNS'] ?? 200);

describeWithRedis('transactions', () => {
  const { endpoint, real } = serverPair();

  async function expectSame(steps: readonly Step[], clients = TRANSACTION_CLIENTS): Promise<void> {
    const [ours, theirs] = await Promise.all([
      dialogue(endpoint, clients, steps),
      dialogue(real, clients, steps),
    ]);
    expect(ours).toEqual(theirs);
  }

  it('are the same', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(transactionSteps, (steps) => expectSame(steps)),
      { numRuns: RUNS },
    );
  });

  it('answer what may not be in them, and what would wait does not', async () => {
    const lines = [
      'MULTI',
      'MULTI',
      'WATCH a',
      'BLPOP a 0',
      'BRPOPLPUSH a b 0',
      'BZPOPMIN a 0',
      'XREAD BLOCK 0 STREAMS a $',
      'SUBSCRIBE c',
      'UNSUBSCRIBE c',
      'MONITOR',
      'CLIENT REPLY nope',
      'EXEC',
      'EXEC',
      'DISCARD',
      'MULTI',
      'SHUTDOWN',
      'PING',
      'EXEC',
      'MULTI',
      'INCR a b',
      'EXEC',
      'MULTI',
      'RESET',
      'PING',
    ];
    await expectSame(
      lines.map((line) => ({ client: 0, command: line.split(' ') })),
      1,
    );
  });
});
