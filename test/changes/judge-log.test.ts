/** Decides what is rotated for the transactions of a log, on a clock and with a log in this process. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { converse, openSession } from '../../src/cache/executor.js';
import { LogJudge } from '../../src/changes/judge-log.js';
import { LocalTransactions } from '../../src/changes/own-transactions.js';
import { type ManualClock, manualClock, systemRandom } from '../../src/clock.js';
import { createServer, type EmbeddedServer } from '../../src/server/index.js';
import type { LogPosition } from '../../src/sql/statistics.js';
import { TransactionSet } from '../../src/sql/transaction-set.js';
import { embeddedStore } from '../../src/topology/embedded.js';

const names = { namespace: 'n', database: 'd' };

describe('a judge of a log', () => {
  let clock: ManualClock;
  let server: EmbeddedServer;
  let own: LocalTransactions;
  let underWay: Set<string>;
  let underWayElsewhere: Set<string>;
  let rotations: number;
  let rotationFails: boolean;
  /** The last number of the log, and how far it can be read; null: as MySQL, all of it can. */
  let last: number;
  let shown: number | null;

  beforeEach(() => {
    clock = manualClock();
    server = createServer({ clock, random: systemRandom, memory: { maxBytes: 0, policy: 'noeviction' } });
    own = new LocalTransactions();
    underWay = new Set();
    underWayElsewhere = new Set();
    rotations = 0;
    rotationFails = false;
    last = 5;
    shown = 5;
  });
  afterEach(() => server.close());

  const judgeOfProcess = (isStoreShared = false): LogJudge =>
    new LogJudge({
      names,
      own,
      isStoreShared,
      underWay: () => underWay,
      underWayAnywhere: async () => new Set([...underWay, ...underWayElsewhere]),
      converse: async (conversation) => converse(openSession(embeddedStore(server)), conversation),
      delay: (delayMs) => new Promise((resolve) => void clock.after(delayMs, resolve)),
      rotateAll: async () => {
        if (rotationFails) throw new Error('the store is away');
        rotations++;
      },
    });
  const position = (): LogPosition => ({
    transactions: TransactionSet.until(`0-1-${last}`),
    shown: shown === null ? null : String(shown),
  });
  /** One look, with the time that it may take. */
  const look = async (judge: LogJudge): Promise<void> => {
    const judged = { isDone: false };
    const judging = judge.judge(position(), async () => position()).finally(() => (judged.isDone = true));
    const passing = (async () => {
      while (!judged.isDone) {
        clock.advance(50);
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await Promise.all([judging, passing]);
  };
  const makeOwn = (number: number): void => own.add(names, TransactionSet.single(`0-1-${number}`));
  /** Rotations of one look. */
  const rotated = async (judge: LogJudge): Promise<number> => {
    const before = rotations;
    await look(judge);
    return rotations - before;
  };
  /** A judge that has seen that everything so far can be read. */
  const settledJudge = async (isStoreShared = false): Promise<LogJudge> => {
    const judge = judgeOfProcess(isStoreShared);
    await look(judge);
    last = shown = 6;
    makeOwn(6);
    await look(judge);
    expect(await rotated(judge)).toBe(0);
    return judge;
  };

  it('knows nothing of the time before its first look', async () => {
    expect(await rotated(judgeOfProcess())).toBe(1);
  });

  it('rotates for what others made, and not for what was made through the cache', async () => {
    const judge = await settledJudge();
    last = shown = 8;
    makeOwn(7);
    makeOwn(8);
    expect(await rotated(judge)).toBe(0);
    last = shown = 10;
    makeOwn(9);
    expect(await rotated(judge)).toBe(1);
    expect(await rotated(judge)).toBe(0);
  });

  it('waits a moment for what its sessions have not been told yet', async () => {
    const judge = await settledJudge();
    last = shown = 7;
    clock.after(120, () => makeOwn(7));
    expect(await rotated(judge)).toBe(0);
  });

  it('waits for the writes that are under way, however late their sessions are told', async () => {
    const judge = await settledJudge();
    underWay.add('slow');
    last = shown = 7;
    clock.after(1_900, () => {
      makeOwn(7);
      underWay.delete('slow');
    });
    expect(await rotated(judge)).toBe(0);
  });

  it('waits for the writes of other processes, which tell the store of them a moment after they have ended', async () => {
    const judge = await settledJudge(true);
    underWayElsewhere.add('slow');
    last = shown = 7;
    clock.after(1_500, () => {
      underWayElsewhere.delete('slow');
      clock.after(150, () => makeOwn(7));
    });
    expect(await rotated(judge)).toBe(0);
    last = shown = 8;
    expect(await rotated(judge)).toBe(1);
  });

  it('waits two seconds once for a write that takes for ever, and no longer for others than without it', async () => {
    const judge = await settledJudge();
    underWay.add('endless');
    const tookMs = async (): Promise<number> => {
      const beganAtMs = clock.monotonicMs();
      expect(await rotated(judge)).toBe(1);
      return clock.monotonicMs() - beganAtMs;
    };
    last = shown = 7;
    expect(await tookMs()).toBe(2_050);
    last = shown = 8;
    expect(await tookMs()).toBe(450);
    underWay.delete('endless');
    underWay.add('another');
    last = shown = 9;
    expect(await tookMs()).toBe(2_050);
  });

  it('rotates again when one more can be read, until one of ours behind it was answered', async () => {
    const judge = await settledJudge();
    last = 7; // named, and not readable yet
    expect(await rotated(judge)).toBe(1);
    expect(await rotated(judge)).toBe(0);
    shown = 7;
    expect(await rotated(judge)).toBe(1);
    expect(await rotated(judge)).toBe(0);
    last = shown = 8;
    makeOwn(8);
    expect(await rotated(judge)).toBe(1); // for all that is known, it is 7 that came to be readable
    last = shown = 9;
    makeOwn(9);
    expect(await rotated(judge)).toBe(0);
  });

  it('rotates once where one of ours behind it was answered already', async () => {
    const judge = await settledJudge();
    last = shown = 8;
    makeOwn(8);
    expect(await rotated(judge)).toBe(1);
    last = shown = 9;
    makeOwn(9);
    expect(await rotated(judge)).toBe(0);
  });

  it('rotates once where the log names only what can be read', async () => {
    shown = null;
    const judge = judgeOfProcess();
    await look(judge);
    last = 6;
    expect(await rotated(judge)).toBe(1);
    last = 7;
    makeOwn(7);
    expect(await rotated(judge)).toBe(0);
  });

  it('begins anew with a log that was reset, whose numbers are given again', async () => {
    const judge = await settledJudge();
    makeOwn(7);
    makeOwn(8);
    last = shown = 1;
    expect(await rotated(judge)).toBe(1);
    last = shown = 8;
    expect(await rotated(judge)).toBe(1);
  });

  it('rotates again for what it could not rotate', async () => {
    const judge = await settledJudge();
    last = shown = 7;
    rotationFails = true;
    await expect(look(judge)).rejects.toThrow('away');
    rotationFails = false;
    judge.forget();
    expect(await rotated(judge)).toBe(1);
  });

  it('goes on where another process has stopped', async () => {
    const before = await settledJudge();
    last = 7;
    await look(before);
    const judge = judgeOfProcess();
    expect(await rotated(judge)).toBe(0);
    shown = 7;
    expect(await rotated(judge)).toBe(1);
  });

  it('looks less often where others write all the time, and soon again when they do not', async () => {
    const judge = await settledJudge();
    const paces: number[] = [];
    for (let number = 7; number < 17; number++) {
      last = shown = number;
      await look(judge);
      paces.push(judge.pace);
    }
    expect(paces).toStrictEqual([1, 1, 1, 1, 2, 4, 8, 10, 10, 10]);
    await look(judge);
    expect(judge.pace).toBe(1);
  });
});
