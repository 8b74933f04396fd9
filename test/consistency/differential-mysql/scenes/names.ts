/** Decides the scenes about what a name means: views, definitions that change, temporary tables, another schema, settings. */
import { type Drawing, movesOf, type Recipe, small } from '../stage.js';

const columns = 'id int primary key, k int, v int';

/** Views on views, some of which can be written through. */
export const views: Recipe = (stage) => {
  const { dice } = stage;
  const [one, two] = ['one', 'two'].map((short) => {
    const name = stage.table(short, columns);
    stage.fill(name, 'id, k, v', [small, small], 5);
    return name;
  }) as [string, string]; // two
  const view = (short: string, text: string, check = ''): string => {
    const name = stage.name(short);
    stage.say(
      `create ${dice.pick(['', 'algorithm = merge ', 'algorithm = temptable '])}view ${name} as ${text}${check}`,
    );
    return name;
  };
  const few = view(
    'few',
    `select id, k, v from ${one} where v is not null or k < 3`,
    dice.pick(['', ' with check option']),
  );
  const swapped = view('swapped', `select id, v as k, k as v from ${few}`);
  const joined = view('joined', `select x.id, x.k, y.v from ${one} x join ${two} y on x.id = y.id`);
  const grouped = view('grouped', `select k as id, k, count(*) as v from ${few} group by k`);
  const union = view('united', `select id, k, v from ${one} union select id, v, k from ${swapped}`);
  const limited = view('limited', `select id, k, v from ${two} order by id limit 2`);
  const outer = view('outer', `select x.id, y.k, x.v from ${one} x left join ${swapped} y on x.k = y.k`);
  const all = [one, two, few, swapped, joined, grouped, union, limited, outer];
  const any = (d: Drawing): string => d.pick(...all);
  const by = (d: Drawing, alias = ''): string =>
    `${alias}${d.pick('k', 'k', 'id', 'v')} ${d.pick('=', '=', '<=>')} ${d.number()}`;
  return {
    reads: [
      (d) => `select * from ${any(d)} where ${by(d)}`,
      (d) => `select * from ${d.pick(one, two)} where ${by(d)}`,
      (d) => `select * from ${any(d)} where ${by(d)} and ${by(d)}`,
      (d) => `select x.id, y.v from ${any(d)} x left join ${any(d)} y on x.k = y.k where ${by(d, 'x.')}`,
      (d) => `select count(*), sum(v) from ${any(d)} where ${by(d)}`,
    ],
    writes: [
      ...movesOf(one),
      ...movesOf(two),
      ...movesOf(few),
      ...movesOf(swapped),
      (d) => `update ${joined} set ${d.pick('k', 'v')} = ${d.number()} where ${by(d)}`,
      (d) => `update ${joined} set v = ${d.number()} where id = ${d.number()}`,
      (d) => `update ${joined} set v = ${d.number()} where id = ${d.number()}`,
      (d) =>
        `insert into ${d.pick(few, swapped)} (id, k, v) values (${d.value(1, 2, 8)}, ${d.number()}, 1) on duplicate key update k = values(k)`,
      (d) => `replace into ${d.pick(few, swapped)} (id, k) values (${d.value(1, 2, 8)}, ${d.number()})`,
      (d) => `insert into ${joined} (id, k) values (${d.value(7, 8)}, ${d.number()})`,
      (d) =>
        `update ${any(d)} x join ${any(d)} y on x.id = y.id set x.k = ${d.number()} where ${by(d, 'y.')}`,
      (d) => `delete from ${d.pick(few, swapped, joined)} where ${by(d)}`,
      (d) => `create or replace view ${few} as select id, k, v from ${one} where k = ${d.dice.between(1, 3)}`,
      () => `create or replace view ${limited} as select id, k, v from ${two} order by id limit 1`,
      (d) => `alter view ${swapped} as select id, ${d.pick('k as k, v', 'v as k, k as v')} from ${few}`,
    ],
  };
};

/** Tables that are renamed, swapped, dropped, made again and altered while results of them are kept. */
export const definitions: Recipe = (stage) => {
  const { dice } = stage;
  const rows = stage.table('rows', columns);
  const next = stage.table('next', columns);
  const old = stage.name('old');
  for (const name of [rows, next]) stage.fill(name, 'id, k, v', [small, small], 5);
  const view = stage.name('view');
  stage.say(
    `create view ${view} as select * from ${rows}`,
    `create table {other}.${rows} (${columns})`,
    `insert into {other}.${rows} values (1, 9, 9)`,
  );
  const any = (d: Drawing): string => d.pick(rows, rows, next, view);
  return {
    session: dice.pick(['plain', 'other']),
    reads: [
      (d) => `select * from ${any(d)} where ${d.pick('id', 'k')} = ${d.number()}`,
      (d) => `select id, k from ${any(d)} where k = ${d.number()}`,
      (d) => `select count(*), sum(v) from ${any(d)}`,
      (d) => `select * from {other}.${rows} where id = ${d.number()}`,
    ],
    writes: [
      ...movesOf(rows),
      ...movesOf(rows),
      ...movesOf(next),
      () => `rename table ${rows} to ${old}, ${next} to ${rows}, ${old} to ${next}`,
      () => `alter table ${rows} rename ${old}; alter table ${old} rename ${rows}`,
      () => `truncate ${rows}`,
      () => `insert into ${rows} select * from ${next}`,
      (d) => `alter table ${d.pick(rows, next)} add column c${d.dice.below(1_000)} int default 3`,
      (d) => `alter table ${rows} alter column v set default ${d.dice.between(1, 3)}`,
      (d) => `alter table ${rows} modify k ${d.pick('varchar(10)', 'bigint', 'int')}`,
      () => `alter table ${rows} modify v int default 3 first`,
      () => `create index kk on ${rows} (k)`,
      () => `drop table ${next}; create table ${next} (${columns})`,
      () => `create table if not exists ${next} (${columns})`,
      () => `drop table if exists ${old}`,
      () =>
        `create table ${old} like ${rows}; insert into ${old} select * from ${rows}; rename table ${rows} to {other}.${old}, ${old} to ${rows}; drop table {other}.${old}`,
      (d) =>
        `create trigger ${stage.name(`t${d.dice.below(1_000)}`)} before update on ${rows} for each row set new.v = 8`,
      () => `optimize table ${rows}`,
      () => `analyze table ${rows}`,
      (d) => `alter table ${rows} add unique (${d.pick('k', 'v')})`,
      () => `alter table ${rows} engine = ${dice.pick(['InnoDB', 'MyISAM'])}`,
    ],
  };
};

/** What a connection has set makes a text mean another thing; it is taken back, or the connection is. */
export const settings: Recipe = (stage) => {
  const rows = stage.table('rows', `id int primary key, k int, s varchar(10), at timestamp null, d datetime`);
  stage.fill(
    rows,
    'id, k, s, at, d',
    [
      small,
      ['a', 'A', 'a\\', 'a b'],
      ['2024-01-02 03:04:05', '2024-06-07 23:30:00'],
      ['2024-01-02 03:04:05', null],
    ],
    5,
  );
  stage.say(
    `create table {other}.${rows} like ${rows}`,
    `insert into {other}.${rows} select id, k + 1, 'o', at, d from ${rows}`,
  );
  const reads = [
    (d: Drawing) => `select * from ${rows} where ${d.pick('k', 'id')} = ${d.number()}`,
    (d: Drawing) => `select s from ${rows} where s = ${d.value('a', 'A', 'a\\', 'o')}`,
    (d: Drawing) => `select id, hour(at) as h, at from ${rows} where id = ${d.number()}`,
    (d: Drawing) =>
      `select id from ${rows} where at = ${d.value('2024-01-02 03:04:05', '2024-06-07 23:30:00')}`,
    (d: Drawing) =>
      `select group_concat(s order by id) as g, "s" || 'x' as t from ${rows} where k = ${d.number()}`,
    (d: Drawing) => `select k / 7 as q from ${rows} where id = ${d.number()}`,
    (d: Drawing) => `select * from {other}.${rows} where id = ${d.number()}`,
    (d: Drawing) => `select not k = ${d.number()} as n, k from ${rows} where id = ${d.number()}`,
    (d: Drawing) => `select s, month(d) as m, dayname(d) as w from ${rows} where k = ${d.number()}`,
  ];
  /** Of which there are few, so that what is kept of one schema is asked for in the other. */
  const simple = (d: Drawing): string => `select id, k, s from ${rows} where k = ${d.dice.between(1, 3)}`;
  const read = (d: Drawing): string => d.dice.pick([...reads, simple])(d);
  const set = (d: Drawing): string =>
    d.pick(
      `set time_zone = '+05:00'`,
      `set sql_mode = ''`,
      `set sql_mode = 'ANSI_QUOTES'`,
      `set sql_mode = 'PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'`,
      `set sql_mode = 'HIGH_NOT_PRECEDENCE'`,
      `set @@session.sql_mode = 'ANSI'`,
      `set names latin1`,
      `set names utf8mb4 collate utf8mb4_bin`,
      `set character_set_results = null`,
      `set collation_connection = utf8mb4_bin`,
      `set div_precision_increment = 8`,
      `set group_concat_max_len = 4`,
      `set lc_time_names = 'de_DE'`,
      `set sql_select_limit = 1`,
      `set sql_auto_is_null = 1`,
      `set sql_big_selects = 1`,
      `set timestamp = 1700000000`,
      `set @a = 3`,
      `set session transaction isolation level read uncommitted`,
      `set sql_safe_updates = 1`,
      `set default_week_format = 3`,
      `use {other}`,
      `use {other}`,
      `use {other}`,
      `use {schema}`,
      `set autocommit = 0`,
      `set big_tables = 1`,
      `set sql_mode = concat(@@sql_mode, ',PAD_CHAR_TO_FULL_LENGTH')`,
    );
  const write = (d: Drawing): string =>
    d.any(
      () => `update ${rows} set s = ${d.value('a', 'A', 'a\\', '"q"')} where id = ${d.number()}`,
      () => `update ${rows} set k = ${d.number()}, at = '2024-01-02 03:04:05' where k = ${d.number()}`,
      () => `update ${rows} set s = "s" where k = ${d.number()}`,
      () => `update {other}.${rows} set k = ${d.number()} where id = ${d.number()}`,
      () => `insert into ${rows} (id, k, s) values (${d.value(6, 7, 8)}, ${d.number()}, 'n')`,
      () => `delete from {schema}.${rows} where id = ${d.number()}`,
      () => `update ${rows} set k = 3 where not id = ${d.number()}`,
    );
  return {
    session: stage.dice.pick(['zone', 'other', 'loose', 'zone']),
    reads: [...reads, simple, simple],
    writes: [write, write, write],
    clients: [
      () => [() => 'use {other}', simple, simple, write, simple],
      () => [set, write, read, set, read, write],
      () => [set, read, set, write, read],
      () => [
        () => 'set autocommit = 0',
        write,
        read,
        set,
        write,
        (d) => d.pick('set autocommit = 1', 'commit', 'rollback', 'begin', `truncate ${rows}`),
      ],
    ],
  };
};

/** Names that are a temporary table's for one connection, and tables that are locked. */
export const shadows: Recipe = (stage) => {
  const rows = stage.table('rows', columns);
  stage.fill(rows, 'id, k, v', [small, small], 5);
  const beside = stage.table('beside', columns);
  stage.fill(beside, 'id, k, v', [small, small], 5);
  const read = (d: Drawing): string =>
    `select * from ${d.pick(rows, rows, beside)} where ${d.pick('id', 'k')} = ${d.number()}`;
  const write = (d: Drawing): string => d.dice.pick([...movesOf(rows), ...movesOf(beside)])(d);
  return {
    reads: [read, read, (d) => `select count(*), sum(v) from ${d.pick(rows, beside)}`],
    writes: [...movesOf(rows), ...movesOf(beside)],
    clients: [
      () => [
        read,
        (d) =>
          d.pick(
            `create temporary table ${rows} like ${beside}`,
            `create temporary table ${rows} as select * from ${beside}`,
            `create temporary table ${rows} (${columns})`,
          ),
        (d) => `insert into ${rows} select id + 20, k, 9 from ${beside} where k = ${d.number()}`,
        read,
        write,
        (d) => `update ${beside} x join ${rows} y on x.id = y.id set x.k = ${d.number()}`,
        read,
        (d) =>
          d.pick(
            `drop temporary table ${rows}`,
            `alter table ${rows} rename ${stage.name('moved')}`,
            `drop table ${rows}; insert into ${rows} values (9, 1, 1)`,
          ),
        write,
        read,
      ],
      () => [
        (d) => `lock tables ${rows} ${d.pick('write', 'read')}, ${beside} write`,
        write,
        read,
        write,
        (d) => d.pick('unlock tables', 'begin', 'commit'),
        write,
        () => 'unlock tables',
        read,
      ],
      () => [
        () => 'begin',
        write,
        (d) => `lock tables ${rows} ${d.pick('write', 'read')}`,
        write,
        () => 'rollback',
        () => 'unlock tables',
        read,
      ],
    ],
  };
};
