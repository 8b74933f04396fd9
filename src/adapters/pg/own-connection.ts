/** Decides how a connection of ours is made beside those of a pool or client of pg, and how statements of ours run. */
import type { TextQuery } from '../../sql/text-query.js';
import type { OwnConnection } from '../own-connection.js';
import type { PgClient, PgResult, TypeParsers } from './shapes.js';

/** Texts and nothing else, whatever parsers the application registered. */
export const asTexts: TypeParsers = { getTypeParser: () => (raw) => raw };

/** @returns what rejects as connecting does */
export const connectOwn =
  (make: () => PgClient): (() => Promise<OwnConnection>) =>
  async () => {
    const client = make();
    // A connection that breaks rejects the question; the event has nothing to add.
    client.on('error', () => undefined);
    await client.connect();
    return {
      query: async (sql) => {
        const { rows } = (await client.query({ text: sql, types: asTexts })) as PgResult;
        return rows as Awaited<ReturnType<TextQuery>>;
      },
      processId: client.processID,
      unref: () => client.unref?.(),
      end: () => client.end(),
    };
  };
