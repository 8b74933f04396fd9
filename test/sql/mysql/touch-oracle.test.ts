/** Decides, with a real server, that no statement reads or writes a table which its plan does not name. */
import fc from 'fast-check';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Plan } from '../../../src/sql/plan.js';
import { describeWithMysql } from '../../support/mysql.js';
import { openShop, type Shop } from './shop.js';
import { change, places, query, worldSql } from './touch-grammar.js';

interface Touched {
  readonly read: number;
  readonly written: number;
}

/** Tables as `schema.name`. */
interface Seen {
  readonly read: readonly string[];
  readonly written: readonly string[];
}

const numRuns = Number(process.env['LOOKASIDE_TEST_RUNS'] ?? 150);

describeWithMysql('plans against the server: it touches no table that the plan does not name', () => {
  let shop: Shop;
  let tables: readonly string[];
  let checksums: ReadonlyMap<string, string>;
  const counts = { statements: 0, refused: 0, cached: 0, read: 0, precise: 0, written: 0 };

  const filled = (text: string): string => text.replaceAll('{other}', `${shop.schema}_other`);
  const rowsOf = async (text: string): Promise<readonly RowDataPacket[]> =>
    (await shop.connection.query<RowDataPacket[]>(text))[0];

  beforeAll(async () => {
    shop = await openShop('');
    await shop.connection.query(`create database ${shop.schema}_other`);
    await shop.change(filled(worldSql));
    tables = [...shop.catalog.relations.values()]
      .filter(({ kind, schema }) => kind === 'table' && schema.startsWith(shop.schema))
      .map(({ table }) => table.name);
    checksums = await checksumsNow();
  }, 60_000);
  afterAll(async () => {
    await shop.connection.query(`drop database ${shop.schema}_other`);
    await shop.close();
    if (process.env['LOOKASIDE_TEST_VERBOSE'] !== undefined) console.log(counts);
  });

  const quoted = (name: string): string =>
    name.replace(/^([^.]*)\.(.*)$/, (_whole, schema: string, table: string) => `\`${schema}\`.\`${table}\``);

  /** Cascades of foreign keys change rows, and are counted nowhere. */
  const checksumsNow = async (): Promise<ReadonlyMap<string, string>> => {
    const rows = await rowsOf(`checksum table ${tables.map(quoted).join(', ')} extended`);
    return new Map(rows.map((row) => [String(row['Table']), String(row['Checksum'])]));
  };

  /** What every session did to the tables, which nobody else uses. */
  const touchedNow = async (): Promise<ReadonlyMap<string, Touched>> => {
    const rows = await rowsOf(
      `select concat(object_schema, '.', object_name) as name, count_fetch as f, count_insert + count_update + count_delete as w
       from performance_schema.table_io_waits_summary_by_table where object_schema like '${shop.schema}%'`,
    );
    return new Map(
      rows.map((row) => [String(row['name']), { read: Number(row['f']), written: Number(row['w']) }]),
    );
  };

  /** Tables that the server names when it writes the query its own way. */
  const namedByServer = async (text: string): Promise<readonly string[]> => {
    await shop.connection.query(`explain extended ${text}`);
    const note = JSON.stringify(await rowsOf('show warnings'));
    return tables.filter((name) => note.includes(quoted(name)));
  };

  /** Runs a text and undoes it; null: the server refused it. */
  const observe = async (text: string, isRead: boolean): Promise<Seen | null> => {
    counts.statements += 1;
    await shop.connection.query('begin');
    try {
      const named = isRead ? await namedByServer(text) : [];
      const before = await touchedNow();
      await shop.connection.query(text);
      const after = await touchedNow();
      const differing = (pick: keyof Touched): string[] =>
        tables.filter((name) => (after.get(name)?.[pick] ?? 0) !== (before.get(name)?.[pick] ?? 0));
      const read = [...new Set([...named, ...differing('read')])];
      if (isRead) return { read, written: differing('written') };
      const now = await checksumsNow();
      const changed = tables.filter((name) => now.get(name) !== checksums.get(name));
      return { read, written: [...new Set([...differing('written'), ...changed])] };
    } catch (error) {
      if (!(error instanceof Error && 'errno' in error)) throw error;
      counts.refused += 1;
      return null;
    } finally {
      await shop.connection.query('rollback');
    }
  };

  const without = (
    names: readonly string[],
    known: readonly { readonly table: { name: string } }[],
  ): string[] => names.filter((name) => !known.some(({ table }) => table.name === name));

  /** What the server did and the plan does not say. */
  const overlooked = async (
    text: string,
    plan: Plan = shop.planner.plan(text),
  ): Promise<readonly string[] | null> => {
    const seen = await observe(text, plan.kind === 'read');
    if (seen === null) return null;
    if (seen.read.length > 0) counts.read += 1;
    if (seen.written.length > 0) counts.written += 1;
    switch (plan.kind) {
      case 'read':
        counts.cached += 1;
        return [...seen.written, ...without(seen.read, plan.reads)];
      case 'write':
        if (plan.writes.scope === 'everything') return [];
        counts.precise += 1;
        return without(seen.written, plan.writes.tables);
      default:
        return seen.written;
    }
  };

  const expectNothing = async (text: string): Promise<boolean> => {
    const found = await overlooked(text);
    if (found !== null) expect(found, `${text}\n${JSON.stringify(shop.planner.plan(text))}`).toEqual([]);
    return found !== null;
  };

  test('reads', async () => {
    await fc.assert(
      fc.asyncProperty(query, async (text) => void (await expectNothing(filled(text)))),
      { numRuns },
    );
    expect(counts.cached).toBeGreaterThan(numRuns / 3);
    expect(counts.read).toBeGreaterThan(numRuns / 3);
  }, 600_000);

  test('writes', async () => {
    await fc.assert(
      fc.asyncProperty(change, async (text) => void (await expectNothing(filled(text)))),
      { numRuns },
    );
    expect(counts.written).toBeGreaterThan(numRuns / 4);
    expect(counts.precise).toBeGreaterThan(numRuns / 4);
  }, 600_000);

  const hidden: readonly (readonly [string, string])[] = [
    ['a table', '(select max(id) from coupons)'],
    ['a table in a function', 'seen(1)'],
    ['a table that a function writes', 'bump(1)'],
    ['a table of another schema', '(select max(r.id) from {other}.far r)'],
    ['a table in a view of a view', '(select count(*) from cheaper)'],
    [
      'a table in a CTE that is called as another one',
      '(with log as (select id from parted) select max(id) from log)',
    ],
    ['a table in a query of a query', '(select max(id) from (select id from `Odd Name` union select 1) u)'],
  ];

  test.each(hidden)(
    '%s, anywhere in a statement',
    async (_what, expression) => {
      const refused: string[] = [];
      for (const place of places)
        if (!(await expectNothing(filled(place.replaceAll('{e}', expression))))) refused.push(place);
      expect(refused).toEqual([]);
    },
    120_000,
  );

  test('a planner that forgot a table would be found out', async () => {
    const text = 'select p.id from products p join orders o on o.product = p.id';
    const plan = shop.planner.plan(text);
    if (plan.kind !== 'read') throw new Error('It is cached.');
    const forgetful: Plan = { ...plan, reads: plan.reads.slice(1) };
    expect(await overlooked(text, forgetful)).toHaveLength(1);
    const cascading = 'delete from products where id = 1';
    const write = shop.planner.plan(cascading);
    if (write.kind !== 'write' || write.writes.scope !== 'tables') throw new Error('It is precise.');
    const own = write.writes.tables.find(({ table }) => table.name.endsWith('.products'));
    if (own === undefined) throw new Error('It writes something.');
    const short: Plan = { ...write, writes: { scope: 'tables', tables: [own] } };
    expect(await overlooked(cascading, short)).toEqual(
      ['orders', 'order_lines', 'coupons']
        .map((name) => `${shop.schema}.${name}`)
        .sort((one, other) => tables.indexOf(one) - tables.indexOf(other)),
    );
  });
});
