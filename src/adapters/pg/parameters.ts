/**
 * Decides when two lists of parameters are the same on the wire, and what is sent for them. Knows no statement.
 */
import { createHash } from 'node:crypto';
import { isTimeDependentText } from '../../sql/postgres/time-text.js';
import type { QueryConstructor } from './shapes.js';

export type WireValue = string | Buffer | null;

/** How pg turns a parameter into what it sends. */
export type PrepareValue = (value: unknown) => unknown;

/** Longer keys are named by their digest. */
const KEY_LENGTH_MAX = 512;
const SEPARATOR = '\0';

/**
 * pg's own conversion, with whatever the application set (`parseInputDatesAsUTC`, a replaced `prepareValue`): taken
 * where a query hands it to the connection. Null where this version of pg does not do so.
 */
export function findPrepareValue(Query: QueryConstructor): PrepareValue | null {
  let found: unknown = null;
  const connection = {
    bind: ({ valueMapper }: { valueMapper?: unknown }) => void (found = valueMapper),
    parse: () => undefined,
    describe: () => undefined,
    execute: () => undefined,
    flush: () => undefined,
    sync: () => undefined,
    parsedStatements: {},
    submittedNamedStatements: {},
  };
  const query = new Query({ text: 'select $1', values: [null] }) as unknown as {
    prepare?: (connection: unknown) => void;
  };
  query.prepare?.(connection);
  return typeof found === 'function' ? (found as PrepareValue) : null;
}

/**
 * The key of parameters that need no conversion: a few nanoseconds for one number or text. Null: ask `wireKey`.
 * One value is its own key; several are length-prefixed behind a NUL, which no text on the wire can contain.
 */
export function plainKey(values: unknown): string | null {
  if (values === undefined || values === null) return '';
  if (!Array.isArray(values)) return null;
  const list = values as readonly unknown[];
  if (list.length === 0) return '';
  if (list.length === 1) return singleKey(list[0]);
  let key = SEPARATOR;
  for (let index = 0; index < list.length; index++) {
    const value = list[index];
    if (typeof value === 'string') key += `${value.length}:${value}`;
    else if (value === null || value === undefined) key += 'n';
    else if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') {
      const text = String(value);
      key += `${text.length}:${text}`;
    } else return null;
  }
  return key.length <= KEY_LENGTH_MAX ? key : null;
}

function singleKey(value: unknown): string | null {
  if (typeof value === 'number') return `=${value}`;
  if (typeof value !== 'string') return null;
  return value.length < KEY_LENGTH_MAX ? `=${value}` : null;
}

export interface WireParameters {
  readonly key: string;
  /** What is keyed is what is sent, whatever the caller does to the values meanwhile. */
  readonly values: readonly WireValue[] | undefined;
}

/** Null where pg has to judge by itself: an invalid date, a value that cannot be converted, values that are no list. */
export function wireParameters(values: unknown, prepareValue: PrepareValue | null): WireParameters | null {
  if (values === undefined || values === null) return { key: '', values: undefined };
  if (!Array.isArray(values)) return null;
  const wire: WireValue[] = [];
  for (const value of values as readonly unknown[]) {
    const sent = wireValue(value, prepareValue);
    if (sent === undefined) return null;
    wire.push(sent);
  }
  return { key: keyOfWire(wire), values: wire };
}

function wireValue(value: unknown, prepareValue: PrepareValue | null): WireValue | undefined {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  if (prepareValue === null || typeof value !== 'object') return undefined;
  if (value instanceof Date && Number.isNaN(value.getTime())) return undefined;
  let sent: unknown;
  try {
    sent = prepareValue(value);
  } catch (error) {
    // A toPostgres that throws, a circular object: pg meets it again and tells the caller.
    if (error instanceof Error) return undefined;
    throw error;
  }
  if (sent === null || typeof sent === 'string') return sent;
  return Buffer.isBuffer(sent) ? Buffer.from(sent) : undefined;
}

function keyOfWire(wire: readonly WireValue[]): string {
  if (wire.length === 0) return '';
  const [first] = wire;
  if (wire.length === 1 && typeof first === 'string' && first.length < KEY_LENGTH_MAX) return `=${first}`;
  let key = SEPARATOR;
  for (const value of wire) {
    if (value === null) key += 'n';
    else if (typeof value === 'string') key += `${value.length}:${value}`;
    else key += `b${value.length * 2}:${value.toString('hex')}`;
  }
  if (key.length <= KEY_LENGTH_MAX) return key;
  return `${SEPARATOR}#${createHash('sha256').update(key).digest('base64url')}`;
}

/** Whether a parameter could mean another moment tomorrow (`'today'` as a date): never cached. */
export const areTimeDependent = (values: readonly WireValue[] | undefined): boolean =>
  values?.some((value) => typeof value === 'string' && isTimeDependentText(value)) ?? false;
