/**
 * Decides the question of `npm run bench -- plan`: what understanding a statement costs, the first time and every other time,
 * and what a hit costs whose result depends on some rows rather than on whole tables.
 */
import { createCache } from 'lookaside';
import { withCache } from 'lookaside/pg';
import { Pool } from 'pg';
import { loadCatalog } from '../dist/esm/sql/postgres/load-catalog.js';
import { loadParser } from '../dist/esm/sql/postgres/parser.js';
import { createPostgresPlanner } from '../dist/esm/sql/postgres/planner.js';
import { startPostgres } from '../scripts/lib/postgres.js';
import { describeMachine } from './lib/machine.js';
import { median, microseconds, milliseconds, ratio } from './lib/numbers.js';
import { markdownTable, type Report } from './lib/report.js';
import { corpus, schemaSql } from './plan/corpus.js';
import { measureMysqlPlanning } from './plan/mysql.js';
import { measurePlanning } from './plan/planning.js';

export interface PlanOptions {
  readonly quick: boolean;
}

export async function benchPlan(report: Report, { quick }: PlanOptions): Promise<void> {
  const postgres = await startPostgres();
  const pool = new Pool({ connectionString: postgres.url, max: 2 });
  pool.on('error', () => undefined);
  try {
    await pool.query(schemaSql);
    report.add(
      `### Understanding a statement\n\n${describeMachine({}, ['pg'])}\n\n` +
        `${corpus.length} texts of applications and of ORMs, from a look-up by key to reports over views, CTEs and windows. ` +
        'CPU time of the whole process.',
    );
    const catalog = await loadCatalog(async (text) => (await pool.query<Record<string, unknown>>(text)).rows);
    const parser = await loadParser();
    const rounds = quick ? 5 : 40;
    const planner = createPostgresPlanner({ parser, catalog });
    const plan = measurePlanning(
      { corpus, plan: (text) => planner.plan(text), parse: (text) => parser.parse(text) },
      rounds,
    );
    const mysql = await measureMysqlPlanning(rounds);
    const loading = await loadingCatalog(postgres.url, quick ? 3 : 9);
    const hits = await comparePinnedHits(pool, postgres.url, quick ? 5 : 15);
    const rows = [
      ['a new text, median', microseconds(plan.medianUs), '<= 300 µs', plan.medianUs <= 300],
      ['a new text, 95 of 100', microseconds(plan.p95Us), '', null],
      ['of that the parser, median', microseconds(plan.parserUs), '', null],
      ['a known text', microseconds(plan.knownUs), '<= 1 µs', plan.knownUs <= 1],
      [
        `of MySQL, ${mysql.texts} such texts: a new one, median`,
        microseconds(mysql.medianUs),
        '<= 300 µs',
        mysql.medianUs <= 300,
      ],
      ['a new one, 95 of 100', microseconds(mysql.p95Us), '', null],
      ['of that the parser, median', microseconds(mysql.parserUs), '', null],
      ['a known one', microseconds(mysql.knownUs), '<= 1 µs', mysql.knownUs <= 1],
      [`the catalog of ${TABLES} tables, from question to answer`, milliseconds(loading.wallMs), '', null],
      ['of that this process, CPU time', milliseconds(loading.cpuMs), '', null],
      ...hits.map(({ name, times }) => [name, ratio(times), '<= 1.3x', times <= 1.3] as const),
    ] as const;
    report.add(
      markdownTable(
        ['', 'measured', 'to be', ''],
        rows.map(([label, measured, wanted, isMet]) => [
          label,
          measured,
          wanted,
          isMet === null ? '' : isMet ? 'met' : '**missed**',
        ]),
      ),
    );
    await report.save();
  } finally {
    await pool.end();
    await postgres.stop();
  }
}

const TABLES = 500;

/** A database of its own, of tables with ten columns, two indexes and a reference each. Medians, with all else in memory. */
async function loadingCatalog(
  url: string,
  rounds: number,
): Promise<{ readonly wallMs: number; readonly cpuMs: number }> {
  const name = 'many_tables';
  const administrator = new Pool({ connectionString: url, max: 1 });
  administrator.on('error', () => undefined);
  await administrator.query(`create database ${name}`);
  const address = new URL(url);
  address.pathname = name;
  const pool = new Pool({ connectionString: address.href, max: 1 });
  pool.on('error', () => undefined);
  try {
    const tables = Array.from(
      { length: TABLES },
      (
        _,
        index,
      ) => `create table t${index} (id serial primary key, a int unique, b text, c timestamptz default now(),
        d numeric, e jsonb, f uuid, g bool, h varchar(20), parent int references t${Math.max(0, index - 1)})`,
    );
    for (const table of tables) await pool.query(table);
    const wall: number[] = [];
    const cpu: number[] = [];
    for (let round = 0; round < rounds + 2; round++) {
      const before = process.cpuUsage();
      const startedAtMs = performance.now();
      await loadCatalog(async (text) => (await pool.query<Record<string, unknown>>(text)).rows);
      const { user, system } = process.cpuUsage(before);
      // The first rounds warm up.
      if (round < 2) continue;
      wall.push(performance.now() - startedAtMs);
      cpu.push((user + system) / 1_000);
    }
    return { wallMs: median(wall), cpuMs: median(cpu) };
  } finally {
    await pool.end();
    await administrator.query(`drop database ${name} with (force)`);
    await administrator.end();
  }
}

interface Pair {
  readonly name: string;
  readonly pinned: string;
  /** The same rows by a condition that names none. */
  readonly whole: string;
  readonly values: readonly unknown[];
}

const pairs: readonly Pair[] = [
  {
    name: 'a hit by key, beside one on the whole table',
    pinned: 'select * from products where id = $1',
    whole: 'select * from products where id + 0 = $1',
    values: [7],
  },
  {
    name: 'a hit by two columns',
    pinned: 'select * from order_lines where order_id = $1 and line = $2',
    whole: 'select * from order_lines where order_id + 0 = $1 and line + 0 = $2',
    values: [3, 1],
  },
  {
    name: 'a hit by four keys',
    pinned: 'select * from products where id = any ($1)',
    whole: 'select * from products where id + 0 = any ($1)',
    values: [[1, 2, 3, 4]],
  },
];

/** CPU time per hit of a pinned statement, as a multiple of an unpinned one's; in turns, medians. */
async function comparePinnedHits(
  plain: Pool,
  url: string,
  rounds: number,
): Promise<readonly { readonly name: string; readonly times: number }[]> {
  await plain.query(`insert into products (id, sku, price) select i, 'p' || i, i from generate_series(1, 50) i on conflict do nothing;
    insert into orders (id) select i from generate_series(1, 20) i on conflict do nothing;
    insert into order_lines (order_id, line, quantity) select i, 1, 1 from generate_series(1, 20) i on conflict do nothing`);
  const cache = createCache({ namespace: 'bench-plan', ttl: '1h' });
  const pool = withCache(new Pool({ connectionString: url, max: 2 }), cache);
  pool.on('error', () => undefined);
  try {
    const measured: { name: string; times: number }[] = [];
    for (const { name, pinned, whole, values } of pairs) {
      const cpu = async (text: string): Promise<number> => {
        const calls = 20_000;
        const before = process.cpuUsage();
        for (let call = 0; call < calls; call++) await pool.query(text, [...values]);
        const { user, system } = process.cpuUsage(before);
        return (user + system) / calls;
      };
      await cpu(pinned);
      await cpu(whole);
      const times: number[] = [];
      for (let round = 0; round < rounds; round++) times.push((await cpu(pinned)) / (await cpu(whole)));
      measured.push({ name, times: median(times) });
    }
    return measured;
  } finally {
    await pool.end();
    await cache.close();
  }
}
