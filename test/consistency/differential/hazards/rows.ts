/** Decides the scenes about which rows a write touches: upserts, cascades, partitions, children, merges, what comes back. */
import { type ColumnType, typeNamed } from '../column-types.js';
import type { Drawing } from '../conditions.js';
import type { Relation } from '../world.js';
import { movesOf } from './sights.js';
import { type Recipe, valueOf, type Writing } from './stage.js';

const int = typeNamed('int');
const text = typeNamed('text');
const number = valueOf(int);

/** The row that stands in the way has other values than the one that was to come. */
export const upserts: Recipe = (stage) => {
  const { dice } = stage;
  const name = dice.pick([text, text, typeNamed('text collate loose')]);
  const rows = stage.table(
    'rows',
    [
      ['id', int, 'primary key'],
      ['k', int, 'unique'],
      ['name', name, dice.pick(['', 'unique'])],
      ['a', int],
      ['v', int],
    ],
    { keys: [['id'], ['k']] },
  );
  const parts = stage.table('parts', [
    ['id', int, 'primary key'],
    [
      'k',
      int,
      `references ${rows.name} (k) on update ${dice.pick(['cascade', 'set null'])} on delete cascade`,
    ],
    ['v', int],
  ]);
  for (const relation of [rows, parts]) stage.fill(relation, 5);
  const t = rows.name;
  const word = valueOf(name);
  const row = (d: Drawing): string => `(${number(d)}, ${number(d)}, ${word(d)}, ${number(d)}, ${number(d)})`;
  const column = (d: Drawing): string => d.dice.pick(['a', 'a', 'k', 'v', 'id']);
  const target = (d: Drawing): string => d.dice.pick(['(id)', '(id)', '(k)', `on constraint ${t}_pkey`]);
  const given = (d: Drawing): string =>
    d.dice.pick([
      () => {
        const own = column(d);
        return `${own} = excluded.${own}`;
      },
      () => `${column(d)} = ${number(d)}`,
      () => `a = excluded.v`,
      () => `a = ${t}.v`,
      () => `(a, v) = (excluded.a, ${number(d)})`,
      () => `a = excluded.a, k = excluded.k`,
      () => `name = ${word(d)}, a = excluded.a`,
    ])();
  const where = (d: Drawing): string =>
    d.dice.pick(['', '', '', ` where ${t}.a = ${number(d)}`, ` where excluded.a = ${number(d)}`]);
  const upsert: Writing = (d) =>
    `insert into ${t} values ${row(d)}${d.dice.chance(0.2) ? `, ${row(d)}` : ''} on conflict ${target(d)} do update set ${given(d)}${where(d)}`;
  const said = (d: Drawing): string =>
    d.dice.pick([
      `a = ${number(d)}`,
      `a = ${number(d)}`,
      `k = ${number(d)}`,
      `id = ${number(d)}`,
      `name = ${word(d)}`,
      'a is null',
    ]);
  return {
    reads: [
      (d) => `select * from ${t} where ${said(d)}`,
      (d) => `select count(*), sum(v) from ${t} where ${said(d)}`,
      (d) => `select * from ${parts.name} where k = ${number(d)}`,
      (d) => `select y.id, x.a from ${t} x join ${parts.name} y on x.k = y.k where x.k = ${number(d)}`,
    ],
    writes: [
      upsert,
      upsert,
      upsert,
      (d) => `${upsert(d)} returning ${d.dice.pick(['*', 'id', 'a', 'k'])}`,
      (d) => `insert into ${t} values ${row(d)} on conflict do nothing`,
      (d) =>
        `insert into ${t} (id, a) select id, k from ${t} where ${said(d)} on conflict ${d.dice.pick(['(id)', '(k)'])} do update set a = excluded.a`,
      (d) =>
        `insert into ${parts.name} values (${number(d)}, ${number(d)}, ${number(d)}) on conflict (id) do update set k = excluded.k`,
      (d) => `delete from ${t} where ${said(d)}`,
    ],
  };
};

/** A row takes others along, they take others, four deep, beside a table that refers to itself. */
export const cascades: Recipe = (stage) => {
  const { dice } = stage;
  const type: ColumnType = dice.pick([
    int,
    int,
    int,
    typeNamed('int8'),
    text,
    typeNamed('text collate loose'),
  ]);
  const isKey = dice.chance(0.5);
  // Only where each takes the next one along the last is reached.
  const actions = dice.pick([['cascade'], ['cascade', 'cascade', 'set null', 'set default']]);
  const action = (): string =>
    `on delete ${dice.pick(actions)} on update ${dice.pick(actions)}${dice.chance(0.2) ? ' deferrable initially deferred' : ''}`;
  const chain: Relation[] = [];
  for (const short of ['one', 'two', 'three', 'four']) {
    const above = chain.at(-1);
    const column = isKey ? 'p' : 'id';
    const reference =
      above === undefined
        ? ''
        : `references ${above.name} (${chain.length === 1 ? 'id' : column}) ${action()}`;
    const relation = stage.table(short, [
      ['id', type, isKey && above !== undefined ? '' : 'primary key'],
      [
        'p',
        type,
        above === undefined
          ? isKey
            ? 'unique'
            : ''
          : `${isKey ? 'unique' : ''} ${dice.chance(0.2) ? `default ${dice.pick(type.literals.slice(0, 2))}` : ''} ${reference}`,
      ],
      ['v', int],
    ]);
    chain.push(relation);
    for (const value of type.literals.slice(0, 4))
      stage.setup.push(`insert into ${relation.name} values (${value}, ${value}, ${dice.between(1, 3)})`);
  }
  const tree = stage.table('tree', [
    ['id', type, 'primary key'],
    ['p', type, `references ${stage.name('tree')} (id) ${action()}`],
    ['v', int],
  ]);
  for (const [index, value] of type.literals.slice(0, 4).entries())
    stage.setup.push(
      `insert into ${tree.name} values (${value}, ${index === 0 ? 'null' : (type.literals[index - 1] ?? 'null')}, 1)`,
    );
  const all = [...chain, tree];
  const value = valueOf(type);
  const any = (d: Drawing): string => d.dice.pick(all).name;
  const last = (d: Drawing): string => d.dice.pick([...all, ...chain.slice(2)]).name;
  const top = (d: Drawing): string => d.dice.pick([...chain.slice(0, 2), ...chain.slice(0, 1), ...all]).name;
  /** A row in each, of which one is another one's. */
  const refillAll: Writing = (d) => {
    const own = value(d);
    const inserts = chain.map(
      ({ name }, index) => `insert into ${name} values (${own}, ${own}, ${index}) on conflict do nothing`,
    );
    const ctes = inserts.slice(0, -1).map((text, index) => `c${index} as (${text})`);
    return `with ${ctes.join(', ')} ${inserts.at(-1) ?? ''}`;
  };
  const refill: Writing = (d) => {
    const at = d.dice.between(0, 3);
    const [own, above] = [chain[at], chain[at - 1]];
    if (own === undefined) return '';
    if (above === undefined)
      return `insert into ${own.name} values (${value(d)}, ${value(d)}, 1) on conflict do nothing`;
    return `insert into ${own.name} select x.id, x.${isKey && at > 1 ? 'p' : 'id'}, 2 from ${above.name} x on conflict do nothing`;
  };
  return {
    reads: [
      (d) => `select * from ${last(d)} where p = ${value(d)}`,
      (d) => `select * from ${last(d)} where id = ${value(d)}`,
      (d) => `select count(*) from ${last(d)}`,
      (d) => `select * from ${last(d)} where p is null`,
      (d) => `select x.id, y.v from ${any(d)} x join ${any(d)} y on y.p = x.id where x.id = ${value(d)}`,
    ],
    writes: [
      (d) => `delete from ${top(d)} where id = ${value(d)}`,
      (d) =>
        `update ${top(d)} set ${isKey ? d.dice.pick(['id', 'p']) : 'id'} = ${value(d)} where id = ${value(d)}`,
      (d) => `update ${any(d)} set p = ${value(d)} where p = ${value(d)}`,
      refill,
      refillAll,
      refillAll,
      (d) => `insert into ${any(d)} values (${value(d)}, ${value(d)}, ${number(d)}) on conflict do nothing`,
      (d) => `delete from ${any(d)} where p = ${value(d)} returning id`,
    ],
  };
};

/** A row is in a table and in the one above it; its columns may have other places there. */
export const partitions: Recipe = (stage) => {
  const { dice } = stage;
  const columns = [
    ['id', int],
    ['k', int],
    ['v', int],
  ] as const;
  const bounds: readonly (readonly [string, readonly string[]])[] = [
    ['list (k)', ['for values in (1, null)', 'for values in (2, 3)', 'default']],
    ['range (k)', ['for values from (minvalue) to (2)', 'for values from (2) to (4)', 'default']],
    ['hash (k)', ['for values with (modulus 2, remainder 0)', 'for values with (modulus 2, remainder 1)']],
  ];
  const [way, parts] = dice.pick(bounds);
  const parent = stage.table('parent', columns, {
    behind: ` partition by ${way}`,
    kind: 'partitioned',
    keys: [],
  });
  const members: Relation[] = [];
  for (const [index, bound] of parts.entries()) {
    const name = stage.name(`part${index}`);
    if (dice.chance(0.4)) {
      stage.setup.push(
        `create table ${name} (v int, gone text, k int, id int)`,
        `alter table ${name} drop column gone`,
        `alter table ${parent.name} attach partition ${name} ${bound}`,
      );
    } else if (index === 1 && dice.chance(0.5)) {
      stage.setup.push(`create table ${name} partition of ${parent.name} ${bound} partition by hash (id)`);
      for (const remainder of [0, 1]) {
        const own = `${name}_${remainder}`;
        stage.setup.push(
          `create table ${own} partition of ${name} for values with (modulus 2, remainder ${remainder})`,
        );
        members.push(stage.relation(own, columns, { kind: 'partition' }));
      }
    } else stage.setup.push(`create table ${name} partition of ${parent.name} ${bound}`);
    members.push(stage.relation(name, columns, { kind: 'partition' }));
  }
  const above = stage.table('above', [...columns, ['w', int]], { keys: [] });
  const child = stage.name('child');
  stage.setup.push(
    dice.pick([
      `create table ${child} () inherits (${above.name})`,
      `create table ${child} (w int, own int, v int, k int, id int) inherits (${above.name})`,
    ]),
  );
  const below = stage.relation(child, columns, { kind: 'child' });
  const all = [parent, ...members, above, below];
  for (const relation of [parent, above, below])
    for (let id = 1; id < 7; id++)
      stage.setup.push(`insert into ${relation.name} (id, k, v) values (${id}, ${dice.between(1, 4)}, 1)`);
  const any = (d: Drawing): string => d.dice.pick([parent, above, ...all]).name;
  const equal = (d: Drawing): string => `${d.dice.pick(['k', 'k', 'id', 'v'])} = ${number(d)}`;
  const only = (d: Drawing): string => (d.dice.chance(0.1) ? 'only ' : '');
  return {
    reads: [
      (d) => `select id, k, v from ${only(d)}${any(d)} where ${equal(d)}`,
      (d) => `select id, k, v from ${any(d)} where ${equal(d)} and ${equal(d)}`,
      (d) => `select count(*), sum(v) from ${only(d)}${any(d)}`,
      (d) => `select x.id, y.v from ${any(d)} x join ${any(d)} y on x.k = y.k where y.k = ${number(d)}`,
    ],
    writes: [
      (d) =>
        `update ${only(d)}${any(d)} set ${d.dice.pick(['k', 'id', 'v'])} = ${number(d)} where ${equal(d)}`,
      (d) => `update ${any(d)} set k = ${number(d)} where ${equal(d)} returning k`,
      (d) => `insert into ${any(d)} (id, k, v) values (${number(d)}, ${number(d)}, ${number(d)})`,
      (d) => `delete from ${only(d)}${any(d)} where ${equal(d)}`,
      (d) => `insert into ${any(d)} (v, id, k) select v, id, k + 1 from ${any(d)} where ${equal(d)} limit 1`,
      (d) => `truncate ${only(d)}${d.dice.pick(all).name}`,
    ],
  };
};

/** What an answer tells of the rows that were written. */
export const told: Recipe = (stage) => {
  const { dice } = stage;
  const rows = stage.table('rows', [
    ['id', int, dice.pick(['primary key', 'primary key generated by default as identity'])],
    ['a', int],
    ['k', int],
    ['v', int],
  ]);
  const beside = stage.table('other', [
    ['id', int, 'primary key'],
    ['a', int],
    ['v', int],
  ]);
  for (const relation of [rows, beside]) stage.fill(relation);
  const [t, o] = [rows.name, beside.name];
  const equal = (d: Drawing): string => `${d.dice.pick(['a', 'a', 'a', 'k', 'k', 'id', 'v'])} = ${number(d)}`;
  /** Not by what is changed: what that was is not in the text. */
  const other = (d: Drawing): string =>
    `${d.dice.pick(['id', 'id', 'v'])} ${d.dice.pick(['=', '=', '>'])} ${number(d)}`;
  const back = (d: Drawing): string =>
    `returning ${d.dice.pick(['*', 'id', 'a', 'k', 'a, k', 'old.a', 'new.a, old.k', 'v as a', 'a + 0 as a', `1 as id, a as k`])}`;
  const source = (d: Drawing): string =>
    d.dice.pick([o, `(values (${number(d)}, ${number(d)}, ${number(d)}), (3, 3, 3))`]);
  const moving: Writing = (d) =>
    d.dice.pick([
      `update ${t} set a = ${number(d)} where ${other(d)} returning ${d.dice.pick(['a', 'k, a', '*'])}`,
      `update ${t} set k = k % 4 + 1 where ${other(d)} returning k, a`,
      `update ${t} set a = ${number(d)}, k = ${number(d)} where ${other(d)} ${back(d)}`,
      `update ${t} set ${d.dice.pick(['a', 'k'])} = ${number(d)} where ${other(d)} ${back(d)}`,
    ]);
  return {
    reads: [
      (d) => `select * from ${t} where ${equal(d)}`,
      (d) => `select * from ${t} where ${equal(d)}`,
      (d) => `select count(*), max(v) from ${t} where ${equal(d)} and ${equal(d)}`,
      (d) => `select * from ${o} where ${d.dice.pick(['id', 'a'])} = ${number(d)}`,
    ],
    writes: [
      moving,
      moving,
      moving,
      moving,
      moving,
      moving,
      (d) => `update ${t} set ${d.dice.pick(['a', 'k', 'id'])} = ${number(d)} where ${equal(d)} ${back(d)}`,
      (d) =>
        `update ${t} set ${d.dice.pick(['a', 'k'])} = ${d.dice.pick(['a', 'k', 'v', 'a + 1', number(d)])} where v > ${number(d)} ${back(d)}`,
      (d) =>
        `update ${t} set a = o.v from ${o} o where o.id = ${t}.k and o.a = ${number(d)} ${d.dice.chance(0.5) ? `returning ${t}.a, o.*` : ''}`,
      (d) => `delete from ${t} where ${equal(d)} ${back(d)}`,
      (d) => `delete from ${t} using ${o} o where o.a = ${t}.a and o.v = ${number(d)} returning ${t}.*`,
      (d) =>
        `insert into ${t} (id, a, k, v) values (${d.dice.between(1, 12)}, ${number(d)}, ${number(d)}, 1) on conflict do nothing returning *`,
      (d) =>
        `insert into ${t} (a, k) select a, v from ${o} where ${d.dice.pick(['id', 'a'])} = ${number(d)} returning k`,
      (d) =>
        `merge into ${t} t using ${source(d)} s (id, a, v) on t.${d.dice.pick(['id', 'a'])} = s.${d.dice.pick(['id', 'a'])} when matched then ${d.dice.pick([`update set a = s.v`, `update set k = ${number(d)}`, 'delete'])} when not matched then insert (id, a, k) values (s.id + ${d.dice.between(0, 9)}, s.v, ${number(d)}) ${d.dice.pick(['', 'returning t.*', 'returning merge_action(), t.a'])}`,
      (d) =>
        `merge into ${t} using ${o} s on ${t}.id = s.id and s.a = ${number(d)} when not matched by source and ${t}.k = ${number(d)} then update set k = ${number(d)}, a = default when matched then update set a = ${number(d)}`,
      (d) =>
        `with gone as (delete from ${t} where ${equal(d)} returning *) insert into ${o} select id + 20, a, v from gone on conflict do nothing`,
      (d) =>
        `with moved as (update ${t} set a = ${number(d)} where ${equal(d)} returning id, a) update ${o} set a = moved.a from moved where moved.id = ${o}.id`,
      (d) => d.dice.pick(movesOf(beside, ['a']))(d),
      (d) => d.dice.pick(movesOf(beside, ['a']))(d),
    ],
  };
};
