/** Decides nothing: a session of MySQL or MariaDB that answers with texts, as `src/sql/mysql` asks. */
import {
  type Connection,
  type ConnectionOptions,
  createConnection,
  type RowDataPacket,
} from 'mysql2/promise';
import type { TextQuery } from '../../../src/sql/text-query.js';

export interface TextSession {
  readonly connection: Connection;
  readonly query: TextQuery;
  /** As the protocol says. */
  readonly id: number;
}

export async function openSession(config: ConnectionOptions): Promise<TextSession> {
  const connection = await createConnection(config);
  connection.on('error', () => undefined); // some of them are killed
  return {
    connection,
    id: connection.threadId,
    query: async (sql) => {
      const [rows] = await connection.query<RowDataPacket[]>({
        sql,
        typeCast: (field: { string(): string | null }) => field.string(),
      });
      return rows;
    },
  };
}
