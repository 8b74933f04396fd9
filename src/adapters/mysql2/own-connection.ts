/** Decides how a connection of ours is made beside those of a pool or connection of mysql2, and how statements of ours run. */
import type { TextQuery } from '../../sql/text-query.js';
import type { OwnConnection } from '../own-connection.js';
import { driverOf } from './driver.js';
import type { Command, ConnectionConfig, MysqlConnection, QueryCommand } from './shapes.js';

interface ConnectionConstructor {
  new (options: { readonly config: ConnectionConfig }): MysqlConnection;
  readonly prototype: MysqlConnection;
}

/** How the application's connections are made, without a pool. */
export interface Place {
  readonly Connection: ConnectionConstructor;
  readonly config: ConnectionConfig;
}

/** @param connection of a pool or not: those of pools are of one or two subclasses of their own, by version */
export function placeOf(connection: MysqlConnection, config: ConnectionConfig): Place {
  let Connection = connection.constructor as ConnectionConstructor;
  while ('_removeFromPool' in Connection.prototype)
    Connection = Object.getPrototypeOf(Connection) as ConnectionConstructor;
  return { Connection, config };
}

interface TextField {
  string(): string | null;
}

/** Texts and nothing else, whatever the application has its values made into. */
const asTexts = {
  rowsAsArray: false,
  nestTables: false,
  typeCast: (field: TextField): string | null => field.string(),
} as const;

/** Runs statements of ours. @param add gives the command to the connection */
export function textQueryOn(connection: MysqlConnection, add: (command: QueryCommand) => void): TextQuery {
  const { createQuery } = driverOf(connection);
  return (sql) =>
    new Promise((resolve, reject) => {
      const told = (error: Error | null, rows?: unknown): void => {
        if (error) reject(error);
        else resolve((Array.isArray(rows) ? rows : []) as Awaited<ReturnType<TextQuery>>);
      };
      add(createQuery({ sql, ...asTexts }, undefined, told, connection.config));
    });
}

/**
 * Not a connection of the pool: that may be of size one, exhausted, or ended.
 *
 * @throws what connecting throws
 */
export async function connectOwn({ Connection, config }: Place): Promise<OwnConnection> {
  // `changeUser` writes to the config of its connection.
  const own = Object.create(
    Object.getPrototypeOf(config) as object,
    Object.getOwnPropertyDescriptors(config),
  ) as ConnectionConfig;
  const connection = new Connection({ config: own });
  await new Promise<void>((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve()));
  });
  // A connection that breaks rejects the question; the event has nothing to add.
  connection.on('error', () => undefined);
  return {
    query: textQueryOn(connection, (command: Command) => void connection.addCommand(command)),
    processId: connection.threadId,
    unref: () => void connection.stream.unref?.(),
    end: () => new Promise((resolve) => void connection.end(() => resolve())),
  };
}
