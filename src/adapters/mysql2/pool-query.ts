/**
 * Decides how a query of a pool comes to one of its connections and back: as the driver's own `pool.query` does it, which
 * replaces the callback of each command by one made for it (`following.ts` says what that costs). Knows nothing of caching.
 */
import type { Driver } from './driver.js';
import type { MysqlPool, QueryCommand, ResultCallback } from './shapes.js';

/** What the driver is asked. */
export interface Question {
  readonly sql: unknown;
  readonly values: unknown;
  readonly tell: ResultCallback;
}

/** @returns the command, which a connection takes on a later tick */
export function queryPool(
  pool: MysqlPool,
  { createQuery }: Driver,
  { sql, values, tell }: Question,
): QueryCommand {
  const { connectionConfig } = pool.config;
  let failure: unknown = null;
  const told: ResultCallback = (error, rows, fields) => {
    failure = error;
    tell(error, rows, fields);
  };
  const command = createQuery(sql, values, told, connectionConfig);
  if (command.namedPlaceholders === undefined) command.namedPlaceholders = connectionConfig.namedPlaceholders;
  pool.getConnection((error, connection) => {
    if (connection === undefined) return told(error);
    try {
      const sent = connection.query(command) as QueryCommand;
      sent.once('end', () => {
        if (isReadOnly(failure)) connection.destroy();
        else connection.release?.();
      });
    } catch (thrown) {
      connection.release?.();
      told(thrown as Error);
    }
  });
  return command;
}

/** ER_OPTION_PREVENTS_STATEMENT, ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION, ER_READ_ONLY_MODE: it is no primary any more. */
const READ_ONLY: ReadonlySet<unknown> = new Set([1290, 1792, 1836]);

const isReadOnly = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && READ_ONLY.has((error as { readonly errno?: unknown }).errno);
