/** Decides over which connection a lost one is asked after: one of its own, made for that question and closed. */
import type { TextQuery } from '../../sql/postgres/database.js';
import type { PgClient, PgResult, TypeParsers } from './shapes.js';

/** Texts and nothing else, whatever parsers the application registered. */
export const asTexts: TypeParsers = { getTypeParser: () => (raw) => raw };

/**
 * Not a connection of the pool: that may be of size one, exhausted, or ended.
 *
 * @throws what connecting and asking throw
 */
export async function textQueryOf<T>(
  make: () => PgClient,
  task: (query: TextQuery) => Promise<T>,
): Promise<T> {
  const client = make();
  // A connection that breaks rejects the question; the event has nothing to add.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await task(async (sql) => {
      const { rows } = (await client.query({ text: sql, types: asTexts })) as PgResult;
      return rows as Awaited<ReturnType<TextQuery>>;
    });
  } finally {
    await client.end();
  }
}
