/**
 * Decides, with real servers, that rows which no pin of a read names do not matter to it, and that a write which the plans
 * call disjoint from a read leaves its result alone: with values that the server converts, folds, cuts and clamps.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Pin, Plan, Table, TableRead, ValueClass, ValueSource } from '../../../src/sql/plan.js';
import { canonicalValue, NULL_VALUE } from '../../../src/sql/values.js';
import { describeWithMysql, type MysqlFlavour } from '../../support/mysql.js';
import { conflicts } from '../pin-conflicts.js';
import { type Call, valuesOf } from '../pin-values.js';
import { plainRead, readOn } from './pins-reads.js';
import { worldSql } from './pins-world.js';
import { plainUpdate, write } from './pins-writes.js';
import { openShop, type Shop } from './shop.js';

/** Which way a driver sends a statement: parameters as literals in the text, or apart from it. */
type Sent = Call & { readonly isPrepared: boolean };

/** What a planner that forgets the old values of an update would say. */
function forgetful(plan: Plan): Plan {
  if (plan.kind !== 'write' || plan.writes.scope === 'everything') return plan;
  const tables = plan.writes.tables.map(({ table, pins }) => ({
    table,
    pins: pins.map(({ column, values }) => ({ column, values: values.slice(-1) })),
  }));
  return { ...plan, writes: { scope: 'tables', tables } };
}

/** As a pin would name what a row shows. */
const nameOf = (valueClass: ValueClass, cell: unknown): string | null =>
  cell === null ? NULL_VALUE : canonicalValue(valueClass, cell);

const suites: readonly {
  readonly flavour: MysqlFlavour;
  readonly runs: number;
  readonly withCtes: boolean;
}[] = [
  { flavour: 'mariadb', runs: 700, withCtes: true },
  { flavour: 'mysql57', runs: 300, withCtes: false },
];

const sqlModes = fc.constantFrom('', 'STRICT_ALL_TABLES', 'NO_AUTO_VALUE_ON_ZERO');

const runsOf = (runs: number): number => Math.ceil(runs * Number(process.env['LOOKASIDE_TEST_FACTOR'] ?? 1));

for (const { flavour, runs, withCtes } of suites)
  describeWithMysql(
    `pins against ${flavour}`,
    () => {
      let shop: Shop;
      beforeAll(async () => {
        shop = await openShop(worldSql, flavour);
      }, 60_000);
      afterAll(() => shop.close());

      const sent = (piece: fc.Arbitrary<Call>): fc.Arbitrary<Sent> =>
        fc.tuple(piece, fc.boolean()).map(([call, isPrepared]) => ({ ...call, isPrepared }));
      const reads = sent(readOn({ withCtes }));
      const writes = sent(write);

      const send = async ({ text, values, isPrepared }: Sent): Promise<unknown> => {
        const options = { sql: text, rowsAsArray: true };
        const given = values as string[]; // of any kind
        const [rows] = isPrepared
          ? await shop.connection.execute(options, given)
          : await shop.connection.query(options, given);
        return rows;
      };

      const rowsOf = async (call: Sent): Promise<string> => {
        const rows = (await send(call)) as unknown[];
        return JSON.stringify(rows.map((row) => JSON.stringify(row)).sort());
      };

      /** Null: the server refuses a statement, for its values say. */
      const inTransaction = async <Result>(
        sqlMode: string,
        work: () => Promise<Result>,
      ): Promise<Result | null> => {
        await shop.connection.query(`set sql_mode = '${sqlMode}'`);
        await shop.connection.query('begin');
        try {
          return await work();
        } catch (error) {
          if (!(error instanceof Error && 'errno' in error)) throw error;
          return null;
        } finally {
          await shop.connection.query('rollback');
          await shop.connection.query('set foreign_key_checks = 1');
        }
      };

      /** That a row has the value, as the server compares it. */
      const equation = (name: string, type: string, value: string): string => {
        if (value === NULL_VALUE) return `${name} is null`;
        if (type.endsWith('binary')) return `${name} <=> x'${value}'`;
        return `${name} <=> '${value.replaceAll(/['\\]/g, '\\$&')}'`;
      };

      /** That a row has one of the values in a column; null: it is not certain which. */
      const isOneOf = (table: Table, number: string, values: readonly ValueSource[], call: Call) => {
        const column = shop.catalog.relations
          .get(table.id)
          ?.columns.find((each) => String(each.number) === number);
        const given = values.map((source) => valuesOf(source, call));
        if (given.includes(null) || column === undefined) return null;
        const all = given.flatMap((some) => some ?? []);
        return `(${['false', ...all.map((value) => equation(column.name, column.type, value))].join(' or ')})`;
      };

      const matches = ({ table }: TableRead, { shape, values }: Pin, call: Call): string | null => {
        const parts = shape.split(',').map((number, index) => {
          const source = values[index];
          return source === undefined ? null : isOneOf(table, number, [source], call);
        });
        return parts.includes(null) ? null : parts.join(' and ');
      };

      /** Per table that all references pin: which of its rows are seen. */
      const seenRows = (all: readonly TableRead[], call: Call): ReadonlyMap<string, string> => {
        const seen = new Map<string, string | null>();
        for (const reading of all) {
          const name = reading.table.name.slice(reading.table.name.indexOf('.') + 1);
          const pins = reading.pins?.map((pin) => matches(reading, pin, call)) ?? [null];
          const before = seen.get(name);
          const rows = pins.includes(null) ? null : ['false', ...pins].join(' or ');
          seen.set(name, before === null || rows === null ? null : `${before ?? 'false'} or ${rows}`);
        }
        return new Map([...seen].filter((pair): pair is [string, string] => pair[1] !== null));
      };

      const counts = { pinned: 0, disjoint: 0, refused: 0 };

      test('no generated read shows rows that its plan does not name', async () => {
        await fc.assert(
          fc.asyncProperty(reads, async (call) => {
            const plan = shop.planner.plan(call.text);
            const tables = plan.kind === 'read' ? seenRows(plan.reads, call) : new Map<string, string>();
            if (tables.size === 0) return;
            counts.pinned += 1;
            const shown = await inTransaction('', async () => {
              const before = await rowsOf(call);
              await shop.connection.query('set foreign_key_checks = 0');
              for (const [table, seen] of tables)
                await shop.connection.query(`delete from ${table} where (${seen}) is not true`);
              return { before, after: await rowsOf(call) };
            });
            if (shown === null) counts.refused += 1;
            else if (shown.after !== shown.before)
              throw new Error(`${shown.before} became ${shown.after}: ${JSON.stringify({ call, plan })}`);
          }),
          { numRuns: runsOf(runs) },
        );
        expect(counts.pinned - counts.refused).toBeGreaterThan(runs / 5);
      }, 600_000);

      /** The rows of a table of which not all of these are true. */
      const rowsIn = ({ id }: Table, named: readonly string[]): Promise<string> => {
        const { name, columns } = shop.catalog.relations.get(id) ?? { name: '', columns: [] };
        const text = `select ${columns.map((column) => column.name).join(', ')} from ${name}`;
        const filter = `where (${['true', ...named].join(' and ')}) is not true`;
        return rowsOf({ text: `${text} ${filter}`, values: [], isPrepared: false });
      };

      /** All tables, each with the rows that a write does not name. */
      const unnamedBy = async (plan: Plan, call: Call): Promise<ReadonlyMap<string, string>> => {
        const written = plan.kind === 'write' && plan.writes.scope === 'tables' ? plan.writes.tables : [];
        const rows = new Map<string, string>();
        for (const { table, kind, schema } of shop.catalog.relations.values()) {
          if (kind !== 'table' || schema !== shop.schema) continue;
          const write = written.find((each) => each.table.id === table.id);
          const named = write?.pins.flatMap((pin) => isOneOf(table, pin.column, pin.values, call) ?? []);
          rows.set(table.name, await rowsIn(table, named ?? ['false']));
        }
        return rows;
      };

      test('no generated write touches rows that its plan does not name', async () => {
        let named = 0;
        await fc.assert(
          fc.asyncProperty(writes, sqlModes, async (call, sqlMode) => {
            const plan = shop.planner.plan(call.text);
            if (plan.kind !== 'write' || plan.writes.scope === 'everything') return;
            const seen = await inTransaction(sqlMode, async () => {
              const before = await unnamedBy(plan, call);
              await send(call);
              return { before, after: await unnamedBy(plan, call) };
            });
            if (seen === null) return;
            if (plan.writes.tables.some(({ pins }) => pins.length > 0)) named += 1;
            for (const [table, rows] of seen.before)
              if (seen.after.get(table) !== rows)
                throw new Error(
                  `${table}: ${rows} became ${seen.after.get(table)}: ${JSON.stringify({ call, sqlMode, plan })}`,
                );
          }),
          { numRuns: runsOf(runs / 2) },
        );
        expect(named).toBeGreaterThan(runs / 10);
      }, 600_000);

      if (flavour === 'mariadb')
        test('the rows that RETURNING shows are all that are touched', async () => {
          let told = 0;
          await fc.assert(
            fc.asyncProperty(writes, sqlModes, async (writing, sqlMode) => {
              const call = { ...writing, text: `${writing.text} returning *` };
              const plan = shop.planner.plan(call.text);
              if (plan.kind !== 'write' || plan.told === undefined || plan.writes.scope === 'everything')
                return;
              const { table, columns } = plan.told;
              const seen = await inTransaction(sqlMode, async () => {
                const all = await rowsIn(table, ['false']);
                const answer = await send(call);
                // Of a condition that nothing can meet there is no result at all.
                const rows = (Array.isArray(answer) ? answer : []) as readonly (readonly unknown[])[];
                const named = columns.flatMap(({ column, position, valueClass }): string[] => {
                  const values = rows.map((row) => nameOf(valueClass, row[position]));
                  const sources = values.flatMap((value): ValueSource[] =>
                    value === null ? [] : [{ kind: 'literal', value }],
                  );
                  return sources.length < values.length
                    ? []
                    : [isOneOf(table, column, sources, call) ?? 'true'];
                });
                const after = await rowsIn(table, rows.length === 0 ? ['false'] : named);
                await shop.connection.query('rollback');
                const before = await rowsIn(table, rows.length === 0 ? ['false'] : named);
                if ((await rowsIn(table, ['false'])) !== all)
                  throw new Error('the transaction was not undone');
                return { before, after };
              });
              if (seen === null) return;
              told += 1;
              if (seen.after !== seen.before)
                throw new Error(
                  `${seen.before} became ${seen.after}: ${JSON.stringify({ call, sqlMode, plan })}`,
                );
            }),
            { numRuns: runsOf(runs / 2) },
          );
          expect(told).toBeGreaterThan(runs / 20);
        }, 600_000);

      const property = (
        altered: (plan: Plan) => Plan,
        { reads, writes }: { readonly reads: fc.Arbitrary<Sent>; readonly writes: fc.Arbitrary<Sent> },
      ): fc.IAsyncProperty<[Sent, readonly Sent[], string]> =>
        fc.asyncProperty(
          reads,
          fc.array(writes, { minLength: 1, maxLength: 6 }),
          sqlModes,
          async (reading, writings, sqlMode) => {
            const plan = shop.planner.plan(reading.text);
            for (const writing of writings) {
              const told = altered(shop.planner.plan(writing.text));
              // Whatever a conflicting write does, nobody keeps the result.
              if (conflicts({ plan, call: reading }, { plan: told, call: writing })) continue;
              counts.disjoint += 1;
              const seen = await inTransaction(sqlMode, async () => {
                const before = await rowsOf(reading);
                await send(writing);
                return { before, after: await rowsOf(reading) };
              });
              if (seen === null) counts.refused += 1;
              else if (seen.after !== seen.before)
                throw new Error(
                  `stale: ${JSON.stringify({ ...seen, reading, writing, sqlMode, plan, told })}`,
                );
            }
          },
        );

      test('no generated write changes a read that its plan calls disjoint', async () => {
        counts.refused = 0;
        await fc.assert(
          property((plan) => plan, { reads, writes }),
          { numRuns: runsOf(runs) },
        );
        expect(counts.disjoint - counts.refused).toBeGreaterThan(runs / 3);
      }, 600_000);

      if (flavour === 'mariadb')
        test('a planner that forgot the old values of an update would be caught', async () => {
          const plain = { reads: sent(plainRead), writes: sent(plainUpdate) };
          const outcome = await fc.check(property(forgetful, plain), {
            numRuns: 1_000,
            seed: 11,
            endOnFailure: true,
          });
          expect(String(outcome.errorInstance)).toContain('stale');
        }, 600_000);
    },
    flavour,
  );
