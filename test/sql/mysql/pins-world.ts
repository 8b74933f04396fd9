/** Decides the small world of the pins' tests on MySQL: few rows, few values, values and conditions spelt in odd ways. */
import fc from 'fast-check';

export const worldSql = `
  create table team (id int auto_increment primary key, name varchar(4) collate utf8mb4_general_ci unique, grp tinyint unsigned,
    flag boolean not null default 0, big bigint, code varchar(3) collate utf8mb4_bin not null default '',
    lat varchar(3) character set latin1);
  create table member (id int primary key, team int, boss int, label varchar(4) collate utf8mb4_unicode_ci,
    small smallint not null default 2, doubled int generated always as (small * 2) stored,
    foreign key (team) references team (id) on delete cascade on update cascade,
    foreign key (boss) references member (id) on delete set null);
  create table note (id int auto_increment primary key, member int, body varchar(3) collate utf8mb4_general_ci,
    foreign key (member) references member (id) on delete set null on update cascade);
  create table item (tenant int, num int, label varchar(2) collate utf8mb4_unicode_ci, raw varbinary(2), fix binary(2),
    parent int unsigned, primary key (tenant, num));
  create table parted (id int, part int, label char(2)) partition by list (part) (partition a values in (0, 1),
    partition b values in (2, 3), partition c values in (4));
  create table touched (id int primary key, label varchar(2), other int);
  create trigger touch before update on touched for each row set new.label = 'b';
  create trigger note_made after insert on note for each row begin
    declare n int default 1; if new.member > 1 then update touched set other = new.member where id = n; end if; end;
  create trigger item_made before insert on item for each row set new.parent = 1;
  create trigger item_lost after delete on item for each row delete from touched where id = old.num;
  create table stamped (id int primary key, body varchar(2), at timestamp default current_timestamp on update current_timestamp);
  create table hidden (own int /*M! invisible */ default 2, a int, b int);
  create view item_groups as select tenant, label as called, count(*) as n from item group by tenant, label;
  create view named as select m.id, m.team as belongs, t.name, m.small from member m join team t on t.id = m.team;
  create view grouped as select team, count(*) as n, max(small) as small from member group by team;
  create view first_two as select id, team, small from member order by id limit 2;
  create view both_kinds as select id, team, small from member union select id, grp, 3 from team;
  create view team_view as select id, name, grp from team where grp < 3;
  create view over_views as select n.id, n.belongs as team, g.n as small from named n join grouped g on g.team = n.belongs;
  insert into team values (1, 'a', 1, 1, 1, 'a', 'a'), (2, 'b', 2, 0, 2, 'b', 'b'), (3, 'é', 1, 0, 3000000000, 'A', 'A'),
    (4, null, null, 1, null, '', null), (5, 'abcd', 200, 0, 300, 'abc', 'abc');
  insert into member (id, team, boss, label, small) values (1, 1, null, 'a', 1), (2, 1, 1, 'b', 2), (3, 2, 1, 'A', 3),
    (4, null, 3, null, 0), (5, 3, 5, 'ab', 1), (6, 2, 1, 'abc', 300);
  insert into note (member, body) values (1, 'a'), (2, 'B'), (1, 'A'), (null, 'a');
  insert into item values (1, 1, 'a', 'a', 'a', null), (1, 2, 'b', 'b', 'ab', 1), (2, 1, 'ß', null, null, 1),
    (2, 2, null, 'a ', 'b', 2), (3, 1, 'A', '', '', 2);
  insert into parted values (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'A'), (4, 4, 'a'), (5, 0, null);
  insert into touched values (1, 'a', 1), (2, 'b', 2), (3, 'c', null);
  insert into stamped (id, body) values (1, 'a'), (2, 'b');
  insert into hidden (own, a, b) values (1, 1, 1), (2, 2, 2), (1, 3, 3);
`;

const columns = {
  team: { id: 'int', name: 'text', grp: 'int', flag: 'int', big: 'int', code: 'text', lat: 'text' },
  member: { id: 'int', team: 'int', boss: 'int', label: 'text', small: 'int', doubled: 'int' },
  note: { id: 'int', member: 'int', body: 'text' },
  item: { tenant: 'int', num: 'int', label: 'text', raw: 'bytes', fix: 'bytes', parent: 'int' },
  parted: { id: 'int', part: 'int', label: 'text' },
  touched: { id: 'int', label: 'text', other: 'int' },
  stamped: { id: 'int', body: 'text' },
  hidden: { own: 'int', a: 'int', b: 'int' },
} as const;

export type TableName = keyof typeof columns;
export type Family = 'int' | 'text' | 'bytes';

/** Also what the server converts, folds, cuts or clamps. */
const values: Readonly<Record<Family, fc.Arbitrary<unknown>>> = {
  int: fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 1, max: 4 }) },
    fc.constantFrom(
      '1',
      '2',
      '03',
      ' 3',
      '+1',
      '1a',
      '',
      2n,
      null,
      3_000_000_000,
      true,
      false,
      1.5,
      0.4,
      -1,
      0,
      300,
    ),
  ),
  text: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('a', 'b', 'A', 'B') },
    fc.constantFrom(
      'a ',
      '',
      'ab',
      'AB',
      'ab ',
      'é',
      'É',
      'ß',
      'ss',
      'abcd',
      'abc',
      'abcde',
      'A\t',
      '\0',
      '?',
      '🐘',
      null,
      1,
      0,
      true,
    ),
  ),
  bytes: fc.constantFrom(
    Buffer.from('a'),
    Buffer.from('ab'),
    'a',
    'b',
    'A',
    'ab',
    'a ',
    'abc',
    Buffer.from([97, 0]),
    'é',
    null,
    1,
  ),
};

const literals: Readonly<Record<Family, fc.Arbitrary<string>>> = {
  int: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('1', '2', '3') },
    fc.constantFrom(
      '0',
      "'1'",
      "'02'",
      "' 3'",
      "'1a'",
      '1.0',
      '-1',
      'null',
      '3000000000',
      'true',
      '0x01',
      "b'1'",
    ),
  ),
  text: fc.constantFrom(
    "'a'",
    "'b'",
    "'A'",
    "'a '",
    "''",
    "'ab'",
    'null',
    '0',
    "_latin1'a'",
    "'a' collate utf8mb4_bin",
    "x'61'",
    "'é'",
    "n'a'",
  ),
  bytes: fc.constantFrom("'a'", "x'61'", '0x6200', "'ab'", 'null', "_binary'a'"),
};

const casts: Readonly<Record<Family, readonly string[]>> = {
  int: ['cast(? as signed)', 'cast(? as char)', '? + 0', '-?', 'abs(?)'],
  text: ['cast(? as char)', 'lower(?)', 'binary ?', "concat(?, '')", 'convert(? using latin1)'],
  bytes: ['cast(? as binary)', 'binary ?'],
};

/** A piece of text with `?` where parameters stand, in order. */
export interface Piece {
  readonly text: string;
  readonly values: readonly unknown[];
}

export const piece = (text: string, pieces: readonly Piece[] = []): Piece => ({
  text,
  values: pieces.flatMap((part) => part.values),
});

export const joined = (pieces: readonly Piece[], separator: string): Piece =>
  piece(pieces.map((part) => part.text).join(separator), pieces);

export const valueOf = (family: Family): fc.Arbitrary<Piece> =>
  fc.oneof(
    { weight: 6, arbitrary: values[family].map((value) => ({ text: '?', values: [value] })) },
    { weight: 2, arbitrary: literals[family].map((text) => piece(text)) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(values[family], fc.constantFrom(...casts[family]))
        .map(([value, text]) => ({ text, values: [value] })),
    },
  );

export interface NamedColumn {
  readonly name: string;
  readonly family: Family;
}

export const columnsLike = (table: TableName, family: Family): readonly string[] =>
  Object.entries(columns[table]).flatMap(([name, own]) => (own === family ? [name] : []));

export const columnOf = (table: TableName): fc.Arbitrary<NamedColumn> =>
  fc.constantFrom(...Object.entries(columns[table]).map(([name, family]) => ({ name, family })));

/** One conjunct on a table that is called `alias`. */
function conjunct(table: TableName, alias: string): fc.Arbitrary<Piece> {
  const prefix = alias === '' ? '' : `${alias}.`;
  return columnOf(table).chain(({ name, family }) => {
    const value = valueOf(family);
    const equality = value.map((right) => piece(`${prefix}${name} = ${right.text}`, [right]));
    const some = fc.array(value, { minLength: 1, maxLength: 3 });
    const another = columnOf(table).chain((other) =>
      valueOf(other.family).map((right) => piece(`${prefix}${other.name} = ${right.text}`, [right])),
    );
    return fc.oneof(
      { weight: 20, arbitrary: equality },
      { weight: 2, arbitrary: value.map((left) => piece(`${left.text} = ${prefix}${name}`, [left])) },
      { weight: 1, arbitrary: value.map((right) => piece(`${prefix}${name} <> ${right.text}`, [right])) },
      { weight: 1, arbitrary: value.map((right) => piece(`${prefix}${name} like ${right.text}`, [right])) },
      {
        weight: 3,
        arbitrary: fc.tuple(equality, another).map((pair) => piece(`(${joined(pair, ' or ').text})`, pair)),
      },
      {
        weight: 2,
        arbitrary: fc
          .tuple(equality, another, another)
          .map((parts) => piece(`(${parts[0].text} and ${parts[1].text} or ${parts[2].text})`, parts)),
      },
      { weight: 1, arbitrary: equality.map((inner) => piece(`not (${inner.text})`, [inner])) },
      { weight: 1, arbitrary: equality.map((inner) => piece(`(${inner.text}) is not true`, [inner])) },
      {
        weight: 6,
        arbitrary: some.map((parts) => piece(`${prefix}${name} in (${joined(parts, ', ').text})`, parts)),
      },
      { weight: 3, arbitrary: value.map((right) => piece(`${prefix}${name} <=> ${right.text}`, [right])) },
      {
        weight: 3,
        arbitrary: fc
          .tuple(columnOf(table), value)
          .chain(([other, right]) =>
            valueOf(other.family).map((second) =>
              piece(`(${prefix}${name}, ${prefix}${other.name}) = (${right.text}, ${second.text})`, [
                right,
                second,
              ]),
            ),
          ),
      },
      { weight: 3, arbitrary: fc.constant(piece(`${prefix}${name} is null`)) },
      { weight: 1, arbitrary: fc.constant(piece(`${prefix}${name}`)) },
    );
  });
}

export const where = (table: TableName, alias: string): fc.Arbitrary<Piece> =>
  fc
    .oneof(
      { weight: 5, arbitrary: fc.array(conjunct(table, alias), { minLength: 1, maxLength: 1 }) },
      { weight: 2, arbitrary: fc.array(conjunct(table, alias), { minLength: 2, maxLength: 3 }) },
    )
    .map((parts) => joined(parts, ' and '));

export const tableName = fc.constantFrom<TableName>(
  'team',
  'team',
  'team',
  'member',
  'member',
  'member',
  'note',
  'item',
  'item',
  'parted',
  'touched',
  'stamped',
  'hidden',
);
