/** Decides which database a slice of a long run gets: one of its own, on the run's server, by its seed. */
import pg from 'pg';

export interface Surroundings {
  readonly serverUrl: string;
  /** Of the next slice. */
  seed: number;
}

export type SliceDatabase = pg.PoolConfig & { readonly port: number };

export async function onDatabase<T>(
  about: Surroundings,
  use: (database: SliceDatabase, seed: number) => Promise<T>,
): Promise<T> {
  const seed = about.seed++;
  const { hostname, port, username } = new URL(about.serverUrl);
  const name = `history_${seed}`;
  await administer(about.serverUrl, `create database ${name} template template0`);
  try {
    return await use({ host: hostname, port: Number(port), user: username, database: name }, seed);
  } finally {
    await administer(about.serverUrl, `drop database ${name} with (force)`);
  }
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}
