/** Decides, with a real server, that a write which the plans call disjoint from a read leaves its result alone. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Plan } from '../../../src/sql/plan.js';
import { describeWithPostgres } from '../../support/servers.js';
import { conflicts } from '../pin-conflicts.js';
import { worldSql, write } from './pins-grammar.js';
import type { Call } from './pins-pieces.js';
import { plainRead, read } from './pins-queries.js';
import { openShop, type Shop } from './shop.js';

/** What a planner that forgets the old values of an update would say. */
function forgetful(plan: Plan): Plan {
  if (plan.kind !== 'write' || plan.writes.scope === 'everything') return plan;
  const tables = plan.writes.tables.map(({ table, pins }) => ({
    table,
    pins: pins.map(({ column, values }) => ({ column, values: values.slice(-1) })),
  }));
  return { ...plan, writes: { scope: 'tables', tables } };
}

describeWithPostgres('pins against the server: a result that changed was not disjoint from the write', () => {
  let shop: Shop;
  const counts = { pairs: 0, disjoint: 0, failed: 0 };
  beforeAll(async () => {
    shop = await openShop(worldSql);
  });
  afterAll(() => shop.close());

  const rowsOf = async (call: Call): Promise<string> => {
    const { rows } = await shop.client.query({ text: call.text, values: [...call.values], rowMode: 'array' });
    return JSON.stringify(rows.map((row) => JSON.stringify(row)).sort());
  };

  /** Whether a write changed a read's result; null where the server refused one of them. */
  const changes = async (reading: Call, writing: Call): Promise<boolean | null> => {
    await shop.client.query('begin');
    try {
      const before = await rowsOf(reading);
      await shop.client.query(writing.text, [...writing.values]);
      return (await rowsOf(reading)) !== before;
    } catch (error) {
      if (!/^2[123]|^42/.test((error as { code?: string }).code ?? '')) throw error;
      return null;
    } finally {
      await shop.client.query('rollback');
    }
  };

  const property = (
    reads: fc.Arbitrary<Call>,
    altered: (plan: Plan) => Plan,
  ): fc.IAsyncProperty<[Call, readonly Call[]]> =>
    fc.asyncProperty(reads, fc.array(write, { minLength: 1, maxLength: 6 }), async (reading, writings) => {
      const plan = shop.planner.plan(reading.text);
      for (const writing of writings) {
        counts.pairs += 1;
        const conflict = conflicts(
          { plan, call: reading },
          { plan: altered(shop.planner.plan(writing.text)), call: writing },
        );
        // Whatever a conflicting write does, nobody keeps the result.
        if (conflict) continue;
        counts.disjoint += 1;
        const changed = await changes(reading, writing);
        if (changed === null) counts.failed += 1;
        if (changed === true)
          throw new Error(
            `stale: ${JSON.stringify({ reading, writing, plan, write: shop.planner.plan(writing.text) })}`,
          );
      }
    });

  test('no generated write changes a read that its plan calls disjoint', async () => {
    await fc.assert(
      property(read, (plan) => plan),
      { numRuns: Number(process.env['LOOKASIDE_TEST_RUNS'] ?? 1_000) },
    );
    expect(counts.disjoint - counts.failed).toBeGreaterThan(500);
    if (process.env['LOOKASIDE_TEST_VERBOSE'] !== undefined) console.log(counts);
  }, 600_000);

  test('a planner that forgot the old values of an update would be caught', async () => {
    const outcome = await fc.check(property(plainRead, forgetful), {
      numRuns: 5_000,
      seed: 2,
      endOnFailure: true,
    });
    expect(String(outcome.errorInstance)).toContain('stale');
  }, 120_000);
});
