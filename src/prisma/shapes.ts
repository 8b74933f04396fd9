/**
 * Decides what Prisma asks of a driver adapter and what it is given, as shapes: `@prisma/driver-adapter-utils` is
 * never imported. `test/prisma` compares with Prisma's own.
 */

export type ArgScalarType =
  | 'string'
  | 'int'
  | 'bigint'
  | 'float'
  | 'decimal'
  | 'boolean'
  | 'enum'
  | 'uuid'
  | 'json'
  | 'datetime'
  | 'bytes'
  | 'unknown';

export interface ArgType {
  scalarType: ArgScalarType;
  /** As the schema says: `DATE`, `TIME` … */
  dbType?: string;
  arity: 'scalar' | 'list';
}

export interface SqlQuery {
  sql: string;
  args: unknown[];
  argTypes: ArgType[];
}

/** How Prisma numbers the types of columns; of those only what MySQL and MariaDB have. */
export const columnTypes = {
  Int32: 0,
  Int64: 1,
  Float: 2,
  Double: 3,
  Numeric: 4,
  Text: 7,
  Date: 8,
  Time: 9,
  DateTime: 10,
  Json: 11,
  Enum: 12,
  Bytes: 13,
} as const;

export type ColumnType = (typeof columnTypes)[keyof typeof columnTypes];

export interface SqlResultSet {
  columnNames: string[];
  columnTypes: ColumnType[];
  rows: unknown[][];
  lastInsertId?: string;
}

export interface SqlQueryable {
  readonly provider: 'mysql';
  readonly adapterName: string;
  queryRaw(query: SqlQuery): Promise<SqlResultSet>;
  /** @returns how many rows it changed */
  executeRaw(query: SqlQuery): Promise<number>;
}

export type IsolationLevel =
  | 'READ UNCOMMITTED'
  | 'READ COMMITTED'
  | 'REPEATABLE READ'
  | 'SNAPSHOT'
  | 'SERIALIZABLE';

export interface Transaction extends SqlQueryable {
  /** `usePhantomQuery`: COMMIT and ROLLBACK are the adapter's to send. */
  readonly options: { readonly usePhantomQuery: boolean };
  commit(): Promise<void>;
  rollback(): Promise<void>;
  createSavepoint(name: string): Promise<void>;
  rollbackToSavepoint(name: string): Promise<void>;
  releaseSavepoint(name: string): Promise<void>;
}

export interface ConnectionInfo {
  schemaName?: string;
  supportsRelationJoins: boolean;
}

export interface SqlDriverAdapter extends SqlQueryable {
  executeScript(script: string): Promise<void>;
  startTransaction(isolationLevel?: IsolationLevel): Promise<Transaction>;
  getConnectionInfo(): ConnectionInfo;
  dispose(): Promise<void>;
}
