/** Decides what reading a relation depends on, and whether it may be cached at all. */
import type { Reason } from '../plan.js';
import type { Relation } from './catalog.js';
import type { Findings } from './findings.js';

/** Why the rows of a table are never cached; null if they may be. */
function hazardOf({ kind, engine, isVersioned, hasUnstableColumns, table }: Relation): Reason | null {
  if (kind === 'view') return null;
  if (kind !== 'table') return { code: 'uncacheable-relation', detail: `${table.name} is no table` };
  if (engine?.toLowerCase() !== 'innodb')
    return {
      code: 'engine',
      detail: `${table.name} is kept by ${engine ?? 'an unknown engine'}, not InnoDB`,
    };
  if (isVersioned) return { code: 'versioned', detail: `${table.name} may be shown as it was before` };
  if (hasUnstableColumns)
    return { code: 'virtual-column', detail: `${table.name} has a column that follows more than its row` };
  return null;
}

/** Notes what is to be said of a relation that is read by name, as it stands in a text. */
export function noteRead(findings: Findings, relation: Relation): void {
  const hazard = hazardOf(relation);
  if (hazard !== null) findings.deny(hazard.code, hazard.detail);
  for (const { name, type } of relation.columns) if (type === 'time') findings.timesOfDay.add(name);
}
