/**
 * Decides what is said to somebody who wants a statement cached, or what it invalidates narrower. Knows plans, and of
 * the catalog only which columns name rows; what only one dialect has is said by that dialect.
 */
import type { Plan, Table } from './plan.js';

/** The columns that tell a table's rows apart, as people call them, best first: `id`, `tenant_id, number`. */
export type KeysOf = (table: Table) => readonly string[];

/** What a dialect advises. */
export interface Advice {
  /** By a reason's code: what can be done about it. Empty: nothing, it is as it should be. */
  readonly byReason: Readonly<Record<string, string>>;
  /** What else names the rows of a write, as the end of a sentence that begins with an equality on a key. */
  readonly namingRows: string;
}

/** More keys than these are not named. */
const KEYS_NAMED = 3;

/** Of reasons that every dialect gives. */
export const commonReasons: Readonly<Record<string, string>> = {
  ddl: 'Definitions change rarely: run migrations apart from the traffic.',
  empty: '',
  excluded: 'Take the table out of `exclude`, or put it into `include`.',
  explain: '',
  'no-table': '',
  'not-understood':
    'Write that part in plainer SQL, or read it through cache.getOrSet with the tables it depends on.',
  'row-lock':
    'Lock rows only in transactions that go on to write them; elsewhere read without FOR UPDATE or FOR SHARE.',
  'several-statements': 'Send the statements one by one.',
  'system-relation': '',
  'uncacheable-relation': 'Read it through cache.getOrSet with a ttl of its own.',
  'unknown-relation': 'Create it, or name its schema. What is temporary is never cached.',
  'unstable-function':
    'Give the moment or the setting as a parameter, rounded as far as you can bear: every other value is another entry.',
  utility: '',
  view: 'Query the tables below the view, or write that part of the view in plainer SQL.',
};

/** One sentence or more per thing that could be done, the most worthwhile first; empty if all is well. */
export function adviceFor(plan: Plan, keysOf: KeysOf, advice: Advice): readonly string[] {
  switch (plan.kind) {
    case 'read':
      return plan.reads.flatMap(({ table, pins }) => (pins === null ? pinAdvice(table, keysOf) : []));
    case 'bypass':
      return reasonAdvice(advice, plan.reason.code);
    case 'write':
      if (plan.writes.scope === 'everything') return reasonAdvice(advice, plan.writes.reason.code);
      return plan.writes.tables.flatMap(({ table, pins }) =>
        pins.length === 0 ? rowAdvice(table, keysOf, advice) : [],
      );
    case 'transaction':
      return [];
  }
}

/** Of one reason, as a list of one or none. */
export function reasonAdvice({ byReason }: Advice, code: string): readonly string[] {
  const advice = byReason[code] ?? '';
  return advice === '' ? [] : [advice];
}

function pinAdvice(table: Table, keysOf: KeysOf): readonly string[] {
  const keys = keysOf(table).slice(0, KEYS_NAMED);
  if (keys.length === 0) return [];
  return [
    `Any write to ${table.name} ends this result. If it is about certain rows, say so by an equality on ${keys.join(' or ')}.`,
  ];
}

function rowAdvice(table: Table, keysOf: KeysOf, { namingRows }: Advice): readonly string[] {
  const keys = keysOf(table).slice(0, KEYS_NAMED);
  if (keys.length === 0) return [];
  return [
    `Every result about ${table.name} ends. Name the rows by an equality on ${keys.join(' or ')}${namingRows}.`,
  ];
}
