/** Decides whether a plan's write may change what another plan's read saw: the engine's rule, spelt out apart from it. */
import type { Plan, TableRead, TableWrite, ValueSource } from '../../src/sql/plan.js';
import { type Call, valuesOf } from './pin-values.js';

/** CONSISTENCY §3: may this write change what that read saw? */
function mayAffect(
  reading: { plan: TableRead; call: Call },
  writing: { plan: TableWrite; call: Call },
): boolean {
  if (reading.plan.table.id !== writing.plan.table.id) return false;
  const { pins } = reading.plan;
  if (pins === null) return true;
  // Of one alternative each column has to be among the values written, if any are known.
  return pins.some(({ shape, values }) =>
    shape.split(',').every((column, index) => {
      const seen = valuesOf(values[index] as ValueSource, reading.call); // one per column
      const given = writing.plan.pins.find((candidate) => candidate.column === column);
      if (seen === null || given === undefined) return true;
      const touched = given.values.map((source) => valuesOf(source, writing.call));
      return touched.some((some) => some === null || some.some((value) => seen.includes(value)));
    }),
  );
}

export function conflicts(reading: { plan: Plan; call: Call }, writing: { plan: Plan; call: Call }): boolean {
  if (reading.plan.kind !== 'read' || writing.plan.kind !== 'write') return true;
  const { writes } = writing.plan;
  if (writes.scope === 'everything') return true;
  return reading.plan.reads.some((one) =>
    writes.tables.some((other) =>
      mayAffect({ plan: one, call: reading.call }, { plan: other, call: writing.call }),
    ),
  );
}
