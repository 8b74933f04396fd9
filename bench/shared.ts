/**
 * Decides the question of `npm run bench -- shared`: what a cache costs that several processes share in one
 * redis-server, beside a hand-written one: hits, writes, more workers, and a failover.
 */

import { availableParallelism } from 'node:os';
import { consume, hotGroups, redisByHand } from './hits/contestants.js';
import { measuredPg, type Row } from './hits/measured.js';
import { plainTable, rowsPerGroup, updateOrder } from './hits/tables.js';
import { describeMachine } from './lib/machine.js';
import { brief, microseconds, ratio } from './lib/numbers.js';
import { markdownTable, type Report } from './lib/report.js';
import { type Contestant, type RoundsOptions, race } from './lib/rounds.js';
import { timeFailovers } from './shared/failover.js';
import { type Cached, createSharedSetting, type SharedSetting } from './shared/setting.js';
import { raceWorkers } from './shared/workers.js';

export interface SharedOptions {
  readonly quick: boolean;
}

const callers = 50;

export async function benchShared(report: Report, { quick }: SharedOptions): Promise<void> {
  const setting = await createSharedSetting();
  const rounds: RoundsOptions = quick ? { rounds: 5, warmUpRounds: 1 } : { rounds: 21, warmUpRounds: 3 };
  try {
    report.add(
      `### One redis-server, several processes\n\n${describeMachine(setting.versions, ['pg', 'ioredis'])}\n\n` +
        `Time per call, of ${callers} callers together; medians of ${rounds.rounds} rounds, contestants in turns.`,
    );
    await compareHits(setting, rounds, report);
    await compareWrites(setting, rounds, report);
    await compareWorkers(setting, quick, report);
  } finally {
    await setting.close();
  }
  report.add(await failoverTable());
  await report.save();
}

async function compareHits(setting: SharedSetting, rounds: RoundsOptions, report: Report): Promise<void> {
  const timings = await race(
    [
      {
        ...redisByHand({ plain: measuredPg(setting.plain, updateOrder), redis: setting.redis }, plainTable),
        callers,
        callsPerRound: 5_000,
      },
      cached('strict, decoded results kept', setting.strict, 10_000, 'nearHits'),
      cached('strict, nothing kept', setting.far, 4_000, 'storeHits'),
      cached('bounded', setting.bounded, 40_000, 'nearHits'),
    ],
    rounds,
  );
  const [byHand = 0] = timings.map(({ medianUs }) => medianUs);
  const targets = [null, 3, 0.8, 15];
  report.add(
    markdownTable(
      ['a hit of 10 rows x 10 columns', 'µs per call', 'times ioredis + JSON.parse', 'target', ''],
      timings.map(({ name, medianUs }, index) => {
        const target = targets[index] ?? null;
        const measured = byHand / medianUs;
        return [
          name,
          microseconds(medianUs),
          index === 0 ? '' : ratio(measured),
          target === null ? '' : `≥ ${target}x`,
          target === null ? '' : measured >= target ? 'reached' : '**missed**',
        ];
      }),
    ),
  );
}

function cached(
  name: string,
  { pool, cache }: Cached,
  callsPerRound: number,
  from: 'nearHits' | 'storeHits',
): Contestant {
  let before = cache.stats();
  const read = async (group: number): Promise<void> =>
    consume((await pool.query<Row>(plainTable.select, [group])).rows);
  return {
    name,
    callers,
    callsPerRound,
    call: (index) => read(index % hotGroups),
    before: async () => {
      for (let group = 0; group < hotGroups; group++) await read(group);
      before = cache.stats();
    },
    verify: (calls) => {
      const hits = cache.stats()[from] - before[from];
      if (hits !== calls) throw new Error(`${name}: of ${calls} calls that were to hit, ${hits} did`);
    },
  };
}

/** A round trip is what one PING takes on the same connection, at the same time of day. */
async function compareWrites(setting: SharedSetting, rounds: RoundsOptions, report: Report): Promise<void> {
  const { plain, strict, redis } = setting;
  const rows = plainTable.groups * rowsPerGroup;
  const update = async (pool: typeof plain, index: number): Promise<void> => {
    const { rowCount } = await pool.query(updateOrder, [(index * 7_919) % rows, index]);
    if (rowCount !== 1) throw new Error('An update did not find its row');
  };
  const callsPerRound = 300;
  const ping = async (): Promise<void> => {
    await redis.ping();
  };
  const contestants: readonly Contestant[] = [
    { name: 'plain pg', callers: 1, callsPerRound, call: (index) => update(plain, index) },
    { name: 'strict', callers: 1, callsPerRound, call: (index) => update(strict.pool, index) },
    { name: 'PING', callers: 1, callsPerRound, call: ping },
  ];
  const timings = await race(contestants, rounds);
  const [uncachedUs = 0, oursUs = 0, pingUs = 0] = timings.map(({ medianUs }) => medianUs);
  const counted = await countPackets(redis, callsPerRound, (index) => update(strict.pool, index));
  const alone = await countPackets(redis, callsPerRound, (index) => update(plain, index));
  const trips = counted.packets - alone.packets;
  const moreUs = oursUs - uncachedUs;
  report.add(
    markdownTable(
      ['a write, one caller', 'plain pg', 'strict', 'more', 'target', ''],
      [
        [
          'round trips to the store, counted by it',
          brief(alone.packets),
          brief(counted.packets),
          brief(trips),
          '≤ 2',
          trips < 2.1 ? 'reached' : '**missed**', // a heartbeat of another cache may fall in
        ],
        ['time', microseconds(uncachedUs), microseconds(oursUs), microseconds(moreUs), '', ''],
        [
          'processor time of this process',
          microseconds(alone.processorUs),
          microseconds(counted.processorUs),
          microseconds(counted.processorUs - alone.processorUs),
          '',
          '',
        ],
      ],
    ) +
      `\n\nA PING takes ${microseconds(pingUs)}, so the time more is that of ${(moreUs / pingUs).toFixed(1)} of them: ` +
      'INTENT and END are one round trip each, the rest is the work of this process between them.',
  );
}

/** What a call makes the store receive, and this process work. */
async function countPackets(
  redis: SharedSetting['redis'],
  calls: number,
  call: (index: number) => Promise<void>,
): Promise<{ readonly packets: number; readonly processorUs: number }> {
  const received = async (): Promise<number> => {
    const [, count] = /total_reads_processed:(\d+)/.exec(await redis.info('stats')) ?? [];
    if (count === undefined) throw new Error('The store does not count what it reads');
    return Number(count);
  };
  const before = await received();
  const usedBefore = process.cpuUsage();
  for (let index = 0; index < calls; index++) await call(index);
  const { user, system } = process.cpuUsage(usedBefore);
  const packets = (await received()) - before - 1; // the second question
  return { packets: packets / calls, processorUs: (user + system) / calls };
}

async function compareWorkers(setting: SharedSetting, quick: boolean, report: Report): Promise<void> {
  const rates = await raceWorkers(setting, { workersMax: 3, rounds: quick ? 2 : 5, durationMs: 1_000 });
  const one = rates[0]?.hitsPerSecond ?? 1;
  report.add(
    markdownTable(
      [
        'workers, bounded, each in a loop of its own',
        'hits/s',
        'per worker, of one alone',
        'target',
        '',
        'processor time per hit',
        'processors each had',
      ],
      rates.map(({ hitsPerSecond, processorUs, processorsEach }, index) => {
        const share = hitsPerSecond / (index + 1) / one;
        return [
          String(index + 1),
          Math.round(hitsPerSecond).toLocaleString('en'),
          ratio(share),
          index === 0 ? '' : '≥ 0.8x',
          index === 0 ? '' : share >= 0.8 ? 'reached' : '**missed**',
          microseconds(processorUs),
          brief(processorsEach),
        ];
      }),
    ) +
      `\n\nThis machine has ${availableParallelism()} processors, for the workers, their collectors, the store and all else. ` +
      'Where a worker had less than one to itself, what it did in less is not for want of one of ours.',
  );
}

async function failoverTable(): Promise<string> {
  const failovers = await timeFailovers();
  return markdownTable(
    ['a primary is killed', 'next hit after', 'queries meanwhile', 'of them failed'],
    failovers.map(({ topology, nextHitMs, queries, failed }) => [
      topology,
      `${Math.round(nextHitMs)} ms`,
      String(queries),
      String(failed),
    ]),
  );
}
