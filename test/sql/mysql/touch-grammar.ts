/** Decides the tables and the statements of the oracle test: reads and writes of every shape, queries in every place. */
import fc from 'fast-check';

/** `{other}` is another schema. */
export const worldSql = `
  create table products (id int primary key, sku varchar(20) unique, price int, kind int, key (kind));
  create table orders (id int primary key, product int, parent int, total int,
    foreign key (product) references products (id) on delete cascade on update cascade,
    foreign key (parent) references orders (id) on delete set null);
  create table order_lines (id int primary key, orders int, price int, foreign key (orders) references orders (id) on delete cascade);
  create table coupons (id int primary key, product int, price int, foreign key (product) references products (id) on delete set null on update set null);
  create table audited (id int primary key, price int);
  create table log (id int primary key auto_increment, price int);
  create table sink (id int primary key auto_increment, price int);
  create table parted (id int primary key, price int) partition by hash (id) partitions 3;
  create table \`Odd Name\` (id int primary key, price int);
  create table {other}.products (id int primary key, price int);
  create table {other}.far (id int primary key, price int);
  create trigger audit after update on audited for each row insert into log (price) values (new.price);
  create procedure note(in k int) modifies sql data begin insert into log (price) values (k); update {other}.far set price = k where id = 1; end;
  create function seen(k int) returns int reads sql data return (select max(c.id) from coupons c where c.id <= k);
  create function bump(k int) returns int deterministic modifies sql data begin insert into log (price) values (k); return k; end;
  create view cheap as select id, price from products where price < 5;
  create view cheaper as select c.id, c.price from cheap c where c.id in (select product from orders);
  create view joined as select o.id, p.price from orders o left join products p on p.id = o.product;
  create view {other}.over as select f.id, f.price from {other}.far f where exists (select 1 from products p where p.id = f.id);
  create view counted as select price as id, count(*) as price from order_lines group by price;
  insert into products values (1, 'a', 1, 1), (2, 'b', 2, 1), (3, 'c', 3, 2), (4, 'd', 9, 2), (5, 'e', 9, 3);
  insert into orders values (1, 1, null, 10), (2, 1, 1, 20), (3, 2, 1, 30), (4, null, 3, 40);
  insert into order_lines values (1, 1, 1), (2, 1, 2), (3, 3, 1), (4, null, 1);
  insert into coupons values (1, 1, 1), (2, 4, 2), (3, null, 3);
  insert into audited values (1, 1), (2, 2), (3, 3);
  insert into log values (1, 1);
  insert into parted values (1, 1), (2, 2), (3, 3);
  insert into \`Odd Name\` values (1, 1), (2, 2);
  insert into {other}.products values (1, 1), (2, 2);
  insert into {other}.far values (1, 1), (3, 3);
  create trigger audit_in before insert on audited for each row begin declare n int default 0; select count(*) into n from parted; if n > 2 then set new.price = n; insert into log (price) values (n); elseif n = 0 then delete from coupons; else update \`Odd Name\` set price = price + 1 where id = n; end if; end;
  create trigger audit_out after delete on audited for each row call note(old.id);
`;

/** Each has the columns id and price. */
const relations =
  `products, order_lines, coupons, audited, log, parted, \`Odd Name\`, cheap, cheaper, joined, counted, {other}.products,
  {other}.far, {other}.over`.split(/,\s+/);
export const relation = fc.constantFrom(...relations);
const writable = fc.constantFrom(
  ...'products, order_lines, coupons, parted, `Odd Name`, {other}.products, {other}.far, cheap'.split(', '),
);
const id = fc.integer({ min: 1, max: 5 });

export const { query, value } = fc.letrec<{ query: string; from: string; filter: string; value: string }>(
  (tie) => ({
    value: fc.oneof(
      { maxDepth: 2, depthSize: 'small' },
      {
        weight: 4,
        arbitrary: fc.constantFrom('r.id', 'r.price', '1', 'r.id + 1', 'coalesce(r.price, 0)', 'seen(r.id)'),
      },
      tie('query').map((inner) => `(select max(id) from (${inner}) v)`),
      fc.tuple(tie('filter'), tie('value')).map(([filter, then]) => `case when ${filter} then ${then} end`),
      tie('value').map((inner) => `if(${inner} > 1, ${inner}, 0)`),
    ),
    from: fc.oneof(
      { maxDepth: 2, depthSize: 'small' },
      { weight: 3, arbitrary: relation.map((name) => `${name} r`) },
      relation.map((name) => `(select id, price from ${name}) as r`),
      fc
        .tuple(relation, relation, fc.constantFrom('join', 'left join', 'right join', 'straight_join'))
        .map(([one, two, join]) => `${one} r ${join} ${two} s on r.id = s.id`),
      fc.tuple(relation, relation).map(([one, two]) => `(${one} r, ${two} s)`),
      fc.tuple(relation, tie('query')).map(([name, inner]) => `${name} r join (${inner}) s using (id)`),
      tie('query').map((inner) => `(${inner}) r`),
      fc.tuple(relation, relation).map(([one, two]) => `${one} r natural join (select id from ${two}) s`),
    ),
    filter: fc.oneof(
      { maxDepth: 2, depthSize: 'small' },
      {
        weight: 3,
        arbitrary: fc.oneof(
          id.map((key) => `r.id = ${key}`),
          id.map((key) => `r.price > ${key}`),
          fc.constantFrom('true', 'r.id is not null', 'r.id in (1, 2)', 'r.price between 1 and 3'),
        ),
      },
      tie('query').map((inner) => `r.id in (select id from (${inner}) f)`),
      tie('query').map((inner) => `exists (${inner})`),
      fc
        .tuple(relation, fc.constantFrom('any', 'all'))
        .map(([name, word]) => `r.id >= ${word} (select id from ${name})`),
      relation.map((name) => `(select count(*) from ${name} x where x.id = r.id) > 0`),
      fc
        .tuple(tie('filter'), tie('filter'), fc.constantFrom('or', 'and', 'xor'))
        .map(([left, right, word]) => `(${left} ${word} not ${right})`),
    ),
    query: fc.oneof(
      { maxDepth: 2, depthSize: 'small' },
      {
        weight: 3,
        arbitrary: fc
          .tuple(tie('from'), tie('filter'))
          .map(([from, filter]) => `select r.id as id, r.price as price from ${from} where ${filter}`),
      },
      fc
        .tuple(tie('from'), tie('value'))
        .map(([from, shown]) => `select r.id as id, ${shown} as price from ${from} order by 1, 2 limit 3`),
      fc
        .tuple(tie('from'), tie('filter'))
        .map(
          ([from, filter]) =>
            `select r.price as id, max(r.id) as price from ${from} where ${filter} group by r.price having max(r.id) > 0`,
        ),
      fc
        .tuple(tie('query'), tie('query'), fc.constantFrom('union', 'union all', 'except', 'intersect'))
        .map(([left, right, word]) => `(${left}) ${word} (${right})`),
      fc
        .tuple(fc.constantFrom('products', 'far', 'x'), tie('query'), relation)
        .map(
          ([name, inner, outer]) =>
            `with ${name} as (${inner}) select n.id as id, o.price as price from ${name} n join ${outer} o on o.id = n.id`,
        ),
      tie('query').map(
        (inner) =>
          `with recursive x (id) as (select 1 union select x.id + 1 from x join (${inner}) n where x.id < 3) select id, id as price from x`,
      ),
      fc
        .tuple(tie('from'), tie('value'))
        .map(([from, by]) => `select r.id as id, rank() over (order by ${by}) as price from ${from}`),
    ),
  }),
);

export const change = fc.oneof(
  fc
    .tuple(writable, id, value)
    .map(([name, key, set]) => `update ${name} r set r.price = ${set} where r.id = ${key}`),
  fc
    .tuple(writable, query)
    .map(([name, inner]) => `update ${name} r join (${inner}) q using (id) set r.price = q.price`),
  fc
    .tuple(writable, writable, id)
    .map(
      ([one, two, key]) => `update ${one} r, ${two} s set r.price = ${key}, s.price = 7 where r.id = s.id`,
    ),
  id.map((key) => `update products set id = id + 10 where id = ${key}`),
  id.map((key) => `update audited set price = ${key} where id < 3`),
  id.map((key) => `insert into audited (id, price) values (${key}, 1) on duplicate key update price = 2`),
  id.map((key) => `replace into audited values (${key}, ${key})`),
  id.map((key) => `delete from audited where id = ${key}`),
  fc.constantFrom(
    'call note(1)',
    'select bump(1)',
    'do bump(2)',
    'update products set price = bump(id) where id < 3',
  ),
  fc.tuple(writable, id).map(([name, key]) => `delete from ${name} where id = ${key}`),
  fc
    .tuple(writable, query)
    .map(([name, inner]) => `delete from ${name} where id in (select id from (${inner}) q)`),
  fc
    .tuple(writable, relation)
    .map(([name, other]) => `delete r from ${name} r join ${other} s on r.id = s.id`),
  fc
    .tuple(writable, relation)
    .map(
      ([name, other]) => `delete from r using ${name} r left join ${other} s on r.id = s.id where s.id > 1`,
    ),
  fc.tuple(writable, writable).map(([one, two]) => `delete r, s from ${one} r join ${two} s using (id)`),
  fc
    .tuple(writable, id, id)
    .map(([name, key, set]) => `insert into ${name} (id, price) values (${key + 20}, ${set})`),
  fc
    .tuple(writable, id, value)
    .map(
      ([name, key, set]) =>
        `insert into ${name} (id, price) values (${key}, 1) on duplicate key update price = ${set.replaceAll('r.', '')}`,
    ),
  fc
    .tuple(writable, query)
    .map(([name, inner]) => `insert ignore into ${name} (id, price) select id, price from (${inner}) q`),
  fc
    .tuple(writable, id, id)
    .map(([name, key, set]) => `replace into ${name} (id, price) values (${key}, ${set})`),
  fc
    .tuple(writable, id)
    .map(([name, key]) => `insert into ${name} set id = ${key + 30}, price = (select max(id) from log)`),
  fc
    .tuple(writable, query)
    .map(
      ([name, inner]) =>
        `update ${name} set price = 3 order by (select count(*) from (${inner}) q), id limit 2`,
    ),
  query.map((inner) => `do (select count(*) from (${inner}) q)`),
);

/** Where a value may stand; `{e}` is one. */
export const places = `
  select {e}
  select id, {e} as e from products
  select id from products where {e} > 0
  select id from products where id = 1 and (price = 2 or {e} < 9)
  select id from products where price between {e} and 9
  select id from products where id in (1, {e})
  select id from products where (id, price) = ({e}, 1)
  select id from products where price like concat({e}, '%')
  select kind, count(*) from products group by kind having count(*) > {e}
  select kind from products group by kind, {e}
  select id from products order by {e}
  select p.id from products p join orders o on o.product = p.id and {e} > 0
  select p.id from products p left join (orders o join coupons c on c.id = {e}) on o.product = p.id
  select id from products union select {e}
  (select id from products) union all (select {e} order by {e} limit 1)
  select * from (select {e} as e) d
  select * from products, (select {e} as e) d where d.e = products.id
  with c as (select {e} as e) select * from c
  with recursive c (n) as (select {e} union all select n + 1 from c where n < 3) select n from c
  select case when {e} then 1 else 2 end from products
  select case {e} when 1 then 2 end from products
  select case 1 when 1 then {e} end from products
  select if(1, {e}, 2), coalesce(null, {e}), cast({e} as char), convert({e}, signed) from products
  select extract(year from '2020-01-01' + interval {e} day), date_add('2020-01-01', interval {e} day) from products
  select substring('abc' from {e}), trim({e} from 'x'), position({e} in 'x'), interval({e}, 1, 2), left('abc', {e}) from products
  select group_concat(id order by {e} separator '-'), count(distinct {e}), sum({e}) from products
  select row_number() over (order by {e}), sum(id) over (partition by {e}) from products
  select sum(id) over w from products window w as (order by {e})
  select exists (select 1 from products where {e} = id), id > all (select {e}) from products
  select - {e}, not {e}, ~ {e}, {e} is null, cast({e} as char) collate utf8mb4_bin = 'x' from products
  update products set price = {e}
  update products set price = 1 where id = {e}
  update products set price = 1 order by {e} limit 1
  update products p join orders o on o.product = p.id and {e} > 0 set p.price = 7
  insert into sink (price) values ({e})
  insert into sink (price) values (1), ({e})
  insert into sink (price) select {e}
  insert into sink set price = {e}
  insert into products (id, price) values (1, 1) on duplicate key update price = {e}
  replace into parted values (1, {e})
  delete from order_lines where id = {e}
  delete from order_lines order by {e} limit 1
  delete l from order_lines l join orders o on l.orders = o.id and o.id = {e}
  do {e}
  set @a = {e}
`
  .split('\n')
  .map((line) => line.trim())
  .filter((line) => line !== '');
