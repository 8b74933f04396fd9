/** Decides which database a slice of a long run gets: one of its own, on the run's server, by its seed. */
import { startMariadb } from '../../../scripts/lib/mariadb.js';
import { startPostgres } from '../../../scripts/lib/postgres.js';
import type { DatabaseName, DatabasePlace } from './database.js';
import { databaseAt } from './databases.js';

export interface Surroundings {
  readonly server: SoakServer;
  /** Of the next slice. */
  seed: number;
}

export interface SoakServer {
  /** From where others are made and removed. */
  readonly place: DatabasePlace & { readonly kind: DatabaseName };
  stop(): Promise<unknown>;
}

export async function startServer(kind: DatabaseName): Promise<SoakServer> {
  const server = await (kind === 'postgres' ? startPostgres() : startMariadb());
  const { hostname: host, port, username: user } = new URL(server.url);
  const database = kind === 'postgres' ? 'postgres' : 'mysql';
  return { place: { kind, host, port: Number(port), user, database }, stop: () => server.stop() };
}

export async function onDatabase<T>(
  about: Surroundings,
  use: (database: DatabasePlace, seed: number) => Promise<T>,
): Promise<T> {
  const seed = about.seed++;
  const { place } = about.server;
  const name = `history_${seed}`;
  const isPostgres = place.kind === 'postgres';
  await administer(place, `create database ${name}${isPostgres ? ' template template0' : ''}`);
  try {
    return await use({ ...place, database: name }, seed);
  } finally {
    await administer(place, `drop database ${name}${isPostgres ? ' with (force)' : ''}`);
  }
}

async function administer(place: DatabasePlace, statement: string): Promise<void> {
  const pool = databaseAt(place).open(place, { max: 1 });
  await pool.query(statement);
  await pool.end();
}
