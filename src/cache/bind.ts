/**
 * Decides what a plan reads and writes in one call, once parameters are known: plan plus values to references
 * and targets in the namespace. A value that cannot be told apart soundly widens to the whole table.
 */
import { createHash } from 'node:crypto';
import type { Pin, TableRead, TableWrite, ValueSource, WriteScope } from '../sql/plan.js';
import { canonicalValue } from '../sql/values.js';
import { tableKey } from './protocol/keys.js';
import type { Ref, Target, TargetPins } from './protocol/refs.js';

/** Names the tables of one database in one namespace. */
export interface TableNames {
  readonly namespace: string;
  /** The database's identity as its server reports it. */
  readonly database: string;
}

/** Longer values, and those that are not plain ASCII, are named by their digest. */
const PLAIN_VALUE = /^[\x21-\x7e]{0,64}$/;

export const keyOfTable = (names: TableNames, tableId: string): string =>
  tableKey(names.namespace, `${names.database}:${tableId}`);

/** Stands for every table of a database, also those not known yet: each read depends on it. */
export const rootOf = (names: TableNames): string => keyOfTable(names, 'root');

/** What a read depends on in a call with these values. */
export type BindReads = (values: readonly unknown[]) => readonly Ref[];

/** What does not depend on a call's values is made once. */
export function readsBinder(names: TableNames, reads: readonly TableRead[]): BindReads {
  const root: Ref = { table: rootOf(names), pin: null };
  const bound = reads.map(({ table, pin }) => refBinder(keyOfTable(names, table.id), pin));
  return (values) => {
    const refs: Ref[] = [root];
    for (const bind of bound) refs.push(bind(values));
    return refs;
  };
}

/** What a write may change in a call with these values. */
export type BindWrites = (values: readonly unknown[]) => readonly Target[];

/** What does not depend on a call's values is made once: names of tables are long, and looked up many times a write. */
export function writesBinder(names: TableNames, writes: WriteScope): BindWrites {
  if (writes.scope === 'everything') {
    const everything: readonly Target[] = [{ table: rootOf(names), pins: null }];
    return () => everything;
  }
  const bound = writes.tables.map((write) => ({ key: keyOfTable(names, write.table.id), write }));
  return (values) => bound.map(({ key, write }) => ({ table: key, pins: bindTargetPins(write, values) }));
}

function refBinder(table: string, pin: Pin | null): (values: readonly unknown[]) => Ref {
  const whole: Ref = { table, pin: null };
  if (pin === null) return () => whole;
  const { shape, values: sources } = pin;
  const columns = shape.split(',');
  return (given) => {
    const values: string[] = [];
    for (const source of sources) {
      const value = bindValue(source, given);
      if (value === null) return whole;
      values.push(value);
    }
    return { table, pin: { shape, columns, values } };
  };
}

function bindTargetPins(write: TableWrite, values: readonly unknown[]): TargetPins | null {
  const pins: Record<string, readonly string[]> = {};
  let isPinned = false;
  for (const { column, values: sources } of write.pins) {
    const bound = sources.map((source) => bindValue(source, values));
    if (bound.includes(null)) continue;
    pins[column] = bound.length === 1 ? (bound as string[]) : [...new Set(bound as string[])]; // no null, just seen
    isPinned = true;
  }
  return isPinned ? pins : null;
}

function bindValue(source: ValueSource, values: readonly unknown[]): string | null {
  const canonical =
    source.kind === 'literal' ? source.value : canonicalValue(source.valueClass, values[source.index]);
  return canonical === null ? null : compactValue(canonical);
}

/** The name of a canonical value in keys and intents: itself if short and plain, else its digest. */
export function compactValue(canonical: string): string {
  if (PLAIN_VALUE.test(canonical)) return canonical;
  return `#${createHash('sha256').update(canonical).digest('base64url').slice(0, 32)}`;
}
