/** Decides the plan of at least one text for every hazard of CONSISTENCY §4 that Postgres knows. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithPostgres } from '../../support/servers.js';
import { brief, openShop, type Shop } from './shop.js';

/** What DDL is. */
const definition = 'everything ddl catalog';

describeWithPostgres('every hazard of CONSISTENCY §4 that Postgres knows', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop();
  });
  afterAll(() => shop.close());

  /** Each text, its plan in short, by hazard. */
  const cases: Record<string, readonly (readonly [text: string, plan: string])[]> = {
    'a plain read depends on the tables it names': [
      ['select * from products', 'read products'],
      ['select * from public.products as p', 'read products'],
      ['table products', 'read products'],
      ['select p.sku from products p join customers c on c.id = p.owner', 'read customers products'],
      [
        'select * from products, lateral (select * from orders where customer = owner) o',
        'read orders products',
      ],
      ['select (select max(total) from orders), 1 from products', 'read orders products'],
      [
        'select 1 from products where exists (select 1 from orders) or id in (select product from lines)',
        'read lines orders products',
      ],
      ['select sku from products union all select email from customers', 'read customers products'],
      [
        'select sku from products order by (select count(*) from orders) limit (select 1 from lines limit 1)',
        'read lines orders products',
      ],
      [
        'select * from products p left join customers c on c.id = (select min(id) from orders) ',
        'read customers orders products',
      ],
      [
        'select count(*) filter (where exists (select 1 from lines)) over (partition by sku order by (select 1 from orders)) from products',
        'read lines orders products',
      ],
      [
        'select sku, count(*) from products group by rollup (sku) having count(*) > (select 1 from lines) ',
        'read lines products',
      ],
      ['select array(select id from orders), row(p), p.* from products p', 'read orders products'],
      ['select * from (values (1), (2)) v(x), products', 'read products'],
      ['select * from products tablesample system (10)', 'bypass tablesample'],
      ['select distinct on (sku) * from products order by sku, id', 'read products'],
      ['select *, row_number() over w from products window w as (order by id)', 'read products'],
      [
        'select case when price > 1 then sku end, coalesce(sku, $1), nullif(sku, $2), greatest(1, id) from products',
        'read products',
      ],
      ['select generate_series(1, id) from products', 'read products'],
      ['select * from scratch', 'read scratch'],
      ['select id from products limit 1', 'read products'],
    ],
    'a statement that reads no table is never cached': [
      ['select 1', 'bypass no-table'],
      ['select', 'bypass no-table'],
      ['values (1), (2)', 'bypass no-table'],
      ['select * from generate_series(1, 10)', 'bypass no-table'],
      ['', 'bypass empty'],
      ['-- ping', 'bypass empty'],
    ],
    'row locks': [
      ['select * from products for update', 'bypass row-lock'],
      ['select * from products for no key update nowait', 'bypass row-lock'],
      ['select * from products for share skip locked', 'bypass row-lock'],
      ['select * from products for key share of products', 'bypass row-lock'],
      ['select * from (select * from products for update) p', 'bypass row-lock'],
      ['with p as (select * from products for update) select * from p', 'bypass row-lock'],
    ],
    'functions that are not immutable': [
      ['select now() from products', 'bypass unstable-function'],
      ['select random(), id from products', 'bypass unstable-function'],
      [
        'select * from products where price < (select extract(epoch from clock_timestamp()))',
        'bypass unstable-function',
      ],
      ["select nextval('products_id_seq'), * from products", 'bypass unstable-function'],
      ['select gen_random_uuid() from products', 'bypass unstable-function'],
      ['select age(joined) from customers', 'bypass unstable-function'],
      ['select age(joined, joined) from customers', 'read customers'],
      ['select to_tsvector(note) from customers', 'bypass unstable-function'],
      [
        "select * from customers where to_tsvector('english', note) @@ to_tsquery('english', $1)",
        'read customers',
      ],
      ['select * from customers where note @@ $1', 'bypass unstable-function'],
      ['select version(), id from products', 'bypass unstable-function'],
      ["select current_setting('app.tenant'), id from products", 'bypass unstable-function'],
      ['select pg_typeof(id) from products', 'bypass unstable-function'],
      ['select pg_size_pretty(pg_total_relation_size($1)) from products', 'bypass unstable-function'],
      ['select peek(), id from products', 'read products products'],
      ['select liar(id) from products', 'bypass unstable-function'],
      ['select txid_current() from products', 'bypass unstable-function'],
      ["select has_table_privilege('products', 'select') from products", 'bypass unstable-function'],
    ],
    'stable functions that follow only settings in the key': [
      [
        "select to_char(joined, 'YYYY'), date_trunc('day', joined), extract(year from joined) from customers",
        'read customers',
      ],
      [
        "select joined at time zone 'utc', joined + interval '1 day' from customers where joined < born",
        'read customers',
      ],
      [
        'select json_agg(p), jsonb_build_object($1::text, p.id), to_jsonb(p), row_to_json(p) from products p group by id',
        'read products',
      ],
      [
        "select concat(sku, id), format('%s', sku), array_to_string(array_agg(sku), ',') from products group by 1, 2",
        'read products',
      ],
      ["select id || ' ' || sku from products", 'read products'],
    ],
    'value functions that are nodes of their own': [
      ['select current_date, id from products', 'bypass unstable-function'],
      ['select current_time, id from products', 'bypass unstable-function'],
      ['select current_timestamp, id from products', 'bypass unstable-function'],
      ['select localtime, id from products', 'bypass unstable-function'],
      ['select localtimestamp, id from products', 'bypass unstable-function'],
      ['select current_role, id from products', 'bypass unstable-function'],
      ['select current_user, id from products', 'bypass unstable-function'],
      ['select user, id from products', 'bypass unstable-function'],
      ['select session_user, id from products', 'bypass unstable-function'],
      ['select current_catalog, id from products', 'bypass unstable-function'],
      ['select current_schema, id from products', 'bypass unstable-function'],
    ],
    'now, today, tomorrow and yesterday in texts': [
      ["select * from customers where born < 'today'", 'bypass time-literal'],
      ["select * from customers where joined > timestamptz 'now'", 'bypass time-literal'],
      ["select * from customers where born = any ('{2024-01-01, Tomorrow }'::date[])", 'bypass time-literal'],
      ["select * from customers where born <@ '[2020-01-01,YESTERDAY]'::daterange", 'bypass time-literal'],
      ["select * from customers where born = any (E'{n\\\\ow}')", 'bypass time-literal'],
      ["select date('now'), id from products", 'bypass time-literal'],
      ["select * from customers where note = 'the snow is nowhere'", 'read customers[7=the snow is nowhere]'],
      ["select ('to' || 'day')::date, id from products", 'bypass cast'],
      ['select note::date from customers', 'bypass cast'],
      ['select cast(note as timestamptz) from customers', 'bypass cast'],
      ['select array[note]::date[] from customers', 'bypass cast'],
      ['select date(note) from customers', 'bypass cast'],
      ['select "timestamptz"(note) from customers', 'bypass cast'],
      ["select cast(concat('no', 'w') as time) from customers", 'bypass cast'],
      ["select (select 'no' || 'w')::timestamp from customers", 'bypass cast'],
      ['select x.d::date from (select note as d from customers) x', 'bypass cast'],
      [
        'select joined::date, born::timestamptz, (joined + $1)::date from customers where born > $2::date',
        'read customers',
      ],
      ["select date_trunc('day', joined)::date from customers", 'read customers'],
      ['select * from json_populate_record(null::customers, $1), products', 'bypass unstable-function'],
      ['select * from jsonb_to_record($1) as x(a date), products', 'bypass unstable-function'],
      ["select json_value(note::jsonb, '$.a' returning date) from customers", 'bypass not-understood'],
      [
        "select * from json_table($1::jsonb, '$[*]' columns (d date path '$.d')) j, products",
        'bypass not-understood',
      ],
    ],
    'a time of day with a zone has the offset of today': [
      ["select timetz '04:05' from opening", 'bypass cast'],
      ['select starts::timetz from opening', 'bypass cast'],
      ["select starts at time zone 'utc' from opening", 'bypass unstable-function'],
      ['select $1 at time zone $2 from opening', 'bypass unstable-function'],
      ["select * from shifts where zoned > '04:05'", 'bypass column-type'],
      ['select * from opening_view', 'bypass column-type'],
      ['select * from opening_moment', 'read opening'],
      ["select at at time zone 'utc' from opening", 'read opening'],
      ["select (at + interval '1 day') at time zone 'utc' at time zone 'cet' from opening", 'read opening'],
      ["select date_trunc('day', at) at time zone 'utc' from opening where starts > '04:05'", 'read opening'],
    ],
    'casts that look into the catalog': [
      ['select * from boxes', 'bypass column-type'],
      ["select 'products'::regclass, id from products", 'bypass cast'],
      ['select id::regclass from products', 'bypass cast'],
      ['select $1::regtype, id from products', 'bypass cast'],
      ['select * from typed', 'bypass column-type'],
      ['select note::xml from customers', 'bypass cast'],
      ['select id::nowhere from products', 'bypass unknown-type'],
    ],
    'user-defined operators, casts, domains and aggregates': [
      ['select a === b from customers a, customers b', 'write audit'],
      ['select a operator(public.===) b from customers a, customers b', 'write audit'],
      ['select id::positive from products', 'bypass cast'],
      ['select id::plain_id from products', 'read products'],
      ['select amount from domained', 'read domained'],
      ["select 'happy'::mood, mood from customers", 'read customers'],
      ['select fine_sum(id) from products', 'read products'],
      ['select bad_sum(id) from products', 'write audit'],
      ['select c.row_fn from customers c', 'write audit'],
      ['select (c).row_fn from customers c', 'write audit'],
      ['select row_fn(c) from customers c', 'write audit'],
    ],
    'functions that may write': [
      ['select bump()', 'write products'],
      ['select * from bump(), products', 'write products'],
      ['select id from products where bump() = 1', 'write products'],
      ['select id from products order by (select bump())', 'write products'],
      ['select 1 from products limit bump()', 'write products'],
      ['select public.bump() from products', 'write products'],
      ["select query_to_xml('select bump()', true, true, '')", 'everything volatile-function'],
      ['select not_there(1) from products', 'everything unknown-function catalog departs'],
      ['select json_object($1 value bump()) from products', 'write products'],
      ['call tidy()', 'everything opaque catalog departs'],
      ['do $$ begin delete from products; end $$', 'everything opaque catalog departs'],
      ['explain analyze select bump()', 'write products'],
      ['explain select bump()', 'bypass explain'],
      ['select become()', 'bypass volatile-function departs'],
      ['select calls_become()', 'bypass volatile-function departs'],
      ['select sly()', 'write products'],
      ['select slyer(), id from products', 'write products'],
      ['select dynamic(), id from products', 'everything volatile-function catalog departs'],
      ['select makes()', 'everything volatile-function catalog'],
    ],
    'writes inside reads': [
      ['with gone as (delete from lines where id = $1 returning *) select * from gone', 'write lines[1=$1]'],
      [
        'with x as (insert into products (sku) values ($1) returning *), y as (update audit set what = sku from x) select * from y',
        'write audit products[2=$1 4=null]',
      ],
      ['with x as (select 1) insert into scratch select * from x', 'write scratch'],
      [
        'insert into scratch (id) with x as (delete from lines returning id) select id from x',
        'write lines scratch[2=null]',
      ],
      ['select * into copy_of from products', 'everything ddl catalog'],
      ['select 1 into temp t2', 'bypass session departs'],
      ['create table copy_of as select * from products', 'everything ddl catalog'],
      ['create temp table t2 as select * from products', 'bypass session departs'],
      ['create temp table t2 as select bump()', 'write products departs'],
      ['create table copy_of as execute p', 'everything ddl catalog departs'],
      ['prepare p as delete from lines', 'write lines'],
      ['execute p', 'everything execute departs'],
      ['explain analyze delete from lines', 'write lines'],
      ['explain (analyze, buffers) delete from lines', 'write lines'],
      ['explain (analyze on) delete from lines', 'write lines'],
      ['explain (analyze off) delete from lines', 'bypass explain'],
      ['explain analyze execute p', 'everything execute departs'],
      ['explain analyze create table q as select 1', 'everything ddl catalog'],
    ],
    'several statements in one text': [
      ['select 1; select * from products', 'bypass several-statements'],
      ['select * from products; delete from lines', 'write lines'],
      ['delete from lines; delete from coupons', 'write coupons lines'],
      ['begin; delete from lines', 'write lines'],
      ['begin; delete from lines; commit', 'everything several-statements'],
      ['begin; delete from lines; rollback; select 1', 'everything several-statements'],
      ["delete from lines; prepare transaction 'x'", 'everything several-statements'],
      ["commit prepared 'x'; select 1", 'everything several-statements'],
      ['savepoint a; update scratch set v = 1 where id = 1; release a', 'write scratch[1=1]'],
      [
        'update scratch set v = 1 where id = 1; update scratch set v = 1 where id = 2',
        'write scratch[1=1,2]',
      ],
      ["set timezone = 'utc'; select * from products", 'bypass session departs'],
      ['select 1; create table q ()', 'everything ddl catalog'],
    ],
    'transaction control': [
      ['begin', 'begin'],
      ['start transaction isolation level serializable', 'begin'],
      ['commit', 'commit'],
      ['end and chain', 'commit'],
      ['rollback', 'rollback'],
      ['abort', 'rollback'],
      ['savepoint a', 'savepoint'],
      ['rollback to a', 'savepoint'],
      ['release a', 'savepoint'],
      ["prepare transaction 'g'", 'prepare'],
      ["commit prepared 'g'", 'commit-prepared'],
      ["rollback prepared 'g'", 'rollback-prepared'],
      ['set transaction isolation level serializable', 'bypass session sets'],
    ],
    'what changes the session': [
      ["set timezone = 'utc'", 'bypass session sets'],
      ["set time zone 'utc'", 'bypass session sets'],
      ['set search_path = other', 'bypass session sets'],
      ['set local search_path = other', 'bypass session sets'],
      ['set role postgres', 'bypass session sets'],
      ["set session authorization 'postgres'", 'bypass session sets'],
      ['set session characteristics as transaction isolation level serializable', 'bypass session sets'],
      ['reset timezone', 'bypass session sets'],
      ['reset all', 'bypass session departs'],
      ["set names 'latin1'", 'bypass session sets'],
      ["select set_config('search_path', 'other', false)", 'bypass session sets'],
      ["select set_config($1, 'other', false) from products", 'bypass session departs'],
      ["select set_config('app.tenant', '7', false)", 'bypass session sets'],
      ['set statement_timeout = 0', 'bypass session'],
      ['set app.tenant = 7', 'bypass session sets'],
      ["set application_name = 'x'", 'bypass session'],
      ['discard all', 'bypass session resets'],
      ['discard temp', 'bypass session departs'],
      ['discard all; set role postgres', 'bypass session departs'],
      ['create temp table t (id int)', 'bypass session departs'],
      ['create temp view t as select 1', 'bypass session departs'],
      ['create temp sequence s', 'bypass session departs'],
      ['create table pg_temp.t (id int)', 'bypass session departs'],
      ["load 'plpgsql'", 'everything opaque catalog departs'],
    ],
    'locks, notifications, cursors, maintenance': [
      ['select pg_advisory_lock(1)', 'bypass unstable-function'],
      ['select pg_try_advisory_xact_lock(1), id from products', 'bypass unstable-function'],
      ["select pg_notify('a', 'b')", 'bypass unstable-function'],
      ['select pg_sleep(0) from products', 'bypass unstable-function'],
      ['listen a', 'bypass utility'],
      ['unlisten *', 'bypass utility'],
      ["notify a, 'b'", 'bypass utility'],
      ['lock table products', 'bypass utility'],
      ['declare c cursor for select * from products', 'bypass cursor'],
      ['declare c cursor for select bump()', 'write products'],
      ['fetch 1 from c', 'bypass utility'],
      ['close c', 'bypass utility'],
      ['deallocate p', 'bypass utility'],
      ['show timezone', 'bypass utility'],
      ['vacuum full products', 'bypass utility'],
      ['analyze', 'bypass utility'],
      ['set constraints all deferred', 'bypass utility'],
      ['delete from lines where current of c', 'write lines'],
    ],
    'catalogs of the server': [
      ['select * from pg_catalog.pg_class', 'bypass system-relation'],
      ['select * from pg_class, products', 'bypass system-relation'],
      ['select * from information_schema.tables', 'bypass system-relation'],
      ['select * from pg_stat_activity', 'bypass system-relation'],
      ['select * from system_view', 'bypass system-relation'],
      ["update pg_class set relname = 'x'", 'everything unknown-relation catalog'],
    ],
    'relations whose rows are not only theirs to give': [
      ['select * from secured', 'read secured'],
      ['select * from secured_view', 'read secured'],
      ['select last_value from products_id_seq', 'bypass uncacheable-relation'],
      ['select ctid, id from products', 'bypass system-column'],
      ['select p.xmin from products p', 'bypass system-column'],
      ['select tableoid, id from events', 'bypass system-column'],
      ['select * from does_not_exist', 'bypass unknown-relation'],
      ['select * from pg_temp.products', 'bypass unknown-relation'],
    ],
    views: [
      ['select * from cheap', 'read customers products'],
      ['select * from cheaper c where c.id = 1', 'read customers products[1=1]'],
      ['select * from clocked', 'bypass unstable-function'],
      ['select * from cast_view', 'bypass view'],
      ['select * from events_view', 'read events events_2024 events_2025'],
      ['select * from totals', 'read totals'],
      ['select * from totals_of_view', 'read totals_of_view'],
      ['refresh materialized view totals', 'write totals'],
      ['refresh materialized view concurrently totals', 'write totals'],
      ['update editable set v = 1 where id = 1', 'write audited'],
      ['insert into editable values (1, 1)', 'write audit audited'],
      ['insert into instead values (1)', 'write audit products'],
      ['insert into not_a_view values (1)', 'everything unknown-relation'],
    ],
    'partitions and inheritance': [
      ['select * from events', 'read events events_2024 events_2025'],
      ['select * from events_2024', 'read events_2024'],
      ['select * from animals', 'read animals dogs'],
      ['select * from only animals', 'read animals'],
      ['select * from animals where id = $1', 'read animals[1=$1] dogs[1=$1]'],
      ['update events set kind = $1 where id = $2', 'write events[1=$2] events_2024[1=$2] events_2025[1=$2]'],
      [
        "insert into events values (1, '2024-02-02', 'a')",
        'write events[1=1 3=a] events_2024[1=1 3=a] events_2025[1=1 3=a]',
      ],
      ['delete from events_2024 where id = 1', 'write events[1=1] events_2024[1=1]'],
      ['update animals set name = $1 where id = $2', 'write animals[1=$2] dogs[1=$2]'],
      ['delete from dogs where id = 1', 'write animals[1=1] dogs[1=1]'],
      ['truncate events', 'write events events_2024 events_2025'],
    ],
    'triggers and rules': [
      ['insert into audited values (1, 1)', 'write audit audited[1=1 2=1]'],
      ['update audited set v = 1 where id = 1', 'write audited[1=1]'],
      ['merge into audited a using products p on a.id = p.id when matched then delete', 'write audited'],
      ['copy audited from stdin', 'write audit audited'],
      ['update touched set body = $1 where id = $2', 'write touched'],
      ['insert into ruled values (1)', 'everything side-effects'],
      ['delete from ruled', 'everything side-effects'],
      ['insert into coded (id) values (1)', 'write audit coded[1=1]'],
      ['insert into domained values (1, 2)', 'write domained'],
    ],
    'referential actions': [
      ['delete from customers where id = 1', 'write coupons customers[1=1] lines orders'],
      ['update customers set name = $1 where id = $2', 'write customers[1=$2]'],
      ['update customers set id = $1 where id = $2', 'write customers[1=$2,$1] orders[2=$2,$1]'],
      ['delete from orders where id = 1', 'write coupons[2=1,null] lines[2=1] orders'],
      ['update orders set total = 1 where id = 1', 'write orders[1=1]'],
      ['delete from settled where id = 1', 'write settled[1=1]'],
      ['truncate customers cascade', 'write coupons customers lines orders products settled'],
      ['truncate lines', 'write lines'],
      ['delete from products where id = 1', 'write products[1=1]'],
    ],
    'writes of every kind': [
      ['insert into scratch select 1, 2', 'write scratch[1=1 2=2]'],
      ['insert into scratch default values', 'write scratch[1=null 2=null]'],
      ['insert into scratch values (1, 2) on conflict do nothing', 'write scratch[1=1 2=2]'],
      [
        'insert into scratch values ($1, 2) on conflict (id) do update set v = excluded.v',
        'write scratch[1=$1]',
      ],
      [
        'merge into scratch s using products p on s.id = p.id when not matched then insert values (1, 2)',
        'write scratch[1=1 2=2]',
      ],
      ['copy scratch from stdin', 'write scratch'],
      ['copy scratch to stdout', 'bypass copy'],
      ['copy (select * from products) to stdout', 'bypass copy'],
      ['copy (delete from lines returning *) to stdout', 'write lines'],
      ['copy (select bump()) to stdout', 'write products'],
      ['truncate scratch', 'write scratch'],
      ['insert into nowhere values (1)', 'everything unknown-relation'],
      ['update scratch set v = bump()', 'write products scratch'],
      ['delete from scratch where id = bump()', 'write products scratch'],
      ['insert into scratch (id) values (1) returning bump()', 'write products scratch[1=1 2=null]'],
      ['update scratch set v = 1 from products p where p.id = scratch.id', 'write scratch'],
      ["update scratch set v = (select nextval('products_id_seq')) where id = 1", 'write scratch[1=1]'],
    ],
    'definitions and privileges': [
      ['create table q (id int)', definition],
      ['drop table scratch', definition],
      ['alter table scratch add x int', definition],
      ['grant select on products to public', definition],
      ['revoke select on products from public', definition],
      ['create policy p on secured', definition],
      ['alter table secured disable row level security', definition],
      ['create or replace view cheap as select 1', definition],
      ['create function f() returns int language sql as $$select 1$$', definition],
      ['create index on products (price)', definition],
      ["comment on table products is 'x'", definition],
      ['create schema s', definition],
      ['drop schema other cascade', definition],
      ['alter sequence products_id_seq restart', definition],
      ['create extension citext', definition],
      ['alter role postgres set search_path = x', definition],
      ['reassign owned by postgres to postgres', definition],
      ['create rule r as on delete to scratch do nothing', definition],
      ["alter type mood rename value 'sad' to 'sadder'", definition],
      ['alter table events detach partition events_2024', definition],
      ['reindex table products', definition],
      ['cluster products', definition],
      ['import foreign schema s from server t into u', definition],
    ],
    'what cannot be read': [
      ['selec 1', 'everything not-understood catalog departs'],
      ['select * from products where', 'everything not-understood catalog departs'],
      [`select ${'1,'.repeat(60_000)}1`, 'everything text-too-long catalog departs'],
    ],
    names: [
      ['select * from customers', 'read customers'],
      ['select * from other.customers', 'read other.customers'],
      ['select * from only_here', 'bypass unknown-relation'],
      ['select * from "Odd Name" where "Id" = $1', 'read Odd Name[1=$1]'],
      ['select * from odd_name', 'bypass unknown-relation'],
      ['select * from PRODUCTS', 'read products'],
      ['select * from "PRODUCTS"', 'bypass unknown-relation'],
      ['with products as (select * from lines) select * from products', 'read lines'],
      ['with products as (select * from lines) select * from public.products', 'read lines products'],
      ['with products as (select * from products) select * from products', 'read products'],
      [
        'with recursive products as (select id from lines union all select id + 1 from products) select * from products',
        'read lines',
      ],
      [
        'with a as (select * from b), b as (select * from lines) select * from a, b',
        'bypass unknown-relation',
      ],
      ['with recursive a as (select * from b), b as (select * from lines) select * from a, b', 'read lines'],
      ['select * from (with lines as (select 1 as id) select * from lines) x, lines', 'read lines'],
      ['with lines as (select 1 as id) select * from (select * from lines) x, products', 'read products'],
      ['with lines as (select 1 as id) delete from lines', 'write lines'],
      ['with lines as (select 1 as id) select (select id from lines) from products', 'read products'],
      [
        'select 1 where exists (with lines as (select 1) select * from lines) or exists (select 1 from lines)',
        'read lines',
      ],
      [
        'select * from lines union (with lines as (select * from settled) select id, "order", 1 from lines)',
        'read lines settled',
      ],
      [
        'with recursive t as (select id from lines union all select id from t) search depth first by id set o select * from t',
        'bypass not-understood',
      ],
    ],
  };

  for (const [hazard, texts] of Object.entries(cases))
    test(hazard, () => {
      expect(texts.map(([text]) => [text, brief(shop.planner.plan(text))])).toEqual(texts);
    });

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
