/** Decides which database the examples use, and what is in it. */
import { startPostgres } from '../scripts/lib/postgres.js';

export const schema = `
  create table if not exists products (id int primary key, name text not null, price int not null);
  insert into products values (1, 'tea', 3), (2, 'coffee', 4) on conflict do nothing;
`;

export interface ExampleDatabase {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** DATABASE_URL, or a Postgres of its own that is gone afterwards. */
export async function databaseOf(environment: NodeJS.ProcessEnv): Promise<ExampleDatabase> {
  const given = environment['DATABASE_URL'];
  return given === undefined ? startPostgres() : { url: given, stop: async () => undefined };
}
