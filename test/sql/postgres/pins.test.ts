/** Decides which rows a statement is known to see or touch, rule by rule of CONSISTENCY §3. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithPostgres } from '../../support/servers.js';
import { brief, openShop, type Shop } from './shop.js';

describeWithPostgres('pins: which rows a statement is known to see or touch', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop();
  });
  afterAll(() => shop.close());

  const cases: Record<string, readonly (readonly [text: string, plan: string])[]> = {
    'an equality on a column pins its reference': [
      ['select * from products where id = $1', 'read products[1=$1]'],
      ['select * from products where $1 = id', 'read products[1=$1]'],
      ['select * from products where id = 7', 'read products[1=7]'],
      ['select * from products where id = -7', 'read products[1=-7]'],
      ["select * from products where id = '7'", 'read products[1=7]'],
      ['select * from products p where p.id = $1 and price > $2', 'read products[1=$1]'],
      ['select * from products where (id = $1) and (price > 3 and sku = $2)', 'read products[1=$1]'],
      ['select * from public.products where public.products.id = $1', 'read products[1=$1]'],
      [
        'select count(*), max(price) from products where owner = $1 group by sku having count(*) > 1 order by 1 limit 3',
        'read products[4=$1]',
      ],
      ['select * from orders where id = 3000000000', 'read orders[1=3000000000]'],
      ['select * from customers where tag = $1', 'read customers[10=$1]'],
      ['select * from customers where active = true', 'read customers[11=true]'],
      ['select * from customers where active = $1', 'read customers[11=$1]'],
      ["select * from customers where name = 'Ann'", 'read customers[3=Ann]'],
      ['select * from customers where small = $1', 'read customers[12=$1]'],
    ],
    'the best key is taken': [
      ['select * from products where owner = $1 and sku = $2 and id = $3', 'read products[1=$3]'],
      ['select * from products where owner = $1 and sku = $2', 'read products[2=$2]'],
      ['select * from orders where total = $1 and customer = $2', 'read orders[2=$2]'],
    ],
    'each reference and each level is judged for itself': [
      [
        'select * from products p join customers c on c.id = p.owner where p.id = $1',
        'read customers products[1=$1]',
      ],
      [
        'select * from products p join customers c on c.id = p.owner where p.id = $1 and c.id = $2',
        'read customers[1=$2] products[1=$1]',
      ],
      [
        'select * from products p left join customers c on c.id = p.owner where c.id = $1',
        'read customers[1=$1] products[4=$1]',
      ],
      ['select * from products a, products b where a.id = $1', 'read products products[1=$1]'],
      [
        'select * from products where id = $1 union select * from products where id = $2',
        'read products[1=$1] products[1=$2]',
      ],
      ['select * from (select * from products where id = $1 limit 1) x', 'read products[1=$1]'],
      [
        'with x as (select * from products where id = $1) select * from x, orders where orders.id = 5',
        'read orders[1=5] products[1=$1]',
      ],
      [
        'select * from orders o where o.id = $1 and exists (select 1 from lines l where l.order = o.id)',
        'read lines[2=$1] orders[1=$1]',
      ],
      [
        'select * from orders o where exists (select 1 from lines l where l.id = $1 and o.id = $2)',
        'read lines[1=$1] orders',
      ],
      [
        'select * from lines where id = $1 and exists (select 1 from coupons where sku = $2)',
        'read coupons lines[1=$1]',
      ],
    ],
    'what is not a strict top-level equality of a plain column pins nothing': [
      ['select * from products where id = $1 or price > 3', 'read products'],
      ['select * from products where not (id = $1)', 'read products'],
      ['select * from products where (id = $1) is not true', 'read products'],
      ['select * from products where id > $1', 'read products'],
      ['select * from products where id <> $1', 'read products'],
      ['select * from products where id not in ($1)', 'read products'],
      ['select * from products where id in ($1, 2.5) and owner = $2', 'read products[4=$2]'],
      ['select * from products where id = $1 + 1', 'read products'],
      ['select * from products where id + 0 = $1', 'read products'],
      ['select * from products where id = abs($1)', 'read products'],
      ['select * from products where id = (select 1)', 'read products'],
      ['select * from products where coalesce(id, 0) = $1', 'read products'],
      ['select * from products where id = owner', 'read products'],
      ['select * from products where case when id = $1 then true end', 'read products'],
      ['select sku from products group by sku having sku = $1', 'read products'],
      ['select * from products where id operator(pg_catalog.=) $1', 'read products'],
    ],
    'columns and types of which equality is not known': [
      ['select * from products where price = $1', 'read products'],
      ['select * from customers where nick = $1', 'read customers'],
      ['select * from customers where code = $1', 'read customers'],
      ['select * from customers where born = $1', 'read customers'],
      ['select * from customers where shout = $1', 'read customers'],
      ['select * from domained where id = $1', 'read domained'],
      ['select * from customers where email = $1 collate loose', 'read customers'],
      ['select * from customers where email collate loose = $1', 'read customers'],
      ['select * from customers where email = 7', 'read customers'],
      ["select * from customers where active = 't'", 'read customers'],
      ["select * from products where id = '07'", 'read products'],
      ['select * from products where id = 7.0', 'read products'],
      ['select * from products where id = 3000000000', 'read products'],
      ["select * from customers where email = 'a '", 'read customers'],
    ],
    'casts that keep the value pin, others do not': [
      ['select * from products where id = $1::int', 'read products[1=$1]'],
      ['select * from products where id = cast($1 as bigint)', 'read products[1=$1]'],
      ['select * from products where id = $1::pg_catalog.int4', 'read products[1=$1]'],
      [
        "select * from customers where tag = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid",
        'read customers[10=a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11]',
      ],
      ['select * from customers where email = $1::text', 'read customers[2=$1]'],
      ['select * from customers where email = $1::varchar', 'read customers[2=$1]'],
      ['select * from customers where email = $1::varchar(3)', 'read customers'],
      ['select * from customers where email = $1::char(3)', 'read customers'],
      ['select * from products where id = $1::numeric', 'read products'],
      ['select * from products where id = $1::text::int', 'read products'],
      ['select * from products where id::text = $1', 'read products'],
      ['select * from products where id = $1::plain_id', 'read products'],
      ['select * from products where id = $1::int[]', 'read products'],
    ],
    'a parameter has one type in the whole statement': [
      [
        'select * from products p, orders o where p.id = $1 and o.id = $1',
        'read orders[1=$1] products[1=$1]',
      ],
      ['select $1, * from products where id = $1', 'read products'],
      ['select $1::char(3), * from customers where email = $1', 'read customers'],
      ['select * from customers where code = $1 and email = $1', 'read customers'],
      ['select * from products where id = $1 and price = $1', 'read products'],
      ['select * from products where id = $1 limit $2', 'read products[1=$1]'],
    ],
    'names that are not certain pin nothing': [
      ['select * from (products p join customers c on true) as j where id = $1', 'read customers products'],
      ['select * from products, (select 1 as id) x where id = $1', 'read products'],
      ['select * from products, (select 1 as id) x where products.id = $1', 'read products[1=$1]'],
      ['select * from products p, generate_series(1, 2) id where id = $1', 'read products'],
      [
        'select * from customers, other.customers o where customers.id = $1',
        'read customers[1=$1] other.customers',
      ],
      ['with products as (select 1 as id) select * from products where id = $1', 'bypass no-table'],
    ],
    'partitions and children are pinned as their parent is': [
      ['select * from events where id = $1', 'read events[1=$1] events_2024[1=$1] events_2025[1=$1]'],
      ['select * from events_2024 where id = $1', 'read events_2024[1=$1]'],
      ['select * from animals where id = $1', 'read animals[1=$1] dogs[1=$1]'],
      ['select * from only animals where id = $1', 'read animals[1=$1]'],
      ['select * from dogs where id = $1', 'read dogs[1=$1]'],
      ['select * from events where at = $1', 'read events events_2024 events_2025'],
      ['select * from events_view where id = $1', 'read events[1=$1] events_2024[1=$1] events_2025[1=$1]'],
    ],
    'a materialised view or a table with rules is not pinned': [
      ['select * from cheap where id = $1', 'read customers products[1=$1]'],
      ['select * from totals where customer = $1', 'read totals'],
      ['select * from ruled where id = $1', 'read ruled'],
    ],
    'IN with one alternative is an equality; a write may have several': [
      ['select * from products where id in ($1)', 'read products[1=$1]'],
      ['delete from products where id in ($1, 7)', 'write products[1=$1,7]'],
      ['update products set price = 1 where id in ($1, $2) and sku = $3', 'write products[1=$1,$2 2=$3]'],
      ['delete from products where id in ($1, owner)', 'write products'],
      [
        `delete from products where id in (${Array.from({ length: 33 }, (_, id) => id).join()})`,
        'write products',
      ],
      ['delete from products where id = any ($1)', 'write products[1=each $1]'],
      ['delete from products where id not in (1)', 'write products'],
    ],
    'an update is pinned by what its WHERE and its SET say': [
      ['update products set price = $2 where id = $1', 'write products[1=$1]'],
      ['update only products p set price = $2 where p.id = $1', 'write products[1=$1]'],
      ['update products set price = $2 where id = $1 and sku = $3', 'write products[1=$1 2=$3]'],
      ['update products set sku = $2 where id = $1', 'write products[1=$1]'],
      ['update products set sku = $2 where id = $1 and sku = $3', 'write products[1=$1 2=$3,$2]'],
      ['update products set sku = upper(sku) where id = $1 and sku = $3', 'write products[1=$1]'],
      ['update products set sku = default where id = $1 and sku = $3', 'write products[1=$1 2=$3,null]'],
      ['update products set (sku, price) = ($2, 3) where id = $1 and sku = $3', 'write products[1=$1]'],
      ['update products set id = id + 1 where id = $1', 'write products'],
      ['update products set sku = $1 where sku like $2', 'write products'],
      ['update products set price = $2 where id = $1 or id = $3', 'write products[1=$1,$3]'],
      ['update products set price = $2 where id > $1', 'write products'],
      ['update products set price = 1', 'write products'],
      ['update products set price = p.price from products p where products.id = $1', 'write products[1=$1]'],
      ['with x as (select 1) update products set price = 1 where id = $1', 'write products[1=$1]'],
      ['update products set price = (select max(price) from products) where id = $1', 'write products[1=$1]'],
      ['update products set price = $1 where id = $1', 'write products'],
      ['update products set price = $2 where id = $1::int returning *', 'write products[1=$1]'],
      ["update customers set email = $2 where shout = 'A' and id = 3", 'write customers[1=3]'],
    ],
    'a delete is pinned by its WHERE': [
      ['delete from products where id = $1', 'write products[1=$1]'],
      ['delete from products where id = $1 and price > 3 returning *', 'write products[1=$1]'],
      ['delete from products where id = $1 and id = 8', 'write products[1=$1]'],
      ['delete from products using lines where products.id = $1', 'write products[1=$1]'],
      ['delete from products', 'write products'],
    ],
    'an insert is pinned by the values it spells out for every row': [
      ['insert into products (id, sku) values ($1, $2)', 'write products[1=$1 2=$2 4=null]'],
      ['insert into products (sku) values ($1)', 'write products[2=$1 4=null]'],
      ['insert into products (id, sku) values (1, $1), (2, $2)', 'write products[1=1,2 2=$1,$2 4=null]'],
      ['insert into products (id, sku) values (1, $1), (default, $2)', 'write products[2=$1,$2 4=null]'],
      ['insert into products values ($1, $2, $3, $4)', 'write products[1=$1 2=$2 4=$4]'],
      ['insert into products (id, sku) values ($1, lower($2))', 'write products[1=$1 4=null]'],
      ['insert into products (id, owner) values ($1, null)', 'write products[1=$1 2=null 4=null]'],
      [
        'insert into products (id, sku) overriding user value values ($1, $2)',
        'write products[1=$1 2=$2 4=null]',
      ],
      ['insert into products (id, sku) select 1, $1', 'write products[1=1 2=$1 4=null]'],
      ['insert into products (id) values ($1) on conflict do nothing', 'write products[1=$1 2=null 4=null]'],
      [
        'insert into products (id) values ($1) on conflict (id) do update set sku = $2',
        'write products[1=$1]',
      ],
      [
        "insert into customers (id, name) values (1, 'abc  ')",
        'write customers[1=1 2=null 7=null 9=null 10=null 11=null 12=null 14=null]',
      ],
      [
        "insert into customers (id, price, code, nick) values (1, 2, 'x', 'y')",
        'write customers[1=1 2=null 3=null 7=null 9=null 10=null 11=null 12=null 14=null]',
      ],
    ],
  };

  for (const [rule, texts] of Object.entries(cases))
    test(rule, () => {
      expect(texts.map(([text]) => [text, brief(shop.planner.plan(text))])).toEqual(texts);
    });

  test('a trigger that only sets columns of its row unpins just these', async () => {
    await shop.client.query(`
      create table stamped (id int primary key, "updatedAt" timestamptz, version int, slug text, other int);
      create table stamps (id int primary key, stamped int references stamped on update cascade);
      create function stamp() returns trigger language plpgsql as $$
        begin
          NEW."updatedAt" = now();
          new.version := coalesce(old.version, 0) + 1;
          new.slug := lower(new.slug);
          return new;
        end; $$;
      create trigger stamp before update on stamped for each row when (old.* is distinct from new.*) execute function stamp()`);
    await shop.reload();
    const plan = (text: string): string => brief(shop.planner.plan(text));
    expect(plan('update stamped set other = 1 where id = $1')).toBe('write stamped[1=$1]');
    expect(plan('update stamped set other = 1 where id = $1 and slug = $2')).toBe('write stamped[1=$1]');
    expect(plan('update stamped set id = 3 where id = $1')).toBe('write stamped[1=$1,3] stamps[2=$1,3]');
    expect(plan('insert into stamped (id, slug) values ($1, $2)')).toBe(
      'write stamped[1=$1 3=null 4=$2 5=null]',
    );
    for (const body of [
      'new.other := (select max(id) from stamps); return new;',
      'new.other := bump(); return new;',
      'new.missing := 1; return new;',
      'delete from stamps; return new;',
      'new.other := 1; delete from stamps; return new;',
      'new.other := 1; return null;',
      `new.slug := 'a'';'; return new;`,
    ]) {
      await shop.client.query(
        `create or replace function stamp() returns trigger language plpgsql as $$ begin ${body} end $$`,
      );
      await shop.reload();
      // The row may become any other one, and the function's own writes are added.
      const more = body.includes('bump') ? 'products ' : '';
      expect([body, plan('update stamped set other = 1 where id = $1')]).toEqual([
        body,
        `write ${more}stamped stamps`,
      ]);
    }
    await shop.client.query(
      `create or replace function stamp() returns trigger language plpgsql as $$ begin new.id := 9; return new; end $$`,
    );
    await shop.reload();
    expect(plan('update stamped set other = 1 where id = $1')).toBe('write stamped stamps');
    await shop.client.query(`create or replace function stamp() returns trigger language plpgsql as $$ begin new."updatedAt" := now(); return new; end $$;
      create schema early; create function early.now() returns timestamptz language plpgsql as $$ begin delete from public.audit; return clock_timestamp(); end $$`);
    await shop.reload();
    expect(plan('update stamped set other = 1 where id = $1')).toBe('write stamped stamps');
    await shop.client.query('drop schema early cascade; drop table stamped, stamps');
    await shop.reload();
  });

  test('a user-defined = on one of the types ends all pins', async () => {
    await shop.client.query(`create function same(int, numeric) returns bool language sql immutable as 'select true';
      create operator = (leftarg = int, rightarg = numeric, function = same)`);
    await shop.reload();
    expect(brief(shop.planner.plan('select * from lines where id > $1 and product = $2'))).toBe('read lines');
    expect(brief(shop.planner.plan('delete from lines where id = $1'))).toBe('write lines');
    await shop.client.query('drop operator = (int, numeric)');
    await shop.reload();
    expect(brief(shop.planner.plan('delete from lines where id = $1'))).toBe('write lines[1=$1]');
  });
});
