/**
 * Decides what a read depends on and what a write changes, and so which write must be seen by which read. This is the
 * truth the protocol is judged by; knows nothing of tokens or intents.
 */

/** One equality: `where <shape> = <value>`. A shape is a set of columns; here one letter. */
export interface Pin {
  readonly shape: string;
  readonly value: string;
}

/** A reference to a table. Without a pin it depends on every row. */
export interface Dependency {
  readonly table: string;
  readonly pin: Pin | null;
}

export interface Read {
  readonly name: string;
  readonly on: readonly Dependency[];
}

/**
 * Which rows a write touches: every touched row has, before and after, one of the values listed for a shape. A shape
 * that is not listed may have any value. `unattributed`: nothing is known, not even that it is rows (TRUNCATE, DDL).
 */
export type Scope = 'unattributed' | Readonly<Record<string, readonly string[]>>;

export interface TableWrite {
  readonly table: string;
  /** What the statement says before it is run. */
  readonly scope: Scope;
  /** What its answer says as well, once it has succeeded: which rows they were. */
  readonly answer?: Scope;
}

/** One transaction. */
export interface Write {
  readonly name: string;
  readonly tables: readonly TableWrite[];
  /** Made by somebody who does not use lookaside: it is seen through the change feed only. */
  readonly foreign?: boolean;
}

/** Whether the result of `read` may be another one once `write` is visible. */
export function affects(write: Write, read: Read): boolean {
  return write.tables.some(({ table, scope, answer = scope }) =>
    read.on.some((on) => on.table === table && touches(answer, on.pin)),
  );
}

function touches(scope: Scope, pin: Pin | null): boolean {
  if (pin === null || scope === 'unattributed') return true;
  const values = scope[pin.shape];
  return values === undefined || values.includes(pin.value);
}

/** Every read depends also on `root`, one table for the whole database that a write of everything writes. */
export const root = 'root';

const onRoot: Dependency = { table: root, pin: null };

export const wholeTable = (table: string): Read => ({ name: table, on: [{ table, pin: null }] });

export const oneRow = (table: string, shape: string, value: string): Read => ({
  name: `${table}.${shape}=${value}`,
  on: [{ table, pin: { shape, value } }],
});

export const join = (...reads: readonly Read[]): Read => ({
  name: reads.map(({ name }) => name).join(' join '),
  on: reads.flatMap(({ on }) => on),
});

/** The same read with its dependency on `root`, which the other scenarios leave out because nothing there writes it. */
export const alsoOnRoot = (read: Read): Read => ({ ...read, on: [onRoot, ...read.on] });

export const writeRows = (table: string, scope: Scope): Write => ({
  name: `write ${table}${scope === 'unattributed' ? ' unattributed' : describe(scope)}`,
  tables: [{ table, scope }],
});

/** An update of a key: rows leave the old value and come to the new one. */
export const moveRow = (table: string, shape: string, from: string, to: string): Write => ({
  name: `move ${table}.${shape}=${from} to ${to}`,
  tables: [{ table, scope: { [shape]: [from, to] } }],
});

/** A write of which only the answer tells that it moves a row: RETURNING, of both its versions. */
export const answeredMove = (table: string, shape: string, from: string, to: string): Write => ({
  name: `write ${table}, which moves ${shape}=${from} to ${to}`,
  tables: [{ table, scope: {}, answer: { [shape]: [from, to] } }],
});

export const transaction = (...writes: readonly Write[]): Write => ({
  name: writes.map(({ name }) => name).join(' and '),
  tables: writes.flatMap(({ tables }) => tables),
});

export const writeEverything: Write = { name: 'write everything', tables: [{ table: root, scope: {} }] };

export const byAnother = (write: Write): Write => ({
  ...write,
  name: `foreign ${write.name}`,
  foreign: true,
});

function describe(scope: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(scope)
    .map(([shape, values]) => `.${shape}=${values.join('/')}`)
    .join('');
}
