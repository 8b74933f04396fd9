/** Decides what else changes when a table is written: the tables below a view, triggers, referential actions. */
import type { WritePin } from '../plan.js';
import { familyOf } from '../rows/candidates.js';
import { followWrites } from '../rows/write-requests.js';
import { NULL_VALUE } from '../values.js';
import type { Catalog, ForeignKey, ReferentialAction, Relation } from './catalog.js';
import type { Findings } from './findings.js';
import { noteTriggers } from './triggers.js';
import { basesOf, unread, whyUnread } from './views.js';
import type { WriteRequest } from './write-request.js';

/** Adds what one statement writes and all that follows from it. */
export function addWrites(catalog: Catalog, findings: Findings, requests: readonly WriteRequest[]): void {
  const own = requests.map((request) => ({
    ...request,
    pins: pinsBesideInserts(catalog, findings, { request, requests }),
  }));
  followWrites(own, {
    spread: (request) => spread(catalog, findings, request),
    noteAnyRow: ({ relation }) => findings.write(relation.table, []),
  });
}

/** A row in the way of an inserted one has the key that triggers have made of it, not the one that was given. */
function pinsBesideInserts(
  catalog: Catalog,
  findings: Findings,
  { request, requests }: { readonly request: WriteRequest; readonly requests: readonly WriteRequest[] },
): readonly WritePin[] {
  const inserts = requests.filter(
    (other) => other !== request && other.event === 'insert' && other.relation === request.relation,
  );
  const set = inserts.flatMap((insert) => [...(noteTriggers(catalog, findings, insert) ?? [])]);
  return request.pins.filter(({ column }) => !set.includes(Number(column)));
}

/** Others write elsewhere: FEDERATED, SPIDER and CONNECT into any table of any server, this one too. */
const engines: ReadonlySet<string> = new Set(
  'innodb myisam aria memory csv archive blackhole mrg_myisam rocksdb tokudb ndbcluster columnstore s3'.split(
    ' ',
  ),
);

const keepsItself = ({ engine }: Relation): boolean => engines.has(engine?.toLowerCase() ?? '');

/** Notes one request's own effects; gives what follows from it. */
function spread(catalog: Catalog, findings: Findings, request: WriteRequest): readonly WriteRequest[] {
  const { relation, event } = request;
  if (relation.kind === 'view') return spreadView(catalog, findings, request);
  if (relation.kind !== 'table') {
    findings.writeEverything({ code: 'side-effects', detail: `${relation.table.name} is no plain table` });
    return [];
  }
  if (!keepsItself(relation))
    findings.writeEverything({
      code: 'engine',
      detail: `${relation.table.name} may be kept in another table, by ${relation.engine ?? 'an unknown engine'}`,
    });
  if (!relation.isFullySeen)
    findings.writeEverything({
      code: 'hidden-triggers',
      detail: `this user is not shown all triggers of ${relation.schema} (no privilege TRIGGER)`,
    });
  const set = noteTriggers(catalog, findings, request);
  if (set === null) return [];
  const pins = request.pins.filter(({ column }) => !set.has(Number(column)));
  const changed = request.changed === null ? null : new Set([...request.changed, ...set]);
  findings.write(relation.table, pins);
  return relation.referencedBy.flatMap((key) =>
    referencing(catalog, key, { ...request, event, pins, changed }),
  );
}

/** A write through a view is one of any table below it. */
function spreadView(catalog: Catalog, findings: Findings, request: WriteRequest): readonly WriteRequest[] {
  const bases = basesOf(catalog, request.relation);
  if (bases === null) {
    const { relation } = request;
    findings.writeEverything({ code: whyUnread(relation, 'side-effects'), detail: unread(relation) });
    return [];
  }
  return bases.map((relation) => ({ relation, event: request.event, changed: null, pins: [] }));
}

/** What a change to the referenced side does to the referencing one. */
function referencing(catalog: Catalog, key: ForeignKey, change: WriteRequest): readonly WriteRequest[] {
  const relation = catalog.relations.get(key.from);
  const { event, changed, relation: referenced } = change;
  const action = event === 'delete' ? key.onDelete : key.onUpdate;
  if (relation === undefined || event === 'insert' || action === 'restrict') return [];
  const isChanged = (number: number): boolean => {
    const column = referenced.columns.find((each) => each.number === number);
    // One that follows others changes with them.
    return changed === null || changed.has(number) || column === undefined || column.generated;
  };
  if (event === 'update' && !key.toColumns.some(isChanged)) return [];
  const pins = referencingPins(key, relation, change, action);
  if (event === 'delete' && action === 'cascade') return [{ relation, event: 'delete', changed: null, pins }];
  return [{ relation, event: 'update', changed: new Set(key.fromColumns), pins }];
}

/**
 * A row is touched because it has in its key what the referenced row had. Afterwards it has what that has then, or NULL.
 */
function referencingPins(
  key: ForeignKey,
  relation: Relation,
  { relation: referenced, pins, event }: WriteRequest,
  action: ReferentialAction,
): readonly WritePin[] {
  if (action === 'set-default') return [];
  return key.toColumns.flatMap((toColumn, position): WritePin[] => {
    const pin = pins.find(({ column }) => Number(column) === toColumn);
    const to = referenced.columns.find(({ number }) => number === toColumn);
    const own = relation.columns.find(({ number }) => number === key.fromColumns[position]);
    if (pin === undefined || own === undefined || own.generated || to === undefined) return [];
    if (own.valueClass === null || familyOf(own) !== familyOf(to)) return [];
    const isKept = action === 'cascade' || event === 'insert';
    const after: WritePin['values'] = isKept ? [] : [{ kind: 'literal', value: NULL_VALUE }];
    return [{ column: String(own.number), values: [...pin.values, ...after] }];
  });
}
