/** Decides the small world of the pins' differential test: few rows, few values, every kind of write. */
import fc from 'fast-check';
import {
  type Call,
  columnOf,
  joined,
  numbered,
  type Piece,
  piece,
  queryOf,
  type TableName,
  tableName,
  valueOf,
  where,
} from './pins-pieces.js';

export const worldSql = `
  create table team (id int primary key, name text unique, grp int, flag bool, big bigint, tag uuid, code varchar(3));
  create table member (id int primary key, team int references team on delete cascade on update cascade,
    boss int references member on delete set null, label text, small int2 default 2,
    doubled int generated always as (coalesce(small, 0) * 2) stored);
  create table note (id serial primary key, member int references member on delete set default, body text default 'a');
  create type mood as enum ('sad', 'ok', 'happy');
  create table item (tenant int, num int, label text, kind mood, raw bytea, parent int, primary key (tenant, num));
  create view item_groups as select tenant, label as called, count(*) as n from item group by 1, 2;
  create view named as select m.id, m.team as belongs, t.name, m.small from member m join team t on t.id = m.team;
  create table parted (id int, part int, label text) partition by list (part);
  create table parted_1 partition of parted for values in (1);
  create table parted_2 (extra int, label text, part int, id int);
  alter table parted_2 drop column extra;
  alter table parted attach partition parted_2 for values in (2, 3);
  create table parted_rest partition of parted default;
  insert into parted select i, i % 5, chr(97 + i % 3) from generate_series(1, 12) i;
  create view grouped as select team, count(*) as n, max(small) as small from member group by team;
  create view latest as select distinct on (team) id, team, small from member order by team, id desc;
  create view first_two as select id, team, small from member order by id limit 2;
  create view ranked as select id, team, rank() over (partition by team order by id) as small from member;
  create view numbered as select id, team, rank() over (order by id) as small from member;
  create view both_kinds as select id, team, small from member union select id, grp, 3 from team;
  create view members_of as select t.id as team, m.id, n.body as small from team t left join member m on m.team = t.id
    left join note n on n.member = m.id and n.body = m.label where exists (select 1 from item where item.num = t.id);
  create view all_of as select t.id as team, m.id, m.small from team t full join member m on m.team = t.id;
  create view over_views as select l.id, l.team, g.n as small from latest l join grouped g on g.team = l.team;
  create view flagged as select id, grp as team, null::int as small from team where flag and tag is null;
  create view team_view as select id, name, grp from team where grp < 3;
  create function touch() returns trigger language plpgsql as $$ begin new.label := 'b'; return new; end $$;
  create table touched (id int primary key, label text);
  create trigger touch before update on touched for each row execute function touch();
  insert into team values (1, 'a', 1, true, 1, '00000000-0000-0000-0000-000000000001', 'a'),
    (2, 'b', 2, false, 2, '00000000-0000-0000-0000-000000000002', 'b'),
    (3, 'A', 1, null, 3000000000, null, 'ab'), (4, null, null, true, null, '00000000-0000-0000-0000-000000000001', '');
  insert into member (id, team, boss, label, small) values (1, 1, null, 'a', 1), (2, 1, 1, 'b', 2), (3, 2, 1, 'a', 3), (4, null, 3, null, null), (5, 3, 5, 'A', 1);
  insert into note (member, body) values (1, 'a'), (2, 'b'), (1, 'A'), (null, 'a');
  insert into note values (7, 3, 'b');
  insert into touched values (1, 'a'), (2, 'b'), (3, 'c');
  insert into item values (1, 1, 'a', 'sad', 'a', null), (1, 2, 'b', 'ok', 'b', 1), (2, 1, 'a', null, null, 1), (2, 2, null, 'sad', 'a', 2), (3, 1, 'A', 'happy', '', 2);
  select setval('note_id_seq', 20);
`;

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

/** Rows found by what a query beside the table gives, which may also be what they get. */
const joinedWrite = fc.tuple(tableName, fc.integer({ min: 0, max: 6 })).chain(([table, which]) =>
  columnOf(table).chain(({ name, family }) =>
    fc
      .tuple(queryOf(family), where(table, 't'), assignment(table), queryOf(family))
      .map(([query, filter, set, other]) => {
        const source = query.text.replace(' for update', '');
        const change = `update ${table} t set ${set.text.replace(/= (\w+) \+ 1/, '= t.$1 + 1')}`;
        const key = `t.${name} = x.k`;
        switch (which) {
          case 0:
            return piece(`${change} from (${source}) x (k) where ${key}`, [set, query]);
          case 1:
            return piece(`with x (k) as (${source}) ${change} from x where ${key} and ${filter.text}`, [
              query,
              set,
              filter,
            ]);
          case 2:
            return piece(`update ${table} t set ${name} = x.k from (${source}) x (k) where ${filter.text}`, [
              query,
              filter,
            ]);
          case 3:
            return piece(`delete from ${table} t using (${source}) x (k) where ${key} and ${filter.text}`, [
              query,
              filter,
            ]);
          case 4:
            return piece(
              `delete from ${table} t using (${source}) x (k) left join (${other.text}) y (k) on x.k = y.k where t.${name} = y.k`,
              [query, other],
            );
          case 5:
            return piece(
              `merge into ${table} t using (${source}) x (k) on ${key} when matched and ${filter.text} then delete`,
              [query, filter],
            );
          default:
            return piece(
              `merge into ${table} t using (${source}) x (k) on ${key} when matched then update set ${name} = x.k when not matched then insert (id, ${name === 'id' ? 'label' : name}) values (9, x.k)`,
              [query],
            );
        }
      }),
  ),
);

/** Of what a query gives in two columns, the first of them a key. */
const insertedQuery = fc
  .tuple(
    fc.constantFrom<TableName>('team', 'member', 'touched', 'parted'),
    fc.integer({ min: 4, max: 9 }),
    fc.integer({ min: 0, max: 3 }),
  )
  .chain(([table, id, which]) =>
    columnOf(table).chain(({ name, family }) =>
      fc.tuple(valueOf(family), where(table, 'q')).map(([given, filter]) => {
        const into = `insert into ${table} (id, ${name === 'id' ? 'label' : name})`;
        const key: Piece = { text: '?::int', values: [id] };
        const column = name === 'id' ? 'label' : name;
        switch (which) {
          case 0:
            return piece(`${into} select ${key.text}, ${given.text}`, [key, given]);
          case 1:
            return piece(
              `${into} select q.id + 10, q.${column} from ${table} q where ${filter.text} on conflict do nothing`,
              [filter],
            );
          case 2:
            return piece(
              `${into} select ${key.text}, q.${column} from ${table} q where ${filter.text} limit 1`,
              [key, filter],
            );
          default:
            return piece(
              `with x as (select q.id + 20 as id, q.${column} as c from ${table} q where ${filter.text}) ${into} select ${key.text}, ${given.text} union all select x.id, x.c from x`,
              [filter, key, given],
            );
        }
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
  piece('update parted_2 set label = $$z$$ where id = 2'),
  piece('update parted set part = part + 1 where id = 1'),
  piece('delete from parted_1 where label = $$a$$'),
  piece('insert into parted_rest (id, part) values (3, 4)'),
  piece('insert into note (member) select id from member'),
);

export const write: fc.Arbitrary<Call> = fc
  .oneof(
    { weight: 6, arbitrary: update },
    { weight: 3, arbitrary: remove },
    { weight: 3, arbitrary: insert },
    { weight: 3, arbitrary: joinedWrite },
    { weight: 2, arbitrary: insertedQuery },
    { weight: 1, arbitrary: oddWrite },
  )
  .map(numbered);
