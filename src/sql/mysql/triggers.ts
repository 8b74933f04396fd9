/** Decides what the triggers of a table do when its rows are written: to these rows, and to any others. */
import type { Catalog } from './catalog.js';
import { codeOf } from './code.js';
import type { Findings } from './findings.js';
import type { WriteRequest } from './write-request.js';

/** The columns of their own rows that they set; null: they may do anything, which is noted. */
export function noteTriggers(
  catalog: Catalog,
  findings: Findings,
  { relation, event }: WriteRequest,
): ReadonlySet<number> | null {
  const set = new Set<number>();
  for (const trigger of relation.triggers) {
    if (trigger.event !== event) continue;
    findings.runsCode = true;
    const effect = codeOf(catalog, trigger);
    const columns = [...(effect?.sets ?? [])].map((name) => relation.columnByName.get(name)?.number);
    if (effect === null || columns.includes(undefined)) {
      const detail = `${relation.table.name} has the trigger ${trigger.name}`;
      findings.writeEverything({ code: 'side-effects', detail });
      findings.depart();
      return null;
    }
    for (const column of columns) if (column !== undefined) set.add(column);
    for (const table of effect.writes) findings.write(table, []);
  }
  return set;
}
