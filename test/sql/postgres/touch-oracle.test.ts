/** Decides, with a real server, that no statement scans or writes a table which its plan does not name. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TableRead } from '../../../src/sql/plan.js';
import { describeWithPostgres } from '../../support/servers.js';
import { openShop, type Shop, shopSql } from './shop.js';
import { changeForms, filled, formOf, readForms } from './touch-forms.js';
import { changeText, readText, shopRowsSql } from './touch-grammar.js';
import { hidden, places } from './touch-places.js';

/** Counters of this transaction, per table; what other transactions left in them is subtracted. */
const touchedSql = `select s.relid::text as id, s.seq_scan + coalesce(s.idx_scan, 0) as scans,
    s.n_tup_ins + s.n_tup_upd + s.n_tup_del as writes, pg_relation_filenode(s.relid)::text as file
  from pg_stat_xact_user_tables s`;

interface Touched {
  readonly scans: number;
  readonly writes: number;
  readonly file: string | null;
}

/** Tables by name. */
interface Seen {
  readonly scanned: readonly string[];
  readonly written: readonly string[];
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
  const observe = async (text: string): Promise<Seen | null> => {
    counts.statements += 1;
    await shop.client.query('begin');
    try {
      const before = await touched();
      await shop.client.query(text);
      const after = await touched();
      const differing = (pick: (state: Touched | undefined) => unknown): string[] =>
        [...after.keys()]
          .filter((id) => shop.catalog.relations.has(id)) // what it makes itself nobody has cached
          .filter((id) => pick(after.get(id)) !== pick(before.get(id)))
          .map(nameOf);
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

  /** What the plan does not say and the server did, if it understood the text at all. */
  const overlooked = async (text: string): Promise<readonly string[] | 'refused'> => {
    const plan = shop.planner.plan(text);
    const seen = await observe(text);
    if (seen === null) return 'refused';
    if (seen.written.length > 0) counts.changed += 1;
    switch (plan.kind) {
      case 'bypass':
      case 'transaction':
        return seen.written;
      case 'read':
        return unread(text, plan.reads, seen);
      case 'write': {
        counts.writes += 1;
        if (plan.writes.scope === 'everything') return [];
        counts.precise += 1;
        const named = plan.writes.tables.map(({ table }) => table.name);
        return seen.written.filter((name) => !named.includes(name));
      }
    }
  };

  const unread = async (
    text: string,
    reads: readonly TableRead[],
    seen: Seen,
  ): Promise<readonly string[]> => {
    counts.cached += 1;
    if (seen.scanned.length > 0) counts.scanned += 1;
    const named = reads.map(({ table }) => table.name);
    const { rows } = await shop.client.query(`explain (format json, verbose, costs off) ${text}`);
    return [
      ...seen.written,
      ...[...seen.scanned, ...relationsIn(rows)].filter((name) => !named.includes(name)),
    ];
  };

  const nothing = async (text: string): Promise<'understood' | 'refused'> => {
    const found = await overlooked(text);
    if (found === 'refused') return found;
    expect(found, text).toEqual([]);
    return 'understood';
  };

  afterAll(() => {
    if (process.env['LOOKASIDE_TEST_VERBOSE'] !== undefined) console.log(counts);
  });

  test('reads', async () => {
    const before = counts.scanned;
    await fc.assert(
      fc.asyncProperty(readText, async (text) => {
        if ((await nothing(text)) === 'understood') expect(shop.planner.plan(text).kind).not.toBe('write');
      }),
      { numRuns },
    );
    expect(counts.scanned - before).toBeGreaterThan(numRuns / 10);
  }, 600_000);

  test('writes', async () => {
    const before = counts.changed;
    await fc.assert(
      fc.asyncProperty(changeText, async (text) => void (await nothing(text))),
      { numRuns },
    );
    expect(counts.changed - before).toBeGreaterThan(numRuns / 10);
  }, 600_000);

  /** Each form a few times; gives those of which the server understood none. */
  const never = async (
    forms: readonly string[],
    textOf: TextOf,
    times: number,
  ): Promise<readonly string[]> => {
    const refused: string[] = [];
    for (const [index, form] of forms.entries()) {
      let understood = 0;
      for (const text of fc.sample(textOf(form), { seed: index, numRuns: times }))
        if ((await nothing(text)) === 'understood') understood += 1;
      if (understood === 0) refused.push(form);
    }
    return refused;
  };

  const times = Math.ceil(numRuns / 200);

  test('each form of a query that the documentation has', async () => {
    const before = counts.cached;
    expect(await never(readForms, formOf, times)).toEqual([]);
    expect(counts.cached - before).toBeGreaterThan(readForms.length);
  }, 600_000);

  test('each form of any other statement that touches tables', async () => {
    const before = counts.changed;
    expect(await never(changeForms, formOf, times)).toEqual([]);
    expect(counts.changed - before).toBeGreaterThan(changeForms.length);
  }, 600_000);

  for (const [what, expression] of Object.entries(hidden))
    test(`${what}, anywhere in a statement`, async () => {
      expect(await never(places, (place) => filled(place, { e: expression }), 1)).toEqual([]);
    }, 600_000);
});

type TextOf = (form: string) => fc.Arbitrary<string>;
