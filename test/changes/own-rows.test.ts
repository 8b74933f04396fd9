/**
 * Decides whether our own rows are counted neither too late nor too early, against sessions that hand their counts over
 * as Postgres' do (pgstat_report_stat), under generated workloads on a clock of the test's own.
 */
import { describe, expect, it } from 'vitest';
import { ConnectionRows, type OwnCount } from '../../src/changes/own-rows.js';
import { type ManualClock, manualClock } from '../../src/clock.js';

const names = { namespace: 'n', database: 'd' };

/** Seeded, so that a failure can be had again. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** What a session knows of what it wrote, and when it tells. */
class Session {
  private pending = 0;
  private flushedAtMs = Number.NEGATIVE_INFINITY;
  private idleSinceMs: number | null = null;

  constructor(
    private readonly clock: ManualClock,
    private readonly show: (rows: number) => void,
  ) {}

  endTransaction(rows: number): void {
    this.pending += rows;
    this.report(false);
  }

  report(force: boolean): void {
    if (this.pending === 0) return;
    const nowMs = this.clock.monotonicMs();
    if (!force && nowMs - this.flushedAtMs < 1_000) {
      if (this.idleSinceMs !== null) return;
      const sinceMs = nowMs;
      this.idleSinceMs = sinceMs;
      this.clock.after(10_000, () => {
        if (this.idleSinceMs === sinceMs) this.report(true);
      });
      return;
    }
    this.show(this.pending);
    this.pending = 0;
    this.flushedAtMs = nowMs;
    this.idleSinceMs = null;
  }
}

interface Course {
  /** The most that ever showed beyond what was counted. */
  readonly excessMax: number;
  /** The longest time in which what showed was never exactly what was counted. */
  readonly inexactMsMax: number;
  readonly handOvers: number;
}

interface Workload {
  readonly seed: number;
  readonly connections: number;
  /** Between two transactions of a connection. */
  readonly pauseMs: number;
  readonly forMs: number;
}

async function play({ seed, connections, pauseMs, forMs }: Workload): Promise<Course> {
  const clock = manualClock(0);
  const random = randomOf(seed);
  let shown = 0;
  let counted = 0;
  let handOvers = 0;
  const actors = Array.from({ length: connections }, () => {
    const session = new Session(clock, (rows) => (shown += rows));
    let busyUntilMs = 0;
    const rows = new ConnectionRows({
      clock,
      publish: (published: readonly OwnCount[]) => {
        for (const { count } of published) counted += count;
      },
      session: {
        isFree: () => clock.monotonicMs() >= busyUntilMs,
        handOver: async () => {
          if (clock.monotonicMs() < busyUntilMs) return false;
          handOvers++;
          session.report(true);
          return true;
        },
      },
      onFailure: (error) => expect.fail(String(error)),
      onLost: () => undefined,
    });
    return {
      nextAtMs: random() * pauseMs,
      step: (): void => {
        // Some transactions take a while, and nobody can be asked meanwhile.
        const tookMs = random() < 0.2 ? random() * 400 : 0;
        busyUntilMs = clock.monotonicMs() + tookMs;
        clock.after(tookMs, () => {
          const count = 1 + Math.floor(random() * 3);
          rows.wrote(names, '1', count);
          session.endTransaction(count);
          rows.ready();
        });
      },
    };
  });
  let excessMax = 0;
  let exactAtMs = 0;
  let inexactMsMax = 0;
  for (let nowMs = 0; nowMs < forMs; nowMs += 5) {
    for (const actor of actors)
      if (nowMs >= actor.nextAtMs) {
        actor.nextAtMs = nowMs + random() * 2 * pauseMs;
        actor.step();
      }
    clock.advance(5);
    await new Promise((resolve) => setImmediate(resolve)); // what was asked for in the background goes on
    excessMax = Math.max(excessMax, shown - counted);
    if (shown === counted) exactAtMs = nowMs;
    inexactMsMax = Math.max(inexactMsMax, nowMs - exactAtMs);
  }
  return { excessMax, inexactMsMax, handOvers };
}

describe('our own rows', () => {
  const workloads = [1, 2, 3, 4, 5].flatMap((seed) =>
    [20, 200, 1_500, 8_000].map((pauseMs): Workload => ({ seed, connections: 6, pauseMs, forMs: 60_000 })),
  );

  it.each(workloads)(
    'never show before they are counted, and are soon counted exactly: seed $seed, every $pauseMs ms',
    async (workload) => {
      const { excessMax, inexactMsMax } = await play(workload);
      expect(excessMax).toBe(0);
      expect(inexactMsMax).toBeLessThan(1_500);
    },
  );

  it('cost a statement per second and connection at most, however much is written', async () => {
    const { handOvers } = await play({ seed: 9, connections: 4, pauseMs: 10, forMs: 60_000 });
    expect(handOvers).toBeLessThan(4 * 60 * 1.5);
  });

  it('are counted at once when somebody asks, and not before', async () => {
    const clock = manualClock(0);
    const counted: number[] = [];
    const rows = new ConnectionRows({
      clock,
      publish: (published) => void counted.push(...published.map(({ count }) => count)),
      session: { isFree: () => true, handOver: async () => true },
      onFailure: (error) => expect.fail(String(error)),
      onLost: () => undefined,
    });
    await rows.settle();
    rows.wrote(names, '1', 2);
    rows.ready(); // it may have shown: counted
    await rows.settle();
    clock.advance(150);
    await new Promise((resolve) => setImmediate(resolve));
    rows.wrote(names, '1', 3);
    rows.ready(); // surely not handed over yet
    expect(counted).toStrictEqual([2]);
    await rows.settle();
    expect(counted).toStrictEqual([2, 3]);
  });

  it('that are counted only as they are written leave no exact moment under load', async () => {
    const clock = manualClock(0);
    let shown = 0;
    let counted = 0;
    const session = new Session(clock, (rows) => (shown += rows));
    let exact = 0;
    for (let nowMs = 0; nowMs < 20_000; nowMs += 10) {
      session.endTransaction(1);
      counted++;
      clock.advance(10);
      if (nowMs > 1_000 && shown === counted) exact++;
    }
    expect(exact).toBeLessThan(25);
  });
});
