/**
 * Decides the forms of statements that Postgres documents (SQL Commands; Queries; Data Manipulation; JSON, XML and
 * window functions), over the shop's schema, with holes that the oracle test fills.
 */
import fc from 'fast-check';
import { condition, id, query, relation, target } from './touch-grammar.js';

type Holes = Readonly<Record<string, fc.Arbitrary<string>>>;

/** A text with its holes filled: `{relation}`. */
export function filled(template: string, holes: Holes): fc.Arbitrary<string> {
  const parts = template.split(/\{(\w+)\}/).map((part, index) => {
    const hole = index % 2 === 0 ? fc.constant(part) : holes[part];
    if (hole === undefined) throw new Error(`nothing fills {${part}}`);
    return hole;
  });
  return fc.tuple(...parts).map((texts) => texts.join(''));
}

const joins = fc.constantFrom('join', 'left join', 'right join', 'full join');

const holes: Holes = {
  /** A relation that has an id. */
  r: relation,
  /** A query whose one column is id. */
  q: query,
  /** A condition on id. */
  c: condition,
  n: id.map(String),
  /** A table that is written. */
  t: target,
  join: joins,
};

const lines = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** Each has to be understood by the server at least once. */
export const readForms: readonly string[] = lines(`
  with a as materialized ({q}), b as not materialized (select id from a union all {q}) select a.id from a, b where a.id = b.id
  with a (x) as ({q}), products as (select x as id from a) select id from products where {c}
  with recursive a (id, up) as (select id, parent from orders where id = {n} union all select o.id, o.parent from orders o, a where o.id = a.up) search depth first by id set path select id, path from a
  with recursive a (id, up) as (select id, parent from orders union select o.id, o.parent from orders o join a on o.id = a.up) search breadth first by id set path select id from a order by path
  with recursive a (id, up) as (select id, parent from orders union all select o.id, o.parent from orders o, a where o.id = a.up) cycle id set again using trail select id, again from a
  with recursive a (n) as (values (1) union all select n + 1 from a where n < (select count(*) from {r})) select n from a
  with recursive a as (select 1 as id), b as (select id from {r} where id in (select id from a)) select * from b
  with a as (select * from {r}) select (select count(*) from a), (select max(id) from a where {c})
  select all id from {r}
  select distinct id from {r} where {c}
  select distinct on (x.id) x.id, y.id from {r} x, {r} y order by x.id, y.id
  select from {r} where {c}
  select exists (select from {r} where {c}) as id
  select r.*, r.id as again from {r} r
  select r from {r} r
  select (r).id from {r} r
  select (select r from customers r where {c} limit 1)
  select ((select c from customers c where c.id = {n})).name
  select x from {r} r (x)
  select r.id from {r} as r, only animals a where r.id = a.id
  select id from animals *
  select id from events tablesample system (50)
  select id from products tablesample bernoulli (50) repeatable ((select 1))
  select id from ({q}) as r (id)
  select x.id from {r} x, lateral (select id from {r} y where y.id = x.id) z where {n} = z.id
  select x.id, z.id from {r} x left join lateral (select id from {r} y where y.id > x.id order by id limit 1) z on true
  select x.id from {r} x cross join lateral generate_series(1, x.id) g
  select g from generate_series(1, (select max(id) from {r})) g
  select g, o from generate_series(1, (select count(*) from {r})) with ordinality as f (g, o)
  select a, b from rows from (generate_series(1, 3), unnest(array(select id from {r}))) as f (a, b)
  select a, b, o from rows from (unnest(array({q})), generate_series(1, 2)) with ordinality as f (a, b, o)
  select a, b from unnest(array(select id from {r}), array[1, 2]) as u (a, b)
  select u.* from {r} r, unnest(array[r.id, 1]) u
  select x.id from json_to_recordset((select json_agg(json_build_object('id', id)) from {r})) as x (id int)
  select x.id from rows from (json_to_recordset((select json_agg(json_build_object('id', id)) from {r})) as (id int)) as x (id)
  select x.id from {r} x {join} {r} y on x.id = y.id where {n} = 1
  select id from {r} x {join} {r} y using (id)
  select u.id from {r} x join {r} y using (id) as u
  select x.id from {r} x natural join (select id from {r}) y
  select x.id from {r} x natural left join (select id from {r}) y
  select x.id from {r} x cross join {r} y
  select j.id from ({r} x join (select id as other from {r}) y on x.id = y.other) as j
  select x.id from {r} x {join} ({r} y {join} {r} z on y.id = z.id) on x.id = y.id
  select x.id from ({r} x {join} {r} y on x.id = y.id) {join} {r} z on x.id = z.id and y.id = {n}
  select x.id from {r} x join {r} y on x.id in (select id from {r} z where z.id = y.id)
  select id from {r} where id not in ({q})
  select id from {r} where id = any ({q})
  select id from {r} where id <> all ({q})
  select id from {r} where id = any (array({q}))
  select id from {r} where (id, id) in (select id, id from {r})
  select id from {r} where (id, 1) = (select id, 1 from {r} limit 1)
  select id from {r} where row (id, 1) < any (select id, 1 from {r})
  select id from {r} where row (id, 1) is distinct from row ((select max(id) from {r}), 1)
  select id from {r} where not exists ({q})
  select id from {r} where id between symmetric (select min(id) from {r}) and {n}
  select id from {r} where (select count(*) from {r}) > {n}
  select id from {r} where case when {c} then exists ({q}) else id = {n} end
  select id from customers where name like (select 'n%' from {r} limit 1) escape '!'
  select id from customers where name similar to 'n%' and email is not null
  select id from customers where (name, email) in (values ('n1', 'c1'), ('n2', 'c2'))
  select id from customers where name is not distinct from (select 'n1' from {r} limit 1)
  select id from customers where (born, born + 1) overlaps (date '2000-01-01', date '2001-01-01')
  select id, count(*) from {r} group by id having count(*) > (select 0 from {r} limit 1)
  select id, count(*) from {r} group by 1
  select id, grouping(id), count(*) from {r} group by rollup (id)
  select id, grouping(id, x), count(*) from (select id, id % 2 as x from {r}) y group by cube (id, x)
  select id, x, count(*) from (select id, id % 2 as x from {r}) y group by grouping sets ((id), (x), ())
  select id, x, count(*) from (select id, id % 2 as x from {r}) y group by distinct rollup (id), cube (x)
  select id, x from (select id, id % 2 as x from {r}) y group by grouping sets (rollup (id, x), (id)) having {c}
  select id % 2 as x from {r} group by x order by (select max(id) from {r}), x
  select count(*) filter (where id in ({q})), sum(id) filter (where exists ({q})) from {r}
  select array_agg(id order by (select count(*) from {r}), id desc) from {r}
  select string_agg(distinct id::text, ',' order by id::text) from {r}
  select percentile_cont(0.5) within group (order by id), mode() within group (order by id) from {r}
  select rank((select 1 from {r} limit 1)) within group (order by id) from {r}
  select id, row_number() over w, sum(id) over (w rows between unbounded preceding and current row) from {r} window w as (order by id)
  select id, sum(id) over (partition by (select count(*) from {r}) order by id range between 1 preceding and 1 following exclude ties) from {r}
  select id, first_value(id) over (order by id groups between 1 preceding and current row exclude current row) from {r}
  select id, sum(id) over (order by id rows between (select count(*) from {r}) preceding and current row) from {r}
  select id, lag(id, 1, (select max(id)::{cast} from {r})) over w2 from products window w as (partition by id % 2), w2 as (w order by id)
  select id, count(*) filter (where {c}) over () from {r}
  ({q}) union distinct ({q}) order by 1
  ({q}) intersect all ({q}) limit {n}
  ({q}) except all ({q}) offset (select count(*) from {r})
  ({q}) union ({q}) intersect ({q}) except ({q})
  (({q}) union all (values ({n}), ((select max(id) from {r})))) limit 3
  select id from {r} order by id desc nulls last limit (select count(*) from {r}) offset {n}
  select id from {r} order by id using > fetch first {n} rows only
  select id from {r} order by id fetch first 2 rows with ties
  select id from {r} order by id offset 1 row fetch next row only
  select id from {r} order by (select max(x.id) from {r} x), id limit all
  select id from {r} limit null
  table products
  table only animals
  table {r} order by 1 limit {n}
  values (1, (select count(*) from {r})), ({n}, null)
  values (1), (2) order by 1 limit (select 1 from {r} limit 1)
  select * from (values ((select max(id) from {r})), ({n})) as v (id)
  select (select max(id) from {r}) as id
  select array({q}) as ids, array[(select max(id) from {r}), {n}], (array({q}))[1], (array({q}))[1:2]
  select row ((select max(id) from {r}), 1), coalesce(null, (select min(id) from {r})), nullif({n}, (select max(id) from {r}))
  select greatest((select max(id) from {r}), {n}), least({n}, (select min(id) from {r}))
  select case (select count(*) from {r}) when {n} then (select max(id) from {r}) else 0 end
  select cast((select max(id) from {r}) as text), (select max(id) from {r})::numeric(10, 2), int8 '{n}', text((select max(id) from {r}))
  select cast(id as plain_id) from {r}
  select (select max(id) from {r})::plain_id::bigint
  select 'sad'::mood = mood from customers where {c}
  select extract(year from born), overlay(name placing 'x' from 1), position('n' in name), substring(name from 1 for 2), trim(both 'n' from name) from customers
  select name collate "C" from customers order by nick collate "C"
  select joined at time zone 'UTC' from customers where {c}
  select json_object('a': (select max(id) from {r}), 'b' value {n}), json_array((select 1 from {r} limit 1), 2 null on null)
  select json_array(select id from {r} order by id returning jsonb)
  select json_arrayagg(id order by id), json_objectagg(id::text: id with unique keys) from products
  select json_value((select jsonb_agg(id) from {r}), '$[0]' returning int), json_query(jsonb '[1]', '$[*]' with wrapper), json_exists(jsonb '[1]', '$[*] ? (@ > $x)' passing (select 1 from {r} limit 1) as x)
  select (select jsonb_agg(id)::text from {r}) is json array, json_scalar({n}), json_serialize(json '[1]'), json('[1]')
  select j.id from json_table((select jsonb_agg(id) from {r}), '$[*]' columns (o for ordinality, id int path '$', nested path '$.x' columns (y int path '$'))) j
  select r.id, j.v from {r} r, json_table(jsonb_build_array(r.id), '$[*] ? (@ >= $m)' passing {n} as m columns (v int path '$' default 0 on error)) j
  select x.id from xmltable('/a/b' passing (select xmlelement(name a, xmlagg(xmlelement(name b, id))) from {r}) columns id int path '.', o for ordinality) x
  select xmlforest((select max(id) from {r}) as a), xmlconcat(xmlelement(name b), xmlelement(name c, xmlattributes((select 1 from {r} limit 1) as d))), xmlserialize(content xmlelement(name e) as text), xmlroot(xmlelement(name f), version '1.0')
  select jsonb_path_query(jsonb_agg(id), '$[*]') from {r}
  select (jsonb_build_object('a', (select max(id) from {r})))['a']
  select generate_series(1, id) as id from {r} where {c}
  select unnest(array({q})), (jsonb_each(jsonb_build_object('a', (select max(id) from {r})))).value
  select (regexp_matches(name, 'n(.)'))[1] from customers
  select id from {r} for update
  select x.id from products x, customers y where x.id = y.id for no key update of x skip locked for share of y nowait
  select id from products where id in (select owner from products for key share)
`).map((form) => form.replace('{cast}', 'int'));

/** Statements that write, define or run something; each has to be understood by the server at least once. */
export const changeForms: readonly string[] = lines(`
  insert into audit default values returning id
  insert into touched (id) values (51), (52), ((select 60 + max(id) from {r}))
  insert into scratch as s (id, v) values ({n}, 1) on conflict (id) do update set v = s.v + excluded.v where s.v < (select count(*) from {r}) returning id, v
  insert into scratch (id, v) values ({n}, 1) on conflict on constraint scratch_pkey do update set (id, v) = (excluded.id + 50, (select max(id) from {r}))
  insert into scratch (id, v) values ({n}, 1) on conflict do nothing returning (select count(*) from {r})
  insert into scratch (id, v) values ({n}, 1) on conflict (id) where id > 0 do update set v = default
  insert into scratch (v, id) overriding user value select 1, 90
  insert into scratch table scratch on conflict do nothing
  insert into scratch select id + 60, v from scratch where {c}
  insert into scratch (id) select distinct x.id + 60 from products x {join} customers y on x.id = y.id where x.id is not null
  insert into scratch (id) select x.id + 60 from products x natural join (select id from {r}) y
  insert into scratch (id) (select 61 union select 62 except {q})
  insert into scratch (id) with a as (select 63 as id) select id from a where exists ({q})
  with a as ({q}) insert into scratch (id) select id + 60 from a on conflict do nothing
  with a as (delete from lines where {c} returning id) insert into scratch (id) select id + 60 from a on conflict do nothing
  with a as (insert into scratch values (71, 1) returning id), b as (update products set price = 1 where {c} returning id) select * from a, b
  with a as (update products set price = 1 where {c} returning *), b as (delete from lines using a where lines.product = a.id returning lines.id) select count(*) from b
  with a as (delete from coupons), b as (select id from {r}) select id from b
  with a as (with b as (select 1 as id) select id from b) delete from {t} where id in (select id from a)
  with recursive a (id) as (select {n} union select id + 1 from a where id < 3) delete from {t} where id in (select id from a)
  with a as (merge into scratch s using products p on s.id = p.id when matched then delete returning s.id) select id from a
  with a as (merge into scratch s using products p on s.id = p.id when not matched then insert values (p.id + 70, 1) returning merge_action(), s.id) select count(*) from a
  insert into events (id, at) values (91, '2024-03-03'), (92, '2025-03-03') returning tableoid
  insert into events_2025 select 93, date '2025-04-04', kind from events where {c}
  insert into editable as e (id, v) values (93, 1) on conflict (id) do nothing
  insert into animals select id + 80, 'x' from {r}
  insert into dogs (id, bark) values ({n}, 'w') returning *
  insert into coded (id) values (93), (94)
  update {t} set id = default where false
  update {t} as x set id = x.id where {c} returning x.*
  update only animals set name = 'z' where {c}
  update animals * set name = 'y'
  update products set (price, owner) = (1, 1) where {c}
  update products set (price, owner) = row (2, default) where {c}
  update products set (price, owner) = (select 3, min(c.id) from customers c where c.id = products.owner) where {c}
  update products set price = (select count(*) from {r}) where id in ({q}) returning (select max(id) from {r})
  update products p set price = x.id from {r} x where p.id = x.id
  update products p set price = c.id from customers c {join} orders o on o.customer = c.id where p.owner = c.id
  update products p set price = x.id from (select id from {r} where {c}) x, customers c where p.id = x.id and c.id = p.owner
  update products p set price = x.n from (values (1, 2), (2, 3)) x (id, n) where x.id = p.id
  update products p set price = l.n from customers c, lateral (select count(*) as n from {r} where id = c.id) l where c.id = p.owner
  update products p set price = g from generate_series(1, 3) g where p.id = g
  update products p set price = j.v from json_table(jsonb '[1, 2]', '$[*]' columns (v int path '$')) j where j.v = p.id
  update products set price = 4 where (id, owner) in (select id, owner from products where {c}) returning old.price, new.price
  update products set price = 5 where exists (select from {r} x where x.id = products.id)
  update orders set customer = 2 where customer = 1
  update customers set id = id + 30 where {c}
  update events set at = at + interval '1 year' where id = 2 and at < '2025-01-01'
  update editable set v = v + 1 from products p where editable.id = p.id
  declare k cursor for select id from products; fetch 1 from k; update products set price = 6 where current of k
  declare k cursor for select id from lines for update; fetch 1 from k; delete from lines where current of k
  delete from {t} where {c} returning *
  delete from only animals where {c}
  delete from products p using {r} x where p.id = x.id and {n} < 3
  delete from lines using orders o join customers c on c.id = o.customer where lines."order" = o.id and c.id = {n}
  delete from lines l using (select id from {r} where {c}) x where x.id = l.id returning l.id, x.id
  delete from lines l using only animals a left join dogs d on d.id = a.id where l.id = a.id
  delete from orders where id = (select max(id) from orders) and {c}
  delete from orders where parent is null and {c}
  merge into scratch s using products p on s.id = p.id when matched and p.id = {n} then update set v = p.id when matched then do nothing when not matched then insert (id, v) values (p.id + 70, default)
  merge into scratch as s using (select id from {r} where id is not null) x on s.id = x.id when matched then update set (v, id) = (select 1, s.id) when not matched by target and x.id > 2 then do nothing
  merge into scratch s using (values (1, 2), (80, 3)) x (id, v) on s.id = x.id when matched then delete when not matched by target then insert values (x.id, x.v)
  merge into scratch s using products p on s.id = p.id when not matched by source and s.id > 0 then delete when not matched by source then update set v = (select count(*) from {r})
  merge into only animals a using dogs d on a.id = d.id when not matched then insert values (d.id + 70, 'm') when not matched by source then update set name = 'n'
  merge into customers c using (select p.owner from products p {join} lines l on l.product = p.id) x on c.id = x.owner and c.id = {n} when matched then update set name = 'm' returning merge_action(), c.id
  with a as ({q}) merge into customers c using a on c.id = a.id when matched and c.id > 2 then delete
  merge into orders o using customers c on o.customer = c.id and exists ({q}) when matched then update set total = 0
  merge into touched t using (select 1) on t.id = {n} when not matched then insert default values
  merge into editable e using products p on e.id = p.id when matched then update set v = 0
  merge into events e using (select 96 as id) x on e.id = x.id when not matched then insert values (x.id, '2024-06-06', 'm')
  truncate table only animals
  truncate scratch, lines restart identity
  truncate customers, products restart identity cascade
  select * from json_table(jsonb '[1]', '$[*] ? (@ < $x)' passing bump() as x columns (v int path '$' default bump() on empty)) j
  select json_value(jsonb '[1]', '$[7]' returning int default bump() on empty)
  copy (select id from {r}) to stdout
  copy (delete from lines where {c} returning id) to stdout
  copy products (id, sku) to stdout (format csv)
  select id into made from {r}
  select id into temp made from {r}
  create table made as {q}
  create table made (id) as table products with no data
  create temp table made on commit drop as with a as (delete from lines returning id) select 1 as id
  create materialized view made as select id from {r}
  create view made as select bump() as id
  refresh materialized view totals_of_view with no data
  explain (analyze, costs off) update products set price = 1 where {c}
  explain (analyze) with a as (delete from coupons returning id) select count(*) from a
  explain delete from products
  explain (analyze false) delete from products
  deallocate all; prepare k as delete from lines where {c}; execute k; deallocate k
  deallocate all; prepare k as update products set price = (select max(id) from {r}); execute k
  deallocate all; prepare k as select id from {r}; create table made as execute k
  declare k cursor with hold for select id from {r}; fetch all from k; move backward 1 from k; close k
  declare k cursor for select bump(); fetch all from k
  do 'begin delete from lines; end'
  call tidy()
  lock table products in share mode; delete from lines where {c}
  savepoint a; delete from lines; rollback to savepoint a; release savepoint a
  set local search_path = other, public; delete from only_here
  alter table scratch add column w int default 3
  alter table scratch alter column v type bigint
  alter table events detach partition events_2025
  create index on scratch (v)
  create trigger later before insert on scratch for each row execute function write_audit(); insert into scratch values (97, 1)
  create rule later as on delete to scratch do also delete from audit; delete from scratch
  comment on table scratch is 'x'
  grant select on scratch to public; revoke select on scratch from public
  analyze scratch
  reindex table scratch
  cluster scratch using scratch_pkey
  drop table lines
  drop view cheap cascade
`);

export const formOf = (form: string): fc.Arbitrary<string> => filled(form, holes);
