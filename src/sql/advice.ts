/**
 * Decides what is said to somebody who wants a statement cached, or what it invalidates narrower. Knows plans, and of
 * the catalog only which columns name rows; no dialect.
 */
import type { Plan, Table } from './plan.js';

/** The columns that tell a table's rows apart, as people call them, best first: `id`, `tenant_id, number`. */
export type KeysOf = (table: Table) => readonly string[];

/** More keys than these are not named. */
const KEYS_NAMED = 3;

/** By a reason's code: what can be done about it. Empty: nothing, it is as it should be. */
export const adviceByReason: Readonly<Record<string, string>> = {
  cast: 'Give the value as a parameter of the type that is compared with, not as a text that is cast.',
  'column-type':
    'Select the other columns by name: that one has a type whose output may change by itself. Or declare nothing and let it be.',
  copy: '',
  cursor: 'Use a plain query where all rows are wanted.',
  ddl: 'Definitions change rarely: run migrations apart from the traffic.',
  empty: '',
  excluded: 'Take the table out of `exclude`, or put it into `include`.',
  execute: 'Use parameters or named statements of the driver instead of PREPARE and EXECUTE in SQL.',
  explain: '',
  'no-table': '',
  'not-understood':
    'Write that part in plainer SQL, or read it through cache.getOrSet with the tables it depends on.',
  opaque:
    'Call it as a function whose body can be read (SQL or PL/pgSQL without EXECUTE), or declare what it does: effects: { name: { writes: [...] } }.',
  prepare: 'Use named statements of the driver instead of PREPARE in SQL.',
  'row-lock':
    'Lock rows only in transactions that go on to write them; elsewhere read without FOR UPDATE or FOR SHARE.',
  'row-security':
    'Declare the settings that its policies look at (`sessions.key`), so that results are kept apart by them.',
  session: 'Set it once for all connections of the pool: in the connection options, or by ALTER ROLE … SET.',
  'several-statements': 'Send the statements one by one.',
  'side-effects':
    'Declare what the function behind it does: effects: { name: { writes: [...] } }, or write it in SQL or PL/pgSQL without EXECUTE.',
  'system-column': 'Leave out ctid, xmin and their like.',
  'system-relation': '',
  tablesample: '',
  'text-too-long': 'Give the values as one array parameter: where id = any ($1).',
  'time-literal': 'Give a fixed date or time as a parameter.',
  'uncacheable-relation': 'Read it through cache.getOrSet with a ttl of its own.',
  'unknown-function': 'Create it, or name its schema.',
  'unknown-relation': 'Create it, or name its schema. What is temporary is never cached.',
  'unknown-type': 'Create it, or name its schema.',
  'unstable-function':
    'Give the moment or the setting as a parameter, rounded as far as you can bear: every other value is another entry.',
  utility: '',
  view: 'Query the tables below the view, or write that part of the view in plainer SQL.',
  'volatile-function':
    'Declare what the function does: effects: { name: { writes: [...] } }, or { reads: [...], stable: true } if the same arguments and rows give the same result; of random() and its like, choose in the application.',
};

/** One sentence or more per thing that could be done, the most worthwhile first; empty if all is well. */
export function adviceFor(plan: Plan, keysOf: KeysOf): readonly string[] {
  switch (plan.kind) {
    case 'read':
      return plan.reads.flatMap(({ table, pins }) => (pins === null ? pinAdvice(table, keysOf) : []));
    case 'bypass':
      return reasonAdvice(plan.reason.code);
    case 'write':
      if (plan.writes.scope === 'everything') return reasonAdvice(plan.writes.reason.code);
      return plan.writes.tables.flatMap(({ table, pins }) =>
        pins.length === 0 ? rowAdvice(table, keysOf) : [],
      );
    case 'transaction':
      return [];
  }
}

function reasonAdvice(code: string): readonly string[] {
  const advice = adviceByReason[code] ?? '';
  return advice === '' ? [] : [advice];
}

function pinAdvice(table: Table, keysOf: KeysOf): readonly string[] {
  const keys = keysOf(table).slice(0, KEYS_NAMED);
  if (keys.length === 0) return [];
  return [
    `Any write to ${table.name} ends this result. If it is about certain rows, say so by an equality on ${keys.join(' or ')}.`,
  ];
}

function rowAdvice(table: Table, keysOf: KeysOf): readonly string[] {
  const keys = keysOf(table).slice(0, KEYS_NAMED);
  if (keys.length === 0) return [];
  return [
    `Every result about ${table.name} ends. Name the rows by an equality on ${keys.join(' or ')}, or return that column (RETURNING).`,
  ];
}
