/**
 * Decides, with a real server, that rows which no pin of a read names do not matter to it: they are taken away, and others
 * of their kind put in their place, and its result stays the same. Asks nothing about writes.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Pin, TableRead } from '../../../src/sql/plan.js';
import { NULL_VALUE } from '../../../src/sql/values.js';
import { describeWithPostgres } from '../../support/servers.js';
import { valuesOf } from '../pin-values.js';
import { worldSql } from './pins-grammar.js';
import type { Call } from './pins-pieces.js';
import { read } from './pins-queries.js';
import { openShop, type Shop } from './shop.js';

/** Other rows, which differ with `k`; keys that are there already stay as they are. */
const others: Readonly<Record<string, string>> = {
  team: `(id, name, grp, flag, big, tag, code) select i, case when (i + k) % 3 > 0 then chr(97 + (i * k) % 4) end,
    (i * k) % 4 + 1, (i + k) % 3 = 0, (i + 2 * k) % 4 + 1,
    ('00000000-0000-0000-0000-00000000000' || (i + k) % 3)::uuid, chr(97 + (i + k) % 2)`,
  member: `(id, team, boss, label, small) select i, nullif((i * k) % 5, 0), nullif((i + k) % 4, 0),
    case when (i + k) % 4 > 0 then chr(97 + (i * k) % 3) end, nullif((i + 3 * k) % 4, 0)`,
  note: `(id, member, body) select i, nullif((i + k) % 5, 0), chr(97 + (i * k) % 2)`,
  touched: `(id, label) select i, chr(97 + (i + k) % 3)`,
  parted: `(id, part, label) select i, (i * k) % 5, chr(97 + (i + k) % 3)`,
  item: `(tenant, num, label, kind, raw, parent) select i % 4, (i * k) % 5, case when k % 3 > 0 then chr(97 + i % 3) end,
    (array['sad', 'ok', 'happy', null]::mood[])[(i + k) % 4 + 1], chr(97 + (i + k) % 3)::bytea, nullif((i + k) % 4, 0)`,
};

describeWithPostgres('pins against the server: rows that no pin names do not matter', () => {
  let shop: Shop;
  const counts = { reads: 0, pinned: 0, refused: 0, tables: 0 };
  beforeAll(async () => {
    shop = await openShop(worldSql);
  });
  afterAll(() => shop.close());

  const rowsOf = async (call: Call): Promise<string> => {
    const { rows } = await shop.client.query({ text: call.text, values: [...call.values], rowMode: 'array' });
    return JSON.stringify(rows.map((row) => JSON.stringify(row)).sort());
  };

  /** That a row matches a pin in this call; null where its values are not certain. */
  const matches = ({ table }: TableRead, { shape, values }: Pin, call: Call): string | null => {
    const parts = shape.split(',').map((column, index) => {
      const source = values[index];
      const given = source === undefined ? null : valuesOf(source, call);
      const name = shop.catalog.relations
        .get(table.id)
        ?.columns.find(({ number }) => String(number) === column)?.name;
      if (given === null || name === undefined) return null;
      const equations = given.map((value) =>
        value === NULL_VALUE
          ? `${name} is null`
          : `${name}::text = '${value.replaceAll("'", "''")}' collate "C"`,
      );
      return `(${['false', ...equations].join(' or ')})`;
    });
    return parts.includes(null) ? null : parts.join(' and ');
  };

  /** Per table that all references pin: which of its rows are seen. */
  const seenRows = (reads: readonly TableRead[], call: Call): ReadonlyMap<string, string> => {
    const seen = new Map<string, string | null>();
    for (const reading of reads) {
      const name = reading.table.name.replace('public.', '');
      const pins = reading.pins?.map((pin) => matches(reading, pin, call)) ?? [null];
      const before = seen.get(name);
      const rows = pins.includes(null) ? null : ['false', ...pins].join(' or ');
      seen.set(name, before === null || rows === null ? null : `${before ?? 'false'} or ${rows}`);
    }
    return new Map([...seen].filter((pair): pair is [string, string] => pair[1] !== null));
  };

  /** Null: the server refuses the read. */
  const showsOthers = async (call: Call, variant: number): Promise<string | null> => {
    const plan = shop.planner.plan(call.text);
    if (plan.kind !== 'read') return null;
    counts.reads += 1;
    const tables = seenRows(plan.reads, call);
    if (tables.size === 0) return null;
    counts.pinned += 1;
    counts.tables += tables.size;
    await shop.client.query('begin; set local session_replication_role = replica');
    try {
      const before = await rowsOf(call);
      for (const [table, seen] of tables)
        await shop.client.query(`delete from ${table} where (${seen}) is not true`);
      const without = await rowsOf(call);
      if (without !== before) return `without others: ${before} became ${without}`;
      for (const [table, seen] of tables) {
        if (others[table] === undefined) continue; // a partition, filled through its parent
        const [, columns = '', select = ''] = /^(\(.*?\)) ([^]*)$/.exec(others[table] ?? '') ?? [];
        await shop.client.query(
          `insert into ${table} ${columns} select * from (${select} from generate_series(0, 14) i, (select ${variant} as k) v) as n ${columns}
            where (${seen}) is not true on conflict do nothing`,
        );
      }
      const among = await rowsOf(call);
      return among === before ? null : `among others: ${before} became ${among}`;
    } catch (error) {
      if (!/^2[12]|^42/.test((error as { code?: string }).code ?? '')) throw error;
      counts.refused += 1;
      return null;
    } finally {
      await shop.client.query('rollback');
    }
  };

  test('no generated read shows rows that its plan does not name', async () => {
    await fc.assert(
      fc.asyncProperty(read, fc.integer({ min: 1, max: 12 }), async (call, variant) => {
        const shown = await showsOthers(call, variant);
        if (shown !== null)
          throw new Error(`${shown}: ${JSON.stringify({ call, plan: shop.planner.plan(call.text) })}`);
      }),
      { numRuns: Number(process.env['LOOKASIDE_TEST_RUNS'] ?? 1_000) },
    );
    if (process.env['LOOKASIDE_TEST_VERBOSE'] !== undefined) console.log(counts);
    expect(counts.pinned - counts.refused).toBeGreaterThan(300);
  }, 600_000);
});
