/** Decides the small world of the pins' differential test: few rows, few values, every kind of read and write. */
import fc from 'fast-check';

export const worldSql = `
  create table team (id int primary key, name text unique, grp int, flag bool, big bigint, tag uuid, code varchar(3));
  create table member (id int primary key, team int references team on delete cascade on update cascade,
    boss int references member on delete set null, label text, small int2 default 2,
    doubled int generated always as (coalesce(small, 0) * 2) stored);
  create table note (id serial primary key, member int references member on delete set default, body text default 'a');
  create view team_view as select id, name, grp from team where grp < 3;
  create function touch() returns trigger language plpgsql as $$ begin new.label := 'b'; return new; end $$;
  create table touched (id int primary key, label text);
  create trigger touch before update on touched for each row execute function touch();
  insert into team values (1, 'a', 1, true, 1, '00000000-0000-0000-0000-000000000001', 'a'),
    (2, 'b', 2, false, 2, '00000000-0000-0000-0000-000000000002', 'b'),
    (3, 'A', 1, null, 3000000000, null, 'ab'), (4, null, null, true, null, '00000000-0000-0000-0000-000000000001', '');
  insert into member (id, team, boss, label, small) values (1, 1, null, 'a', 1), (2, 1, 1, 'b', 2), (3, 2, 1, 'a', 3), (4, null, 3, null, null), (5, 3, 5, 'A', 1);
  insert into note (member, body) values (1, 'a'), (2, 'b'), (1, 'A'), (null, 'a');
  insert into touched values (1, 'a'), (2, 'b'), (3, 'c');
  select setval('note_id_seq', 20);
`;

/** A statement and the values of its parameters. */
export interface Call {
  readonly text: string;
  readonly values: readonly unknown[];
}

const columns = {
  team: { id: 'int', name: 'text', grp: 'int', flag: 'bool', big: 'int', tag: 'uuid', code: 'text' },
  member: { id: 'int', team: 'int', boss: 'int', label: 'text', small: 'int', doubled: 'int' },
  note: { id: 'int', member: 'int', body: 'text' },
  touched: { id: 'int', label: 'text' },
} as const;

type TableName = keyof typeof columns;
type Family = 'int' | 'text' | 'bool' | 'uuid';

const uuid = (digit: number): string => `00000000-0000-0000-0000-00000000000${digit}`;

/** As the driver would send them: also spelt in ways that mean the same to the server. */
const values: Readonly<Record<Family, fc.Arbitrary<unknown>>> = {
  int: fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 1, max: 4 }) },
    fc.constantFrom('1', '2', '03', ' 3', '+1', 2n, null, 3_000_000_000),
  ),
  text: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'A') },
    fc.constantFrom('a ', '', 'ab', 'ab ', 'c', null),
  ),
  bool: fc.constantFrom(true, false, 't', 'false', null),
  uuid: fc.constantFrom(uuid(1), uuid(2), `{${uuid(1)}}`, uuid(1).replaceAll('-', ''), null),
};

const literals: Readonly<Record<Family, fc.Arbitrary<string>>> = {
  int: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('1', '2', '3') },
    fc.constantFrom('0', "'1'", "'02'", "' 3'", '1.0', '-1', 'null', '3000000000'),
  ),
  text: fc.constantFrom("'a'", "'b'", "'A'", "'a '", "''", "'ab'", 'null'),
  bool: fc.constantFrom('true', 'false', "'t'", 'null'),
  uuid: fc.constantFrom(`'${uuid(1)}'`, `'${uuid(2)}'::uuid`, `'{${uuid(1)}}'`),
};

const casts: Readonly<Record<Family, readonly string[]>> = {
  int: ['::int', '::bigint', '::int2', '::numeric', '::text::int'],
  text: ['::text', '::varchar', '::varchar(1)', '::char(2)'],
  bool: ['::bool'],
  uuid: ['::uuid'],
};

/** A piece of text with `?` where parameters stand, in order. */
interface Piece {
  readonly text: string;
  readonly values: readonly unknown[];
}

const piece = (text: string, pieces: readonly Piece[] = []): Piece => ({
  text,
  values: pieces.flatMap((part) => part.values),
});

function joined(pieces: readonly Piece[], separator: string): Piece {
  return piece(pieces.map((part) => part.text).join(separator), pieces);
}

function valueOf(family: Family): fc.Arbitrary<Piece> {
  return fc.oneof(
    { weight: 5, arbitrary: values[family].map((value) => ({ text: '?', values: [value] })) },
    { weight: 2, arbitrary: literals[family].map((text) => piece(text)) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(values[family], fc.constantFrom(...casts[family]))
        .map(([value, cast]) => ({ text: `?${cast}`, values: [value] })),
    },
  );
}

function columnOf(table: TableName): fc.Arbitrary<{ readonly name: string; readonly family: Family }> {
  return fc.constantFrom(...Object.entries(columns[table]).map(([name, family]) => ({ name, family })));
}

/** One conjunct on a table that is called `alias`. */
function conjunct(table: TableName, alias: string): fc.Arbitrary<Piece> {
  const prefix = alias === '' ? '' : `${alias}.`;
  return columnOf(table).chain(({ name, family }) => {
    const value = valueOf(family);
    const equality = value.map((right) => piece(`${prefix}${name} = ${right.text}`, [right]));
    return fc.oneof(
      { weight: 24, arbitrary: equality },
      { weight: 1, arbitrary: value.map((left) => piece(`${left.text} = ${prefix}${name}`, [left])) },
      { weight: 1, arbitrary: value.map((right) => piece(`${prefix}${name} <> ${right.text}`, [right])) },
      {
        weight: 1,
        arbitrary: fc.tuple(equality, equality).map((pair) => piece(`(${joined(pair, ' or ').text})`, pair)),
      },
      { weight: 1, arbitrary: equality.map((inner) => piece(`not (${inner.text})`, [inner])) },
      { weight: 1, arbitrary: equality.map((inner) => piece(`(${inner.text}) is not true`, [inner])) },
      {
        weight: 1,
        arbitrary: value.map((right) =>
          piece(
            `${prefix}${name} in (${right.text}, ${right.text === '?' ? '?' : right.text})`,
            right.text.startsWith('?') ? [right, right] : [],
          ),
        ),
      },
    );
  });
}

function where(table: TableName, alias: string): fc.Arbitrary<Piece> {
  return fc
    .oneof(
      { weight: 5, arbitrary: fc.array(conjunct(table, alias), { minLength: 1, maxLength: 1 }) },
      { weight: 2, arbitrary: fc.array(conjunct(table, alias), { minLength: 2, maxLength: 3 }) },
    )
    .map((parts) => joined(parts, ' and '));
}

const tableName = fc.constantFrom<TableName>(
  'team',
  'team',
  'team',
  'member',
  'member',
  'member',
  'member',
  'note',
  'touched',
);

const simpleRead = fc
  .tuple(tableName, fc.constantFrom('*', 'count(*), max(id)', 'id', 'array_agg(id order by id)'))
  .chain(([table, list]) =>
    where(table, '').map((filter) => piece(`select ${list} from ${table} where ${filter.text}`, [filter])),
  );

const joinRead = fc
  .tuple(
    fc.constantFrom('join', 'left join', 'right join', 'full join'),
    where('team', 't'),
    where('member', 'm'),
    fc.integer({ min: 0, max: 2 }),
  )
  .map(([join, team, member, which]) => {
    const filters = [[team], [member], [team, member]][which] ?? [];
    const filter = joined(filters, ' and ');
    return piece(`select t.*, m.* from team t ${join} member m on m.team = t.id where ${filter.text}`, [
      filter,
    ]);
  });

const nestedRead = fc
  .tuple(where('team', 't'), where('member', 'm'), fc.integer({ min: 0, max: 4 }))
  .map(([team, member, which]) => {
    const both = [team, member];
    switch (which) {
      case 0:
        return piece(
          `select * from team t where ${team.text} and exists (select 1 from member m where m.team = t.id and ${member.text})`,
          both,
        );
      case 1:
        return piece(
          `with x as (select * from team t where ${team.text}) select * from x, member m where ${member.text}`,
          both,
        );
      case 2:
        return piece(
          `select id from team t where ${team.text} union all select id from member m where ${member.text}`,
          both,
        );
      case 3:
        return piece(
          `select (select max(m.small) from member m where ${member.text}) from team t where ${team.text}`,
          [member, team],
        );
      default:
        return piece(`select v.* from team_view v join team t using (id) where ${team.text}`, [team]);
    }
  });

export const read: fc.Arbitrary<Call> = fc
  .oneof(
    { weight: 3, arbitrary: simpleRead },
    { weight: 2, arbitrary: joinRead },
    { weight: 1, arbitrary: nestedRead },
  )
  .map(numbered);

function assignment(table: TableName): fc.Arbitrary<Piece> {
  return columnOf(table).chain(({ name, family }) =>
    fc.oneof(
      { weight: 4, arbitrary: valueOf(family).map((right) => piece(`${name} = ${right.text}`, [right])) },
      {
        weight: 1,
        arbitrary: fc.constant(piece(`${name} = ${family === 'int' ? `${name} + 1` : 'default'}`)),
      },
    ),
  );
}

const update = tableName.chain((table) =>
  fc
    .tuple(
      fc.uniqueArray(assignment(table), {
        minLength: 1,
        maxLength: 2,
        selector: (part) => part.text.split(' ')[0],
      }),
      where(table, ''),
      fc.integer({ min: 0, max: 9 }),
    )
    .map(([sets, filter, which]) => {
      const set = joined(sets, ', ');
      if (which === 0) return piece(`update ${table} set ${set.text}`, [set]);
      if (which === 1)
        return piece(
          `with x as (update ${table} set ${set.text} where ${filter.text} returning 1) select count(*) from x`,
          [set, filter],
        );
      return piece(`update ${table} set ${set.text} where ${filter.text}`, [set, filter]);
    }),
);

const remove = tableName.chain((table) =>
  where(table, '').map((filter) => piece(`delete from ${table} where ${filter.text}`, [filter])),
);

const insert = tableName.chain((table) =>
  fc
    .tuple(
      fc.uniqueArray(columnOf(table), { minLength: 1, maxLength: 4, selector: ({ name }) => name }),
      fc.integer({ min: 1, max: 2 }),
      fc.constantFrom(
        '',
        '',
        '',
        ' on conflict do nothing',
        ' on conflict (id) do update set id = excluded.id + 1',
      ),
    )
    .chain(([chosen, rows, tail]) =>
      fc
        .array(
          fc.tuple(
            ...chosen.map(({ name, family }) =>
              name === 'id'
                ? fc.integer({ min: 4, max: 12 }).map((id): Piece => ({ text: '?', values: [id] }))
                : fc.oneof(
                    { weight: 5, arbitrary: valueOf(family) },
                    { weight: 1, arbitrary: fc.constant(piece('default')) },
                  ),
            ),
          ),
          { minLength: rows, maxLength: rows },
        )
        .map((lines) => {
          const tuples = lines.map((cells) => piece(`(${cells.map((cell) => cell.text).join(', ')})`, cells));
          return piece(
            `insert into ${table} (${chosen.map(({ name }) => name).join(', ')}) values ${joined(tuples, ', ').text}${tail}`,
            tuples,
          );
        }),
    ),
);

const oddWrite = fc.constantFrom(
  piece('update team set grp = m.id from member m where m.team = team.id and team.id = 1'),
  piece('delete from member using team where team.id = member.team and member.id = 2'),
  piece('update team_view set grp = 2 where id = 1'),
  piece('insert into team_view (id, name, grp) values (7, $$z$$, 1)'),
  piece('merge into team t using member m on t.id = m.team when matched then update set grp = 6'),
  piece('truncate note'),
  piece('insert into note (member) select id from member'),
);

export const write: fc.Arbitrary<Call> = fc
  .oneof(
    { weight: 6, arbitrary: update },
    { weight: 3, arbitrary: remove },
    { weight: 3, arbitrary: insert },
    { weight: 1, arbitrary: oddWrite },
  )
  .map(numbered);

function numbered({ text, values }: Piece): Call {
  let position = 0;
  return { text: text.replace(/\?/g, () => `$${(position += 1)}`), values };
}
