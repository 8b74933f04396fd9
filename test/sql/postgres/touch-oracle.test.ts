/** Decides, with a real server, that no statement scans or writes a table which its plan does not name. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithPostgres } from '../../support/servers.js';
import { openShop, type Shop, shopSql } from './shop.js';
import { changeText, readText, shopRowsSql } from './touch-grammar.js';

/** Counters of this transaction, per table; what other transactions left in them is subtracted. */
const touchedSql = `select s.relid::text as id, s.seq_scan + coalesce(s.idx_scan, 0) as scans,
    s.n_tup_ins + s.n_tup_upd + s.n_tup_del as writes, pg_relation_filenode(s.relid)::text as file
  from pg_stat_xact_user_tables s`;

interface Touched {
  readonly scans: number;
  readonly writes: number;
  readonly file: string | null;
}

/** The relations a plan of the server names. */
function relationsIn(node: unknown): readonly string[] {
  if (Array.isArray(node)) return node.flatMap(relationsIn);
  if (typeof node !== 'object' || node === null) return [];
  const { 'Relation Name': name, Schema: schema } = node as Record<string, unknown>;
  const own = typeof name === 'string' ? [`${String(schema)}.${name}`] : [];
  return [...own, ...Object.values(node).flatMap(relationsIn)];
}

describeWithPostgres('plans against the server: it touches no table that the plan does not name', () => {
  let shop: Shop;
  const counts = {
    statements: 0,
    refused: 0,
    reads: 0,
    cached: 0,
    writes: 0,
    precise: 0,
    changed: 0,
    scanned: 0,
  };
  beforeAll(async () => {
    shop = await openShop(`${shopSql} ${shopRowsSql}`);
  });
  afterAll(() => shop.close());

  const touched = async (): Promise<Map<string, Touched>> => {
    const { rows } = await shop.client.query<Record<'id' | 'scans' | 'writes' | 'file', string>>(touchedSql);
    return new Map(
      rows.map((row) => [row.id, { scans: Number(row.scans), writes: Number(row.writes), file: row.file }]),
    );
  };

  const nameOf = (id: string): string => shop.catalog.relations.get(id)?.table.name ?? id;

  /** Runs a text and undoes it; gives what it scanned and wrote, or null where the server refused it. */
  const observe = async (text: string): Promise<{ scanned: string[]; written: string[] } | null> => {
    counts.statements += 1;
    await shop.client.query('begin');
    try {
      const before = await touched();
      await shop.client.query(text);
      const after = await touched();
      const differing = (pick: (state: Touched | undefined) => unknown): string[] =>
        [...after.keys()].filter((id) => pick(after.get(id)) !== pick(before.get(id))).map(nameOf);
      return {
        scanned: differing((state) => state?.scans ?? 0),
        written: [
          ...differing((state) => state?.writes ?? 0),
          ...[...after]
            .filter(([id, state]) => before.has(id) && before.get(id)?.file !== state.file)
            .map(([id]) => nameOf(id)),
        ],
      };
    } catch (error) {
      counts.refused += 1;
      if (!('code' in (error as object))) throw error;
      return null;
    } finally {
      await shop.client.query('rollback');
    }
  };

  const numRuns = Number(process.env['LOOKASIDE_TEST_RUNS'] ?? 600);

  test('reads', async () => {
    await fc.assert(
      fc.asyncProperty(readText, async (text) => {
        const plan = shop.planner.plan(text);
        const seen = await observe(text);
        if (seen === null) return;
        counts.reads += 1;
        expect(seen.written).toEqual([]);
        expect(plan.kind).not.toBe('write');
        if (plan.kind !== 'read') return;
        counts.cached += 1;
        if (seen.scanned.length > 0) counts.scanned += 1;
        const named = plan.reads.map(({ table }) => table.name);
        const { rows } = await shop.client.query(`explain (format json, verbose, costs off) ${text}`);
        const missing = [...seen.scanned, ...relationsIn(rows)].filter((name) => !named.includes(name));
        expect(missing).toEqual([]);
      }),
      { numRuns },
    );
    expect(counts.scanned).toBeGreaterThan(numRuns / 10);
  }, 600_000);

  test('writes', async () => {
    await fc.assert(
      fc.asyncProperty(changeText, async (text) => {
        const plan = shop.planner.plan(text);
        const seen = await observe(text);
        if (seen === null) return;
        if (plan.kind === 'write') counts.writes += 1;
        if (plan.kind === 'write' && plan.writes.scope === 'everything') return;
        if (plan.kind === 'write') counts.precise += 1;
        if (seen.written.length > 0) counts.changed += 1;
        const named =
          plan.kind === 'write' && plan.writes.scope === 'tables'
            ? plan.writes.tables.map(({ table }) => table.name)
            : [];
        expect(seen.written.filter((name) => !named.includes(name))).toEqual([]);
      }),
      { numRuns },
    );
    expect(counts.changed).toBeGreaterThan(numRuns / 10);
    if (process.env['LOOKASIDE_TEST_VERBOSE'] !== undefined) console.log(counts);
  }, 600_000);
});
