/** Decides the scenes about which rows a query sees: outer joins, derived tables, limits, sets; and values given from elsewhere. */
import { type Drawing, movesOf, type Recipe, small, type Writing } from '../stage.js';

const columns = 'id int primary key, a int, k int, v int';

/** Three tables and every way to look at one of them through another. */
export const sights: Recipe = (stage) => {
  const tables = ['one', 'two', 'three'].map((short) => {
    const name = stage.table(short, columns);
    stage.fill(name, 'id, a, k, v', [small, small, small], 6);
    return name;
  });
  const t = (d: Drawing): string => d.pick(...tables);
  const eq = (d: Drawing, alias: string): string => `${alias}.${d.pick('a', 'a', 'k', 'id')} = ${d.number()}`;
  const on = (d: Drawing, x = 'x', y = 'y'): string =>
    d.pick(`${x}.id = ${y}.id`, `${x}.a = ${y}.a`, `${x}.a = ${y}.k`, `${x}.k <=> ${y}.k`);
  const join = (d: Drawing): string =>
    d.pick('join', 'left join', 'left join', 'right join', 'straight_join', 'cross join');
  const reads: readonly Writing[] = [
    (d) =>
      `select x.id, y.v from ${t(d)} x ${join(d)} ${t(d)} y on ${on(d)} where ${eq(d, d.pick('x', 'y'))}`,
    (d) => `select x.id, y.v from ${t(d)} x left join ${t(d)} y on ${on(d)} and ${eq(d, d.pick('x', 'y'))}`,
    (d) =>
      `select x.id, y.v from ${t(d)} x left join ${t(d)} y on ${eq(d, 'y')} where ${eq(d, 'x')} and y.id is null`,
    (d) =>
      `select x.id, z.v from ${t(d)} x left join (${t(d)} y join ${t(d)} z on ${on(d, 'y', 'z')}) on ${on(d)} where ${eq(d, 'x')}`,
    (d) =>
      `select x.id, z.v from ${t(d)} x ${join(d)} ${t(d)} y on ${on(d)} ${join(d)} ${t(d)} z on ${on(d, d.pick('x', 'y'), 'z')} where ${eq(d, d.pick('x', 'y', 'z'))}`,
    (d) =>
      `select * from (select a, count(*) as n, max(v) as m from ${t(d)} group by a) x where x.a = ${d.number()}`,
    (d) => `select * from (select * from ${t(d)} order by v, id limit 2) x where x.a = ${d.number()}`,
    (d) =>
      `select * from (select *, row_number() over (partition by k order by id) as r from ${t(d)}) x where ${eq(d, 'x')}`,
    (d) =>
      `with c as (select id, a, k, v from ${t(d)} where a = ${d.number()}) select c.id, y.v from c left join ${t(d)} y on c.k = y.k`,
    (d) => `with c (a, k) as (select k, a from ${t(d)}) select * from c where a = ${d.number()}`,
    (d) =>
      `select id from ${t(d)} where a = ${d.number()} union ${d.pick('', 'all ')}select k from ${t(d)} where a = ${d.number()}`,
    (d) => `select id from ${t(d)} where a = ${d.number()} or (k = ${d.number()} and a = ${d.number()})`,
    (d) => `select * from ${t(d)} where a = ${d.number()} and (k = ${d.number()} or v is null)`,
    (d) =>
      `select * from ${t(d)} x where a in (select y.k from ${t(d)} y where ${eq(d, 'y')} and y.id = x.id)`,
    (d) =>
      `select * from ${t(d)} x where ${eq(d, 'x')} and not exists (select 1 from ${t(d)} y where ${on(d)})`,
    (d) =>
      `select *, (select max(y.v) from ${t(d)} y where ${on(d)}) as m from ${t(d)} x where ${eq(d, 'x')}`,
    (d) => `select a, count(*) from ${t(d)} where ${d.pick('k', 'a')} = ${d.number()} group by a with rollup`,
    (d) => `select a, sum(v) from ${t(d)} group by a having a = ${d.number()}`,
    (d) => `select distinct a from ${t(d)} where (a, k) = (${d.number()}, ${d.number()})`,
    (d) => `select * from ${t(d)} natural join (select id, k from ${t(d)} where k = ${d.number()}) y`,
    (d) => `select * from ${t(d)} x join ${t(d)} y using (id, a) where a = ${d.number()}`,
    (d) =>
      `select x.id from ${t(d)} x, ${t(d)} y where ${on(d)} and ${eq(d, 'y')} and x.v ${d.pick('<', '<>', '=')} y.v`,
    (d) => `select * from ${t(d)} where a = ${d.number()} xor k = ${d.number()}`,
    (d) => `select * from ${t(d)} where a = k and k = ${d.number()}`,
    (d) => `select * from ${t(d)} where (a = ${d.number()}) = ${d.pick('0', '1', 'true')}`,
    (d) => `select * from ${t(d)} where a between ${d.number()} and ${d.number()} and k = ${d.number()}`,
    (d) => `select if(count(*) > 0, 'y', 'n') as b from ${t(d)} where a = ${d.number()}`,
    (d) => `select * from ${t(d)} where a = ${d.number()} order by id limit ${d.dice.between(1, 2)}`,
  ];
  return { reads, writes: tables.flatMap((name) => movesOf(name, ['a', 'k'])) };
};

/** Writes whose rows and values come from sub-queries, CTEs, joins and other columns. */
export const givenFromElsewhere: Recipe = (stage) => {
  const [t, u] = ['rows', 'beside'].map((short) => {
    const name = stage.table(short, columns);
    stage.fill(name, 'id, a, k, v', [small, small, small], 6);
    return name;
  }) as [string, string]; // two
  const eq = (d: Drawing, alias = ''): string => `${alias}${d.pick('a', 'a', 'k', 'id')} = ${d.number()}`;
  const both = (d: Drawing): string =>
    d.any(
      () => `a = ${d.number()} and k = ${d.number()}`,
      () => `a = ${d.number()} and k = a`,
    );
  const source = (d: Drawing): string =>
    d.any(
      () => `(select id as i, a, k from ${u} where ${eq(d)}) s`,
      () => `(select id as i, a, k from ${u} order by id limit 2) s`,
      () => `(select ${d.number()} as i, ${d.number()} as a, ${d.number()} as k) s`,
      () =>
        `(select x.id as i, y.a, y.k from ${t} x left join ${u} y on y.id = x.id and y.a = ${d.number()}) s`,
      () =>
        `(select id as i, a, k from ${u} where ${eq(d)} union select k, a, id from ${t} where ${eq(d)}) s`,
    );
  const member = (d: Drawing): string =>
    d.any(
      () => `a in (select y.a from ${u} y where ${eq(d, 'y.')})`,
      () => `(a, k) in ((${d.number()}, ${d.number()}), (${d.number()}, ${d.number()}))`,
      () => `a = (select max(y.a) from ${u} y where y.a = ${d.number()})`,
      () => `exists (select 1 from ${u} y where y.a = ${t}.a and ${eq(d, 'y.')})`,
      () => `(${eq(d)} or a is null)`,
      () => `(${eq(d)} or ${eq(d)})`,
      () => `not (a <> ${d.number()})`,
      () => `${eq(d)} and k = a`,
    );
  return {
    reads: [
      (d) => `select * from ${t} where ${eq(d)}`,
      (d) => `select * from ${t} where k = ${d.number()}`,
      (d) => `select * from ${t} where ${eq(d)} and ${eq(d)}`,
      (d) => `select count(*), sum(v) from ${d.pick(t, u)} where a in (${d.number()}, ${d.number()})`,
      (d) => `select * from ${u} where ${eq(d)}`,
      (d) => `select x.id, y.v from ${t} x join ${u} y on x.a = y.a where x.a = ${d.number()}`,
    ],
    writes: [
      (d) => `insert ignore into ${t} (id, a, k) select s.i + 8, s.a, s.k from ${source(d)}`,
      (d) =>
        `insert into ${t} (id, a, k) values (${d.value(7, 8, 9)}, (select max(y.a) from ${u} y where ${eq(d, 'y.')}), ${d.number()})`,
      (d) => `insert into ${t} (id, k, a) select * from (select id + 8, a, k from ${t} where ${eq(d)}) z`,
      (d) =>
        `insert into ${t} (id, a, k) select s.i, s.a, s.k from ${source(d)} on duplicate key update a = values(k), k = ${t}.a`,
      (d) => `insert into ${t} (id, a, k) values (${d.value(7, 8)}, id + 1, a)`,
      (d) =>
        `update ${t} x join ${source(d)} on ${d.pick('x.id = s.i', 'x.a = s.a', 's.i = x.k')} set ${d.pick('x.a = s.k', 'x.a = s.a', 'x.k = s.a, x.a = s.i', 'x.a = x.k')}${d.any(
          () => '',
          () => ` where ${eq(d, 'x.')}`,
        )}`,
      (d) => `update ${t} set ${d.pick('a', 'k', 'v')} = ${d.number()} where ${member(d)}`,
      (d) => `update ${t} set a = ${d.number()}, k = a where ${eq(d)}`,
      // From left to right: what is given on is what was assigned.
      (d) => `update ${t} set a = ${d.number()}, k = a where ${both(d)}`,
      (d) => `update ${t} set a = ${d.number()}, k = a where ${both(d)}`,
      (d) => `update ${t} set a = coalesce(${d.pick('a', 'k', 'null')}, ${d.number()}) where ${eq(d)}`,
      (d) => `update ${t} set a = ${d.number()} where ${eq(d)} order by ${d.pick('v', 'id desc')} limit 1`,
      (d) => `delete from ${t} where ${member(d)}`,
      (d) => `delete x from ${t} x join ${source(d)} on x.a = s.a where ${eq(d, 'x.')}`,
      ...movesOf(t, ['a', 'k']),
      ...movesOf(u, ['a', 'k']),
    ],
  };
};
