/** Decides what else changes when a table is written: partitions, triggers, rules, referential actions, code in defaults. */
import type { WritePin } from '../plan.js';
import {
  type Change as AnyChange,
  type WriteRequest as AnyWriteRequest,
  followWrites,
} from '../rows/write-requests.js';
import { NULL_VALUE } from '../values.js';
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
import { type CodeEffect, codeOf } from './function-code.js';
import { effectOfFunctionOid } from './functions.js';
import { tablesRead } from './relations.js';
import { columnsSetBy } from './row-triggers.js';

export type WriteEvent = 'insert' | 'update' | 'delete' | 'truncate';

export type Change = AnyChange<WriteEvent>;

export interface WriteRequest extends AnyWriteRequest<Relation, WriteEvent> {
  /** What sets it off: the same for all that one statement itself does. */
  readonly source: object;
  readonly cascade?: boolean;
}

/** `pg_trigger.tgtype` bits. */
const eventBits: Readonly<Record<WriteEvent, number>> = { insert: 4, delete: 8, update: 16, truncate: 32 };

/** Adds what one statement writes and all that follows from it. */
export const addWrites = (catalog: Catalog, findings: Findings, requests: readonly WriteRequest[]): void =>
  followWrites(requests, {
    spread: (request) => spread(catalog, findings, request),
    noteAnyRow: ({ relation, source }) => addOwn(findings, relation, { pins: [], source }),
  });

function addOwn(
  findings: Findings,
  relation: Relation,
  { pins, source }: Pick<WriteRequest, 'pins' | 'source'>,
): void {
  findings.write(relation.table, pins, source);
}

/** The same rows as another table of the hierarchy has them: its columns may have other numbers. */
function pinsOf(pins: readonly WritePin[], from: Relation, to: Relation): readonly WritePin[] {
  if (from === to) return pins;
  return pins.flatMap((pin) => {
    const own = from.columns.find(({ number }) => String(number) === pin.column);
    const column = own === undefined ? undefined : to.columnByName.get(own.name);
    if (own === undefined || column === undefined || column.generated || column.valueClass !== own.valueClass)
      return [];
    return [{ column: String(column.number), values: pin.values }];
  });
}

/** The same columns by the numbers of another table of the hierarchy; null where one is not found there. */
function changedIn(
  changed: ReadonlySet<number> | null,
  from: Relation,
  to: Relation,
): ReadonlySet<number> | null {
  if (changed === null || from === to) return changed;
  const numbers = from.columns.flatMap(({ name, number }) =>
    changed.has(number) ? [to.columnByName.get(name)?.number ?? 0] : [],
  );
  return numbers.includes(0) || numbers.length < changed.size ? null : new Set(numbers);
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
  const sets = new Map<Relation, ReadonlySet<number> | 'all'>();
  for (const member of members) {
    if (member.kind === 'f' || member.rules.length > 0)
      return everything(`${member.table.name} is not a plain partition`);
    const set = triggersOf(catalog, findings, { member, events });
    if (set === null) return [];
    sets.set(member, set);
    for (const oid of member.functions) {
      const effect = effectOfFunctionOid(catalog, oid);
      if (effect.effect !== 'writes') continue;
      if (effect.changesSession) findings.depart();
      if (effect.changesCatalog) findings.changesCatalog = true;
      if (effect.tables !== null) for (const table of effect.tables) findings.write(table, [], effect);
      else
        return everything(
          `a default, check or policy of ${member.table.name} calls a function: ${effect.reason.detail}`,
        );
    }
  }
  // A row may be in any of them, and what a trigger of one makes of it may be in another one.
  const named = pinsWithout(request.pins, relation, sets);
  for (const parent of ancestors(catalog, relation))
    addOwn(findings, parent, { pins: pinsOf(named, relation, parent), source: request.source });
  for (const [member, set] of sets) {
    const pins = pinsOf(named, relation, member);
    const given = changedIn(request.changed, relation, member);
    const changed = set === 'all' || given === null ? null : new Set([...given, ...set]);
    addOwn(findings, member, { pins, source: request.source });
    for (const kind of events)
      for (const key of member.referencedBy)
        following.push(
          ...referencing(catalog, key, { relation: member, changed, event: kind, pins, request }),
        );
  }
  return following;
}

/** Pins on columns that no trigger sets. */
function pinsWithout(
  pins: readonly WritePin[],
  relation: Relation,
  sets: ReadonlyMap<Relation, ReadonlySet<number> | 'all'>,
): readonly WritePin[] {
  let left = pins;
  for (const [member, set] of sets) {
    if (set === 'all') return [];
    left = left.filter((pin) => {
      const [own] = pinsOf([pin], relation, member);
      return own === undefined ? member === relation || set.size === 0 : !set.has(Number(own.column));
    });
  }
  return left;
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
  for (const trigger of member.triggers) {
    if (!isFired(trigger, events)) continue;
    const isRisky = [...trigger.conditionFunctions].some(
      (oid) => effectOfFunctionOid(catalog, oid).effect === 'writes',
    );
    if (!isRisky && columnsSetBy(catalog, member, trigger) !== null) continue;
    const code = codeOf(catalog, trigger.function);
    if (!isRisky && code?.everything === null) {
      noteRead(findings, trigger, code);
      continue;
    }
    noteCode(catalog, findings, trigger);
    const detail = `${member.table.name} has the trigger ${trigger.name}`;
    findings.writeEverything({ code: 'side-effects', detail });
    return null;
  }
  return columnsSetOn(catalog, member, events);
}

/** What code does that was read. */
function noteRead(findings: Findings, trigger: Trigger, code: CodeEffect): void {
  for (const table of code.writes) findings.write(table, [], trigger);
  if (code.changesSession) findings.depart();
  if (code.changesCatalog) findings.changesCatalog = true;
}

/** A trigger's code runs in the session of the statement. */
function noteCode(catalog: Catalog, findings: Findings, trigger: Trigger): void {
  const effects = bodyEffects(catalog, trigger.function);
  if (effects.session) findings.depart();
  if (effects.definitions) findings.changesCatalog = true;
}

/** A view without triggers and rules passes a write on to the one table it can be updated through: any below it. */
function spreadView(catalog: Catalog, findings: Findings, request: WriteRequest): readonly WriteRequest[] {
  const { relation, event, source } = request;
  // Instead of what the view would pass on: that counts too, as it does for another event.
  for (const trigger of relation.triggers) {
    const code = codeOf(catalog, trigger.function);
    if (code?.everything !== null) {
      findings.writeEverything({
        code: 'side-effects',
        detail: `the view ${relation.table.name} has a trigger`,
      });
      return [];
    }
    noteRead(findings, trigger, code);
  }
  const below = tablesRead(catalog, findings, { relation, withChildren: true });
  if (relation.view === null || below.length === 0) {
    findings.writeEverything({
      code: 'side-effects',
      detail: `the view ${relation.table.name} is not understood`,
    });
    return [];
  }
  return below.map((table) => ({ relation: table, event, changed: null, pins: [], source }));
}

/** A change to the referenced side. */
interface Referenced {
  readonly relation: Relation;
  readonly event: WriteEvent;
  readonly changed: ReadonlySet<number> | null;
  readonly pins: readonly WritePin[];
  readonly request: WriteRequest;
}

/** What a change to the referenced side does to the referencing one. */
function referencing(catalog: Catalog, key: ForeignKey, change: Referenced): readonly WriteRequest[] {
  const relation = catalog.relations.get(key.from);
  if (relation === undefined) return [];
  const { event, changed, request } = change;
  const source = {};
  if (event === 'truncate')
    return request.cascade === true
      ? [{ relation, event: 'truncate', changed: null, pins: [], cascade: true, source }]
      : [];
  const action = event === 'delete' ? key.onDelete : key.onUpdate;
  if (event === 'insert' || !changesRows(action)) return [];
  if (event === 'update' && changed !== null && !key.toColumns.some((column) => changed.has(column)))
    return [];
  const pins = referencingPins(key, relation, { ...change, action });
  if (event === 'delete' && action === 'c')
    return [{ relation, event: 'delete', changed: null, pins, source }];
  return [{ relation, event: 'update', changed: new Set(key.fromColumns), pins, source }];
}

/**
 * A row is touched because it has in its key what the referenced row had. Afterwards it has what that has then, NULL, or
 * the columns' defaults.
 */
function referencingPins(
  key: ForeignKey,
  relation: Relation,
  { relation: referenced, pins, event, action }: Referenced & { readonly action: string },
): readonly WritePin[] {
  const isGone = event === 'delete' && action === 'c';
  return key.toColumns.flatMap((toColumn, position): WritePin[] => {
    const pin = pins.find(({ column }) => Number(column) === toColumn);
    const to = referenced.columns.find(({ number }) => number === toColumn);
    const own = relation.columns.find(({ number }) => number === key.fromColumns[position]);
    if (pin === undefined || own === undefined || own.generated || to === undefined) return [];
    if (own.valueClass === null || own.valueClass !== to.valueClass) return [];
    if (action === 'd' && own.hasDefault) return [];
    const after: WritePin['values'] =
      isGone || action === 'c' ? [] : [{ kind: 'literal', value: NULL_VALUE }];
    return [{ column: String(own.number), values: [...pin.values, ...after] }];
  });
}

function changesRows(action: string): boolean {
  return action === 'c' || action === 'n' || action === 'd';
}

/** The columns (`all`: any) of their own row that the triggers of one table set; null if one of them may do more. */
export function columnsSetOn(
  catalog: Catalog,
  relation: Relation,
  events: readonly WriteEvent[],
): ReadonlySet<number> | 'all' | null {
  const columns = new Set<number>();
  let isAll = false;
  for (const trigger of relation.triggers) {
    if (!isFired(trigger, events)) continue;
    const set = columnsSetBy(catalog, relation, trigger);
    // Code that was read may make another row of the one at hand, while that is not stored yet.
    if (set === null && codeOf(catalog, trigger.function)?.everything !== null) return null;
    if (set === null || set === 'all') isAll ||= isBeforeRow(trigger);
    else for (const column of set) columns.add(column);
  }
  return isAll ? 'all' : columns;
}

/** `pg_trigger.tgtype`: 1 for each row, 2 before. */
function isBeforeRow({ type }: Trigger): boolean {
  return (type & 3) === 3;
}

function isFired(trigger: Trigger, events: readonly WriteEvent[]): boolean {
  return events.some((event) => (trigger.type & eventBits[event]) !== 0);
}
