/**
 * Decides which parts of `mysql2` this adapter relies on, as shapes: the package itself is never imported, so whatever
 * version and copy the application uses is the one that runs. `test/adapters/mysql2/contract.test.ts` pins them.
 */

/** One packet of the protocol. The driver uses one instance for all: what is to be kept is copied. */
export interface Packet {
  readonly buffer: Buffer;
  /** Where its header of four bytes begins. */
  readonly start: number;
  end: number;
  /** What is read next. */
  offset: number;
  readonly sequenceId: number;
  /** More than one: 16 MB or longer. */
  readonly numPackets: number;
  isError(): boolean;
  isEOF(): boolean;
  eofStatusFlags(): number;
}

export type PacketConstructor = new (
  sequenceId: number,
  buffer: Buffer,
  start: number,
  end: number,
) => Packet;

/** One column of a result, an instance of the driver's `ColumnDefinition`. */
export interface Field {
  readonly name: string;
  readonly columnType: number;
  readonly flags: number;
  readonly table: string;
  readonly schema: string;
}

/** What a statement that gives no rows gives, an instance of the driver's `ResultSetHeader`. */
export interface ResultSetHeader {
  readonly fieldCount: number;
  readonly affectedRows: number;
  readonly insertId: number;
  readonly info: string;
  readonly serverStatus: number;
  readonly warningStatus: number;
  readonly changedRows: number;
  readonly stateChanges?: {
    readonly systemVariables: Readonly<Record<string, string>>;
    readonly schema: string | null;
    readonly gtids: readonly string[];
    readonly trackStateChange: string | null;
  };
}

export type Listener = (...given: never[]) => void;

export interface Emitter {
  on(event: string, listener: Listener): unknown;
  once(event: string, listener: Listener): unknown;
  prependListener(event: string, listener: Listener): unknown;
  removeListener(event: string, listener: Listener): unknown;
  emit(event: string, ...given: unknown[]): boolean;
  listenerCount(event: string): number;
}

export type ResultCallback = (error: Error | null, rows?: unknown, fields?: unknown) => void;

/** A state of a command: what it does with the next packet. Null or undefined: it is done. */
export type CommandState = (packet: Packet, connection: MysqlConnection) => CommandState | null | undefined;

/** What is queued on a connection: queries, executions, pings … */
export interface Command extends Emitter {
  /** Undefined: its caller listens to its events. */
  onResult?: ResultCallback | undefined;
  next: CommandState | null | undefined;
  /** Called once without a packet when its turn comes, then with every packet. True: it is done. */
  execute: (this: Command, packet: Packet | null | undefined, connection: MysqlConnection) => boolean;
}

/** Options that shape rows; those of a call stand before those of the connection. */
export interface RowOptions {
  readonly rowsAsArray?: unknown;
  readonly nestTables?: unknown;
  readonly typeCast?: unknown;
  readonly dateStrings?: unknown;
  readonly timezone?: unknown;
  readonly supportBigNumbers?: unknown;
  readonly bigNumberStrings?: unknown;
  readonly decimalNumbers?: unknown;
  readonly jsonStrings?: unknown;
  readonly disableEval?: unknown;
}

export interface QueryOptions extends RowOptions {
  readonly sql?: unknown;
  readonly values?: unknown;
  readonly namedPlaceholders?: unknown;
  readonly timeout?: unknown;
  readonly infileStreamFactory?: unknown;
  readonly attributes?: unknown;
}

/** A command that gives rows: `Query` or `Execute`. */
export interface ResultCommand extends Command {
  sql: string;
  values: unknown;
  options?: object;
  _rows: unknown[];
  _fields: (Field[] | undefined)[];
  /** As many columns as were announced last. */
  readonly _fieldCount: number | null;
  _resultIndex: number;
  _connection: MysqlConnection | null;
  readonly resultsetHeader: CommandState;
  stream(options?: object): unknown;
}

/** COM_QUERY. */
export interface QueryCommand extends ResultCommand {
  namedPlaceholders: unknown;
  readonly _queryOptions: QueryOptions;
}

/** COM_STMT_EXECUTE. */
export interface ExecuteCommand extends ResultCommand {
  statement: PreparedStatement | undefined;
  parameters: unknown;
  readonly _executeOptions: QueryOptions & { readonly statement?: PreparedStatement };
}

/** COM_STMT_PREPARE; `Connection.execute` queues one before each execution, which is answered at once when it is known. */
export interface PrepareCommand extends Command {
  readonly query: string;
  readonly options: QueryOptions;
}

export interface PreparedStatement {
  readonly query: string;
  readonly id: number;
  readonly parameters: readonly Field[];
  readonly columns: readonly Field[];
  execute(parameters?: unknown, callback?: ResultCallback): ExecuteCommand;
  close(): unknown;
}

export type ResultCommandConstructor<C extends ResultCommand> = new (
  options: object,
  callback?: ResultCallback,
) => C;

/** Of a connection; each connection of a pool has a copy, which `changeUser` writes to. */
export interface ConnectionConfig extends RowOptions {
  readonly host?: string;
  readonly port?: number;
  readonly socketPath?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: unknown;
  readonly database?: string | undefined;
  readonly ssl?: unknown;
  readonly charsetNumber: number;
  readonly clientFlags: number;
  readonly timezone: string;
  readonly trace?: unknown;
  readonly namedPlaceholders?: unknown;
  readonly queryFormat?: unknown;
  readonly stringifyObjects?: unknown;
  readonly multipleStatements?: unknown;
  readonly infileStreamFactory?: unknown;
}

/** `query` and `execute`: every overload. */
export type QueryFunction = (this: unknown, sql: unknown, values?: unknown, callback?: unknown) => unknown;

/** A connection of the callback API; that of the promise API has it as `connection`. */
export interface MysqlConnection extends Emitter {
  readonly config: ConnectionConfig;
  readonly constructor: unknown;
  readonly threadId: number | null;
  /** How names of columns are decoded where the server says no character set. */
  readonly clientEncoding: string;
  readonly serverEncoding: string;
  /** Whether the server describes columns in MariaDB's extended way. Undefined in versions that do not know it. */
  readonly _mariadbExtendedMetadata?: boolean;
  readonly _handshakePacket: { readonly capabilityFlags: number; readonly serverVersion?: string } | null;
  _command: Command | null | undefined;
  readonly _commands: { readonly length: number; push(command: Command): void };
  readonly _statements: { clear(): void; get(key: string): PreparedStatement | undefined };
  readonly _closing?: boolean;
  readonly _fatalError?: Error | null;
  readonly _protocolError?: Error | null;
  /** Of a pool: null once it was removed from it. */
  readonly _pool?: MysqlPool | null;
  readonly stream: { once(event: 'close', listener: () => void): unknown; unref?(): unknown };
  /** Tells everything queued that the connection is lost, and perhaps the connection itself. */
  _notifyError(error: Error): void;
  /** Stands in for `addCommand` once the connection is closed. */
  _addCommandClosedState(command: Command): void;
  /** Makes a list of named values, once. */
  _resolveNamedPlaceholders(command: QueryCommand): void;
  query: QueryFunction;
  execute: QueryFunction;
  prepare: QueryFunction;
  addCommand<C extends Command>(command: C): C;
  format(sql: unknown, values: unknown, namedPlaceholders?: unknown): string;
  escape(value: unknown): string;
  changeUser(...given: unknown[]): unknown;
  reset(callback?: (error: Error | null) => void): unknown;
  ping(callback?: (error: Error | null) => void): unknown;
  connect(callback?: (error: Error | null) => void): unknown;
  end(callback?: (error?: Error | null) => void): unknown;
  destroy(): void;
  release?(): void;
  pause(): void;
  resume(): void;
}

/** The driver's own `createQuery`, a static method of its connections. */
export type CreateQuery = (sql: unknown, values: unknown, callback: unknown, config: object) => QueryCommand;

export type ConnectionCallback = (error: Error | null, connection?: MysqlConnection) => void;

/** A pool of the callback API; that of the promise API has it as `pool`. */
export interface MysqlPool extends Emitter {
  readonly config: {
    readonly connectionConfig: ConnectionConfig;
    readonly connectionLimit: number;
    /** False: whoever finds all of them taken is told so. */
    readonly waitForConnections?: boolean;
    /** How many may wait. 0: any number. */
    readonly queueLimit?: number;
    /** Connections that are given back begin a new session. From 3.22 on. */
    readonly resetOnRelease?: boolean;
  };
  readonly _allConnections: { readonly length: number; get(index: number): MysqlConnection | undefined };
  readonly _freeConnections: { readonly length: number };
  readonly _closed: boolean;
  query: QueryFunction;
  execute: QueryFunction;
  getConnection(callback: ConnectionCallback): unknown;
  format(sql: unknown, values: unknown): string;
  escape(value: unknown): string;
  promise(PromiseClass?: PromiseConstructor): PromisePool;
  end(callback?: (error?: Error | null) => void): unknown;
}

export interface PromiseConnection extends Emitter {
  readonly connection: MysqlConnection;
  readonly Promise: PromiseConstructor;
}

export interface PromisePool extends Emitter {
  readonly pool: MysqlPool;
  readonly Promise: PromiseConstructor;
  query: QueryFunction;
  execute: QueryFunction;
}

/** A part of a pool cluster that chooses a pool for each connection. */
export interface PoolNamespace {
  query: QueryFunction;
  execute: QueryFunction;
  getConnection(callback: ConnectionCallback): unknown;
}

export interface PoolCluster extends Emitter {
  readonly _nodes: Readonly<Record<string, { readonly id: string; readonly pool: MysqlPool } | undefined>>;
  add(id: unknown, config?: unknown): void;
  /** Takes one from the pool of the node that was chosen. */
  _getConnection(node: unknown, callback: ConnectionCallback): unknown;
  of(pattern?: unknown, selector?: unknown): PoolNamespace;
}
