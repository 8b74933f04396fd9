/**
 * Decides what is taken from the application's own copy of mysql2: its classes, found on its connections and commands,
 * and what of a connection decides how its packets are read.
 */
import { LookasideError } from '../../errors.js';
import type {
  Command,
  CreateQuery,
  ExecuteCommand,
  MysqlConnection,
  Packet,
  PacketConstructor,
  QueryCommand,
  ResultCommandConstructor,
} from './shapes.js';

export interface Driver {
  readonly createQuery: CreateQuery;
  readonly Query: ResultCommandConstructor<QueryCommand>;
  /** Known from the first execution on. */
  Execute: ResultCommandConstructor<ExecuteCommand> | null;
  /** Known from the first packet on. */
  Packet: PacketConstructor | null;
}

const drivers = new WeakMap<object, Driver>();

/** @throws LookasideError `POOL_UNSUPPORTED` for what is no connection of mysql2 */
export function driverOf(connection: object): Driver {
  const { createQuery } = connection.constructor as { readonly createQuery?: unknown };
  if (typeof createQuery !== 'function')
    throw new LookasideError('POOL_UNSUPPORTED', 'its connections are not those of mysql2 3.11 or later');
  const create = createQuery as CreateQuery;
  const Query = create('', undefined, undefined, {}).constructor as ResultCommandConstructor<QueryCommand>;
  let driver = drivers.get(Query);
  if (driver === undefined) {
    driver = { createQuery: create, Query, Execute: null, Packet: null };
    drivers.set(Query, driver);
  }
  return driver;
}

/** Classes that nothing else leads to are found on what passes. */
export function learnFrom(driver: Driver, command: Command, packet: Packet): void {
  driver.Packet ??= packet.constructor as PacketConstructor;
  if (driver.Execute === null && isExecute(command))
    driver.Execute = command.constructor as ResultCommandConstructor<ExecuteCommand>;
}

/** Minifiers change names, so it is told by what only it has. */
export const isExecute = (command: Command): command is ExecuteCommand =>
  'statement' in command && '_executeOptions' in command;

export const isQuery = (value: unknown): value is QueryCommand =>
  typeof value === 'object' && value !== null && '_queryOptions' in value;

/** How a connection's packets are read, beside its config. */
export interface WireFacts {
  readonly clientEncoding: string;
  readonly extendedMetadata: boolean;
}

export const factsOf = (connection: MysqlConnection): WireFacts => ({
  clientEncoding: connection.clientEncoding,
  extendedMetadata: connection._mariadbExtendedMetadata === true,
});

/** Results of connections with equal keys are read alike. */
export const factsKey = ({ clientEncoding, extendedMetadata }: WireFacts): string =>
  `${clientEncoding}${extendedMetadata ? '+' : ''}`;
