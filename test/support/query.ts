/** Decides nothing: asks a Postgres one question over a connection of its own. */
import { Client } from 'pg';

/** The first column of the first row. */
export async function valueOf(connectionString: string, query: string): Promise<unknown> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<unknown[]>({ text: query, rowMode: 'array' });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}
