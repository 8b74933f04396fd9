/** Decides what is known of the code of a function, once somebody has read it. Reads nothing itself. */
import type { Reason, Table } from '../plan.js';
import type { Catalog, FunctionInfo } from './catalog.js';

/** What running a function does, and what it sees. */
export interface CodeEffect {
  /** Why it may change any table. */
  readonly everything: Reason | null;
  /** The tables it changes, with all that follows from that. */
  readonly writes: readonly Table[];
  /** All that its result depends on besides its arguments; null: on more than rows. */
  readonly reads: readonly Table[] | null;
  /** It may leave other settings, another role or temporary tables behind. */
  readonly changesSession: boolean;
  /** It may create, alter or drop something. */
  readonly changesCatalog: boolean;
  /** Somebody who knows said so: it is believed also where the function itself promises less. */
  readonly isDeclared: boolean;
}

/** Null for code that cannot be read. */
export type CodeReader = (info: FunctionInfo) => CodeEffect | null;

const readers = new WeakMap<Catalog, CodeReader>();

/** Of a snapshot's functions somebody reads the code, when it is asked for. */
export function setCodeReader(catalog: Catalog, reader: CodeReader): void {
  readers.set(catalog, reader);
}

export function codeOf(catalog: Catalog, oid: string): CodeEffect | null {
  const info = catalog.functions.get(oid);
  return info === undefined ? null : (readers.get(catalog)?.(info) ?? null);
}
