/**
 * Decides what a plan reads and writes in one call, once parameters are known: plan plus values to references
 * and targets in the namespace. A value that cannot be told apart soundly widens to the whole table.
 */
import { createHash } from 'node:crypto';
import type { Pin, TableRead, TableWrite, ValueClass, ValueSource, WriteScope } from '../sql/plan.js';
import { canonicalOrNull, NULL_VALUE } from '../sql/values.js';
import { tableKey } from './protocol/keys.js';
import { pinValue, type Ref, type RefPin, type Target, type TargetPins } from './protocol/refs.js';

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
  const bound = reads.map(({ table, pins }) => refsBinder(keyOfTable(names, table.id), pins));
  return (values) => {
    const refs: Ref[] = [root];
    for (const bind of bound) bind(values, refs);
    return refs;
  };
}

/** More alternatives than these are not told apart (CONSISTENCY §3, rule 6). */
const ALTERNATIVES_MAX = 32;

/** Adds what one reference of a read depends on in a call with these values. */
type BindRead = (values: readonly unknown[], refs: Ref[]) => void;

function refsBinder(table: string, pins: readonly Pin[] | null): BindRead {
  const whole: Ref = { table, pin: null };
  if (pins === null) return (_, refs) => void refs.push(whole);
  const bound = pins.map((pin) => pinBinder(table, pin));
  const [only] = bound;
  if (only !== undefined && bound.length === 1 && !pins[0]?.values.some(hasElements))
    return (values, refs) => void refs.push(only(values)?.[0] ?? whole);
  return (values, refs) => {
    const alternatives = new Map<string, Ref>();
    for (const bind of bound) {
      const some = bind(values);
      if (some === null) return void refs.push(whole);
      for (const ref of some) if (ref.pin !== null) alternatives.set(nameOfPin(ref.pin), ref);
      if (alternatives.size > ALTERNATIVES_MAX) return void refs.push(whole);
    }
    refs.push(...alternatives.values());
  };
}

const hasElements = ({ kind }: ValueSource): boolean => kind === 'elements';

const nameOfPin = ({ shape, values }: RefPin): string => `${shape}:${pinValue(values)}`;

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

/** Null: a value cannot be told apart soundly, or they are too many. */
function pinBinder(table: string, pin: Pin): (values: readonly unknown[]) => readonly Ref[] | null {
  const { shape } = pin;
  const columns = shape.split(',');
  const sources = pin.values.map(valueBinder);
  const refOf = (values: readonly string[]): Ref => ({ table, pin: { shape, columns, values } });
  const [only] = sources;
  if (only !== undefined && sources.length === 1)
    return (given) => {
      const values = only(given);
      return values === null ? null : values.map((value) => refOf([value]));
    };
  return (given) => {
    let rows: readonly (readonly string[])[] = [[]];
    for (const source of sources) {
      const values = source(given);
      if (values === null) return null;
      rows = rows.flatMap((row) => values.map((value) => [...row, value]));
      if (rows.length > ALTERNATIVES_MAX) return null;
    }
    return rows.map(refOf);
  };
}

function bindTargetPins(write: TableWrite, values: readonly unknown[]): TargetPins | null {
  const pins: Record<string, readonly string[]> = {};
  let isPinned = false;
  for (const { column, values: sources } of write.pins) {
    const bound: string[] = [];
    const isKnown = sources.every((source) => {
      const some = bindValue(source, values);
      if (some !== null) bound.push(...some);
      return some !== null;
    });
    if (!isKnown) continue;
    pins[column] = bound.length === 1 ? bound : [...new Set(bound)];
    isPinned = true;
  }
  return isPinned ? pins : null;
}

type BindValue = (values: readonly unknown[]) => readonly string[] | null;

/** A literal is named once. */
function valueBinder(source: ValueSource): BindValue {
  if (source.kind !== 'literal') return (values) => bindValue(source, values);
  const named = [compactValue(source.value)];
  return () => named;
}

/** The names of the values that a source stands for in a call: one, or one per element. Null: not known for certain. */
function bindValue(source: ValueSource, values: readonly unknown[]): readonly string[] | null {
  if (source.kind === 'literal') return [compactValue(source.value)];
  const given = values[source.index];
  if (source.kind === 'elements') return bindElements(source.valueClass, given);
  const name = nameOfValue(source.valueClass, given);
  return name === null ? null : [name];
}

/** NULL among the elements equals nothing. */
function bindElements(valueClass: ValueClass, given: unknown): readonly string[] | null {
  if (!Array.isArray(given) || given.length > ALTERNATIVES_MAX) return null;
  const names: string[] = [];
  for (const element of given as readonly unknown[]) {
    if (element === null || element === undefined) continue;
    const name = nameOfValue(valueClass, element);
    if (name === null) return null;
    names.push(name);
  }
  return names;
}

/** NULL equals nothing where it is compared, and is a value of its own where it is written. */
function nameOfValue(valueClass: ValueClass, value: unknown): string | null {
  const canonical = canonicalOrNull(valueClass, value);
  return canonical === null ? null : compactValue(canonical);
}

/** \0 as a key would show it. */
const NULL_NAME = '~null';

/** The name of a canonical value in keys and intents: itself if short and plain, else its digest. */
export function compactValue(canonical: string): string {
  if (canonical === NULL_VALUE) return NULL_NAME;
  if (PLAIN_VALUE.test(canonical)) return canonical;
  return `#${createHash('sha256').update(canonical).digest('base64url').slice(0, 32)}`;
}
