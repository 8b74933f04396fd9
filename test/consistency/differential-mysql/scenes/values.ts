/** Decides the scenes about values that are equal, or become another, though they do not look it. */
import { type Drawing, movesOf, type Recipe, small, type Writing } from '../stage.js';

const words = ['a', 'A', 'b', 'a ', 'á', 'ab', '', 'ß', 'ss', ' a', 'ab  ', 'Ä', 'o', 'ö', '1', 'a\u0000'];

const collations = [
  'utf8mb4 collate utf8mb4_bin',
  'utf8mb4 collate utf8mb4_general_ci',
  'utf8mb4 collate utf8mb4_unicode_ci',
  'utf8mb4 collate utf8mb4_unicode_520_ci',
  'utf8mb4 collate utf8mb4_swedish_ci',
  'latin1 collate latin1_swedish_ci',
  'latin1 collate latin1_bin',
  'latin1 collate latin1_german2_ci',
  'ascii collate ascii_general_ci',
  'ucs2 collate ucs2_general_ci',
];

/** Texts that a collation takes for the same, padded or cut, in keys and references too. */
export const folding: Recipe = (stage) => {
  const { dice } = stage;
  const few = ['a', 'A', ...dice.some(words, 5)];
  const word = (d: Drawing): string => d.value(...few);
  const type = dice.pick(['varchar(4)', 'varchar(4)', 'char(4)', 'text', 'enum', 'varchar(20)']);
  const [first, second] = [dice.pick(collations), dice.pick(collations)];
  const columnOf = (collation: string): string =>
    type === 'enum'
      ? `enum('a', 'b', 'ab') character set ${collation}`
      : `${type} character set ${collation}`;
  const isKey = type !== 'text' && dice.chance(0.4);
  const rows = stage.table(
    'rows',
    `id int primary key, s ${columnOf(first)}, o ${columnOf(second)}, v int${isKey ? ', unique (s)' : ''}`,
  );
  stage.fill(rows, 'id, s, o, v', [few, few, small], 7);
  const below = stage.table(
    'below',
    `id int primary key, s ${columnOf(first)}, v int${isKey ? `, foreign key (s) references ${rows} (s) on update cascade on delete ${dice.pick(['cascade', 'set null'])}` : ''}`,
  );
  stage.fill(below, 'id, s, v', [few, small], 7);
  const said = (d: Drawing): string =>
    d.any(
      () => `s = ${word(d)}`,
      () => `s = ${word(d)}`,
      () => `o = ${word(d)}`,
      () => `s in (${word(d)}, ${word(d)})`,
      () => `s <=> ${word(d)}`,
      () => `s = ${word(d)} and o = ${word(d)}`,
      () => `s = ${word(d)} collate ${first.split(' ').at(-1) ?? ''}`,
      () => `binary s = ${word(d)}`,
      () => `s like ${word(d)}`,
      () => `s = ${d.value(0, 1, true)}`,
      () => `(s = ${word(d)} or s = ${word(d)})`,
    );
  const moves: readonly Writing[] = [
    (d) => `update ${rows} set ${d.pick('s', 's', 'o')} = ${word(d)} where ${said(d)}`,
    (d) => `update ignore ${rows} set s = ${word(d)}, v = ${d.number()} where ${said(d)}`,
    (d) => `update ${d.pick(rows, below)} set v = coalesce(v, 0) + 1 where s = ${word(d)}`,
    (d) => `insert ignore into ${rows} values (${d.value(7, 8, 9)}, ${word(d)}, ${word(d)}, 1)`,
    (d) =>
      `insert into ${below} values (${d.value(7, 8, 9)}, ${word(d)}, 1) on duplicate key update s = ${word(d)}`,
    (d) => `replace into ${rows} values (${d.value(1, 8, 9)}, ${word(d)}, ${word(d)}, 1)`,
    (d) => `delete from ${d.pick(rows, below)} where s = ${word(d)}`,
    (d) =>
      `update ${below} x join ${rows} y on x.s = y.${d.pick('s', 'o')} set x.v = 7 where y.s = ${word(d)}`,
  ];
  return {
    session: dice.pick(['plain', 'loose', 'loose']),
    reads: [
      (d) => `select * from ${rows} where ${said(d)}`,
      (d) => `select count(*), sum(v) from ${rows} where ${said(d)}`,
      (d) => `select * from ${below} where s = ${word(d)}`,
      (d) =>
        `select x.id, y.id from ${rows} x join ${below} y on x.${d.pick('s', 's', 'o')} = y.s where ${d.pick('x', 'y')}.s = ${word(d)}`,
      (d) => `select y.v from ${rows} x left join ${below} y on x.s = y.s where x.s = ${word(d)}`,
    ],
    writes: moves,
  };
};

const types = [
  'tinyint',
  'tinyint unsigned',
  'smallint',
  'int unsigned',
  'int',
  'bigint',
  'bigint unsigned',
  'boolean',
  'decimal(6, 2)',
  'float',
  'double',
  'varchar(5)',
  'bit(4)',
  'year',
  'date',
  'datetime',
  "set('a', 'b', '1')",
  "enum('1', '2', '3')",
  'binary(3)',
  'varbinary(3)',
  'int(5) zerofill',
  'time',
  'char(3) character set utf8mb4 collate utf8mb4_bin',
];

const odd = [
  1,
  2,
  3,
  '1',
  '2',
  ' 1',
  '1 ',
  '01',
  '+1',
  '1.0',
  '1a',
  'a',
  '',
  true,
  false,
  1.5,
  '1.4',
  0.6,
  -1,
  '-1',
  300,
  '300',
  127,
  128,
  255,
  256,
  0,
  null,
  '9007199254740993',
  9007199254740992,
  '18446744073709551615',
  70000,
  '1e0',
  2001,
  '2001-01-01',
  new Date(978_307_200_000),
  Buffer.from('a'),
  'b,a',
  'abcdef',
  'ab ',
];

/** What is asked for, and what is stored, is another value than the one that was given. */
export const conversions: Recipe = (stage) => {
  const { dice } = stage;
  const [one, two] = [dice.pick(types), dice.pick(types)];
  const rows = stage.table(
    'rows',
    `id int primary key, a ${one}, b ${two}, k ${dice.pick(types)} default null, v int, key (a), key (b)`,
  );
  const few = dice.some(odd, 12);
  stage.say(`set session sql_mode = ''`);
  stage.fill(rows, 'id, a, b, k, v', [few, few, few, small], 8);
  const value = (d: Drawing): string => d.value(...few);
  const column = (d: Drawing): string => d.pick('a', 'a', 'b', 'k');
  const equal = (d: Drawing): string =>
    d.any(
      () => `${column(d)} = ${value(d)}`,
      () => `${column(d)} = ${value(d)}`,
      () => `${value(d)} = ${column(d)}`,
      () => `${column(d)} in (${value(d)}, ${value(d)})`,
      () => `${column(d)} <=> ${value(d)}`,
      () => `${column(d)} = ${value(d)} and ${column(d)} = ${value(d)}`,
      () => `(${column(d)}, v) = (${value(d)}, ${d.number()})`,
      () => `${column(d)} is null`,
      () => `${column(d)} is true`,
      () => `not ${column(d)} <> ${value(d)}`,
    );
  return {
    session: dice.pick(['plain', 'loose', 'loose']),
    reads: [
      (d) => `select * from ${rows} where ${equal(d)}`,
      (d) => `select id, a from ${rows} where ${column(d)} = ${value(d)}`,
      (d) => `select count(*) from ${rows} where ${equal(d)}`,
      (d) => `select x.id, y.id from ${rows} x join ${rows} y on x.a = y.b where x.a = ${value(d)}`,
    ],
    writes: [
      (d) => `update ${d.pick('', 'ignore ')}${rows} set ${column(d)} = ${value(d)} where ${equal(d)}`,
      (d) => `update ${rows} set ${column(d)} = ${column(d)} where ${column(d)} = ${value(d)}`,
      (d) => `update ${rows} set v = coalesce(v, 0) + 1 where ${column(d)} = ${value(d)}`,
      (d) =>
        `insert ${d.pick('', 'ignore ')}into ${rows} (id, a, b) values (${d.value(8, 9, 10)}, ${value(d)}, ${value(d)})`,
      (d) =>
        `insert into ${rows} (id, a) values (${d.value(8, 9, 10)}, ${value(d)}), (${d.value(11, 12, '13')}, ${value(d)})`,
      (d) =>
        `replace into ${rows} (id, a, k) values (${d.value(1, 2, 9, '3', 2.4)}, ${value(d)}, ${value(d)})`,
      (d) =>
        `insert into ${rows} (id, a) values (${d.value(1, 2, 3)}, ${value(d)}) on duplicate key update a = ${d.any(
          () => 'values(a)',
          () => value(d),
          () => 'b',
        )}, v = 3`,
      (d) => `delete from ${rows} where ${column(d)} = ${value(d)}`,
    ],
  };
};

/** Columns that follow others: generated ones, times, defaults. */
export const derived: Recipe = (stage) => {
  const { dice } = stage;
  const how = dice.pick(['stored', 'virtual', 'stored']);
  const rows = stage.table(
    'rows',
    // MySQL 5.7 knows no hidden columns: there this one is like the others.
    `h int /*M! invisible */ default 2, id int primary key, k int default ${dice.pick(['2', 'null', '3'])}, g int generated always as (${dice.pick(['k + 1', 'k % 2', 'coalesce(k, 3)'])}) ${how}, at timestamp null default null on update current_timestamp, n varchar(4) default ${dice.pick(["'a'", "'NULL'"])}, v int${dice.pick(['', ', key (g)', how === 'stored' ? ', key (g)' : ''])}`,
  );
  stage.fill(rows, 'id, k, v', [small, small], 6);
  const below = stage.table('below', `id int primary key, k int, v int`);
  stage.fill(below, 'id, k, v', [small, small], 5);
  const column = (d: Drawing): string => d.pick('k', 'g', 'g', 'id');
  return {
    reads: [
      (d) => `select id, g, k from ${rows} where ${column(d)} = ${d.number()}`,
      (d) => `select * from ${rows} where at is null and ${column(d)} = ${d.number()}`,
      (d) => `select count(*) from ${rows} where at is not null and k = ${d.number()}`,
      (d) => `select x.id, y.v from ${rows} x join ${below} y on x.g = y.k where x.g = ${d.number()}`,
      (d) => `select * from ${rows} where n = ${d.value('a', 'b', 'NULL')}`,
      (d) => `select * from (select * from ${rows}) x where x.${d.pick('h', 'k', 'id')} = ${d.number()}`,
      (d) => `select * from ${rows} natural join ${below} where k = ${d.number()}`,
      (d) => `select id, h from ${rows} where h = ${d.number()}`,
    ],
    writes: [
      ...movesOf(rows),
      ...movesOf(below),
      (d) => `update ${rows} set k = default where ${column(d)} = ${d.number()}`,
      (d) => `update ${rows} set k = default(k), n = ${d.value('a', 'b')} where id = ${d.number()}`,
      (d) => `insert into ${rows} (id) values (${d.value(7, 8, 9)})`,
      (d) => `insert into ${rows} (id, k, n) values (${d.value(7, 8, 9)}, default, default)`,
      (d) => `update ${rows} set k = k + 1, v = k where ${column(d)} = ${d.number()}`,
      () => `insert into ${rows} () values ()`,
      (d) =>
        `insert into ${rows} values (${d.value(7, 8, 9)}, ${d.number()}, default, default, ${d.value('a', 'b')}, ${d.number()})`,
      (d) => `update ${rows} set h = ${d.number()} where ${d.pick('h', 'k')} = ${d.number()}`,
      (d) => `insert into ${rows} set id = ${d.value(7, 8)}, v = k, k = ${d.number()}`,
    ],
  };
};

/** Keys that the server makes; results of rows that are not there yet are kept. */
export const numbered: Recipe = (stage) => {
  const { dice } = stage;
  const unique = dice.pick(['', ', unique (k)', '']);
  const rows = stage.table(
    'rows',
    `id ${dice.pick(['int', 'tinyint', 'bigint unsigned'])} auto_increment primary key, k int, v int${unique}`,
    dice.pick(['', ' auto_increment = 4']),
  );
  stage.fill(rows, 'id, k, v', [small, small], 3);
  const log = stage.table('log', `n int auto_increment primary key, k int, v int`);
  if (dice.chance(0.3))
    stage.say(
      `create trigger ${stage.name('t')} after insert on ${rows} for each row insert into ${log} (k) values (new.k)`,
    );
  const id = (d: Drawing): string => d.value(4, 5, 6, 7, 8, 9, 10);
  return {
    session: dice.pick(['plain', 'loose']),
    reads: [
      (d) => `select * from ${rows} where id = ${id(d)}`,
      (d) => `select * from ${rows} where id = ${id(d)} and k = ${d.number()}`,
      (d) => `select count(*) from ${rows} where k = ${d.number()}`,
      (d) => `select * from ${rows} where id in (${id(d)}, ${id(d)})`,
      (d) => `select * from ${log} where n = ${d.number()}`,
      (d) => `select l.k, r.v from ${rows} r join ${log} l on l.n = r.id where r.id = ${id(d)}`,
    ],
    writes: [
      (d) => `insert into ${rows} (k, v) values (${d.number()}, 1)`,
      (d) => `insert into ${rows} (id, k) values (${d.value(null, 0, '0', 'a', -1, 0.4, 7)}, ${d.number()})`,
      (d) => `insert into ${rows} values (default, ${d.number()}, 2)`,
      (d) => `insert into ${rows} (k) values (${d.number()}), (${d.number()})`,
      (d) => `insert into ${rows} (id, k) values (null, ${d.number()}), (${id(d)}, ${d.number()}), (null, 2)`,
      (d) => `insert ignore into ${rows} (k, v) values (${d.number()}, 4)`,
      (d) =>
        `insert into ${rows} (k) values (${d.number()}) on duplicate key update ${d.pick('id = last_insert_id(id), v = 9', 'v = values(k)', 'id = id + 1')}`,
      (d) => `replace into ${rows} (k, v) values (${d.number()}, 5)`,
      (d) => `insert into ${rows} (k) select k from ${log} where n = ${d.number()}`,
      (d) => `insert into ${log} (k) values (${d.number()})`,
      (d) => `update ${rows} set id = ${id(d)} where id = ${id(d)}`,
      (d) => `delete from ${rows} where id = ${id(d)}`,
      (d) => `insert into ${rows} set v = ${d.number()}`,
      (d) => `insert into ${rows} (k, v) values (last_insert_id(${d.number()}), 1)`,
    ],
    clients: [
      () => [
        (d) =>
          d.pick(
            `set sql_mode = 'NO_AUTO_VALUE_ON_ZERO'`,
            'set auto_increment_increment = 3',
            'set insert_id = 9',
            'set auto_increment_offset = 2',
          ),
        (d) => `insert into ${rows} (id, k) values (${d.value(0, null)}, 2)`,
        (d) => `insert into ${rows} (k) values (${d.number()}), (1)`,
      ],
    ],
  };
};
