/** Decides what a watch does with what it sees, and whose turn it is, on a clock and a server in this process. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyOfTable, rootOf } from '../../src/cache/bind.js';
import type { ObservedFrom } from '../../src/cache/changes.js';
import { LocalCounts } from '../../src/changes/own-counts.js';
import { LocalTransactions } from '../../src/changes/own-transactions.js';
import { Watch } from '../../src/changes/watch.js';
import { type ManualClock, manualClock, systemRandom } from '../../src/clock.js';
import { createServer, type EmbeddedServer } from '../../src/server/index.js';
import { type Statistics, StatisticsNotKept } from '../../src/sql/statistics.js';
import { embeddedStore } from '../../src/topology/embedded.js';

const names = { namespace: 'n', database: 'd' };
const table = (id: string): string => keyOfTable(names, id);
const root = rootOf(names);

describe('a watch', () => {
  let clock: ManualClock;
  let server: EmbeddedServer;
  let own: LocalCounts;
  let underWay: Set<string>;
  let written: Map<string, number>;
  let epoch: string;
  let watches: Watch[];
  let settleOwn: () => Promise<void>;

  beforeEach(() => {
    clock = manualClock();
    server = createServer({ clock, random: systemRandom, memory: { maxBytes: 0, policy: 'noeviction' } });
    own = new LocalCounts();
    underWay = new Set();
    written = new Map([
      ['1', 5],
      ['2', 5],
    ]);
    epoch = 'first';
    watches = [];
    settleOwn = () => Promise.resolve();
  });
  afterEach(async () => {
    await Promise.all(watches.map((watch) => watch.close()));
    await server.close();
  });

  interface Process {
    readonly watch: Watch;
    readonly rotated: string[][];
    readonly failures: unknown[];
    looks: number;
    rotationFails: boolean;
    isGone: boolean;
    look: () => Promise<Statistics>;
  }

  const statistics = (): Statistics => ({
    epoch,
    catalog: '',
    tables: new Map([...written].map(([id, rows]) => [id, { written: rows, file: 'f' }])),
  });
  interface Deviation {
    readonly look: () => Promise<Statistics>;
    readonly liveUntilMs: () => number;
  }
  const started = async (name: string, { look, liveUntilMs }: Partial<Deviation> = {}): Promise<Process> => {
    const process: Process = {
      rotated: [],
      failures: [],
      looks: 0,
      rotationFails: false,
      isGone: false,
      look:
        look ??
        (async () => {
          process.looks++;
          return statistics();
        }),
      watch: new Watch(
        names,
        {
          store: embeddedStore(server),
          own,
          ownTransactions: new LocalTransactions(),
          underWay: () => underWay,
          settleOwn: () => settleOwn(),
          isStoreShared: false,
          clock,
          intervalMs: 1_000,
          process: name,
          liveUntilMs: liveUntilMs ?? (() => Number.POSITIVE_INFINITY),
          rotate: async (tables) => {
            if (process.rotationFails) throw new Error('the store is away');
            process.rotated.push([...tables]);
          },
          onFailure: (error) => void process.failures.push(error),
        },
        () => undefined,
      ),
    };
    const source: ObservedFrom = {
      names,
      isGone: () => process.isGone,
      observe: async () => ({ look: () => process.look(), close: () => undefined }),
      tables: () => [],
      onSchema: () => undefined,
    };
    process.watch.addSource(source);
    watches.push(process.watch);
    await process.watch.start(() => process.look());
    return process;
  };
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  /** One interval, with the looks again that it may take. */
  const interval = async (): Promise<void> => {
    clock.advance(1_000);
    await settle();
    for (let again = 0; again < 4; again++) {
      clock.advance(50);
      await settle();
    }
  };
  const write = (id: string, rows: number): void => void written.set(id, (written.get(id) ?? 0) + rows);

  it('knows nothing of the time before its first look: all that was cached then may be old', async () => {
    const { rotated } = await started('a');
    expect(rotated).toStrictEqual([[root]]);
  });

  it('rotates a table that others wrote, and no other', async () => {
    const { rotated } = await started('a');
    write('1', 1);
    await interval();
    await interval();
    expect(rotated).toStrictEqual([[root], [table('1')]]);
  });

  it('leaves a table alone whose rows were counted, and rotates it for one row more', async () => {
    const { rotated } = await started('a');
    write('1', 3);
    own.add([{ names, tableId: '1', count: 3 }]);
    await interval();
    expect(rotated).toStrictEqual([[root]]);
    own.add([{ names, tableId: '1', count: 2 }]);
    write('1', 3);
    await interval();
    expect(rotated).toStrictEqual([[root], [table('1')]]);
  });

  it('looks again before it takes rows for those of others whose count is on its way', async () => {
    const process = await started('a');
    write('1', 3);
    clock.advance(1_000);
    await settle();
    own.add([{ names, tableId: '1', count: 3 }]);
    const { looks } = process;
    await interval();
    expect(process.looks).toBeGreaterThan(looks);
    expect(process.rotated).toStrictEqual([[root]]);
  });

  it('has connections count what they hold before it takes it for rows of others, and waits for none that is silent', async () => {
    const { rotated } = await started('a');
    write('1', 3);
    settleOwn = async () => own.add([{ names, tableId: '1', count: 3 }]);
    await interval();
    expect(rotated).toStrictEqual([[root]]);
    settleOwn = () => new Promise(() => undefined);
    write('1', 1);
    await interval();
    clock.advance(500);
    await settle();
    await interval();
    expect(rotated).toStrictEqual([[root], [table('1')]]);
  });

  it('waits for the writes that are under way before it takes rows for those of others', async () => {
    const { rotated } = await started('a');
    underWay.add('slow');
    write('1', 3);
    for (let again = 0; again < 5; again++) await interval();
    own.add([{ names, tableId: '1', count: 3 }]);
    underWay.clear();
    await interval();
    await interval();
    expect(rotated).toStrictEqual([[root]]);
  });

  it('does not forget what it could not rotate', async () => {
    const process = await started('a');
    write('2', 1);
    process.rotationFails = true;
    await interval();
    expect(process.failures).toHaveLength(1);
    process.rotationFails = false;
    await interval();
    expect(process.rotated).toStrictEqual([[root], [table('2')]]);
  });

  it('takes a table that appears for one that was written', async () => {
    const { rotated } = await started('a');
    written.set('3', 0);
    await interval();
    expect(rotated).toStrictEqual([[root], [table('3')]]);
  });

  it('begins anew when the counters did', async () => {
    const { rotated } = await started('a');
    epoch = 'second';
    written.set('1', 50);
    await interval();
    await interval();
    expect(rotated).toStrictEqual([[root], [root]]);
  });

  it('is kept by one process, and taken over with what was seen last when that is gone', async () => {
    const first = await started('a');
    const second = await started('b');
    await interval();
    // The second one's only look was whether the server tells of writes at all.
    expect([first.looks > 1, second.looks]).toStrictEqual([true, 1]);
    first.look = async () => expect.fail('it was killed');
    write('1', 1);
    for (let late = 0; late < 5; late++) await interval();
    expect(second.rotated).toStrictEqual([[table('1')]]);
  });

  it('says that it sees nothing after three intervals, and that it does again', async () => {
    const process = await started('a');
    const { look } = process;
    process.look = async () => {
      throw new Error('the database is away');
    };
    for (let late = 0; late < 4; late++) await interval();
    expect(process.watch.isBlind).toBe(true);
    process.look = look;
    await interval();
    expect(process.watch.isBlind).toBe(false);
  });

  it('sees nothing of a server that keeps no statistics, whoever looks, idle or not, until it keeps them', async () => {
    let isIdle = false;
    const refuse = async (): Promise<Statistics> => {
      throw new StatisticsNotKept('they are off');
    };
    const both: Process[] = [];
    for (const name of ['a', 'b'])
      both.push(
        await started(name, { look: refuse, liveUntilMs: () => (isIdle ? 0 : Number.POSITIVE_INFINITY) }),
      );
    const blind = (): readonly boolean[] => both.map(({ watch }) => watch.isBlind);
    expect(blind()).toStrictEqual([true, true]);
    isIdle = true;
    for (let later = 0; later < 70; later++) await interval();
    isIdle = false;
    expect(blind()).toStrictEqual([true, true]);
    // It is asked once a minute, not once in an interval.
    expect(both.map(({ failures }) => failures.length)).toStrictEqual([1, 1]);
    for (const process of both) process.look = async () => statistics();
    for (let later = 0; later < 60; later++) await interval();
    expect(blind()).toStrictEqual([false, false]);
  });

  it('ends at once while a look is not answered', async () => {
    const process = await started('a');
    process.look = () => new Promise(() => undefined);
    await interval();
    await process.watch.close();
    expect(process.failures).toStrictEqual([]);
  });

  it('ends at once before it looks a second time', async () => {
    const process = await started('a');
    write('1', 3);
    clock.advance(1_000);
    await settle();
    await process.watch.close();
    expect(process.failures).toStrictEqual([]);
    expect(process.rotated).toStrictEqual([[root]]);
  });

  it('ends at once when it was about to look', async () => {
    const process = await started('a');
    process.look = () => new Promise(() => undefined);
    clock.advance(1_000);
    await process.watch.close();
    expect(process.failures).toStrictEqual([]);
  });

  it('ends when nothing leads to the database any more', async () => {
    const process = await started('a');
    process.isGone = true;
    const { looks } = process;
    await interval();
    await interval();
    expect(process.looks).toBe(looks);
    const other = await started('b');
    expect(other.looks).toBe(1);
  });
});
