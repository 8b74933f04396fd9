/** Decides the scenes about what a read can see: outer joins, limits, windows, groups, alternatives, sub-queries, views. */
import { typeNamed } from '../column-types.js';
import type { Drawing } from '../conditions.js';
import type { Relation } from '../world.js';
import { amongThese, type Recipe, type Stage, valueOf, type Writing } from './stage.js';

const int = typeNamed('int');
const number = valueOf(int);

/** Writes that name the rows they touch by one column, and move it, now and then. */
export function movesOf({ name }: Relation, columns: readonly string[]): readonly Writing[] {
  const one = ({ dice }: Drawing): string => dice.pick(columns);
  return [
    (d) => `update ${name} set ${one(d)} = ${number(d)} where ${one(d)} = ${number(d)}`,
    (d) => `update ${name} set ${one(d)} = ${number(d)} where ${one(d)} = ${number(d)}`,
    (d) => `update ${name} set v = coalesce(v, 0) + 1 where ${one(d)} = ${number(d)}`,
    (d) => `delete from ${name} where ${one(d)} = ${number(d)}`,
    (d) =>
      `insert into ${name} (id, ${columns.join(', ')}, v) values (${d.dice.between(1, 9)}, ${columns.map(() => number(d)).join(', ')}, ${number(d)}) on conflict do nothing`,
    (d) =>
      `insert into ${name} (id, ${columns.join(', ')}, v) values (${d.dice.between(1, 9)}, ${columns.map(() => number(d)).join(', ')}, ${number(d)}) on conflict do nothing`,
    (d) => `update ${name} set ${one(d)} = null where ${one(d)} = ${number(d)}`,
    (d) => `update ${name} set ${one(d)} = ${number(d)} where ${one(d)} is null`,
  ];
}

function pairOf(stage: Stage): readonly [Relation, Relation] {
  const left = stage.table('left', [
    ['id', int, 'primary key'],
    ['k', int],
    ['v', int],
  ]);
  const right = stage.table('right', [
    ['id', int, 'primary key'],
    ['r', int],
    ['k', int],
    ['v', int],
  ]);
  for (const relation of [left, right]) stage.fill(relation, 5);
  return [left, right];
}

/** What an ON says holds for the side that may be left out; rows that are made of null are of no table. */
export const outerJoins: Recipe = (stage) => {
  const [left, right] = pairOf(stage);
  const one = left.name;
  const two = right.name;
  const list = (d: Drawing): string => d.dice.pick(['x.*, y.*', 'x.*', 'x.id, y.v', 'count(*)', 'y.*']);
  const link = (d: Drawing): string => d.dice.pick(['y.r = x.id', 'y.r = x.k', 'x.k = y.k', 'x.id = y.id']);
  const word = (d: Drawing): string => d.dice.pick(['left join', 'left join', 'full join', 'right join']);
  const missing = (d: Drawing): string =>
    d.dice.pick([
      'y.k is null',
      'y.id is null',
      `y.k is not distinct from ${d.dice.pick(['null', number(d)])}`,
      'y.r is null',
      'x.k is null',
    ]);
  const said = (d: Drawing): string =>
    d.dice.pick([`x.k = ${number(d)}`, `y.k = ${number(d)}`, `x.id = ${number(d)}`, `y.r = ${number(d)}`]);
  return {
    reads: [
      (d) =>
        `select x.* from ${one} x left join ${two} y on ${link(d)} where ${d.dice.pick(['y.k is null', 'y.id is null'])}`,
      (d) => `select count(*) from ${one} x left join ${two} y on ${link(d)} where y.k is null`,
      (d) => `select y.* from ${one} x right join ${two} y on ${link(d)} where x.k is null`,
      (d) => `select x.*, y.v from ${one} x left join ${two} y on ${link(d)} and x.k = ${number(d)}`,
      (d) => `select ${list(d)} from ${one} x ${word(d)} ${two} y on ${link(d)} and x.k = ${number(d)}`,
      (d) => `select ${list(d)} from ${one} x ${word(d)} ${two} y on ${link(d)} and ${said(d)}`,
      (d) => `select ${list(d)} from ${two} y ${word(d)} ${one} x on ${link(d)} and ${said(d)}`,
      (d) => `select ${list(d)} from ${one} x ${word(d)} ${two} y on ${link(d)} where ${missing(d)}`,
      (d) =>
        `select ${list(d)} from ${one} x ${word(d)} ${two} y on ${link(d)} and ${said(d)} where ${missing(d)}`,
      (d) =>
        `select ${list(d)} from ${one} x ${word(d)} ${two} y on ${link(d)} where ${said(d)} and ${missing(d)}`,
      (d) =>
        `select ${list(d)} from ${one} x ${word(d)} ${two} y on ${link(d)} where ${said(d)} or ${missing(d)}`,
      (d) =>
        `select ${list(d)} from ${one} x ${word(d)} ${two} y using (${d.dice.pick(['id', 'k'])}) where ${said(d)}`,
      (d) =>
        `select x.id, z.* from ${one} x ${word(d)} (${two} y join ${one} z on z.id = y.r and ${d.dice.pick(['y', 'z'])}.k = ${number(d)}) on ${link(d)} where ${d.dice.pick([said(d), missing(d), 'z.k is null', 'true'])}`,
      (d) =>
        `select count(*) from ${one} x ${word(d)} ${two} y on ${link(d)} ${word(d)} ${two} z on z.r = y.id and ${said(d)} where ${d.dice.pick([said(d), missing(d), 'z.id is null'])}`,
      (d) =>
        `select x.* from ${one} x where not exists (select 1 from ${two} y where ${link(d)} and y.k = ${number(d)}) and x.k = ${number(d)}`,
      (d) =>
        `select x.* from ${one} x where x.id not in (select y.r from ${two} y where y.r is not null and ${said(d)})`,
      (d) =>
        `select ${list(d)} from ${one} x left join lateral (select * from ${two} l where l.r = x.id and l.k = ${number(d)}) y on ${d.dice.pick(['true', said(d)])}`,
    ],
    writes: [...movesOf(left, ['k']), ...movesOf(right, ['r', 'k'])],
  };
};

/** What stands between a condition and the table it seems to be about: other rows decide which are shown. */
export const between: Recipe = (stage) => {
  const rows = stage.table('rows', [
    ['id', int, 'primary key'],
    ['a', int],
    ['k', int],
    ['v', int],
  ]);
  stage.fill(rows);
  const t = rows.name;
  const limited = [
    `select id, a, v from ${t} order by id limit 2`,
    `select id, a, v from ${t} order by v nulls first, id limit 3`,
    `select id, a, v from ${t} order by id desc offset 1`,
    `select id, a, v from ${t} order by a desc nulls last fetch first 1 row with ties`,
  ];
  const inner = [
    ...limited,
    `select distinct on (k) id, a, v from ${t} order by k, id`,
    `select id, a, count(*) over () as v from ${t}`,
    `select id, a, row_number() over (order by id) as v from ${t}`,
    `select id, a, sum(v) over (partition by k) as v from ${t}`,
    `select id, a, max(v) over (partition by a) as v from ${t}`,
    `select min(id) as id, a, count(*) as v from ${t} group by a`,
    `select id, a, v from ${t} where id in (select max(l.id) from ${t} l)`,
    `(select id, a, v from ${t} order by id limit 1) union all (select id, a, v from ${t} where a = 2)`,
    `select id, a, v from ${t} except select id, a, v from ${t} where k = 1`,
    `select id, a, v from ${t} x where v = (select max(v) from ${t} y)`,
    `select a as id, k as a, v from ${t}`,
  ];
  const view = stage.view('shown', stage.dice.pick(inner), [
    ['id', int],
    ['a', int],
    ['v', int],
  ]);
  /** Of so few values most rows have the one or the other. */
  const few = amongThese([1, 2]);
  const insert: Writing = (d) =>
    `insert into ${t} (id, a, k, v) values (${d.dice.between(1, 7)}, ${few(d)}, ${number(d)}, 1) on conflict do nothing`;
  const said = (d: Drawing): string =>
    d.dice.pick([
      `s.a = ${few(d)}`,
      `s.a = ${few(d)}`,
      `s.a = ${few(d)}`,
      `s.a = ${few(d)}`,
      `s.id = ${number(d)}`,
      `s.a in (${number(d)}, ${number(d)})`,
      's.a is null',
    ]);
  const some = (d: Drawing): string => d.dice.pick(d.dice.chance(0.55) ? limited : inner);
  return {
    reads: [
      (d) => `select * from (${some(d)}) s where ${said(d)}`,
      (d) => `select count(*) from (${some(d)}) s where ${said(d)}`,
      (d) => `with s as (${some(d)}) select s.* from s where ${said(d)}`,
      (d) =>
        `with s as not materialized (${some(d)}) select * from s where ${said(d)} union all select * from s where ${said(d)}`,
      (d) => `select s.* from ${view.name} s where ${said(d)}`,
      (d) => `select s.* from ${t} x join lateral (${some(d)}) s on s.a = x.a where x.a = ${number(d)}`,
      (d) =>
        `select s.*, (select count(*) from ${view.name} i where i.a = s.a) as n from ${t} s where ${said(d)}`,
      (d) => `select a, count(*) from ${t} s group by a having a = ${number(d)} and count(*) > 0`,
    ],
    writes: [
      (d) => `delete from ${t} where a = ${few(d)} and id < ${d.dice.between(2, 6)}`,
      (d) => `update ${t} set v = coalesce(v, 0) + 1 where a = ${few(d)}`,
      (d) => `update ${t} set v = ${number(d)} where a = ${few(d)} and id = ${d.dice.between(1, 5)}`,
      (d) => `update ${t} set a = ${few(d)} where a = ${few(d)} and id = ${d.dice.between(1, 5)}`,
      insert,
      insert,
      insert,
      (d) => d.dice.pick(movesOf(rows, ['a', 'k']))(d),
      (d) => d.dice.pick(movesOf(rows, ['a', 'k']))(d),
    ],
  };
};

/** Several ways for a row to be seen: each of them counts. */
export const alternatives: Recipe = (stage) => {
  const rows = stage.table(
    'rows',
    [
      ['id', int, 'unique'],
      ['a', int],
      ['b', int],
      ['v', int],
    ],
    {
      lines: stage.dice.chance(0.5) ? ['primary key (a, b)'] : ['unique (b, a)'],
      keys: [['id'], ['a', 'b']],
    },
  );
  stage.fill(rows, 9);
  const t = rows.name;
  const equal = (d: Drawing): string => `${d.dice.pick(['a', 'b', 'id', 'v'])} = ${number(d)}`;
  const pair = (d: Drawing): string => `(a, b) = (${number(d)}, ${number(d)})`;
  const choice = (d: Drawing): string =>
    d.dice.pick([
      `(${equal(d)} or ${equal(d)})`,
      `(${equal(d)} or ${equal(d)} or ${equal(d)})`,
      `(${pair(d)} or ${equal(d)})`,
      `((${equal(d)} and ${equal(d)}) or (${equal(d)} and ${equal(d)}))`,
      `(${equal(d)} or (a is null and ${equal(d)}))`,
      `(a, b) in ((${number(d)}, ${number(d)}), (${number(d)}, ${number(d)}))`,
      `(a = any (${d.values.array(int)}) or b = any (${d.values.array(int)}))`,
      `not (a <> ${number(d)} or b <> ${number(d)})`,
      `(case when ${equal(d)} then ${equal(d)} else ${equal(d)} end)`,
      `(${equal(d)}) is true`,
      `coalesce(${equal(d)}, ${equal(d)})`,
    ]);
  return {
    reads: [
      (d) => `select * from ${t} where ${choice(d)}`,
      (d) => `select * from ${t} where ${choice(d)} and ${choice(d)}`,
      (d) => `select count(*), sum(v) from ${t} where ${equal(d)} and ${equal(d)}`,
      (d) =>
        `select x.*, y.v as w from ${t} x, ${t} y where x.a = y.b and (x.b = ${number(d)} or y.a = ${number(d)})`,
      (d) => `select * from ${t} where ${equal(d)} union select * from ${t} where ${choice(d)}`,
    ],
    writes: [
      ...movesOf(rows, ['a', 'b']),
      (d) => `update ${t} set v = ${number(d)} where ${choice(d)}`,
      (d) => `update ${t} set a = ${number(d)}, b = ${number(d)} where ${choice(d)}`,
    ],
  };
};

/** Views that are written and read, and what is below them. */
export const throughViews: Recipe = (stage) => {
  const { dice } = stage;
  const base = stage.table('base', [
    ['id', int, 'primary key'],
    ['a', int],
    ['v', int],
  ]);
  stage.fill(base);
  const columns = [
    ['id', int],
    ['a', int],
    ['v', int],
  ] as const;
  const narrow = stage.view(
    'narrow',
    `select id, a, v from ${base.name} where a = ${dice.between(1, 3)}`,
    columns,
  );
  const crossed = stage.view('crossed', `select id, v as a, a as v from ${base.name}`, columns);
  const twice = stage.view(
    'twice',
    `select * from ${dice.pick([narrow, crossed]).name} where v is not null or a = 1`,
    columns,
  );
  const joined = stage.view(
    'joined',
    `select x.id, y.a, x.v from ${narrow.name} x left join ${crossed.name} y on y.id = x.v`,
    columns,
  );
  const kept = stage.name('kept');
  stage.setup.push(`create materialized view ${kept} as select * from ${joined.name}`);
  const all = [base, narrow, crossed, twice, joined];
  const any = (d: Drawing): string => d.dice.pick(all).name;
  const below = (d: Drawing): string => d.dice.pick([base, narrow, crossed, twice]).name;
  const equal = (d: Drawing): string => `${d.dice.pick(['a', 'a', 'id', 'v'])} = ${number(d)}`;
  return {
    reads: [
      (d) => `select * from ${any(d)} where ${equal(d)}`,
      (d) => `select * from ${any(d)} where ${equal(d)} and ${equal(d)}`,
      (d) => `select count(*) from ${any(d)}`,
      (d) => `select * from ${kept} where ${equal(d)}`,
      (d) => `select x.id, y.v from ${any(d)} x join ${any(d)} y on x.a = y.a where x.a = ${number(d)}`,
    ],
    writes: [
      (d) => `update ${below(d)} set ${d.dice.pick(['a', 'v'])} = ${number(d)} where ${equal(d)}`,
      (d) => `update ${below(d)} set ${d.dice.pick(['a', 'v'])} = ${number(d)} where ${equal(d)} returning *`,
      (d) =>
        `insert into ${below(d)} (id, a, v) values (${d.dice.between(1, 9)}, ${number(d)}, ${number(d)})`,
      (d) =>
        `insert into ${below(d)} (id, a, v) values (${d.dice.between(1, 9)}, ${number(d)}, ${number(d)}) on conflict (id) do update set a = excluded.a`,
      (d) => `delete from ${below(d)} where ${equal(d)}`,
      () => `refresh materialized view ${kept}`,
    ],
  };
};
