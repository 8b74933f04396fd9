/**
 * Decides which parts of `pg` and `pg-pool` this adapter relies on, as shapes: the packages themselves are never
 * imported, so whatever version and copy the application uses is the one that runs.
 */

import type { TransactionStatus } from '../transaction.js';

/** One column of a row description, an instance of pg-protocol's `Field`. */
export interface Field {
  name: string;
  tableID: number;
  columnID: number;
  dataTypeID: number;
  dataTypeSize: number;
  dataTypeModifier: number;
  format: string;
}

export type Cells = readonly (string | null)[];

export type CellParser = (raw: string) => unknown;

export interface TypeParsers {
  getTypeParser(oid: number, format?: string): CellParser;
}

export interface PgResult {
  command: string | null;
  rowCount: number | null;
  rows: unknown[];
  fields: Field[];
  _parsers: CellParser[] | undefined;
  _types: TypeParsers | undefined;
  _prebuiltEmptyResultObject: object | null;
  parseRow(cells: Cells): unknown;
  addRow(row: unknown): void;
  addFields(fields: Field[]): void;
  addCommandComplete(message: { text: string }): void;
}

export type ResultConstructor = new (rowMode?: string, types?: TypeParsers) => PgResult;

export type QueryCallback = (error: Error | null | undefined, result?: PgResult | PgResult[]) => void;

/** Anything `client.query` hands the connection to: cursors, streams, COPY, queries. */
export interface Submittable {
  submit(connection: unknown): unknown;
  handleError?(error: Error, connection: unknown): void;
  readonly text?: unknown;
  readonly cursor?: { readonly text?: unknown };
}

export interface PgQuery extends Submittable {
  text: string;
  values: unknown;
  name: string | undefined;
  callback: QueryCallback | undefined;
  query_timeout?: unknown;
  _result: PgResult;
  handleRowDescription(message: { fields: Field[] }): void;
  handleDataRow(message: { fields: Cells }): void;
  handleCommandComplete(message: { text: string }, connection: unknown): void;
}

export interface QueryConfig {
  readonly text?: unknown;
  readonly values?: unknown;
  readonly name?: unknown;
  readonly rowMode?: unknown;
  readonly types?: unknown;
  readonly binary?: unknown;
  readonly rows?: unknown;
  readonly portal?: unknown;
  readonly queryMode?: unknown;
  readonly callback?: unknown;
  readonly query_timeout?: unknown;
}

export type QueryConstructor = new (
  config: QueryConfig | string,
  values?: unknown,
  callback?: unknown,
) => PgQuery;

/** `client.query` and `pool.query` alike: every overload. */
export type QueryFunction = (this: unknown, config: unknown, values?: unknown, callback?: unknown) => unknown;

export interface Emitter {
  on(event: string, listener: (...args: never[]) => void): unknown;
  once(event: string, listener: (...args: never[]) => void): unknown;
  prependListener(event: string, listener: (...args: never[]) => void): unknown;
}

export type { TransactionStatus };

export interface PgClient extends Emitter {
  query: QueryFunction;
  readonly connection: Emitter;
  readonly constructor: unknown;
  readonly processID: number | null;
  readonly readyForQuery?: boolean;
  readonly pipeline?: boolean;
  readonly binary?: unknown;
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly database: string | undefined;
  readonly password: unknown;
  readonly ssl: unknown;
  readonly _types: TypeParsers;
  readonly _Promise?: PromiseConstructor;
  readonly _ended?: boolean;
  readonly _ending?: boolean;
  readonly _queryQueue?: readonly unknown[];
  readonly _sentQueryQueue?: readonly unknown[];
  readonly _activeQuery?: unknown;
  getTransactionStatus?(): TransactionStatus | null;
  connect(): Promise<unknown>;
  end(): Promise<void>;
  unref?(): void;
}

export type ClientConstructor = new (options?: unknown) => PgClient;

export interface PgPool extends Emitter {
  query: QueryFunction;
  connect(callback?: (...given: unknown[]) => void): Promise<PgClient & { release(error?: unknown): void }>;
  Client: ClientConstructor;
  readonly Promise: PromiseConstructor;
  readonly options: { readonly max: number };
  readonly totalCount: number;
  readonly idleCount: number;
  readonly ending: boolean;
  readonly _clients: readonly PgClient[];
}
