/** Decides that hazards which lie in the session or around the tables are planned for: each changes what texts mean. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithPostgres } from '../../support/servers.js';
import { brief, openShop, type Shop } from './shop.js';

describeWithPostgres('what surrounds a statement changes its plan', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop();
  });
  afterAll(() => shop.close());

  test('a table that shadows a server catalog only does so behind it', async () => {
    await shop.client.query('create table pg_class (id int)');
    await shop.reload();
    expect(brief(shop.planner.plan('select * from pg_class'))).toBe('bypass system-relation');
    expect(brief(shop.planner.plan('select * from public.pg_class'))).toBe('read pg_class');
    await shop.client.query('drop table public.pg_class');
  });

  test('names follow the search path of the baseline session', async () => {
    await shop.client.query('set search_path = other, public');
    await shop.reload();
    expect(brief(shop.planner.plan('select * from customers'))).toBe('read other.customers');
    expect(brief(shop.planner.plan('select * from only_here'))).toBe('read other.only_here');
    expect(brief(shop.planner.plan('select * from products'))).toBe('read products');
    await shop.client.query('reset search_path');
    await shop.reload();
  });

  test('a temporary table of the loading session is not taken for a shared one', async () => {
    await shop.client.query('create temp table products (id int)');
    await shop.reload();
    expect(brief(shop.planner.plan('select sku from products'))).toBe('read products');
    await shop.client.query('drop table pg_temp.products');
    await shop.reload();
  });

  test('an implicit cast of the user’s makes every statement suspicious', async () => {
    await shop.client.query(`create type boxed as (v int);
      create function unbox(boxed) returns int language plpgsql volatile as $$ begin delete from audit; return 1; end $$;
      create cast (boxed as int) with function unbox(boxed) as implicit`);
    await shop.reload();
    expect(brief(shop.planner.plan('select * from products'))).toBe('write audit');
    await shop.client.query('drop cast (boxed as int); drop function unbox(boxed); drop type boxed');
    await shop.reload();
  });

  test('without standard_conforming_strings a backslash is not understood', async () => {
    await shop.client.query('set standard_conforming_strings = off');
    await shop.reload();
    expect(brief(shop.planner.plan(`select '\\' from products`))).toBe(
      'everything not-understood catalog departs',
    );
    expect(brief(shop.planner.plan(`select '' from products`))).toBe('read products');
    await shop.client.query('reset standard_conforming_strings');
    await shop.reload();
  });

  test('a foreign table is never cached, and a write of one may change anything', async () => {
    await shop.client.query(`create extension if not exists postgres_fdw;
      create server far foreign data wrapper postgres_fdw; create foreign table away (id int) server far`);
    await shop.reload();
    expect(brief(shop.planner.plan('select * from away'))).toBe('bypass uncacheable-relation');
    expect(brief(shop.planner.plan('delete from away'))).toBe('everything side-effects');
    await shop.client.query('drop extension postgres_fdw cascade');
    await shop.reload();
  });

  test('functions of extensions in C are believed', async () => {
    await shop.client.query(
      'create extension pg_trgm; create extension "uuid-ossp"; create extension citext; create extension earthdistance cascade',
    );
    await shop.client.query(
      'create table keyed (id uuid primary key default uuid_generate_v4(), name citext unique)',
    );
    await shop.reload();
    expect(brief(shop.planner.plan('select similarity(sku, $1) from products'))).toBe('read products');
    expect(brief(shop.planner.plan('select sku % $1 from products'))).toBe('bypass unstable-function');
    expect(brief(shop.planner.plan('select * from keyed where name = $1'))).toBe('read keyed');
    expect(brief(shop.planner.plan('insert into keyed (name) values ($1)'))).toBe('write keyed');
    expect(
      brief(shop.planner.plan("select replace(sku, 'a', 'b'), earth_distance($1, $2) from products")),
    ).toBe('read products');
    expect(brief(shop.planner.plan('select uuid_generate_v4() from products'))).toBe(
      'bypass unstable-function',
    );
  });
});
