/** Decides what must and must not change the catalog fingerprint, and what a snapshot may ask of a database. */
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { catalogFingerprintSql, loadCatalog } from '../../../src/sql/postgres/load-catalog.js';
import { describeWithPostgres } from '../../support/servers.js';
import { openShop, queryOf, relationOf, type Shop, shopSql } from './shop.js';

/** Roles belong to the whole server, which other runs may share. */
const nobody = `lookaside_test_${process.pid}`;

describeWithPostgres('the catalog snapshot and its fingerprint', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop(`${shopSql}
      create role ${nobody} nosuperuser login;`);
  });
  afterAll(async () => {
    await shop.client.query(`drop owned by ${nobody}; drop role ${nobody}`);
    await shop.close();
  });

  const fingerprint = async (): Promise<string> => {
    const { rows } = await shop.client.query<{ fingerprint: string }>(catalogFingerprintSql);
    return rows[0]?.fingerprint ?? '';
  };

  test('the fingerprint alone equals the one inside the snapshot', async () => {
    await shop.reload();
    expect(await fingerprint()).toBe(shop.catalog.fingerprint);
  });

  const changes: readonly string[] = [
    'create table fresh (id int primary key, v int)',
    'alter table fresh add column w text',
    'alter table fresh alter column w set default $$x$$',
    'alter table fresh alter column w set default $$y$$',
    'alter table fresh alter column w drop default',
    'alter table fresh alter column v type bigint',
    'alter table fresh alter column w type text collate "C"',
    'alter table fresh rename column w to u',
    'alter table fresh rename to fresher',
    'alter table fresher drop column u',
    'alter table fresher set schema other',
    'alter table other.fresher set schema public',
    'create unique index fresher_v on fresher (v)',
    'drop index fresher_v',
    'alter table fresher add constraint positive check (v > 0)',
    'alter table fresher drop constraint positive',
    'alter table fresher add constraint fk foreign key (v) references orders on delete set null',
    'alter table fresher drop constraint fk',
    'alter table fresher enable row level security',
    'create policy everybody on fresher using (true)',
    'alter policy everybody on fresher using (false)',
    'drop policy everybody on fresher',
    'create or replace view cheap as select p.id, p.sku, c.name from products p left join customers c on c.id = p.owner where p.price < 11',
    'create or replace function peek() returns bigint language sql stable as $$select count(*) + 1 from products$$',
    'alter function peek() volatile',
    'alter table audited disable trigger audited_insert',
    'alter table audited enable trigger audited_insert',
    'drop trigger audited_insert on audited',
    'create rule r as on delete to fresher do nothing',
    'alter table fresher disable rule r',
    'alter domain positive drop constraint positive_check',
    'alter domain plain_id add constraint c check (value > 1)',
    'alter type mood add value $$glad$$',
    'create operator <=> (leftarg = int, rightarg = int, function = int4eq)',
    'drop operator <=> (int, int)',
    'create cast (mood as int) with inout as assignment',
    'alter table events detach partition events_2024',
    'alter table events attach partition events_2024 for values from ($$2024-01-01$$) to ($$2025-01-01$$)',
    'alter table dogs no inherit animals',
    'create materialized view fresh_totals as select 1 as x',
    `grant select on fresher to ${nobody}`,
    `revoke select on fresher from ${nobody}`,
    'create schema fresh_schema',
    'alter schema fresh_schema rename to stale_schema',
    `grant usage on schema stale_schema to ${nobody}`,
    'create text search configuration fresh_search (copy = english)',
    'create aggregate fresh_sum(int) (sfunc = int4pl, stype = int)',
    'drop table fresher',
  ];

  test('the fingerprint changes with every kind of definition', async () => {
    const seen: string[] = [];
    for (const change of changes) {
      const before = await fingerprint();
      await shop.client.query(change);
      if ((await fingerprint()) === before) seen.push(change);
    }
    expect(seen).toEqual([]);
  });

  test('the fingerprint does not change with data, temporary tables, statistics or maintenance', async () => {
    const seen: string[] = [];
    for (const change of [
      'insert into scratch values (1, 1)',
      'create temp table passing (id serial primary key, v positive default 1 check (v > 0))',
      'create temp view passing_view as select 1 as x',
      'drop table passing',
      'analyze',
      'vacuum scratch',
      'vacuum full scratch',
      'reindex table scratch',
      'truncate scratch',
      'refresh materialized view totals',
    ]) {
      const before = await fingerprint();
      await shop.client.query(change);
      if ((await fingerprint()) !== before) seen.push(change);
    }
    expect(seen).toEqual([]);
  });

  test('no privilege is needed', async () => {
    const client = new Client({ ...shop.database.config, user: nobody });
    await client.connect();
    try {
      const catalog = await loadCatalog(queryOf(client));
      expect(catalog.relations.size).toBeGreaterThan(20);
      expect(relationOf(catalog, '', 'products')).toBe(relationOf(shop.catalog, 'public', 'products'));
    } finally {
      await client.end();
    }
  });

  test('DDL in another open transaction neither blocks the snapshot nor is blocked by it', async () => {
    const other = new Client(shop.database.config);
    await other.connect();
    try {
      await other.query(
        'begin; alter table products add column fresh int; drop view clocked; drop table typed',
      );
      await shop.client.query(`set lock_timeout = '5s'`);
      await shop.reload();
      expect(relationOf(shop.catalog, '', 'clocked')).toMatch(/^\d+$/);
      await other.query('rollback');
      // Inside our own transaction the snapshot leaves no lock on any table of the user's.
      await shop.client.query('begin');
      await shop.reload();
      await other.query(
        `set lock_timeout = '5s'; alter table products add column fresh int; alter table products drop column fresh`,
      );
      await shop.client.query('rollback; reset lock_timeout');
    } finally {
      await other.end();
    }
  });

  test('a failing query is an error by name', async () => {
    await expect(loadCatalog(() => Promise.reject(new Error('gone')))).rejects.toMatchObject({
      code: 'LOOKASIDE_CATALOG_UNAVAILABLE',
    });
    await expect(loadCatalog(() => Promise.resolve([]))).rejects.toMatchObject({
      code: 'LOOKASIDE_CATALOG_UNAVAILABLE',
    });
  });
});
