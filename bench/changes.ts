/**
 * Decides the question of `npm run bench -- changes`: how long a write that does not pass through the cache can stay
 * unseen, by what made it and by the version of the server, and what looking for it costs.
 */
import { createCache } from 'lookaside';
import { withCache } from 'lookaside/pg';
import { Client, Pool } from 'pg';
import { statisticsSql } from '../src/sql/postgres/statistics.js';
import { DEBIAN_15, hasDebian15, PostgresServer } from '../test/support/postgres-server.js';
import { addMysqlChanges } from './changes-mysql.js';
import { median, seconds } from './lib/numbers.js';
import type { Report } from './lib/report.js';
import { wait } from './lib/wait.js';

export interface ChangesOptions {
  readonly quick: boolean;
}

/** A session hands statistics over once a second at most. */
const ALMOST_A_SECOND_MS = 950;

/** Who writes, and how; each writes a table of its own. */
interface Writer {
  readonly table: string;
  readonly what: string;
  /** Resolves when the write is acknowledged. */
  readonly write: (value: number) => Promise<void>;
  readonly end: () => Promise<void>;
}

async function connected(server: PostgresServer): Promise<Client> {
  const client = new Client(server.place);
  await client.connect();
  return client;
}

const update = (table: string, value: number): string => `update ${table} set value = ${value} where id = 1`;

async function writers(server: PostgresServer): Promise<readonly Writer[]> {
  const [quiet, burst, busy] = [await connected(server), await connected(server), await connected(server)];
  const load = { isOn: true };
  const working = (async () => {
    for (let value = 0; load.isOn; value++) {
      await busy.query(`update busy set value = ${value} where id = 2`);
      await wait(20);
    }
  })();
  return [
    {
      table: 'exits',
      what: 'a session that writes and ends (`psql -c`, a migration, a restore)',
      write: async (value) => {
        const client = await connected(server);
        await client.query(update('exits', value));
        await client.end();
      },
      end: async () => undefined,
    },
    {
      table: 'quiet',
      what: 'a session that did nothing for a second, and writes once',
      write: async (value) => void (await quiet.query(update('quiet', value))),
      end: () => quiet.end(),
    },
    {
      table: 'busy',
      what: 'a session that goes on working',
      write: async (value) => void (await busy.query(update('busy', value))),
      end: async () => {
        load.isOn = false;
        await working;
        await busy.end();
      },
    },
    {
      table: 'burst',
      what: 'a session that writes twice within a second, and then idles',
      write: async (value) => {
        await burst.query(update('burst', -value));
        await wait(ALMOST_A_SECOND_MS); // so that a look in between takes the first one only
        await burst.query(update('burst', value));
      },
      end: () => burst.end(),
    },
  ];
}

async function delaysOf(server: PostgresServer, rounds: number): Promise<ReadonlyMap<string, number[]>> {
  const cache = createCache({ namespace: `bench-changes-${server.place.port}`, ttl: '1h' });
  const pool = withCache(new Pool({ ...server.place, max: 4 }), cache);
  for (const table of ['exits', 'quiet', 'busy', 'burst'])
    await server.query(
      `create table ${table} (id int primary key, value int); insert into ${table} values (1, 0), (2, 0)`,
    );
  const all = await writers(server);
  await cache.ready();
  const delays = new Map<string, number[]>(all.map(({ what }) => [what, []]));
  const valueOf = async (table: string): Promise<unknown> =>
    (await pool.query<{ value: number }>(`select value from ${table} where id = $1`, [1])).rows[0]?.value;
  for (let round = 1; round <= rounds; round++) {
    await Promise.all(all.map(({ table }) => valueOf(table)));
    await wait(1_500 + 1_000 * Math.random());
    await Promise.all(
      all.map(async ({ table, what, write }) => {
        const shown = (async () => {
          while ((await valueOf(table)) !== round) await wait(5);
          return performance.now();
        })();
        await write(round);
        const acknowledgedMs = performance.now();
        delays.get(what)?.push(Math.max(0, (await shown) - acknowledgedMs));
      }),
    );
  }
  for (const writer of all) await writer.end();
  await pool.end();
  await cache.close();
  return delays;
}

async function costOf(server: PostgresServer, tables: number): Promise<number> {
  await server.query(`do $$ begin for i in 1..${tables} loop
    execute format('create table if not exists cost_%s (id int primary key, value int)', i); end loop; end $$`);
  const client = await connected(server);
  const times: number[] = [];
  for (let round = 0; round < 30; round++) {
    const startedMs = performance.now();
    await client.query(statisticsSql);
    times.push(performance.now() - startedMs);
  }
  await client.end();
  return median(times);
}

/** Waiting, mostly: some two minutes per version and server. */
export async function benchChanges(report: Report, { quick }: ChangesOptions): Promise<void> {
  report.add('### How long a write by others stays unseen');
  const versions = [
    { name: '18', programs: undefined },
    ...(hasDebian15() ? [{ name: '15', programs: DEBIAN_15 }] : []),
  ];
  for (const { name, programs } of versions) {
    const server = await PostgresServer.start({}, programs);
    try {
      const delays = await delaysOf(server, quick ? 2 : 8);
      const rows = [...delays].map(
        ([what, times]) => `| ${what} | ${seconds(median(times))} | ${seconds(Math.max(...times))} |`,
      );
      report.add(
        [
          `Postgres ${name}, \`changes.interval\` 1 s:`,
          '',
          '| Written by | median | longest |',
          '| --- | --- | --- |',
          ...rows,
        ].join('\n'),
      );
      const costs: string[] = [];
      for (const tables of [100, 1_000])
        costs.push(`${tables} tables: ${(await costOf(server, tables)).toFixed(1)} ms`);
      report.add(`One look at the statistics of ${costs.join(', ')}.`);
    } finally {
      await server.stop();
    }
  }
  await addMysqlChanges(report, quick);
  await report.save();
}
