/** Decides the statements of the oracle test: reads and writes of every shape over the shop's schema. */
import fc from 'fast-check';

/** Rows for the shop, so that cascades, triggers and joins have something to do. */
export const shopRowsSql = `
  insert into customers (id, email, name, born, active) select i, 'c' || i, 'n' || i, '2000-01-01', i % 2 = 0 from generate_series(1, 4) i;
  insert into products (sku, price, owner) select 'a' || i, i, 1 + i % 4 from generate_series(1, 8) i;
  insert into orders (id, customer, parent, total) select i, 1 + i % 4, case when i > 4 then i - 4 end, i from generate_series(1, 8) i;
  insert into lines select i, 1 + i % 8, 1 + i % 8 from generate_series(1, 8) i;
  insert into coupons select i, 1 + i % 8 from generate_series(1, 4) i;
  insert into settled select i, null from generate_series(1, 4) i;
  insert into "Odd Name" values (1, 'x'), (2, 'y');
  insert into other.customers values (1, 's'), (2, 't');
  insert into other.only_here values (1);
  insert into events select i, case when i % 2 = 0 then date '2024-05-05' else date '2025-05-05' end, 'k' from generate_series(1, 6) i;
  insert into animals values (1, 'a'), (2, 'b'); insert into dogs values (3, 'c', 'w');
  insert into scratch values (1, 1), (2, 2); insert into secured values (1, 1); insert into typed values (1, 'products');
  insert into domained values (1, 1); insert into audited values (1, 1), (2, 2); insert into touched (id, body) values (1, 'x');
  insert into ruled values (1); insert into coded values (1, 'x'); refresh materialized view totals; refresh materialized view totals_of_view;
`;

/** Every relation of the shop that has an id, and some integer column besides. */
const relations =
  `customers, products, orders, lines, coupons, settled, other.customers, other.only_here, events,
  events_2024, events_2025, animals, dogs, scratch, secured, typed, domained, cheap, cheaper, clocked,
  system_view, secured_view, events_view, audited, touched, ruled, editable, instead, coded,
  public.products, only animals`.split(/,\s+/);

const uncacheable = ['secured', 'typed', 'clocked', 'system_view', 'secured_view'];
/** Rarely one that makes what reads it uncacheable. */
export const relation = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(...relations.filter((name) => !uncacheable.includes(name))) },
  { weight: 1, arbitrary: fc.constantFrom(...uncacheable) },
);
export const id = fc.integer({ min: 1, max: 8 });

export const condition = fc.oneof(
  id.map((value) => `id = ${value}`),
  id.map((value) => `id > ${value}`),
  fc.constantFrom('true', 'id is not null', 'id in (1, 2)', 'id between 1 and 3'),
);

export const { query } = fc.letrec<{ query: string; from: string; filter: string }>((tie) => ({
  from: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    relation.map((name) => `(select id from ${name}) r`),
    fc
      .tuple(relation, relation, fc.constantFrom('join', 'left join', 'full join'))
      .map(([one, two, join]) => `(select a.id from ${one} a ${join} ${two} b on a.id = b.id) r`),
    fc
      .tuple(relation, tie('query'))
      .map(([name, inner]) => `(select a.id from ${name} a, lateral (${inner}) b where a.id = b.id) r`),
    tie('query').map((inner) => `(${inner}) r`),
  ),
  filter: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    condition,
    tie('query').map((inner) => `id in (${inner})`),
    tie('query').map((inner) => `exists (${inner})`),
    fc.tuple(tie('filter'), tie('filter')).map(([left, right]) => `(${left} or ${right})`),
  ),
  query: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.tuple(tie('from'), tie('filter')).map(([from, filter]) => `select id from ${from} where ${filter}`),
    fc.tuple(relation, tie('filter')).map(([name, filter]) => `select id from ${name} where ${filter}`),
    fc
      .tuple(tie('query'), tie('query'), fc.constantFrom('union', 'union all', 'except', 'intersect'))
      .map(([left, right, word]) => `(${left}) ${word} (${right})`),
    fc
      .tuple(fc.constantFrom('products', 'lines', 'x'), tie('query'), tie('query'))
      .map(([name, inner, outer]) => `with ${name} as (${inner}) ${outer}`),
    fc
      .tuple(tie('query'), relation)
      .map(
        ([inner, name]) =>
          `with recursive x as (select 1 as id union select x.id + 1 from x, ${name} n where x.id < 3) select x.id from x where x.id in (${inner})`,
      ),
    fc
      .tuple(tie('query'), relation)
      .map(([inner, name]) => `select max(id) over (order by (${inner} limit 1)) as id from ${name}`),
    fc
      .tuple(relation, tie('query'))
      .map(
        ([name, inner]) =>
          `select coalesce((${inner} limit 1), max(id)) as id from ${name} group by id having count(*) > 0`,
      ),
  ),
}));

export const readText: fc.Arbitrary<string> = query;

const tables =
  `customers, products, orders, lines, coupons, settled, other.customers, other.only_here, events,
  events_2024, animals, dogs, scratch, secured, audited, touched, ruled, editable, coded, cheap,
  events_view, instead, only animals`.split(/,\s+/);

export const target = fc.constantFrom<string>(...tables);

const change = fc.oneof(
  fc.tuple(target, condition).map(([name, filter]) => `delete from ${name} where ${filter}`),
  fc.tuple(target, condition).map(([name, filter]) => `update ${name} set id = id where ${filter}`),
  fc
    .tuple(target, condition, id)
    .map(([name, filter, value]) => `update ${name} set id = ${value + 20} where ${filter}`),
  fc.constantFrom(
    "update events set at = '2025-07-07' where id = 2",
    "update events_2024 set kind = 'z'",
    'update customers set id = id + 100',
    'update customers set name = upper(name)',
    'update audited set v = v + 1',
    'update editable set v = 3 where id = 1',
    "insert into events values (9, '2024-03-03', 'n')",
    'insert into audited values (9, 9)',
    'insert into editable values (9, 9)',
    'insert into ruled values (9)',
    'insert into coded (id) values (9)',
    "insert into touched (id, body) values (9, 'x') on conflict (id) do update set body = 'y'",
    'insert into scratch select id + 50, id from products',
    'insert into scratch values (1, 5) on conflict (id) do update set v = 6',
    'insert into scratch select bump(), 1',
    'insert into instead values (99)',
    'merge into scratch s using products p on s.id = p.id when matched then delete when not matched then insert values (p.id + 70, 1)',
    'merge into customers c using products p on c.id = p.id when matched and c.id = 2 then delete',
    'truncate customers cascade',
    'truncate events, scratch',
    'truncate orders cascade',
    'refresh materialized view totals',
    'select bump()',
    'select id from products where bump() = 1',
    'call tidy()',
    'do $$ begin update scratch set v = 0; end $$',
    'select row_fn(c) from customers c',
    'select c.row_fn from customers c',
    'select bad_sum(id) from products',
    'explain analyze delete from lines',
    'create table made as select bump()',
    'select peek()',
    'select id, peek() from products',
  ),
);

/** With and without a query around it. */
export const changeText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: change },
  {
    weight: 2,
    arbitrary: fc
      .tuple(target, target, condition, condition)
      .map(
        ([one, two, first, second]) =>
          `with x as (delete from ${one} where ${first} returning 1), y as (update ${two} set id = id where ${second} returning 1) select count(*) from x, y`,
      ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(target, query).map(([name, inner]) => `delete from ${name} where id in (${inner})`),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(change, change).map(([one, two]) => `${one}; ${two}`),
  },
  { weight: 1, arbitrary: query },
);
