/** Decides the scenes about what a value is: collations, parameters of several types, generated and defaulted columns, null. */
import { columnTypes, typeNamed } from '../column-types.js';
import type { Drawing } from '../conditions.js';
import { amongThese, type Recipe, valueOf, type Writing } from './stage.js';

const int = typeNamed('int');
const text = typeNamed('text');

/** Equal texts that do not look equal: a write that names the one is about rows with the other. */
export const collations: Recipe = (stage) => {
  const { dice } = stage;
  const loose = columnTypes.filter(({ family, looksEqual }) => family === 'text' && !looksEqual);
  const type = dice.pick([typeNamed('text collate loose'), dice.pick(loose)]);
  const names = stage.table('names', [
    ['id', int, 'primary key'],
    ['name', type, dice.pick(['', '', 'unique'])],
    ['v', int],
  ]);
  const plain = stage.table('plain', [
    ['id', int, 'primary key'],
    ['name', dice.pick([text, type])],
  ]);
  for (const relation of [names, plain]) stage.fill(relation);
  const name = valueOf(type);
  const number = valueOf(int);
  return {
    reads: [
      (d) => `select * from ${names.name} where name = ${name(d)}`,
      (d) => `select id, v from ${names.name} where name in (${name(d)}, ${name(d)})`,
      (d) => `select * from ${names.name} where name = any (${d.values.array(type)})`,
      (d) => `select count(*) from ${names.name} where (name, v) = (${name(d)}, ${number(d)})`,
      (d) => `select * from ${plain.name} where name collate loose = ${name(d)}`,
      (d) =>
        `select x.id, y.id as other from ${names.name} x join ${plain.name} y on x.name = y.name collate "C" where y.name = ${name(d)}`,
      (d) =>
        `select x.id from ${plain.name} x where x.name = ${name(d)} and x.name in (select y.name from ${names.name} y)`,
    ],
    writes: [
      (d) => `update ${names.name} set v = ${number(d)} where name = ${name(d)}`,
      (d) => `update ${names.name} set v = coalesce(v, 0) + 1 where name = ${name(d)}`,
      (d) => `delete from ${names.name} where name = ${name(d)}`,
      (d) =>
        `insert into ${names.name} values (${number(d)}, ${name(d)}, ${number(d)}) on conflict do nothing`,
      (d) => `update ${names.name} set name = ${name(d)} where name = ${name(d)}`,
      (d) => `update ${plain.name} set name = ${name(d)} where name = ${name(d)}`,
    ],
  };
};

type Forms = readonly ((parameter: string) => string)[];

/** One of the forms, with a parameter that stands in it once or more often. */
const formed =
  (value: Writing, forms: Forms): Writing =>
  (drawing) =>
    drawing.dice.pick(forms)(value(drawing));

/** What one parameter is in one place is not what it is in another, and a cast makes something else of it. */
export const parameters: Recipe = (stage) => {
  const { dice } = stage;
  const things = stage.table('things', [
    ['id', int, 'primary key'],
    ['name', dice.pick([text, text, typeNamed('varchar(3)')])],
    ['number', dice.pick([int, typeNamed('int8'), typeNamed('int2')])],
    ['flag', typeNamed('bool')],
  ]);
  const rows = ["'1', 1, true", "'2', 2, false", "'a', 1, null", "'b', 2, true", "'tru', 3, true"];
  for (const [index, row] of rows.entries())
    stage.setup.push(`insert into ${things.name} values (${index + 1}, ${row})`);
  const t = things.name;
  const number = amongThese([1, 2, '1', '01', ' 1', '+2', '2', ' 2']);
  // A text that ends in a space names no row, whatever is made of it.
  const padded = amongThese(['ab', 'ab', 'bc', 'a', 'b', 'a ', '1 ']);
  const plain = amongThese(['a', 'a', 'b', '1', '2', 'tru']);
  const truth = amongThese(['true', 't', 'yes', 'f', 'on']);
  const cast = formed(padded, [
    (p) => `name = ${p}::"char"`,
    (p) => `name = ${p}::"char"`,
    (p) => `name in (${p}::"char", 'z')`,
    (p) => `${p}::"char" = name and name <> 'z'`,
    (p) => `(name, id) = (${p}::"char", id)`,
    (p) => `name = any (array[${p}::"char", 'z'])`,
    (p) => `name = ${p}::bpchar`,
    (p) => `name = ${p}::citext`,
  ]);
  const twice = formed(number, [
    (p) => `(number = ${p} or name = ${p}::text)`,
    (p) => `${p}::int > 0 and name = ${p}::text`,
    (p) => `id > ${p} - 9 and name = ${p}::text`,
    (p) => `number = ${p}::numeric`,
    (p) => `number = ${p}`,
  ]);
  const ofTruth = formed(truth, [
    (p) => `(flag is not distinct from ${p} or name = left(${p}::text, 3))`,
    (p) => `flag = ${p} and name = left(${p}::text, 3)`,
    (p) => `flag = ${p}`,
  ]);
  const said: Writing = (d) => d.dice.pick([cast, cast, twice, ofTruth])(d);
  const flip = `update ${t} set flag = not coalesce(flag, false)`;
  return {
    reads: [
      (d) => `select * from ${t} where ${cast(d)}`,
      (d) => `select * from ${t} where ${cast(d)}`,
      (d) => `select * from ${t} where ${said(d)}`,
      formed(padded, [
        (p) => `select ${p}::bpchar as p, id, flag from ${t} where name = ${p}`,
        (p) => `select ${p}::"char" as p, id, flag from ${t} where name = ${p}`,
      ]),
      formed(number, [
        (p) => `select ${p}::int as p, id, flag from ${t} where name = ${p}::text`,
        (p) => `select x.id, y.flag from ${t} x, ${t} y where x.number = ${p} and y.name = ${p}::text`,
      ]),
      (d) => `select * from ${t} where name = ${plain(d)}`,
    ],
    writes: [
      (d) => `${flip} where name = ${plain(d)}`,
      (d) => `${flip} where name = ${plain(d)}`,
      (d) => `${flip} where ${said(d)}`,
      (d) => `delete from ${t} where ${said(d)}`,
      (d) => `update ${t} set name = ${plain(d)} where name = ${plain(d)}`,
      (d) =>
        `update ${t} set name = ${padded(d)}::${d.dice.pick(['bpchar', '"char"'])} where name = ${plain(d)}`,
      (d) =>
        `insert into ${t} values (${number(d)}, ${padded(d)}::${d.dice.pick(['bpchar', '"char"'])}, ${number(d)}, true) on conflict (id) do update set name = excluded.name`,
      formed(number, [
        (p) => `insert into ${t} (id, name, number) values (${p}, ${p}::text, ${p}) on conflict do nothing`,
        (p) => `update ${t} set number = ${p}, name = ${p}::text where number = ${p}`,
      ]),
    ],
  };
};

/** A column that changes though nobody writes it. */
export const generated: Recipe = (stage) => {
  const { dice } = stage;
  const kept = dice.pick(['stored', 'virtual']);
  const derived = stage.table('derived', [
    ['id', int, 'primary key'],
    ['a', int],
    ['name', text],
    ['g', int, `generated always as (a % 3) ${kept}`],
    ['lower', text, `generated always as (lower(name)) ${dice.pick(['stored', 'virtual'])}`],
  ]);
  const other = stage.table('other', [
    ['id', int, 'primary key'],
    ['g', int],
  ]);
  for (const relation of [derived, other]) stage.fill(relation);
  const number = valueOf(int);
  const low = amongThese(['a', 'b']);
  return {
    reads: [
      (d) => `select * from ${derived.name} where g = ${number(d)}`,
      (d) => `select id, a from ${derived.name} where g in (${number(d)}, ${number(d)})`,
      (d) => `select * from ${derived.name} where lower = ${low(d)}`,
      (d) =>
        `select y.*, x.id as own from ${other.name} y join ${derived.name} x on x.g = y.g where y.g = ${number(d)}`,
    ],
    writes: [
      (d) => `update ${derived.name} set a = ${number(d)} where g = ${number(d)}`,
      (d) => `update ${derived.name} set a = a + 1 where g = ${number(d)} and lower = ${low(d)}`,
      (d) => `update ${derived.name} set name = ${valueOf(text)(d)} where lower = ${low(d)}`,
      (d) =>
        `insert into ${derived.name} (id, a, name) values (${number(d)}, ${number(d)}, 'A') on conflict do nothing`,
      (d) => `delete from ${derived.name} where g = ${number(d)}`,
      (d) => `update ${other.name} set g = ${number(d)} where g = ${number(d)}`,
    ],
  };
};

/** What is not said of a new row: defaults, sequences, identities, null. */
export const defaults: Recipe = (stage) => {
  const { dice } = stage;
  const rows = stage.table('rows', [
    [
      'id',
      int,
      dice.pick([
        'generated by default as identity',
        'generated always as identity',
        `default nextval('numbers')`,
      ]),
    ],
    ['a', int, dice.pick(['', 'default 2', 'default 2', `default nextval('numbers')`, `default '3'`])],
    ['name', text, dice.pick(['', `default 'a'`, `default lower('B')`])],
    ['b', typeNamed('plain_id'), dice.pick(['', 'default 1', 'default null'])],
    ['v', int],
  ]);
  stage.setup.push(
    `insert into ${rows.name} (a, name, b) values (1, 'a', 2), (2, 'b', null), (null, null, 1)`,
  );
  const number = valueOf(int);
  const name = valueOf(text);
  const some = (d: Drawing): string =>
    d.dice.pick([
      `a = ${d.dice.pick(['2', '3'])}`,
      `a = ${number(d)}`,
      `name = ${d.dice.pick(["'a'", "'b'", name(d)])}`,
      `b = ${number(d)}`,
      'a is null',
      'name is null',
      'b is null',
      `id = ${number(d)}`,
    ]);
  return {
    reads: [
      (d) => `select * from ${rows.name} where ${some(d)}`,
      (d) => `select count(*), max(v) from ${rows.name} where ${some(d)}`,
      (d) => `select id, v from ${rows.name} where a is not distinct from ${number(d)}`,
      (d) => `select id from ${rows.name} where ${some(d)} or ${some(d)}`,
    ],
    writes: [
      () => `insert into ${rows.name} default values`,
      (d) => `insert into ${rows.name} (v) values (${number(d)})`,
      (d) => `insert into ${rows.name} (v, ${d.dice.pick(['a', 'b', 'name'])}) values (${number(d)}, null)`,
      (d) => `insert into ${rows.name} (a, v) values (default, ${number(d)}), (${number(d)}, 3)`,
      (d) => `insert into ${rows.name} (name, a) values (${name(d)}, ${number(d)})`,
      (d) => `insert into ${rows.name} (id, a) overriding user value values (${number(d)}, ${number(d)})`,
      (d) => `insert into ${rows.name} (id, a) overriding system value values (${number(d)}, ${number(d)})`,
      (d) => `insert into ${rows.name} (a, name) select a, name from ${rows.name} where ${some(d)} limit 2`,
      (d) => `update ${rows.name} set ${d.dice.pick(['a', 'name', 'b', 'v'])} = default where ${some(d)}`,
      (d) => `update ${rows.name} set v = ${number(d)} where ${some(d)}`,
      (d) => `update ${rows.name} set a = ${number(d)} where ${some(d)}`,
      (d) => `delete from ${rows.name} where ${some(d)}`,
    ],
  };
};
