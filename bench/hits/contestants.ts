/** Decides how each contestant reads and writes, as its user would, and that its results are used. */
import type { Contestant } from '../lib/rounds.js';
import type { Measured, MeasuredTable, Row } from './measured.js';
import type { Setting } from './setting.js';
import { rowsPerGroup } from './tables.js';

/** Hits go round these groups, so that it is not one key that is hot. */
export const hotGroups = 100;

export interface Callers {
  readonly label: 'sequential' | '50 callers';
  readonly callers: number;
}

export const callerKinds: readonly Callers[] = [
  { label: 'sequential', callers: 1 },
  { label: '50 callers', callers: 50 },
];

export const lookasideName = 'lookaside';
export const redisName = 'ioredis + JSON.parse';

/** What a caller does with a result, so that no contestant gets away with a promise of rows. */
export function consume(rows: readonly Row[]): void {
  let checksum = 0;
  for (const row of rows) checksum += row.id;
  if (rows.length !== rowsPerGroup || Number.isNaN(checksum))
    throw new Error('A result is not what it should be');
}

const queryOn = async (database: Measured, table: MeasuredTable, group: number): Promise<void> =>
  consume(await database.rows(table, group));

/** Batches of about 100 ms on the machine of bench/README.md. */
export function hitContestants(
  setting: Setting,
  table: MeasuredTable,
  { callers }: Callers,
): readonly Contestant[] {
  const { plain, wrapped, cache, uncachedName } = setting;
  let before = cache.stats();
  return [
    {
      name: lookasideName,
      callers,
      callsPerRound: 40_000,
      call: (index) => queryOn(wrapped, table, index % hotGroups),
      before: async () => {
        for (let group = 0; group < hotGroups; group++) await queryOn(wrapped, table, group);
        before = cache.stats();
      },
      verify: (calls) => {
        const hits = cache.stats().nearHits - before.nearHits;
        if (hits !== calls) throw new Error(`Of ${calls} calls that were to hit, ${hits} did`);
      },
    },
    { ...redisByHand(setting, table), callers, callsPerRound: callers === 1 ? 1_500 : 5_000 },
    {
      name: uncachedName,
      callers,
      callsPerRound: callers === 1 ? 400 : 1_000,
      call: (index) => queryOn(plain, table, index % hotGroups),
    },
  ];
}

/** What is written where there is a Redis and no lookaside. */
export function redisByHand(
  { plain, redis }: Pick<Setting, 'plain' | 'redis'>,
  table: MeasuredTable,
): Pick<Contestant, 'name' | 'call' | 'before'> {
  return {
    name: redisName,
    call: async (index) => {
      const cached = await redis.get(`${table.name}:${index % hotGroups}`);
      if (cached === null) throw new Error('A call that was to hit did not');
      consume(JSON.parse(cached) as Row[]);
    },
    before: async () => {
      for (let group = 0; group < hotGroups; group++) {
        const rows = await plain.rows(table, group);
        await redis.set(`${table.name}:${group}`, JSON.stringify(rows), 'EX', 3_600);
      }
    },
  };
}

/** Every call asks for a group nobody asked for; when they run out, the cache forgets them all. */
export function missContestants(
  { plain, wrapped, cache, uncachedName }: Setting,
  table: MeasuredTable,
  { callers }: Callers,
): readonly Contestant[] {
  const callsPerRound = callers === 1 ? 400 : 1_000;
  let asked = table.groups;
  let before = cache.stats();
  return [
    {
      name: lookasideName,
      callers,
      callsPerRound,
      call: (index) => queryOn(wrapped, table, index % table.groups),
      before: async () => {
        asked += callsPerRound;
        if (asked > table.groups - callsPerRound) {
          await cache.clear();
          asked = 0;
        }
        before = cache.stats();
      },
      verify: (calls) => {
        const misses = cache.stats().misses - before.misses;
        if (misses !== calls) throw new Error(`Of ${calls} calls that were to miss, ${misses} did`);
      },
    },
    {
      name: uncachedName,
      callers,
      callsPerRound,
      call: (index) => queryOn(plain, table, index % table.groups),
    },
  ];
}

/** Updates by primary key, each of another row, spread over the table. */
export function writeContestants(
  { plain, wrapped, cache, uncachedName, tables }: Setting,
  { callers }: Callers,
): readonly Contestant[] {
  const callsPerRound = callers === 1 ? 400 : 1_000;
  const rows = tables.plain.groups * rowsPerGroup;
  const stride = 7_919; // a prime that does not divide the number of rows: every row once before any twice
  const update = async (database: Measured, index: number): Promise<void> => {
    if ((await database.update((index * stride) % rows, index)) !== 1)
      throw new Error('An update did not find its row');
  };
  let before = cache.stats();
  return [
    {
      name: lookasideName,
      callers,
      callsPerRound,
      call: (index) => update(wrapped, index),
      before: async () => {
        before = cache.stats();
      },
      verify: (calls) => {
        const writes = cache.stats().writes - before.writes;
        if (writes !== calls) throw new Error(`Of ${calls} writes, lookaside saw ${writes}`);
      },
    },
    { name: uncachedName, callers, callsPerRound, call: (index) => update(plain, index) },
  ];
}
