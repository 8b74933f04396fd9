/** Decides what reading a relation depends on: itself, what lies below it, and whether it may be cached at all. */
import type { Reason, TableRead } from '../plan.js';
import { type Catalog, type Relation, withDescendants } from './catalog.js';
import type { Findings } from './findings.js';
import { judgePolicies } from './policies.js';
import { natureOfOid } from './types.js';
import { judgeView } from './views.js';

const kindWords = {
  r: 'table',
  p: 'table',
  v: 'view',
  m: 'view',
  f: 'foreign table',
  S: 'sequence',
} as const;

/** A relation belongs to one snapshot of the catalog: it is judged once. */
const hazards = new WeakMap<Relation, Reason | null>();

/** Why the rows of a relation are never cached; null if they may be. */
function hazardOf(catalog: Catalog, relation: Relation): Reason | null {
  let found = hazards.get(relation);
  if (found === undefined) hazards.set(relation, (found = findHazard(catalog, relation)));
  return found;
}

function findHazard(catalog: Catalog, relation: Relation): Reason | null {
  const { name } = relation.table;
  if (relation.kind === 'f' || relation.kind === 'S')
    return { code: 'uncacheable-relation', detail: `${name} is a ${kindWords[relation.kind]}` };
  const strange = relation.columns.find((column) => {
    const nature = natureOfOid(catalog, column.type);
    return nature === 'catalog' || nature === 'composite' || nature === 'today';
  });
  if (strange === undefined) return null;
  return {
    code: 'column-type',
    detail: `what ${name}.${strange.name} shows or is compared with may depend on more than data`,
  };
}

/** The tables that reading this relation depends on; hazards go to the findings. */
export function tablesRead(
  catalog: Catalog,
  findings: Findings,
  read: { readonly relation: Relation; readonly withChildren: boolean },
): readonly Relation[] {
  const tables = new Map<string, Relation>();
  const seen = new Set<string>();
  const visit = (relation: Relation, withChildren: boolean): void => {
    if (seen.has(relation.table.id)) return;
    seen.add(relation.table.id);
    const hazard = hazardOf(catalog, relation);
    if (hazard !== null) findings.deny(hazard.code, hazard.detail);
    if (relation.rowSecurity)
      for (const below of judgePolicies(catalog, findings, relation)) visit(below, true);
    if (relation.kind !== 'v') tables.set(relation.table.id, relation);
    else if (relation.view === null) findings.deny('view', `the view ${relation.table.name} has no tree`);
    else
      for (const below of judgeView(catalog, findings, { ...relation, view: relation.view }))
        visit(below, true);
    if (withChildren) for (const descendant of withDescendants(catalog, relation)) visit(descendant, false);
  };
  visit(read.relation, read.withChildren);
  return [...tables.values()];
}

/** A table, partitioned or not, of which a read of some rows is told from one of others. */
export function areToldApart({ kind, rules, rowSecurity }: Relation): boolean {
  return (kind === 'r' || kind === 'p') && rules.length === 0 && !rowSecurity;
}

/** A table whose rows are all its own: only of such a one can a read or write be pinned. */
export function isPlainTable(relation: Relation): boolean {
  const { kind, isPartition, children, parents, rules, rowSecurity } = relation;
  return (
    kind === 'r' &&
    !isPartition &&
    children.length === 0 &&
    parents.length === 0 &&
    rules.length === 0 &&
    !rowSecurity
  );
}

export function unpinned(relation: Relation): TableRead {
  return { table: relation.table, pins: null };
}
