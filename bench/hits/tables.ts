/**
 * Decides the two tables that results of 10 rows x 10 columns come from, and how they are read and written. Groups of
 * ten rows; a group is what one query returns.
 */
import type { Pool } from 'pg';
import type { MeasuredTable } from './measured.js';

export const rowsPerGroup = 10;

/** The types the targets are for: int4, int8, text, bool, float8, timestamptz. */
export const plainTable: MeasuredTable = {
  name: 'orders',
  select: 'select * from orders where basket = $1 order by id',
  groups: 40_000,
};

/** The types that cost more to decode and to copy: numeric, jsonb, arrays. */
export const richTable: MeasuredTable = {
  name: 'documents',
  select: 'select * from documents where folder = $1 order by id',
  groups: 4_000,
};

export const updateOrder = 'update orders set score = $2 where id = $1';

export async function createTables(pool: Pool): Promise<void> {
  await pool.query(`
    create table orders (
      id int primary key, basket int not null, amount bigint not null, total bigint not null,
      customer text not null, city text not null, paid bool not null, score float8 not null,
      created timestamptz not null, updated timestamptz not null);
    insert into orders
      select i, i / ${rowsPerGroup}, i * 1000003::bigint, i * 7919::bigint, 'customer number ' || i,
             'a city with a name ' || i % 997, i % 3 = 0, i / 7.0,
             timestamptz '2026-01-01 00:00+00' + i * interval '1 minute', timestamptz '2026-06-01 00:00+00' + i * interval '1 second'
        from generate_series(0, ${plainTable.groups * rowsPerGroup - 1}) i;
    create index on orders (basket);

    create table documents (
      id int primary key, folder int not null, price numeric(20, 6) not null, tax numeric not null,
      meta jsonb not null, tree jsonb not null, tags text[] not null, counts int[] not null,
      scores float8[] not null, title text not null);
    insert into documents
      select i, i / ${rowsPerGroup}, i * 1.000003, i / 3.0,
             jsonb_build_object('id', i, 'name', 'document ' || i, 'public', i % 2 = 0),
             jsonb_build_object('parents', jsonb_build_array(i, i + 1), 'more', jsonb_build_object('depth', i % 9)),
             array['tag ' || i % 11, 'tag ' || i % 13, 'tag ' || i % 17], array[i, i + 1, i + 2],
             array[i / 3.0, i / 7.0], 'document ' || i
        from generate_series(0, ${richTable.groups * rowsPerGroup - 1}) i;
    create index on documents (folder);`);
  // Not in one string with the rest: VACUUM refuses to run in a transaction.
  for (const table of [plainTable, richTable]) await pool.query(`vacuum analyze ${table.name}`);
}
