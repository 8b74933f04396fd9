/** Decides what the triggers of a table do when its rows are written: to these rows, and to any others. */
import type { Catalog } from './catalog.js';
import type { WriteRequest } from './closure.js';
import type { Findings } from './findings.js';

/** The columns of their own rows that they set; null: they may do anything, which is noted. */
export function noteTriggers(
  _catalog: Catalog,
  findings: Findings,
  { relation, event }: WriteRequest,
): ReadonlySet<number> | null {
  const fired = relation.triggers.filter((trigger) => trigger.event === event);
  const [first] = fired;
  if (first === undefined) return new Set();
  findings.runsCode = true;
  findings.writeEverything({
    code: 'side-effects',
    detail: `${relation.table.name} has the trigger ${first.name}`,
  });
  findings.depart();
  return null;
}
