/** Decides where in a statement an expression may stand, and what may hide in one: sub-queries, and calls of functions that read or write. */
import fc from 'fast-check';
import { relation } from './touch-grammar.js';

const lines = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** `{e}` is an integer. Each has to be understood by the server at least once. */
export const places: readonly string[] = lines(`
  select {e} as id
  select id, {e} from lines where id < 3
  select id from products where id = {e}
  select id from products where not (id = {e}) is true
  select id from products where {e} is not null or id = 1
  select id from products where id in (1, {e})
  select id from products where id = any (array[1, {e}])
  select id from products where (id, 1) = ({e}, 1)
  select id from products where id between {e} and 3
  select id from products where id is distinct from {e}
  select id from products where sku like 'a' || {e}
  select id from products where case when id = 1 then {e} = 1 else true end
  select id from products group by id, {e}
  select id from products group by rollup (id, ({e}))
  select count(*) from products having count(*) > {e}
  select id from products order by {e}, id
  select id from products limit {e}
  select id from products offset {e}
  select id from products order by id fetch first ({e}) rows with ties
  select distinct on (({e})) id from products
  select sum(id + {e}) from products
  select count(*) filter (where id = {e}) from products
  select array_agg(id order by {e}) from products
  select percentile_disc({e}::float / 100) within group (order by id) from products
  select sum(id) over (partition by {e} order by {e}) from products
  select sum(id) over (order by id rows {e} preceding) from products
  select sum(id) over w from products window w as (partition by {e})
  select x.id from products x join customers y on x.id = {e}
  select x.id from products x left join customers y on x.id = y.id and y.id = {e}
  select x.id from products x, lateral (select {e} as e) y
  select x.id from products x, generate_series(1, {e}) y
  select * from rows from (generate_series(1, {e}), unnest(array[{e}])) as f (a, b)
  select * from json_to_recordset(json_build_array(json_build_object('a', {e}))) as f (a int)
  select * from json_table(jsonb_build_array({e}), '$[*]' columns (v int path '$')) j
  select * from xmltable('/a' passing xmlelement(name a, {e}) columns v int path '.' default {e}) x
  select id from products tablesample bernoulli ({e}) repeatable ({e})
  select id from products union select {e}
  (select id from products) except (values ({e}))
  values ({e}), (2)
  values (1) order by {e}
  with x as materialized (select {e} as id) select id from x
  with x as (select {e} as id) select 1
  with recursive x (id) as (select 1 union select id + 1 from x where id < {e}) select id from x
  with recursive x (id) as (select 1 union all select id + {e} from x where id < 3) search depth first by id set o select id from x
  select array[{e}, 2], (array[1, 2])[{e}], array(select {e})
  select row ({e}, 2), row (1, {e}) < row (1, 2), coalesce(null, {e}), nullif({e}, 2), greatest({e}, 1)
  select ({e})::bigint, cast({e} as text), ({e})::plain_id, text({e})
  select (select {e}), exists (select {e}), 1 in (select {e}), 1 = any (select {e})
  select json_object('a': {e}), json_array({e}), json_scalar({e}), jsonb_build_array({e}) is json
  select json_arrayagg({e}), json_objectagg('a': {e})
  select json_value(jsonb '[1]', '$[0] ? (@ < $x)' passing {e} as x), json_exists(jsonb '[1]', '$' passing {e} as x)
  select (jsonb_build_object('a', {e}))['a'], jsonb '{}' || jsonb_build_array({e})
  select xmlforest({e} as a), xmlelement(name a, xmlattributes({e} as b)), xmlconcat(xmlelement(name a, {e}))
  select generate_series(1, {e}), format('%s', variadic array[{e}])
  select make_date(year => 2024, month => 1, day => 1 + ({e}) % 20)
  select c.name from customers c where c = (select d from customers d where d.id = {e})
  select string_agg(sku, {e}::text) from products
  select id from products for update of products limit {e}
  insert into touched (id) values (50 + {e})
  insert into touched (id) select 50 + {e}
  insert into touched (id) values (55) returning {e}
  insert into touched (id) values (1) on conflict (id) do update set body = ({e})::text
  insert into touched (id) values (1) on conflict (id) do update set body = 'z' where touched.id = {e}
  insert into touched (id, body) values (1, 'z') on conflict (id) do update set (body) = row (({e})::text)
  insert into touched (id) with x as (select {e} as id) select 50 + id from x
  update touched set body = ({e})::text
  update touched set (id, body) = (1, ({e})::text)
  update touched set (id, body) = (select 1, ({e})::text)
  update touched set body = 'y' where id = {e}
  update touched set body = 'y' from (select {e} as id) x where touched.id = x.id
  update touched set body = 'y' from products p join customers c on c.id = {e} where touched.id = p.id
  update touched set body = 'y' returning {e}
  delete from touched where id = {e}
  delete from touched using generate_series(1, {e}) g where g = id
  delete from touched returning {e}
  merge into touched t using (select {e} as id) x on t.id = x.id when matched then delete
  merge into touched t using products p on t.id = p.id and p.id = {e} when matched then do nothing
  merge into touched t using products p on t.id = p.id when matched and {e} = 1 then update set body = 'm'
  merge into touched t using products p on t.id = p.id when matched then update set body = ({e})::text
  merge into touched t using products p on t.id = p.id when matched then update set (id, body) = (t.id, ({e})::text)
  merge into touched t using products p on t.id = p.id when not matched and p.id = 2 then insert (id) values (50 + {e})
  merge into touched t using products p on t.id = p.id when not matched by source and {e} > 0 then delete
  merge into touched t using products p on t.id = p.id when matched then update set body = 'm' returning {e}
  copy (select {e}) to stdout
  declare k cursor for select {e}; fetch all from k
  explain analyze select {e}
  explain select {e}
  deallocate all; prepare k as select {e}; execute k
  create table made as select {e} as id
  do 'begin perform {e}; end'
  select set_config('application_name', ({e})::text, true)
`);

/** An integer from a table, from a function that reads, and from functions that write. */
export const hidden: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'a sub-query': relation.map((name) => `(select 1 + min(id)::int % 3 from ${name})`),
  'a function that reads': fc.constant('(1 + peek()::int % 3)'),
  'a function that writes': fc.constant('bump()'),
  'a function that calls one that writes': fc.constant('sly()'),
  'a function that writes, called on a row': fc.constant('(select row_fn(c) from customers c limit 1)'),
  'a function that writes, as if a column': fc.constant('(select c.row_fn from customers c limit 1)'),
  'a function that writes, below an aggregate': fc.constant('(select 1 + bad_sum(id) % 3 from products)'),
  'an operator that writes': fc.constant('(select (c === c)::int from customers c limit 1)'),
};
