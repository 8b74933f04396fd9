/** Decides the scenes about writes whose rows and values come from elsewhere: sub-queries, VALUES, CTEs, joins, arrays. */
import { typeNamed } from '../column-types.js';
import type { Drawing } from '../conditions.js';
import { movesOf } from './sights.js';
import { type Recipe, valueOf, type Writing } from './stage.js';

const int = typeNamed('int');
const number = valueOf(int);

/** Two tables, and what may be said about rows of the one in terms of the other. */
interface Pair {
  readonly t: string;
  readonly u: string;
}

const equal = (d: Drawing, alias = ''): string =>
  `${alias}${d.dice.pick(['a', 'a', 'k', 'id'])} = ${number(d)}`;

/** Rows of a source called `s`, with the columns i, a and k. */
function sourceOf(d: Drawing, { t, u }: Pair): string {
  return d.dice.pick([
    `(values (${number(d)}, ${number(d)}, ${number(d)}), (${number(d)}, ${number(d)}, 2)) s (i, a, k)`,
    `(values (${number(d)}::int, ${number(d)}::int, ${number(d)}::int)) s (i, a, k)`,
    `(select id as i, a, k from ${u} where ${equal(d)}) s`,
    `(select id as i, a, k from ${u} order by id limit 2) s`,
    `(select ${number(d)}::int as i, ${number(d)}::int as a, ${number(d)}::int as k) s`,
    `(select x.id as i, y.a, y.k from ${t} x left join ${u} y on y.id = x.id and y.a = ${number(d)}) s`,
    `(select max(id) as i, a, k from ${u} where ${equal(d)} group by a, k) s`,
    `(select id as i, a, k from ${u} where ${equal(d)} union select k, a, id from ${t} where ${equal(d)}) s`,
    `unnest(${d.values.array(int)}::int[], array[1, 2], array[2, 3]) s (i, a, k)`,
  ]);
}

/** Conditions that look into something else. */
function membership(d: Drawing, pair: Pair): string {
  const { u } = pair;
  const column = d.dice.pick(['a', 'a', 'k', 'id']);
  return d.dice.pick([
    `${column} in (select y.a from ${u} y where ${equal(d, 'y.')})`,
    `${column} in (select y.a from ${u} y where y.a = ${number(d)} or y.k = ${number(d)})`,
    `${column} in (values (${number(d)}::int), (${number(d)}))`,
    `${column} = any (${d.values.array(int)})`,
    `${column} = any (select y.k from ${u} y where y.k in (${number(d)}, ${number(d)}))`,
    `(a, k) in (select y.a, y.k from ${u} y where ${equal(d, 'y.')})`,
    `(a, k) in ((${number(d)}, ${number(d)}), (${number(d)}, ${number(d)}))`,
    `exists (select 1 from ${u} y where y.a = a and ${equal(d, 'y.')})`,
    `${column} = (select max(y.a) from ${u} y where y.a = ${number(d)})`,
    `${column} not in (select y.a from ${u} y where y.a = ${number(d)})`,
    `not (${column} <> ${number(d)})`,
    `(${column} = ${number(d)} or a is null)`,
    `${column} is not distinct from ${number(d)}`,
    `(${column} = ${number(d)}) is not false`,
    `case when k = 1 then ${equal(d)} else ${equal(d)} end`,
  ]);
}

function inserts(pair: Pair): readonly Writing[] {
  const { t, u } = pair;
  const more = (d: Drawing): string =>
    d.dice.pick(['', '', ' on conflict do nothing', ' returning id, a', ' returning *']);
  return [
    (d) => `insert into ${t} (id, a, k) select s.i + 8, s.a, s.k from ${sourceOf(d, pair)}${more(d)}`,
    (d) =>
      `insert into ${t} (id, a, k) select s.i + 8, y.a, s.k from ${sourceOf(d, pair)} left join ${u} y on y.id = s.i and y.a = ${number(d)}${more(d)}`,
    (d) =>
      `insert into ${t} (id, k, a) select id + 8, a, k from ${t} where ${equal(d)} and ${equal(d)}${more(d)}`,
    (d) => `insert into ${t} (id, a) select id + 9, a from ${u} where ${equal(d)} limit 1${more(d)}`,
    (d) =>
      `with s as (select id as i, a, k from ${u} where ${equal(d)}) insert into ${t} (id, a, k) select i + 8, a, k from s${more(d)}`,
    (d) =>
      `insert into ${t} (id, a, k) values (${number(d)} + 8, (select max(a) from ${u} where ${equal(d)}), ${number(d)})${more(d)}`,
    (d) =>
      `insert into ${t} (id, a, k) select s.i, s.a, s.k from ${sourceOf(d, pair)} on conflict (id) do update set a = excluded.k, k = ${t}.a`,
  ];
}

function updates(pair: Pair): readonly Writing[] {
  const { t, u } = pair;
  const link = (d: Drawing): string =>
    d.dice.pick(['x.id = s.i', 'x.a = s.a', 'x.a = s.a', '(x.a, x.k) = (s.a, s.k)', 's.i = x.k']);
  const given = (d: Drawing): string =>
    d.dice.pick(['a = s.k', 'a = s.a', 'k = s.a, a = s.i', `a = ${number(d)}`, 'a = x.k', 'v = x.v + 1']);
  const and = (d: Drawing): string =>
    d.dice.pick(['', '', ` and ${equal(d, 's.').replace('s.id', 's.i')}`, ` and ${equal(d, 'x.')}`]);
  const back = (d: Drawing): string => d.dice.pick(['', '', ' returning x.a', ' returning x.*']);
  return [
    (d) => `update ${t} x set ${given(d)} from ${sourceOf(d, pair)} where ${link(d)}${and(d)}${back(d)}`,
    (d) => `update ${t} x set ${given(d)} from ${sourceOf(d, pair)} where ${link(d)}${and(d)}${back(d)}`,
    (d) =>
      `with s (i, a, k) as (${d.dice.pick([`values (${number(d)}, ${number(d)}, ${number(d)})`, `select id, a, k from ${u} where ${equal(d)}`])}) update ${t} x set ${given(d)} from s where ${link(d)}${and(d)}`,
    (d) =>
      `update ${t} x set ${given(d)} from ${u} y left join ${sourceOf(d, pair)} on s.i = y.id where x.a = y.a and ${equal(d, 'y.')}`,
    (d) => `update ${t} set ${d.dice.pick(['a', 'k', 'v'])} = ${number(d)} where ${membership(d, pair)}`,
    (d) => `update ${t} set a = (select max(y.a) from ${u} y where ${equal(d, 'y.')}) where ${equal(d)}`,
    (d) =>
      `update ${t} x set (a, k) = (select y.a, y.k from ${u} y where y.id = x.id) where ${equal(d, 'x.')}`,
    (d) => `update ${t} set a = case when k = 1 then ${number(d)} else ${number(d)} end where ${equal(d)}`,
    (d) =>
      `update ${t} set a = coalesce(${d.dice.pick(['a', 'k', 'null'])}, ${number(d)}) where ${d.dice.pick([equal(d), 'a is null'])}`,
  ];
}

function others(pair: Pair): readonly Writing[] {
  const { t, u } = pair;
  const on = (d: Drawing): string =>
    d.dice.pick(['x.id = s.i', 'x.a = s.a', `x.id = s.i and x.a = ${number(d)}`]);
  return [
    (d) => `delete from ${t} where ${membership(d, pair)}`,
    (d) => `delete from ${t} x using ${sourceOf(d, pair)} where x.a = s.a and ${equal(d, 'x.')}`,
    (d) => `delete from ${t} x using ${u} y where y.id = x.id and ${equal(d, 'y.')} returning x.*`,
    (d) =>
      `merge into ${t} x using ${sourceOf(d, pair)} on ${on(d)} when matched and x.k = ${number(d)} then delete when matched then update set a = s.k when not matched then insert (id, a, k) values (s.i + 8, s.a, ${number(d)})`,
    (d) =>
      `merge into ${t} x using ${sourceOf(d, pair)} on ${on(d)} when matched then update set k = s.a, a = ${number(d)} when not matched by source and ${equal(d, 'x.')} then update set a = ${number(d)}`,
    (d) =>
      `with gone as (delete from ${u} where ${equal(d)} returning *) update ${t} x set a = gone.k from gone where x.a = gone.a`,
    (d) =>
      `with made as (insert into ${u} (id, a, k) values (${d.dice.between(5, 12)}, ${number(d)}, ${number(d)}) on conflict do nothing returning *) insert into ${t} (id, a) select id, k from made on conflict (id) do update set a = excluded.a`,
  ];
}

export const givenFromElsewhere: Recipe = (stage) => {
  const columns = [
    ['id', int, 'primary key'],
    ['a', int],
    ['k', int],
    ['v', int],
  ] as const;
  const rows = stage.table('rows', columns);
  const beside = stage.table('beside', columns);
  for (const relation of [rows, beside]) stage.fill(relation, 6);
  const pair: Pair = { t: rows.name, u: beside.name };
  const any =
    (of: readonly Writing[]): Writing =>
    (d) =>
      d.dice.pick(of)(d);
  return {
    reads: [
      (d) => `select * from ${pair.t} where ${d.dice.pick(['a', 'a', 'k'])} = ${number(d)}`,
      (d) => `select * from ${pair.t} where ${equal(d)} and ${equal(d)}`,
      (d) =>
        `select count(*), sum(v) from ${pair.t} where ${d.dice.pick(['a', 'k'])} in (${number(d)}, ${number(d)})`,
      (d) => `select * from ${d.dice.pick([pair.t, pair.u])} where a is null`,
      (d) => `select * from ${pair.u} where ${equal(d)}`,
      (d) => `select x.id, y.v from ${pair.t} x join ${pair.u} y on x.a = y.a where x.a = ${number(d)}`,
    ],
    writes: [
      any(inserts(pair)),
      any(inserts(pair)),
      any(updates(pair)),
      any(updates(pair)),
      any(updates(pair)),
      any(others(pair)),
      any(others(pair)),
      any(movesOf(rows, ['a', 'k'])),
      any(movesOf(beside, ['a', 'k'])),
    ],
  };
};
