/**
 * Decides how `npm run bench -- changes` measures MySQL and MariaDB: how long a write by others stays unseen while nobody
 * else writes, while we do, and while others do all the time, and what one look at the server's log costs.
 */
import { createCache } from 'lookaside';
import { withCache } from 'lookaside/mysql2';
import mysql, { type Connection, type Pool, type RowDataPacket } from 'mysql2/promise';
import { startMariadb } from '../scripts/lib/mariadb.js';
import type { RunningMysql } from '../scripts/lib/mysql-process.js';
import { startMysql57 } from '../scripts/lib/mysql57.js';
import { readStatistics } from '../src/sql/mysql/statistics.js';
import { median, milliseconds, seconds } from './lib/numbers.js';
import type { Report } from './lib/report.js';
import { wait } from './lib/wait.js';

const servers = [
  { name: 'MariaDB 10.11', start: () => startMariadb() },
  {
    name: 'MySQL 5.7',
    start: () => startMysql57({ settings: { gtid_mode: 'ON', enforce_gtid_consistency: 'ON' } }),
  },
];

const BUSY_EVERY_MS = 50;

/** Writes until it is told to stop. */
function load(write: () => Promise<unknown>): () => Promise<void> {
  const state = { isOn: true };
  const running = (async () => {
    for (; state.isOn; await wait(BUSY_EVERY_MS)) await write();
  })();
  return async () => {
    state.isOn = false;
    await running;
  };
}

const others = 'update others set value = value + 1 where id = 1';
const update = 'update ours set value = value + 1 where id = ?';

/** What else goes on, and how long it takes until nothing else shows. */
const situations: readonly {
  readonly what: string;
  readonly begin: (pool: Pool, other: Connection) => () => Promise<void>;
}[] = [
  { what: 'nobody else writes', begin: () => async () => undefined },
  { what: 'the application writes, too', begin: (pool) => load(() => pool.query(update, [1])) },
  {
    what: 'others write all the time, in other tables',
    begin: (_, other) => load(() => other.query(others)),
  },
];

async function delaysOf(
  server: RunningMysql,
  rounds: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const founder = await mysql.createConnection({ uri: server.url, multipleStatements: true });
  await founder.query(`create database bench; use bench; create table ours (id int primary key, value int);
    create table others (id int primary key, value int); insert into ours values (1, 0), (2, 0); insert into others values (1, 0)`);
  const place = { uri: server.url, database: 'bench' };
  const delays = new Map<string, number[]>();
  let serial = 0;
  for (const { what, begin } of situations) {
    const cache = createCache({ namespace: `bench-changes-${server.port}-${delays.size}`, ttl: '1h' });
    const pool = withCache(mysql.createPool({ ...place, connectionLimit: 4 }), cache);
    const other = await mysql.createConnection(place);
    await cache.ready();
    const value = async (): Promise<unknown> =>
      (await pool.query<RowDataPacket[]>('select value from ours where id = ?', [2]))[0][0]?.['value'];
    const end = begin(pool, other);
    await wait(12_000); // until it is looked at as seldom as it will be
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const expected = --serial;
      // Kept in the cache until the moment in which it is changed.
      const changesAtMs = performance.now() + 1_500 + 1_000 * Math.random();
      while (performance.now() < changesAtMs) {
        await value();
        await wait(5);
      }
      await other.query('update ours set value = ? where id = 2', [expected]);
      const acknowledgedMs = performance.now();
      while ((await value()) !== expected) await wait(5);
      times.push(performance.now() - acknowledgedMs);
    }
    delays.set(what, times);
    await end();
    await Promise.all([other.end(), pool.end()]);
    await cache.close();
  }
  await founder.end();
  return delays;
}

async function costOf(server: RunningMysql): Promise<number> {
  const connection = await mysql.createConnection({ uri: server.url });
  const query = async (sql: string) => {
    const [rows] = await connection.query<RowDataPacket[]>({
      sql,
      typeCast: (field: { string(): string | null }) => field.string(),
    });
    return rows;
  };
  const times: number[] = [];
  for (let round = 0; round < 100; round++) {
    const startedMs = performance.now();
    await readStatistics(query, { pooled: false });
    times.push(performance.now() - startedMs);
  }
  await connection.end();
  return median(times);
}

/** Waiting, mostly: some two minutes per server. */
export async function addMysqlChanges(report: Report, quick: boolean): Promise<void> {
  for (const { name, start } of servers) {
    const server = await start();
    try {
      const delays = await delaysOf(server, quick ? 3 : 8);
      const rows = [...delays].map(
        ([what, times]) => `| ${what} | ${seconds(median(times))} | ${seconds(Math.max(...times))} |`,
      );
      report.add(
        [
          `${name}, \`changes.interval\` 1 s:`,
          '',
          '| While … | median | longest |',
          '| --- | --- | --- |',
          ...rows,
        ].join('\n'),
      );
      report.add(`One look at its log: ${milliseconds(await costOf(server))}.`);
    } finally {
      await server.stop();
    }
  }
}
