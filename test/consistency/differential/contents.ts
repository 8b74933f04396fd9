/** Decides how a database is made, and how it is found out whether any row of it has changed. Knows no cache. */
import pg from 'pg';
import { errorAnswer } from './answer.js';
import type { Place } from './caches.js';

/** A query of what all tables hold, as one text; which rows stand in which part of a table does not matter. */
export async function contentsSqlOf(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `select format('%I.%I', nspname, relname) as name from pg_class c join pg_namespace n on n.oid = relnamespace
      where nspname in ('public', 'other') and relkind in ('r', 'm') and relispopulated order by c.oid`,
  );
  const held = rows.map(
    ({ name }) => `(select md5(coalesce(string_agg(x::text, ',' order by x::text), '')) from only ${name} x)`,
  );
  return `select concat_ws(' ', ${["''", ...held].join(', ')}) as held`;
}

/** Where a case ended in the middle of one: its database could not be dropped. */
export async function forgetPrepared(place: Place): Promise<void> {
  const client = new pg.Client(place.config);
  await client.connect();
  try {
    const { rows } = await client.query<{ gid: string }>(
      'select gid from pg_prepared_xacts where database = current_database()',
    );
    for (const { gid } of rows) await client.query(`rollback prepared '${gid}'`);
  } finally {
    await client.end();
  }
}

/** Makes the database; what it refuses is left out. */
export async function prepare(place: Place, setup: readonly string[]): Promise<void> {
  const client = new pg.Client(place.config);
  await client.connect();
  try {
    for (const text of setup) await client.query(text).catch(errorAnswer);
  } finally {
    await client.end();
  }
}
