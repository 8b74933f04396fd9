/** Decides of which table a statement's answer says how many rows were written: never of more than it wrote there. */

import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Planner } from '../../../src/sql/plan.js';
import { loadCatalog } from '../../../src/sql/postgres/load-catalog.js';
import { loadParser } from '../../../src/sql/postgres/parser.js';
import { createPostgresPlanner } from '../../../src/sql/postgres/planner.js';
import { readStatistics } from '../../../src/sql/postgres/statistics.js';
import { describeWithPostgres, postgres, type TestDatabase } from '../../support/servers.js';

const schema = `
  create table plain (id int primary key, v int);
  create table child (id int primary key, plain int references plain on delete cascade);
  create table parent (id int) ;
  create table heir () inherits (parent);
  create table parts (id int) partition by range (id);
  create table part_one partition of parts for values from (0) to (10);
  create table ruled (id int);
  create rule nothing as on insert to ruled do instead nothing;
  create view seen as select * from plain;
  create table opaque (id int);
  create function anything() returns trigger language plpgsql as $$ begin execute 'truncate child'; return null; end $$;
  create trigger opaque_trigger after insert on opaque for each row execute function anything();
  create table halved (id int);
  create function half() returns trigger language plpgsql as
    $$ begin if new.id % 2 = 0 then return null; end if; return new; end $$;
  create trigger half before insert on halved for each row execute function half();
`;

describeWithPostgres('the rows that a statement says it wrote', () => {
  let database: TestDatabase;
  let client: Client;
  let planner: Planner;

  beforeAll(async () => {
    database = await postgres().createDatabase();
    client = new Client(database.config);
    await client.connect();
    await client.query(schema);
    const catalog = await loadCatalog(async (sql) => (await client.query(sql)).rows as never);
    planner = createPostgresPlanner({ parser: await loadParser(), catalog });
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  const countedIn = (text: string): string | undefined => {
    const plan = planner.plan(text);
    return plan.kind === 'write' ? plan.counted?.name : undefined;
  };
  const writtenIn = async (oid: string): Promise<number> => {
    await client.query('select pg_stat_force_next_flush()');
    const query = async (sql: string) =>
      (await client.query({ text: sql, types: { getTypeParser: () => (raw: string) => raw } })).rows as never;
    return (await readStatistics(query)).tables.get(oid)?.written ?? 0;
  };

  it.each([
    'insert into plain select g, 0 from generate_series(1, 50) g',
    'insert into plain values (1, 1), (51, 1) on conflict (id) do update set v = 2',
    'insert into plain values (1, 1), (52, 1) on conflict do nothing',
    'update plain set v = v + 1 where id < 10',
    'update plain set v = v where false',
    `with moved as (update plain set v = 7 where id = 3 returning id) update plain set v = 8 where id = 4`,
    'insert into child select id, id from plain',
    'insert into halved select generate_series(1, 9)',
    'delete from plain where id between 5 and 9',
    'merge into plain using (values (10), (99)) s(id) on plain.id = s.id when matched then update set v = 0 when not matched then insert values (s.id, 0)',
  ])('%s', async (text) => {
    const plan = planner.plan(text);
    expect(plan.kind === 'write' && plan.counted !== undefined).toBe(true);
    const { id } = (plan as { counted: { id: string } }).counted; // just seen
    const before = await writtenIn(id);
    const { rowCount } = await client.query(text);
    const written = (await writtenIn(id)) - before;
    expect(written).toBeGreaterThanOrEqual(rowCount ?? 0);
    if (!text.startsWith('with')) expect(written).toBe(rowCount);
  });

  it.each([
    'insert into parts values (1)',
    'update part_one set id = 2',
    'delete from parent',
    'insert into ruled values (1)',
    'update seen set v = 1',
    'insert into opaque values (1)',
    'truncate plain',
    'with gone as (delete from plain returning id) select * from gone',
    'update plain set v = 1; update plain set v = 2',
    'copy plain from stdin',
    'create table made as select 1 as one',
  ])('are not counted: %s', (text) => {
    expect(countedIn(text)).toBeUndefined();
  });
});
