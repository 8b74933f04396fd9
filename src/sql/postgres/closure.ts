/** Decides what else changes when a table is written: partitions, triggers, rules, referential actions, code in defaults. */
import type { WritePin } from '../plan.js';
import {
  ancestors,
  type Catalog,
  type ForeignKey,
  type Relation,
  type Trigger,
  withDescendants,
} from './catalog.js';
import type { Findings } from './findings.js';
import { bodyEffects } from './function-bodies.js';
import { effectOfFunctionOid } from './functions.js';
import { isPlainTable, tablesRead } from './relations.js';
import { columnsSetBy } from './row-triggers.js';

export type WriteEvent = 'insert' | 'update' | 'delete' | 'truncate';

/** One kind of change to one relation. */
export interface WriteRequest {
  readonly relation: Relation;
  readonly event: WriteEvent;
  /** The columns an update may change; null if that is not known. */
  readonly changed: ReadonlySet<number> | null;
  readonly pins: readonly WritePin[];
  readonly cascade?: boolean;
}

/** `pg_trigger.tgtype` bits. */
const eventBits: Readonly<Record<WriteEvent, number>> = { insert: 4, delete: 8, update: 16, truncate: 32 };

/** Adds a write and all that follows from it. */
export function addWrite(catalog: Catalog, findings: Findings, request: WriteRequest): void {
  const done = new Set<string>();
  const queue: WriteRequest[] = [request];
  for (const next of queue) {
    const columns = next.changed === null ? '*' : [...next.changed].join(',');
    const key = `${next.relation.table.id} ${next.event} ${columns}`;
    // A request met again comes from a cycle of references: the first one's pins would be too narrow.
    if (done.has(key)) addOwn(findings, next.relation, []);
    else queue.push(...spread(catalog, findings, next));
    done.add(key);
  }
}

function addOwn(findings: Findings, relation: Relation, pins: readonly WritePin[]): void {
  findings.write(relation.table, pins);
}

/** Notes one request's own effects; gives what follows from it. */
function spread(catalog: Catalog, findings: Findings, request: WriteRequest): readonly WriteRequest[] {
  const { relation, event } = request;
  const everything = (detail: string): readonly WriteRequest[] => {
    findings.writeEverything({ code: 'side-effects', detail });
    return [];
  };
  const { name } = relation.table;
  if (relation.kind === 'f') return everything(`${name} is a foreign table`);
  if (relation.rules.length > 0) return everything(`${name} has the rule ${relation.rules[0]}`);
  if (relation.kind === 'v') return spreadView(catalog, findings, request);
  const members = withDescendants(catalog, relation);
  const events = eventsOf(relation, members, event);
  const following: WriteRequest[] = [];
  for (const parent of ancestors(catalog, relation)) addOwn(findings, parent, []);
  for (const member of members) {
    if (member.kind === 'f' || member.rules.length > 0)
      return everything(`${member.table.name} is not a plain partition`);
    const set = triggersOf(catalog, findings, { member, events });
    if (set === null) return [];
    for (const oid of member.functions) {
      const effect = effectOfFunctionOid(catalog, oid);
      if (effect.effect === 'writes')
        return everything(
          `a default, check or policy of ${member.table.name} calls a function: ${effect.reason.detail}`,
        );
    }
    const changed = set === 'all' || request.changed === null ? null : new Set([...request.changed, ...set]);
    const plain = members.length === 1 && isPlainTable(member) && set !== 'all';
    addOwn(findings, member, plain ? request.pins.filter((pin) => !set.has(Number(pin.column))) : []);
    for (const kind of events)
      for (const key of member.referencedBy)
        following.push(...referencing(catalog, key, { ...request, changed, event: kind }));
  }
  return following;
}

/** An update that moves a row from one partition to another also deletes and inserts. */
function eventsOf(
  relation: Relation,
  members: readonly Relation[],
  event: WriteEvent,
): readonly WriteEvent[] {
  if (event !== 'update') return [event];
  return relation.kind === 'p' || members.length > 1 || relation.isPartition
    ? ['update', 'delete', 'insert']
    : ['update'];
}

/** What the triggers of one member do to their own rows; null if one of them may do more. */
function triggersOf(
  catalog: Catalog,
  findings: Findings,
  fired: { readonly member: Relation; readonly events: readonly WriteEvent[] },
): ReadonlySet<number> | 'all' | null {
  const { member, events } = fired;
  const columns = new Set<number>();
  let all = false;
  for (const trigger of member.triggers) {
    if (!events.some((event) => (trigger.type & eventBits[event]) !== 0)) continue;
    const set = columnsSetBy(catalog, member, trigger);
    const risky = [...trigger.conditionFunctions].some(
      (oid) => effectOfFunctionOid(catalog, oid).effect === 'writes',
    );
    if (set === null || risky) {
      noteCode(catalog, findings, trigger);
      const detail = `${member.table.name} has the trigger ${trigger.name}`;
      findings.writeEverything({ code: 'side-effects', detail });
      return null;
    }
    if (set === 'all') all = true;
    else for (const column of set) columns.add(column);
  }
  return all ? 'all' : columns;
}

/** A trigger's code runs in the session of the statement. */
function noteCode(catalog: Catalog, findings: Findings, trigger: Trigger): void {
  const effects = bodyEffects(catalog, trigger.function);
  if (effects.session) findings.depart();
  if (effects.definitions) findings.changesCatalog = true;
}

/** A view without triggers and rules passes a write on to the one table it can be updated through: any below it. */
function spreadView(catalog: Catalog, findings: Findings, request: WriteRequest): readonly WriteRequest[] {
  const { relation, event } = request;
  if (relation.triggers.length > 0) {
    findings.writeEverything({
      code: 'side-effects',
      detail: `the view ${relation.table.name} has a trigger`,
    });
    return [];
  }
  const below = tablesRead(catalog, findings, { relation, withChildren: true });
  if (relation.view === null || below.length === 0) {
    findings.writeEverything({
      code: 'side-effects',
      detail: `the view ${relation.table.name} is not understood`,
    });
    return [];
  }
  return below.map((table) => ({ relation: table, event, changed: null, pins: [] }));
}

/** What a change to the referenced side does to the referencing one. */
function referencing(catalog: Catalog, key: ForeignKey, request: WriteRequest): readonly WriteRequest[] {
  const relation = catalog.relations.get(key.from);
  if (relation === undefined) return [];
  const { event, changed } = request;
  const keyColumns = new Set(key.fromColumns);
  if (event === 'truncate')
    return request.cascade === true
      ? [{ relation, event: 'truncate', changed: null, pins: [], cascade: true }]
      : [];
  if (event === 'delete') {
    if (key.onDelete === 'c') return [{ relation, event: 'delete', changed: null, pins: [] }];
    return changesRows(key.onDelete) ? [{ relation, event: 'update', changed: keyColumns, pins: [] }] : [];
  }
  if (event !== 'update' || !changesRows(key.onUpdate)) return [];
  if (changed !== null && !key.toColumns.some((column) => changed.has(column))) return [];
  return [{ relation, event: 'update', changed: keyColumns, pins: [] }];
}

function changesRows(action: string): boolean {
  return action === 'c' || action === 'n' || action === 'd';
}
