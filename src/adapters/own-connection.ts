/** Decides over which connection a lost one is asked after: one of its own, made for that question and closed. */
import type { TextQuery } from '../sql/text-query.js';

/** Not of the pool, which may be of size one, exhausted or ended, nor a reason for the process to live. */
export interface OwnConnection {
  readonly query: TextQuery;
  /** What the protocol says the server process is. */
  readonly processId: number | null;
  /** From now on it keeps no process alive. */
  unref(): void;
  end(): Promise<void>;
}

/** Runs a task on a connection of ours. */
export type AskOwn = <T>(task: (connection: OwnConnection) => Promise<T>) => Promise<T>;

/** @returns what rejects as connecting and asking do */
export const askOver =
  (connect: () => Promise<OwnConnection>): AskOwn =>
  async (task) => {
    const connection = await connect();
    try {
      return await task(connection);
    } finally {
      await connection.end();
    }
  };
