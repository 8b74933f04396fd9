/**
 * Decides which forms of statements the parser is tried with: those of the manuals of MySQL 8.4 and MariaDB 10.11, on the
 * tables made here. Knows neither the parser nor what a server says.
 */

export const makeTables = [
  `create table t1 (id int primary key auto_increment, a int, b varchar(20), c decimal(8, 2), d datetime,
   unique key ua (a), key kb (b))`,
  'create table t2 (id int primary key, a int, b varchar(20), c decimal(8, 2), d datetime, key ka (a))',
  'create table t3 (id int primary key, t1_id int, n int)',
  `create table parted (id int primary key, a int) partition by range (id)
   (partition p0 values less than (10), partition p1 values less than maxvalue)`,
  'create table texts (id int primary key, body text, fulltext (body))',
  'create table `select` (`from` int primary key, `a b` int, `c``d` int)',
  `insert into t1 values (1, 10, 'one', 1.5, '2020-01-01 10:00:00'), (2, 20, 'two', 2.5, '2021-02-03 00:00:00'),
   (3, 30, 'three', null, null), (4, null, 'four', 4, '2022-12-31 23:59:59'), (5, 50, null, 0, '2020-02-29')`,
  `insert into t2 values (1, 10, 'one', 1.5, null), (2, 10, 'zwei', 20, '2021-02-03'), (3, 20, 'Two', 3, null),
   (7, null, 'seven', 7, '2000-01-01')`,
  'insert into t3 values (1, 1, 100), (2, 1, 200), (3, 2, 300), (4, null, 400)',
  'insert into parted values (1, 1), (5, 2), (15, 3)',
  "insert into texts values (1, 'alpha beta'), (2, 'gamma alpha'), (3, 'delta')",
  'insert into `select` values (1, 2, 3), (4, 5, 6)',
];

export const tableNames = ['t1', 't2', 't3', 'parted', 'texts', '`select`'];

export const selectForms = `
select 1
select 1, 'a', null, true, -1, +1, .5, 1e3, x'4d', b'101', 0x4d, 0b11, N'text', _utf8mb4'x', _latin1 x'e9'
select 'it''s', "double ""quotes""", 'back\\'slash', 'a' 'b', 'per\\%cent', 'line\\nbreak'
select 1 as one, 2 two, 3 'three', 4 "four", 5 as \`f i v e\`
select all a from t1
select distinct a, b from t2
select distinctrow a from t2
select high_priority straight_join sql_small_result sql_big_result sql_buffer_result sql_no_cache a from t1
select t1.*, t2.id from t1, t2
select *, a + 1 from t1
select t1 . a, t1. b, t1 .c from t1
select a -- comment
from t1 # more
select /* inner */ a from t1 /* end */
select /*+ NO_INDEX_MERGE(t1) */ a from t1
select a from t1 where a = 10 or a = 20 and b = 'two'
select a from t1 where not a = 10 xor b is null
select a from t1 where a between 5 and 15 and b like 'o%'
select a from t1 where a not between 5 and 15 or b not like '%e' escape '|'
select a from t1 where a in (10, 20, null) and b not in ('one', 'x')
select a from t1 where (a, b) = (10, 'one')
select a from t1 where (a, b) in ((10, 'one'), (20, 'x')) or row(a, b) = row(20, 'two')
select a from t1 where a <=> null
select a from t1 where a is not null and b is null or a is true is unknown
select a from t1 where b regexp '^o' or b rlike 'x' or b not regexp 'q'
select a from t1 where b sounds like 'won'
select a from t1 where a = any (select a from t2) or a > all (select a from t2 where a is not null)
select a from t1 where a <> some (select a from t2)
select a from t1 where exists (select * from t2 where t2.a = t1.a) and not exists (select 1 from t3 where n = t1.id)
select a from t1 where id in (select t1_id from t3) and id not in (select 99)
select (select max(n) from t3 where t1_id = t1.id) m from t1
select (select 1 union select 1), ((select 2)), (((select 3 limit 1)))
select a, count(*), count(distinct b), sum(a), avg(distinct c), min(all a), max(b) from t2 group by a
select a, count(*) from t2 group by a desc, b asc
select a, sum(c) from t2 group by a with rollup
select a, count(*) n from t2 group by a having n > 1 and count(*) < 10 order by n desc, a limit 1
select group_concat(b), group_concat(distinct b order by b desc separator '-'), group_concat(a, b separator '') from t2
select a from t1 order by a asc, b desc limit 2
select a from t1 order by 1 limit 1, 2
select a from t1 order by a limit 2 offset 1
select a from t1 order by a offset 1 rows fetch next 2 rows only
select a from t1 order by a fetch first row only
select a from t1 order by a fetch first 2 rows with ties
select a from t1 order by a limit 2 rows examined 1000
select a from t1 where a = 10 for update
select a from t1 lock in share mode
select a from t1 for update nowait
select a from t1 for update skip locked
select a from t1 for update wait 1
select t1.a, t2.a from t1 join t2
select t1.a, t2.a from t1 inner join t2 on t1.a = t2.a
select t1.a, t2.a from t1 cross join t2 on t1.a = t2.a
select t1.a, t2.a from t1 straight_join t2 on t1.a = t2.a
select t1.a, t2.a from t1 left join t2 on t1.a = t2.a and t2.b = 'one'
select t1.a, t2.a from t1 left outer join t2 using (a, b)
select t1.a, t2.a from t1 right join t2 on t1.a = t2.a
select t1.a, t2.a from t1 right outer join t2 using (id)
select id, a from t1 natural join t2
select id, a from t1 natural left join t2
select id, a from t1 natural right outer join t2
select t1.id, t2.id, t3.id from t1 join t2 on t1.a = t2.a join t3 on t3.t1_id = t1.id
select t1.id, t2.id, t3.id from t1 left join t2 on t1.a = t2.a left join t3 on t3.t1_id = t1.id
select t1.id, t2.id, t3.id from t1 left join (t2 join t3 on t2.id = t3.id) on t1.a = t2.a
select t1.id, t2.id, t3.id from t1 left join (t2, t3) on t1.a = t2.a and t3.t1_id = t1.id
select t1.id, t2.id, t3.id from t1 left join t2 join t3 on t2.id = t3.id on t1.a = t2.a
select t1.id, t2.id, t3.id from t1 join t2 left join t3 on t3.t1_id = t1.id
select t1.id, t2.id, t3.id from t1 join t2 right join t3 on t3.t1_id = t1.id
select t1.id, t2.id, t3.id from t1, t2 left join t3 on t3.id = t2.id
select t1.id, t2.id, t3.id from (t1, t2) left join t3 on t3.id = t1.id
select t1.id, t2.id from ((t1 join t2 on t1.a = t2.a))
select t1.id, t2.id, t3.id from ((t1 join t2 on t1.a = t2.a) join t3 on t3.id = t2.id)
select t1.id, t2.id from { oj t1 left outer join t2 on t1.a = t2.a }
select x.a, y.a from t1 as x, t1 y where x.id = y.a / 10
select a from t1 use index (ua) where a = 10
select a from t1 use index () where a = 10
select a from t1 as x ignore key for join (ua, kb) force index for order by (primary) order by id
select a from t1 force index for group by (ua), t3
select * from parted partition (p0)
select * from parted partition (p0, p1) as p where p.id > 1
select * from (select a, b from t1) as x where x.a = 10
select * from (select a from t1 union all select a from t2 order by a limit 3) x
select * from ((select a from t1) union (select a from t2)) x
select * from ((select a from t1 limit 1)) x
select * from (((select a from t1) union all (select a from t2) limit 2)) x
select * from ((select 1 a) x join (select 1 a) y on x.a = y.a)
select * from (values (1, 2), (3, 4)) as v
values (1, 2), (3, 4)
select a from t1 union select a from t2
select a from t1 union all select a from t2 union distinct select n from t3
select a from t1 union select a from t2 order by a desc limit 2
(select a from t1 order by a limit 1) union (select a from t2 order by a desc limit 1)
(select a from t1) union all (select a from t2) order by 1 limit 3
(select a from t1) limit 1
((select a from t1 order by a limit 2) limit 1)
select a from t1 except select a from t2
select a from t1 intersect select a from t2
select a from t1 except all select a from t2
select a from t1 union all select a from t2 intersect select a from t2
select a from t1 union all (select a from t2 except select 10)
(select a from t1 union all select a from t2) intersect all select 10
with x as (select a from t1) select * from x where a > 10
with x (p, q) as (select a, b from t1), y as (select p from x) select * from x join y using (p)
with recursive n (i) as (select 1 union all select i + 1 from n where i < 5) select i from n
with recursive n as (select 1 as i union all select i + 1 from n where i < 5) select * from n, t1 where t1.id = n.i
with recursive n (i) as (select 1 union select i % 3 + 1 from n) cycle i restrict select i from n
select * from (with x as (select a from t1) select * from x) y
select (with x as (select max(a) m from t1) select m from x)
with x as (select 1 a) select a from x union all select 2
select a, row_number() over (order by a) from t1 where a is not null
select a, rank() over w, sum(c) over (w rows between 1 preceding and current row) from t2 window w as (partition by a order by id)
select sum(c) over (partition by a, b order by id desc rows unbounded preceding) from t2
select sum(id) over (order by id range between unbounded preceding and unbounded following) from t2
select sum(id) over (order by id range between 1 preceding and 2 following) from t2
select lag(a, 1) over (order by id), lead(a) over (order by id), first_value(a) over (order by id), nth_value(a, 2) over (order by id) from t1
select ntile(2) over (order by id), cume_dist() over (order by id), percent_rank() over (order by id), dense_rank() over (order by a) from t1
select count(*) over (), max(a) over () from t1
select median(c) over (partition by a) from t2
select percentile_cont(0.5) within group (order by c) over (partition by a) from t2
select case when a = 10 then 'ten' when a > 10 then 'more' else 'none' end, case a when 10 then 1 end from t1
select cast(a as char), cast(a as char(3) character set latin1), cast('12' as signed), cast('1.5' as decimal(4, 1)), cast(b as binary(3)) from t1
select cast('2020-01-01' as date), cast('10:00' as time(3)), cast(1 as unsigned integer), cast(1 as double), cast('x' as nchar(2)), cast('1' as float)
select convert(a, char), convert(b using utf8mb4), convert('a' using binary) from t1
select binary b = 'ONE', b collate utf8mb4_bin = 'ONE', 'a' collate utf8mb4_general_ci from t1
select date '2020-01-01', time '10:00:00', timestamp '2020-01-01 10:00:00', {d '2020-01-01'}, {t '10:00:00'}, {ts '2020-01-01 10:00:00'}, {fn length('x')}
select '2020-01-31' + interval 1 month, '2020-01-31' - interval '1:1' hour_minute, interval 1 day + '2020-01-01', interval(1, 0, 2)
select date_add('2020-01-01', interval 1 year), date_sub('2020-01-01', interval -2 day), adddate('2020-01-01', 31), subdate('2020-01-01', interval 1 + 1 week)
select extract(year from d), extract(day_hour from d), timestampadd(minute, 1, d), timestampdiff(sql_tsi_day, d, '2021-01-01'), get_format(date, 'usa') from t1
select trim('  x '), trim(both 'x' from 'xax'), trim(leading from ' x'), trim(trailing 'x' from 'ax'), trim('x' from 'xax')
select substring('abc', 2), substring('abc', 1, 2), substring('abc' from 2), substring('abc' from 1 for 2), substr('abc' from 2 for 1), mid('abc', 2, 1)
select position('b' in 'abc'), locate('b', 'abc'), left('abc', 1), right('abc', 1), repeat('a', 2), replace('a', 'a', 'b'), insert('abc', 1, 1, 'x'), mod(5, 3), if(1, 2, 3), truncate(1.5, 0)
select char(77, 121), char(77 using utf8mb4), hex(weight_string('a' as char(3))), charset('a'), format(1234.5, 1), ascii('a')
select concat('a', 'b'), concat_ws(',', 'a', null), coalesce(null, 1), ifnull(null, 2), nullif(1, 1), greatest(1, 2), interval(3, 1, 5)
select match (body) against ('alpha'), match body against ('+alpha -gamma' in boolean mode) from texts
select id from texts where match (body) against ('alpha' with query expansion) or match (body) against ('beta' in natural language mode)
select 1 + 2 * 3 - 4 / 2 % 3, 7 div 2, 7 mod 4, 1 << 3 | 5 & 6 ^ 3, ~1, -2 * -3, - - 1, !0, ! 1 + 1, not 1 + 1
select 1 = 1 = 1, 1 < 2 < 3, 1 <> 2, 1 != 2, 1 <=> null, 2 > 1 is true, not 1 in (1), not 1 is null
select 1 || 0, 1 && 0, 1 or 0 and 0, 1 xor 1 or 1, not 0 and 0
select - 2 ^ 2, 2 ^ 3 * 2, 1 << 2 + 1, 6 & 3 = 2, 1 | 2 between 1 and 3, 'a' like 'a' = 1
select \`from\`, \`a b\`, \`c\`\`d\`, \`select\`.\`from\` from \`select\`
select select.from from \`select\`
select value, \`end\`, slow_log from (select 2 as value, 3 as end, 4 as slow_log) x
select date, time, year, status, name, type, text, role, count from (select 1 date, 2 time, 3 year, 4 status, 5 name, 6 type, 7 text, 8 role, 9 count) x
select default(a), default(t1.b) from t1 limit 1
select a from t1 where true
select 1 from dual
select 1 from dual where 1 = 1
select now() is null, current_timestamp is null, current_date() is null, curdate() is null, utc_time is null, localtime() is null, sysdate(6) is null
select user() is null, current_user is null, database() is null, schema() is null, connection_id() > 0, version() is null
select @a is null, @\`b c\` is null, @'d' is null, @@autocommit, @@session.autocommit, @@global.max_connections > 0, @@sql_mode is null
select json_extract('{"a": 1}', '$.a'), json_value('{"a": 2}', '$.a'), json_arrayagg(a order by a), json_objectagg(id, a) from t1
select json_arrayagg(distinct a limit 2) from t1
select std(a), stddev_pop(a), var_samp(a), bit_and(a), bit_or(a), bit_xor(a), variance(a) from t1
select a into @x from t1 limit 1
select a, b from t1 limit 1 into @x, @y
select a from t1 where id = ?
select ? + ?, a from t1 where b in (?, ?) limit ?, ?
select count (*) from t1
select id, a from t1 having a > 10
select a from t1 group by a having max(b) is not null order by max(b), a
select distinct t1.a, upper(t2.b) u from t1 join t2 on t1.a = t2.a where t1.id > 0 group by t1.a, u having count(*) >= 1 order by u desc limit 5
`
  .split('\n')
  .filter((line) => line !== '')
  // A comment up to the end of a line needs its line.
  .reduce<string[]>((forms, line) => {
    if (line.startsWith('from ')) forms[forms.length - 1] += `\n${line}`;
    else forms.push(line);
    return forms;
  }, []);

export const writeForms = `
insert into t1 values (100, 1, 'x', 1.5, null)
insert into t1 (id, a) values (100, 1), (101, 2)
insert t1 (a, b) value (1, 'x')
insert into t1 () values ()
insert into t1 values ()
insert into t1 (t1.a, b) values (default, default(b)), (1 + 1, concat('a', 'b'))
insert low_priority ignore into t1 (id, a) values (1, 10), (200, 200)
insert high_priority into t1 set a = 7, b = 'seven'
insert into t1 set a = default, t1.b = upper('x')
insert into t1 (a) select n from t3
insert into t1 (a) (select n from t3)
insert into t1 (a, b) select n, 'q' from t3 where n > 100 order by n limit 1
insert into t1 (a) select n from t3 union select 999
insert into t1 (a) with x as (select n from t3) select n from x
insert into t1 (id, a) values (1, 11) on duplicate key update a = values(a), b = concat(b, '!')
insert into t1 (id, a) select id, n from t3 on duplicate key update a = t1.a + n, b = default
insert into t1 set id = 1, a = 12 on duplicate key update a = values(a) + 1
insert into parted partition (p1) (id, a) values (20, 4)
insert into t1 (a, b) values (1, 'x') returning id > 0, a + 1 as more, t1.b
insert into t1 (a) values (?) on duplicate key update a = ?
replace into t1 (id, a) values (1, 10)
replace t1 values (1, 99, 'x', null, null), (2, 98, 'y', null, null)
replace low_priority into t1 set id = 1, a = 5
replace into t1 (id, a) select id, n from t3
replace into parted partition (p0) values (1, 77)
replace into t1 (id, a) values (1, 5) returning id
update t1 set a = 11 where id = 1
update low_priority ignore t1 set a = a + 1, b = upper(b)
update t1 set a = default, b = default(b) where id in (1, 2)
update t1 as x set x.a = 1 where x.id = 1 order by x.id desc limit 1
update t1 set a = null where b = 'one' or a is null order by id limit 2
update t1 set c = (select max(c) from t2) where id = (select min(id) from t3)
update t1, t2 set t1.b = t2.b, t2.c = 0 where t1.a = t2.a
update t1 join t2 on t1.a = t2.a left join t3 on t3.t1_id = t1.id set t1.c = t3.n, t2.b = 'z' where t3.n > 100
update t1 inner join (select a, count(*) n from t2 group by a) x using (a) set t1.c = x.n
update (t1, t2) set t1.b = 'q' where t1.id = t2.id
update parted partition (p0) set a = 9
update t1 use index (ua) set b = 'i' where a = 10
update t1 set a = ? where id = ?
update \`select\` set \`a b\` = 1, \`select\`.\`c\`\`d\` = 2 where \`from\` = 1
delete from t1
delete from t1 where id = 1
delete low_priority quick ignore from t1 where a > 10 order by a desc limit 1
delete from t1 where id in (select t1_id from t3)
delete t1 from t1 join t2 on t1.a = t2.a
delete t1, t2 from t1 join t2 on t1.a = t2.a where t1.id > 0
delete t1.*, x.* from t1, t2 as x where t1.id = x.id
delete quick x from t1 as x left join t3 on t3.t1_id = x.id where t3.id is null
delete from t1 using t1 join t3 on t3.t1_id = t1.id
delete from t1, t2 using t1, t2 where t1.id = t2.id
delete from x using t1 as x join t3 on t3.t1_id = x.id where n = 300
delete from parted partition (p0) where a = 1
delete from t1 where id = 1 returning id, a
delete from t1 where id = ? limit ?
`
  .split('\n')
  .filter((line) => line !== '');

/** What none of the servers that run here takes: MySQL 8 does, and some only in parts. */
export const laterForms = [
  'select a from t1 for share',
  'select a from t1 for update of t1',
  'select * from (select a, b from t1) x (p, q) where p = 10',
  'select * from t1, lateral (select max(n) from t3 where t3.t1_id = t1.id) x',
  'select * from (values row(1, 2), row(3, 4)) as v',
  'values row(1, 2), row(3, 4)',
  'table t1',
  'select sum(c) over (order by id rows between 1 preceding and 1 following exclude current row) from t2',
  'insert into t1 (a) values row(1), row(2)',
  'insert into t2 table t1',
  'insert into t1 (id, a) values (1, 11) as new on duplicate key update a = new.a',
  'insert into t1 (id, a) values (1, 11) as new (x, y) on duplicate key update a = y',
  'with x as (select 1 id) update t1 join x using (id) set a = 77',
  'with x as (select 1 id) delete t1 from t1 join x using (id)',
  'delete from t1 as x where x.id = 1',
  'insert delayed into t1 set a = 7',
  'replace delayed into t1 set id = 1, a = 5',
  'select rank, offset from (select 1 as rank, 2 as offset) x',
  'select a from t1 for update of t1 skip locked',
  'select cast(1 as json), cast(d as year), a->\'$.b\', t1.b->>"$[0]" from t1',
];
